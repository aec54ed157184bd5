"""What partners and finance read of windows and statements. Nothing is written here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from kit.ids import to_text
from partners import terms
from settlement import netting, postings, rollup, store
from settlement.drafting import Points, points_of
from settlement.errors import StatementNotFound
from settlement.movements import Movement
from settlement.netting import Compression, Matrix
from settlement.obligations import Obligation, ObligationKind
from settlement.reckoning import FLOAT, HUB, reckon
from settlement.store import Window

FIGURED = ("closed", "approved", "paying", "settled", "aborted")  # States with figures kept.


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """Who stands on the other side: `ptr_…`, or `hub` or `float` for the hub's own parties."""

    id: str
    name: str


# --- windows as a partner sees them ---------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnDue:
    """A cell of the partner's own row or column; negative when more was undone than done."""

    party: Named
    kind: ObligationKind
    points: int
    amount: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnPayment:
    """Money the partner sends or expects, in minor units of its settlement currency."""

    direction: Literal["pay", "collect"]
    party: Named
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Settles:
    """What the net comes to in the partner's own currency, and the rate it was fixed at."""

    amount: int
    currency: str
    numerator: int
    denominator: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The partner's money for a window, in minor units of `currency`."""

    currency: str
    owes: Sequence[OwnDue]
    owed: Sequence[OwnDue]
    receives: int
    pays: int
    net: int
    settles: Settles
    payments: Sequence[OwnPayment]
    statement: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PartnerWindow:
    """`figures` are None until the window is closed, and for a window before the partner's time."""

    window: Window
    figures: Figures | None


def list_windows(
    session: Session, *, cursor: str | None = None, limit: int = 100
) -> tuple[list[Window], str | None]:
    """A page of windows, newest first, and the cursor of the next page. Raises WindowNotFound."""
    before = None if cursor is None else store.get_window(session, cursor).id
    found = store.list_windows(session, before=before, limit=limit)
    return found[:limit], found[limit - 1].name if len(found) > limit else None


def partner_window(session: Session, party: int, name: str) -> PartnerWindow:
    """One window with the partner's own row and column. Raises WindowNotFound."""
    window = store.get_window(session, name)
    own = store.positions(session, window.id, party=party)
    if window.currency is None or not own:
        return PartnerWindow(window=window, figures=None)
    names = named(session)
    dues = store.obligations(session, window.id, party=party)
    statement = store.statement_of_window(session, party, window.id)
    figures = Figures(
        currency=window.currency,
        owes=[_due(each, names[each.creditor]) for each in dues if each.debtor == party],
        owed=[_due(each, names[each.debtor]) for each in dues if each.creditor == party],
        receives=own[0]["receives"],
        pays=own[0]["pays"],
        net=own[0]["net"],
        settles=Settles(
            amount=own[0]["settles"],
            currency=own[0]["currency"],
            numerator=own[0]["fx_numerator"],
            denominator=own[0]["fx_denominator"],
        ),
        payments=[
            OwnPayment(
                direction="pay" if row["payer"] == party else "collect",
                party=names[row["payee"] if row["payer"] == party else row["payer"]],
                amount=row["amount"],
                currency=row["currency"],
            )
            for row in store.payments(session, window.id, party=party)
        ],
        statement=None if statement is None else statement["number"],
    )
    return PartnerWindow(window=window, figures=figures)


# --- windows as the hub sees them -----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuerRow:
    """What a partner's points did in a window, and what is outstanding of them after it."""

    party: int
    points: Points
    outstanding: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionRow:
    """What a party pays or receives, in the hub's currency and in its own."""

    party: int
    receives: int
    pays: int
    cover: int
    net: int
    settles: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentRow:
    payer: int
    payee: int
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HubWindow:
    """A whole window. While `provisional` it is worked out from the postings there are so far.

    Provisional money is in the hub's currency throughout: exchange rates are fixed at close.
    """

    window: Window
    provisional: bool
    currency: str
    names: dict[int, str]
    issuers: Sequence[IssuerRow]
    obligations: Sequence[Obligation]
    matrix: Matrix
    positions: Sequence[PositionRow]
    payments: Sequence[PaymentRow]
    compression: Compression


