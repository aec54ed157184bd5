"""What a member reads of a wallet: its lots, its holds, what happened to it, what it came to.

Each question is answered from indexes, whatever has happened: pages by a cursor, never by counting;
months from sums that are kept and brought forward by what came since.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from exchange.store import lock_wallet
from exchange.transfers import RETURNED

Kind = Literal[
    "earned",
    "imported",
    "spent",
    "exported",
    "refunded",
    "clawed_back",
    "expired",
    "given",
    "received",
    "returned",
    "adjusted",
]
KINDS: Final[tuple[Kind, ...]] = (
    "earned",
    "imported",
    "spent",
    "exported",
    "refunded",
    "clawed_back",
    "expired",
    "given",
    "received",
    "returned",
    "adjusted",
)


@dataclass(frozen=True, slots=True)
class Sums:
    """A wallet's points: those that can be spent, are held, and are not yet the member's."""

    available: int
    held: int
    pending: int
    frozen: bool

    @property
    def total(self) -> int:
        """All of them."""
        return self.available + self.held + self.pending


@dataclass(frozen=True, slots=True)
class Lot:
    """Points with one issuer and one last day. `spendable_from` is None once they are the
    member's; `available` does not count what is `held`."""

    id: int
    issuer: int
    expires_on: date
    spendable_from: date | None
    available: int
    held: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Points set aside for a sale at a party's till, until it is captured or ends."""

    id: UUID
    party: int
    points: int
    reference: str
    held_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: `points` is by how much it changed what the wallet has, held points included.

    `owed` is what went into repaying a debt, or is owed since. `rate` is theirs and ours of a
    conversion, `theirs` what it was made of in the party's own points. `undoes` is the event that
    this one gave or took back, `undone` how many points of this one were.
    """

    id: UUID
    at: datetime
    kind: Kind
    party: int | None
    points: int
    owed: int
    reference: str | None
    occurred_at: datetime | None
    hold: UUID | None
    rate: tuple[int, int] | None
    theirs: int | None
    fee: int | None
    undoes: UUID | None
    undone: int
    note: str | None
    other_wallet: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """What an event moved of one lot: its issuer, its last day, the points that came or went."""

    issuer: int
    expires_on: date | None
    points: int


@dataclass(frozen=True, slots=True)
class Month:
    """What was issued to a member in one month, by sales and imports, and what was spent and
    exported. What was undone later is not taken off; gifts are neither."""

    month: date
    earned: int
    spent: int


_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)

# The books' kinds that a member's are read from; what was received is a transfer's other side.
_BOOKED: Final[dict[Kind, tuple[str, ...]]] = {
    "earned": ("accrual",),
    "imported": ("import",),
    "spent": ("redemption", "capture"),
    "exported": ("capture",),
    "refunded": ("refund",),
    "clawed_back": ("clawback",),
    "expired": ("expiry",),
    "given": ("transfer",),
    "adjusted": ("adjustment",),
}

_KIND = f"""
    CASE j.kind WHEN 'accrual' THEN 'earned' WHEN 'import' THEN 'imported'
        WHEN 'redemption' THEN 'spent'
        WHEN 'capture' THEN CASE WHEN j.rate_id IS NULL THEN 'spent' ELSE 'exported' END
        WHEN 'refund' THEN 'refunded' WHEN 'clawback' THEN 'clawed_back'
        WHEN 'expiry' THEN 'expired'
        WHEN 'transfer' THEN CASE WHEN j.wallet_id = :wallet THEN 'given'
            WHEN j.note = '{RETURNED}' THEN 'returned' ELSE 'received' END
        ELSE 'adjusted' END
