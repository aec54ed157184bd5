"""What a settlement counts: its window's points, less what is left out, and what is brought in.

A deferral leaves something out of the settlement of one window. Once released, it belongs to the
next settlement that closes. So every point that moved is settled once, priced by its own terms.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from settlement import postings, store
from settlement.movements import Movement, MovementKind

DeferralKind = Literal["line", "party"]  # A whole window's is its content.


@dataclass(frozen=True, kw_only=True, slots=True)
class Deferral:
    """What the settlement of a window leaves out: a contested line, whose movements are `lines`,
    or all that a party has part in.
    """

    id: UUID
    kind: DeferralKind
    party: int | None = None
    lines: tuple[Movement, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A window's movements, what of them and of those brought in is left out, and what is left.

    `settled` is `moved` and `brought_in` together, less `left_out`.
    """

    moved: Sequence[Movement]
    brought_in: Sequence[Movement]
    left_out: Sequence[Movement]
    settled: Sequence[Movement]


class _Key(tuple[MovementKind, int, int | None, int, int, int | None]):
    """Kind, issuer, acceptor and terms: all of a movement but its points."""

    __slots__ = ()


_Sums = Counter[_Key]


def divide(
    moved: Sequence[Movement], brought_in: Sequence[Movement], deferrals: Iterable[Deferral]
) -> tuple[Content, dict[UUID, list[Movement]]]:
    """A settlement's content, and each deferral's share of what it leaves out.

    Lines take theirs first, whosever they are, then parties in the order of their ids. Raises
    ValueError when a line is not in the window.
    """
    base = _sums([*moved, *brought_in])
    rest = base.copy()
    shares: dict[UUID, list[Movement]] = {}
    for each in sorted(deferrals, key=lambda one: (one.kind, one.id)):
        share = _share(each, rest)
        rest.subtract(share)
        if any(points < 0 for points in rest.values()):
            raise ValueError(f"deferral {each.id} leaves out more than there is")
        shares[each.id] = _movements(share)
    left_out = base.copy()
    left_out.subtract(rest)
    content = Content(
        moved=moved,
        brought_in=brought_in,
        left_out=_movements(left_out),
        settled=_movements(rest),
    )
    return content, shares


def content(session: Session, window: int) -> Content:
    """What the figures in force of a closed window count."""
    return _Reader(session).content(window)


def _share(deferral: Deferral, rest: _Sums) -> _Sums:
    if deferral.kind == "line":
        return _sums(deferral.lines)
    return Counter(
        {key: points for key, points in rest.items() if deferral.party in (key[1], key[2])}
    )


def _sums(movements: Iterable[Movement]) -> _Sums:
    sums: _Sums = Counter()
    for each in movements:
        key = (
            *(each.kind, each.issuer, each.acceptor),
            *(each.issue_terms, each.valued_terms, each.acceptor_terms),
        )
        sums[_Key(key)] += each.points
    return sums


def _movements(sums: Mapping[_Key, int]) -> list[Movement]:
    """In their order: by kind, parties, terms."""
    found = []
    for key in sorted(sums, key=lambda key: (key[0], *(number or 0 for number in key[1:]))):
        kind, issuer, acceptor, issue_terms, valued_terms, acceptor_terms = key
        if sums[key]:
            found.append(
                Movement(
                    kind=kind,
                    issuer=issuer,
                    acceptor=acceptor,
                    points=sums[key],
                    issue_terms=issue_terms,
                    valued_terms=valued_terms,
                    acceptor_terms=acceptor_terms,
                )
            )
    return found


class _Reader:
    """Reads each window once, however often deferrals lead back to it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[int, tuple[Content, dict[UUID, list[Movement]]]] = {}
        self._lines: dict[tuple[UUID, int], list[Movement]] = {}

    def content(self, window: int) -> Content:
        return self._divided(window)[0]

    def _divided(self, window: int) -> tuple[Content, dict[UUID, list[Movement]]]:
        if window not in self._known:
            brought: _Sums = Counter()
            into = store.deferrals_into(self._session, window)  # All of windows before it.
            counted = [
                row
                for row in store.deferrals_of(self._session, window)
                if row["revision"] is not None
            ]
            self._read_lines([*into, *counted])
            for row in into:
                brought.update(_sums(self._left_out(row)))
            self._known[window] = divide(
                store.moved(self._session, window),
                _movements(brought),
                [self._deferral(row) for row in counted],
            )
        return self._known[window]

    def _left_out(self, row: store.Row) -> Sequence[Movement]:
        """A deferral's share of its own window."""
        if row["kind"] == "line":
            return self._line(row)
        content, shares = self._divided(row["window_id"])
        return content.settled if row["kind"] == "window" else shares[row["id"]]

    def _deferral(self, row: store.Row) -> Deferral:
        return Deferral(
            id=row["id"],
            kind=row["kind"],
            party=row["party_id"],
            lines=tuple(self._line(row)) if row["kind"] == "line" else (),
        )

    def _read_lines(self, rows: Iterable[store.Row]) -> None:
        """All at once: a partner may contest them by the thousand."""
        wanted = {_pair(row) for row in rows if row["kind"] == "line"}
        self._lines |= postings.lines(self._session, wanted - self._lines.keys())

    def _line(self, row: store.Row) -> list[Movement]:
        return self._lines[_pair(row)]


def _pair(row: store.Row) -> tuple[UUID, int]:
    return row["journal_id"], row["issuer_id"]
