"""A statement's lines, page by page: the sales behind its totals, journal by journal.

A line is one issuer's part in a journal. Its acceptor sees the receipt number and whose points they
were; its issuer sees the lots, and never whose till it was. Lines of the window that the statement
leaves out are marked, and lines of earlier windows that it settles come after its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from settlement import store
from settlement.errors import StatementNotFound
from settlement.movements import MovementKind

Side = Literal["accepted", "issued"]
Status = Literal["settled", "held_back", "brought_in"]

MOVEMENTS: dict[Side, tuple[MovementKind, ...]] = {
    "accepted": ("spent", "refunded"),
    "issued": ("issued", "clawed_back", "spent", "refunded", "expired"),
}
AT_TILLS = ("redemption", "capture", "refund")  # The kinds of journal in which points are accepted.
SCANNED = 20_000  # Everybody's postings that one page looks through for one issuer's.


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """`reference` is for the acceptor, `lots` (each with its points) for the issuer."""

    journal: UUID
    window_id: int
    window: str
    at: datetime
    kind: MovementKind
    reference: str | None
    issuer: int
    points: int
    lots: tuple[tuple[int, int], ...]
    postings: tuple[int, ...]  # The numbers of its postings in the journal.
    till: int | None  # Whose till it was: to decide by, not to be told.
    status: Status = "settled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a page begins: at this journal of this window, or after it."""

    window: int
    journal: UUID

    def __str__(self) -> str:
        return f"{self.window}-{self.journal.hex}"

    @classmethod
    def read(cls, words: str) -> "Place":
        window, _, journal = words.partition("-")
        return cls(window=int(window), journal=UUID(journal))


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A statement as its lines need it."""

    number: str
    party: int
    window: int
    issued_at: datetime
    document: bytes


def find(session: Session, party: int, number: str) -> Listed:
    """Another partner's is not found, just as one that does not exist. Raises StatementNotFound."""
    row = _one(
        session,
        "SELECT number, party_id AS party, window_id AS window, issued_at, document"
        " FROM settlement.statement WHERE party_id = :party AND number = :number",
        party=party,
        number=number,
    )
    if row is None:
        raise StatementNotFound
    return Listed(**row)


def page(
    session: Session, statement: Listed, side: Side, *, at: Place | None, limit: int
) -> tuple[list[Line], Place | None]:
    """The lines of up to `limit` journals, in the order of their ids, and where the next page is.

    A page may have fewer, even none, and still not be the last.
    """
    routes = _Routes(session, statement)
    windows = routes.windows
    if at is not None:
        windows = windows[windows.index(at.window) :] if at.window in windows else []
    lines: list[Line] = []
    for window in windows:
        start = at.journal if at is not None and at.window == window else UUID(int=0)
        journals, following = _journals(session, statement.party, side, window, start, limit)
        some = _lines(session, statement.party, side, window, journals)
        lines += routes.settled_here(some)
        if following is not None:
            return lines, Place(window=window, journal=following)
        limit -= len(journals)
        if limit <= 0:
            rest = windows[windows.index(window) + 1 :]
            return lines, Place(window=rest[0], journal=UUID(int=0)) if rest else None
    return lines, None


class _Routes:
    """In which window's settlement a line ended up, as far as it was known to the statement."""

    def __init__(self, session: Session, statement: Listed) -> None:
        self._session = session
        self._statement = statement
        self._deferrals: dict[int, list[RowMapping]] = {}
        self.windows = [statement.window]  # Of which the statement may have lines, its own first.
        for window in self.windows:
            into = {row["window_id"] for row in store.deferrals_into(session, window)}
            self.windows += sorted(into - set(self.windows))

    def settled_here(self, lines: Sequence[Line]) -> list[Line]:
        """Those that are the statement's business, each with what became of it."""
        found = []
        for line in lines:
            passed = self._passed(line)
            if self._statement.window in passed:
                own = line.window_id == self._statement.window
                status: Status = "settled" if own else "brought_in"
                if passed[-1] != self._statement.window:
                    status = "held_back"
                # Brought in and left out again: neither total has it.
                if own or status == "brought_in":
                    found.append(replace(line, status=status))
        return found

    def _passed(self, line: Line) -> list[int]:
        """The windows that had it: all but the last left it out; 0 is one that is still to come."""
        passed = [line.window_id]
        while row := self._left_out(passed[-1], line):
            following = row["settled_window_id"] or 0
            if following == passed[-1]:  # Resolved before the closing, so not left out after all.
                break
            passed.append(following)
        return passed

    def _left_out(self, window: int, line: Line) -> RowMapping | None:
        """The deferral that takes the line: a contested line's first, then parties', then all."""
        if window not in self._deferrals:
            kinds = ("line", "party", "window")
            rows = store.deferrals_of(self._session, window) if window else []
            known = [row for row in rows if row["at"] <= self._statement.issued_at]
            self._deferrals[window] = sorted(
                known, key=lambda row: (kinds.index(row["kind"]), row["id"])
            )
        return next((row for row in self._deferrals[window] if self._is_of(row, line)), None)

    def _is_of(self, row: RowMapping, line: Line) -> bool:
        if row["kind"] == "line":
            return (row["journal_id"], row["issuer_id"]) == (line.journal, line.issuer)
        return row["kind"] == "window" or row["party_id"] in (line.issuer, line.till)