"""

# Of a few journals: what each came to for the wallet, and what is told beside it. OFFSET 0 keeps a
# look-up of one row one, whatever the planner believes of how many there are.
_ENTRIES = f"""
    SELECT j.id, j.at, {_KIND} AS kind, j.party_id AS party, coalesce(p.points, 0) AS points,
           coalesce(p.owed, 0) AS owed, j.reference, j.occurred_at, j.hold_id AS hold,
           r.theirs AS rate_theirs, r.ours AS rate_ours, j.theirs, j.fee, j.undoes,
           coalesce(u.undone, 0) AS undone, j.note,
           CASE WHEN j.kind = 'transfer' THEN
               CASE WHEN j.wallet_id = :wallet THEN j.to_wallet_id ELSE j.wallet_id END END
               AS other_wallet
    FROM ({{some}}) j
    LEFT JOIN LATERAL (
        SELECT r.theirs, r.ours FROM exchange.rate r WHERE r.id = j.rate_id OFFSET 0) r ON true
    LEFT JOIN LATERAL (
        SELECT u.undone FROM exchange.undone u WHERE u.journal_id = j.id OFFSET 0) u ON true
    LEFT JOIN LATERAL (
        SELECT sum(CASE WHEN x.credit = :wallet THEN x.points WHEN x.debit = :wallet
                        THEN -x.points END)::bigint AS points,
               sum(x.points) FILTER (WHERE x.movement IN ('repaid', 'owed_back'))::bigint AS owed
        FROM exchange.posting x WHERE x.journal_id = j.id OFFSET 0) p ON true
"""  # noqa: S608

# By the index on (wallet_id, kind, at, id), which has the party too: a few of each kind, merged.
_OWN = """
    SELECT j.id, j.at FROM unnest(CAST(:booked AS text[])) k (kind)
    CROSS JOIN LATERAL (
        SELECT j.id, j.at FROM exchange.journal j
        WHERE j.wallet_id = :wallet AND j.kind = k.kind AND {more}
        ORDER BY j.at DESC, j.id DESC LIMIT {limit}) j
"""
_RECEIVED = """
    (SELECT j.id, j.at FROM exchange.journal j WHERE j.to_wallet_id = :wallet AND {more}
     ORDER BY j.at DESC, j.id DESC LIMIT {limit})
"""
_PAGE = """
    SELECT j.* FROM (SELECT id, at FROM ({sides}) s ORDER BY at DESC, id DESC LIMIT {limit}) i
    CROSS JOIN LATERAL (SELECT * FROM exchange.journal j WHERE j.id = i.id OFFSET 0) j
"""
_ONE = _ENTRIES.format(
    some="SELECT * FROM exchange.journal"
    " WHERE id = :id AND (wallet_id = :wallet OR to_wallet_id = :wallet)"
)


def sums(session: Session, wallet: int, today: date) -> Sums:
    """What the wallet has on a day of the hub's calendar; what expired before it is left out."""
    row = session.execute(
        text(
            "SELECT w.held, w.frozen,"
            " coalesce(sum(l.available) FILTER (WHERE l.spendable_from <= :today), 0) AS available,"
            " coalesce(sum(l.available) FILTER (WHERE l.spendable_from > :today), 0) AS pending"
            " FROM exchange.wallet w LEFT JOIN exchange.lot l"
            "  ON l.wallet_id = w.id AND l.live AND l.expires_on >= :today"
            " WHERE w.id = :wallet GROUP BY w.id"
        ),
        {"wallet": wallet, "today": today},
    ).one()
    return Sums(int(row.available), int(row.held), int(row.pending), bool(row.frozen))


def lots(session: Session, wallet: int, today: date) -> list[Lot]:
    """Those with points that have not expired, in the order in which they are spent."""
    rows = session.execute(
        text(
            "SELECT id, issuer_id, expires_on, available, held,"
            " CASE WHEN spendable_from > :today THEN spendable_from END AS spendable_from"
            " FROM exchange.lot WHERE wallet_id = :wallet AND live"
            " AND (expires_on >= :today OR held > 0) ORDER BY expires_on, id"
        ),
        {"wallet": wallet, "today": today},
    )
    return [
        Lot(
            row.id,
            row.issuer_id,
            row.expires_on,
            row.spendable_from,
            # What has expired waits to be swept away: held points of it are all there is.
            row.available if row.expires_on >= today else 0,
            row.held,
        )
        for row in rows
    ]


