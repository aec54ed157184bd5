"""Many windows at a glance: what each came to. Nothing is written here."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from settlement.store import Window

# Turned round where it is negative, as in `netting.matrix`.
_FIGURES = """
    SELECT s.window_id,
           (SELECT coalesce(sum(abs(amount)), 0) FROM settlement.obligation o
            WHERE o.window_id = s.window_id AND o.revision = s.revision)::bigint AS gross,
           (SELECT coalesce(sum(greatest(net, 0)), 0) FROM settlement.position p
            WHERE p.window_id = s.window_id AND p.revision = s.revision)::bigint AS to_move,
           (SELECT count(*) FROM settlement.payment p
            WHERE p.window_id = s.window_id AND p.revision = s.revision) AS payments
    FROM settlement.settlement s WHERE s.window_id = ANY(:windows) AND s.revision > 0
"""


@dataclass(frozen=True, slots=True)
class Overview:
    """A window and its money in minor units of its currency; None where there are no figures."""

    window: Window
    gross: int | None = None
    to_move: int | None = None
    payments: int | None = None


def overview(session: Session, windows: Sequence[Window]) -> list[Overview]:
    """What each of these came to, in their order."""
    rows = session.execute(text(_FIGURES), {"windows": [each.id for each in windows]}).mappings()
    figures = {row["window_id"]: row for row in rows}
    return [
        Overview(each, *(figures[each.id][name] for name in ("gross", "to_move", "payments")))
        if each.id in figures
        else Overview(each)
        for each in windows
    ]