# The first and the last journal of a window, so that nothing outside it is looked at.
_BOUNDS = """
    SELECT (SELECT journal_id FROM settlement.leaf WHERE window_id = :window
            ORDER BY window_id, journal_id LIMIT 1) AS first,
           (SELECT journal_id FROM settlement.leaf WHERE window_id = :window
            ORDER BY window_id DESC, journal_id DESC LIMIT 1) AS last
"""

# Rows are compared as a whole, and windows not at all: see `exchange.reading` for what a planner
# would else do. At both ends there may be a few journals of the windows beside.
_OF_TILLS = """
    SELECT each.id
    FROM unnest(CAST(:kinds AS text[])) AS of (kind)
    CROSS JOIN LATERAL (
        SELECT id FROM exchange.journal
        WHERE (party_id, kind, id) >= (:party, of.kind, :first)
            AND (party_id, kind, id) <= (:party, of.kind, :last)
        ORDER BY party_id, kind, id LIMIT :limit) each
    ORDER BY each.id LIMIT :limit
"""

# Everybody's postings are in the order of their journals; one issuer's are among them.
_SCAN_ENDS = """
    SELECT journal_id FROM exchange.posting
    WHERE journal_id >= :first AND journal_id <= :last ORDER BY journal_id OFFSET :scanned LIMIT 1
"""
_OF_ISSUER = """
    SELECT DISTINCT journal_id AS id FROM exchange.posting
    WHERE journal_id >= :first AND journal_id <= :last AND window_id = :window
        AND issuer_id = :party AND movement = ANY(:movements) AND journal_id <> :beyond
    ORDER BY journal_id LIMIT :limit
"""


def _journals(
    session: Session, party: int, side: Side, window: int, start: UUID, limit: int
) -> tuple[list[UUID], UUID | None]:
    """Up to `limit` journals about the window from `start` on, and the one to go on from."""
    bounds = _one(session, _BOUNDS, window=window)
    if bounds is None or bounds["last"] is None or start > bounds["last"]:
        return [], None
    first, last, beyond = max(start, bounds["first"]), bounds["last"], None
    values: dict[str, Any] = {"window": window, "party": party, "limit": limit + 1}
    if side == "accepted":
        values |= {"kinds": list(AT_TILLS), "first": first, "last": last}
        rows = session.execute(text(_OF_TILLS), values)
    else:
        ends = {"first": first, "last": last, "scanned": SCANNED}
        beyond = session.execute(text(_SCAN_ENDS), ends).scalar_one_or_none()
        values |= {"movements": list(MOVEMENTS[side]), "beyond": beyond or UUID(int=0)}
        rows = session.execute(text(_OF_ISSUER), values | {"first": first, "last": beyond or last})
    found = list(rows.scalars())
    return found[:limit], found[limit] if len(found) > limit else beyond


_LINES = """
    SELECT p.journal_id AS journal, p.window_id, w.name AS window, j.at, p.movement AS kind,
           j.reference, p.issuer_id AS issuer, p.points, p.lot_id AS lot, p.line,
           CASE WHEN p.movement IN ('spent', 'refunded') THEN p.party_id END AS till
    FROM exchange.posting p
    JOIN exchange.journal j ON j.id = p.journal_id
    JOIN exchange."window" w ON w.id = p.window_id
    WHERE p.journal_id = ANY(:journals) AND p.window_id = :window
        AND p.movement = ANY(:movements)
        AND (CASE WHEN :accepted THEN p.party_id ELSE p.issuer_id END) = :party
    ORDER BY p.journal_id, p.issuer_id, p.movement, p.line
"""


def _lines(
    session: Session, party: int, side: Side, window: int, journals: Sequence[UUID]
) -> list[Line]:
    if not journals:
        return []
    accepted = side == "accepted"
    rows = session.execute(
        text(_LINES),
        {
            "journals": list(journals),
            "movements": list(MOVEMENTS[side]),
            "accepted": accepted,
            "party": party,
            "window": window,
        },
    ).mappings()
    key = itemgetter("journal", "issuer", "kind")
    return [_line([*map(dict, some)], accepted) for _, some in groupby(rows, key=key)]


def _line(rows: Sequence[Mapping[str, Any]], accepted: bool) -> Line:
    first = rows[0]
    return Line(
        journal=first["journal"],
        window_id=first["window_id"],
        window=first["window"],
        at=first["at"],
        kind=first["kind"],
        reference=(first["reference"] or "") if accepted else None,
        issuer=first["issuer"],
        points=sum(row["points"] for row in rows),
        lots=() if accepted else tuple((row["lot"], row["points"]) for row in rows),
        postings=tuple(row["line"] for row in rows),
        till=first["till"],
    )


def _one(session: Session, sql: str, **values: Any) -> RowMapping | None:
    return session.execute(text(sql), values).mappings().one_or_none()