def holds(session: Session, wallet: int) -> list[Hold]:
    """The open ones, newest first."""
    rows = session.execute(
        text(
            "SELECT id, party_id, points, reference, held_at, expires_at FROM exchange.hold"
            " WHERE wallet_id = :wallet AND state = 'held' ORDER BY held_at DESC, id DESC"
        ),
        {"wallet": wallet},
    )
    return [Hold(*row) for row in rows]


def hold_parts(session: Session, wallet: int, hold: UUID) -> list[Part]:
    """The lots that a hold took from, in the order in which they are spent."""
    rows = session.execute(
        text(
            "SELECT l.issuer_id, l.expires_on, h.points FROM exchange.hold_lot h"
            " JOIN exchange.lot l ON l.wallet_id = h.wallet_id AND l.id = h.lot_id"
            " WHERE h.hold_id = :hold AND h.wallet_id = :wallet ORDER BY l.expires_on, l.id"
        ),
        {"wallet": wallet, "hold": hold},
    )
    return [Part(*row) for row in rows]


def receivables(session: Session, wallet: int) -> list[tuple[int, int]]:
    """What the member owes issuers: (party, points)."""
    rows = session.execute(
        text(
            "SELECT issuer_id, points FROM exchange.receivable"
            " WHERE wallet_id = :wallet AND points > 0 ORDER BY issuer_id"
        ),
        {"wallet": wallet},
    )
    return [(row.issuer_id, row.points) for row in rows]


def page(
    session: Session,
    wallet: int,
    *,
    limit: int,
    before: UUID | None = None,
    kinds: Sequence[Kind] | None = None,
    party: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Entry] | None:
    """Newest first, one more than `limit` when there are more; None when `before` is no event of
    this wallet. `until` is not included."""
    end = until or _LAST, UUID(int=0)
    if before is not None:
        before_at = session.execute(
            text(
                "SELECT at FROM exchange.journal"
                " WHERE id = :id AND (wallet_id = :wallet OR to_wallet_id = :wallet)"
            ),
            {"id": before, "wallet": wallet},
        ).scalar_one_or_none()
        if before_at is None:
            return None
        end = min(end, (before_at, before))  # One bound: of two, the index takes the wrong one.
    wanted = frozenset(KINDS if kinds is None else kinds)
    some = _some(wanted, party, limit)
    rows = session.execute(
        text(_ENTRIES.format(some=some) + " ORDER BY j.at DESC, j.id DESC"),
        {
            "wallet": wallet,
            "end_at": end[0],
            "end": end[1],
            "booked": _booked(wanted),
            "party": party,
            "since": since or _FIRST,
        },
    ).mappings()
    return [_entry(dict(row)) for row in rows]


def _booked(kinds: Set[Kind]) -> list[str]:
    return sorted({booked for kind in kinds for booked in _BOOKED.get(kind, ())})


def _some(kinds: Set[Kind], party: int | None, limit: int) -> str:
    """The statement that finds the journals of a page: one more than `limit`."""
    more = "(j.at, j.id) < (:end_at, :end) AND j.at >= :since"
    own = received = more
    if party is not None:
        own += " AND j.party_id = :party"
    if ("spent" in kinds) != ("exported" in kinds):
        own += f" AND (j.kind <> 'capture' OR (j.rate_id IS NULL) = {'spent' in kinds})"
    sides = [_OWN.format(more=own, limit=limit + 1)]
    if party is None and not kinds.isdisjoint(("received", "returned")):  # A transfer has no party.
        if "received" not in kinds:
            received += f" AND j.note = '{RETURNED}'"
        elif "returned" not in kinds:
            received += f" AND j.note IS DISTINCT FROM '{RETURNED}'"
        sides.append(_RECEIVED.format(more=received, limit=limit + 1))
    return _PAGE.format(sides=" UNION ALL ".join(sides), limit=limit + 1)


def entry(session: Session, wallet: int, journal: UUID) -> Entry | None:
    """One event of this wallet."""
    row = session.execute(text(_ONE), {"wallet": wallet, "id": journal}).mappings().one_or_none()
    return None if row is None else _entry(dict(row))