def hub_window(session: Session, name: str, *, currency: str) -> HubWindow:
    """One window, everybody's figures; `currency` is the hub's, for a window not yet closed.

    Raises WindowNotFound, PointsUnpriced.
    """
    window = store.get_window(session, name)
    # What is fixed of a closed window, what was summed so far of one that is not.
    moved = store.moved(session, window.id) or rollup.movements(session, window.id)
    outstanding = postings.outstanding(session, window.id, moved)
    parties = {each.issuer for each in moved} | {each.acceptor for each in moved if each.acceptor}
    parties |= {party for party, points in outstanding.items() if points}
    provisional = window.state not in FIGURED
    owed, positions, payments = (
        _foreseen(session, moved, parties, currency) if provisional else _kept(session, window)
    )
    return HubWindow(
        window=window,
        provisional=provisional,
        currency=window.currency or currency,
        names={party: name for party, (_, name) in store.names(session).items()},
        issuers=[
            IssuerRow(
                party=party, points=points_of(moved, party), outstanding=outstanding.get(party, 0)
            )
            for party in sorted(parties)
        ],
        obligations=owed,
        matrix=netting.matrix(owed),
        positions=positions,
        payments=payments,
        compression=netting.compression(owed),
    )


_Money = tuple[list[Obligation], list[PositionRow], list[PaymentRow]]


def _kept(session: Session, window: Window) -> _Money:
    return (
        store.obligations(session, window.id),
        [
            PositionRow(**{name: row[name] for name in PositionRow.__slots__})
            for row in store.positions(session, window.id)
        ],
        [
            PaymentRow(**{name: row[name] for name in PaymentRow.__slots__})
            for row in store.payments(session, window.id)
        ],
    )


def _foreseen(
    session: Session, moved: Sequence[Movement], parties: Iterable[int], currency: str
) -> _Money:
    figures = reckon(
        moved,
        terms.every(session),
        currencies=dict.fromkeys(parties, currency),
        rates={},
        base=currency,
    )
    positions = [
        PositionRow(
            party=party,
            receives=each.receives,
            pays=each.pays,
            cover=0,
            net=each.net,
            settles=each.net,
            currency=currency,
        )
        for party, each in figures.positions.items()
    ]
    payments = [
        PaymentRow(payer=each.payer, payee=each.payee, amount=each.amount, currency=currency)
        for each in figures.payments
    ]
    return list(figures.obligations), positions, payments


# --- statements -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementLine:
    """One statement in a list; `settles` is in minor units of `currency`, positive for a gain."""

    number: str
    window: str
    revision: int
    replaced_by: str | None  # The number of the next revision's, which counts instead.
    issued_at: datetime
    settles: int
    currency: str
    digest: bytes
    key_id: str
    signature: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementFiles:
    """A statement byte for byte as issued, and what proves it."""

    number: str
    document: bytes
    csv: bytes
    digest: bytes
    key_id: str
    signature: bytes
    issued_at: datetime


def list_statements(
    session: Session, party: int, *, cursor: str | None = None, limit: int = 100
) -> tuple[list[StatementLine], str | None]:
    """A page of the partner's statements, newest first, and the cursor of the next page.

    The cursor is a statement's number. Raises StatementNotFound.
    """
    before = None
    if cursor is not None:
        before = store.statement_place(session, party, cursor)
        if before is None:
            raise StatementNotFound
    rows = store.list_statements(session, party, before=before, limit=limit)
    found = [
        StatementLine(**{name: row[name] for name in StatementLine.__slots__})
        for row in rows[:limit]
    ]
    return found, found[-1].number if len(rows) > limit else None


def statement(session: Session, party: int, number: str) -> StatementFiles:
    """Another partner's is not found, just as one that does not exist. Raises StatementNotFound."""
    row = store.statement_files(session, party, number)
    if row is None:
        raise StatementNotFound
    return StatementFiles(**row)


# --- names ----------------------------------------------------------------------------------------


def named(session: Session) -> dict[int, Named]:
    own = {HUB: "hub", FLOAT: "float"}
    return {
        party: Named(
            id=own.get(party) or (to_text("ptr", UUID(public_id)) if public_id else ""), name=name
        )
        for party, (public_id, name) in store.names(session).items()
    }


def _due(obligation: Obligation, party: Named) -> OwnDue:
    return OwnDue(
        party=party, kind=obligation.kind, points=obligation.points, amount=obligation.amount
    )
