"""What a partner did in each window: points and journals' lines, from sums that are kept anyway."""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.orm import Session

MOVEMENTS = ("issued", "clawed_back", "spent", "refunded", "expired")

_TRAFFIC = """
    SELECT t.window_id, t.movement, sum(t.points)::bigint AS points, sum(t.lines)::bigint AS lines
    FROM exchange.total t
    WHERE t.window_id = ANY(:windows) AND t.party_id = :party AND t.movement = ANY(:movements)
    GROUP BY 1, 2
"""
_WINDOWS = 'SELECT id, name FROM exchange."window" ORDER BY id DESC LIMIT :limit'


@dataclass(frozen=True, slots=True)
class Traffic:
    """One window: by movement the points, and how many lines they were posted in."""

    window: str
    points: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def traffic(session: Session, party: int, *, windows: int = 12) -> list[Traffic]:
    """What was posted at a partner's own tills and offices, of the last windows, oldest first.

    As of the last roll-up, ten seconds ago at the most.
    """
    named = session.execute(text(_WINDOWS), {"limit": windows}).all()
    asked = {
        "windows": [row.id for row in named],
        "party": party,
        "movements": list(MOVEMENTS),
    }
    points: dict[int, dict[str, int]] = defaultdict(dict)
    lines: dict[int, dict[str, int]] = defaultdict(dict)
    for row in session.execute(text(_TRAFFIC), asked):
        points[row.window_id][row.movement] = row.points
        lines[row.window_id][row.movement] = row.lines
    return [Traffic(row.name, points[row.id], lines[row.id]) for row in reversed(named)]