def parts(session: Session, wallet: int, journal: UUID) -> list[Part]:
    """What an event moved, lot by lot, in its order; + came to this wallet, - left it."""
    rows = session.execute(
        text(
            "SELECT issuer_id, expires_on,"
            " CASE WHEN credit = :wallet THEN points ELSE -points END AS points"
            " FROM exchange.posting WHERE journal_id = :id AND :wallet IN (debit, credit)"
            " ORDER BY line"
        ),
        {"wallet": wallet, "id": journal},
    )
    return [Part(*row) for row in rows]


def undone_by(session: Session, wallet: int, journal: UUID) -> list[Entry]:
    """The events that gave or took back what an event of this wallet did, oldest first."""
    some = "SELECT * FROM exchange.journal WHERE undoes = :id AND wallet_id = :wallet"
    rows = session.execute(
        text(_ENTRIES.format(some=some) + " ORDER BY j.at, j.id"),
        {"wallet": wallet, "id": journal},
    ).mappings()
    return [_entry(dict(row)) for row in rows]


def monthly(session: Session, wallet: int, since: date) -> list[Month]:
    """The months in which something happened, from `since` on (the first of a month).

    What came since the last look is added to what is kept.
    """
    bring_forward(session, wallet)
    rows = session.execute(
        text(
            "SELECT month, earned, spent FROM exchange.wallet_month"
            " WHERE wallet_id = :wallet AND month >= :since ORDER BY month"
        ),
        {"wallet": wallet, "since": since},
    )
    return [Month(*row) for row in rows]


_FRESH = """
    FROM unnest(CAST(:booked AS text[])) k (kind)
    CROSS JOIN LATERAL (
        SELECT j.at, j.kind, j.party_id, j.points FROM exchange.journal j
        WHERE j.wallet_id = :wallet AND j.kind = k.kind AND j.at > coalesce((
            SELECT until FROM exchange.wallet_summed WHERE wallet_id = :wallet), '-infinity')
        OFFSET 0) j
"""


def bring_forward(session: Session, wallet: int) -> None:
    """Add what came since the last look to the months and uses that are kept of a wallet.

    Whoever posts holds the wallet's lock when the books take the moment, so moments only grow; and
    so does this, that none is added twice.
    """
    values = {"wallet": wallet, "booked": _booked(frozenset(KINDS))}
    if not session.execute(text(f"SELECT EXISTS (SELECT {_FRESH})"), values).scalar_one():
        return
    lock_wallet(session, wallet)
    session.execute(
        text(
            f"""
            WITH fresh AS MATERIALIZED (SELECT j.at, j.kind, j.party_id, j.points {_FRESH}),
            months AS (
                INSERT INTO exchange.wallet_month AS m (wallet_id, month, earned, spent)
                SELECT :wallet, date_trunc('month', f.at AT TIME ZONE s.zone)::date,
                       coalesce(sum(points) FILTER (WHERE kind IN ('accrual', 'import')), 0),
                       coalesce(sum(points) FILTER (WHERE kind IN ('redemption', 'capture')), 0)
                FROM fresh f CROSS JOIN exchange.setting s GROUP BY 2
                ON CONFLICT ON CONSTRAINT wallet_month_pk DO UPDATE
                    SET earned = m.earned + excluded.earned, spent = m.spent + excluded.spent),
            uses AS (
                INSERT INTO exchange.wallet_use AS u (wallet_id, party_id, last_at)
                SELECT :wallet, party_id, max(at) FROM fresh WHERE party_id IS NOT NULL GROUP BY 2
                ON CONFLICT ON CONSTRAINT wallet_use_pk DO UPDATE SET last_at = excluded.last_at)
            INSERT INTO exchange.wallet_summed (wallet_id, until)
            SELECT :wallet, max(at) FROM fresh HAVING max(at) IS NOT NULL
            ON CONFLICT ON CONSTRAINT wallet_summed_pk DO UPDATE SET until = excluded.until
            """  # noqa: S608
        ),
        values,
    )


def _entry(row: dict[str, Any]) -> Entry:
    theirs, ours = row.pop("rate_theirs"), row.pop("rate_ours")
    return Entry(rate=None if theirs is None else (theirs, ours), **row)
