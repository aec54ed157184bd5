"""All SQL of settlement but sums of postings: windows, and the figures kept of them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from kit.database import Busy
from settlement.errors import WindowNotFound
from settlement.fx import Fixed, Rate
from settlement.movements import Movement
from settlement.netting import NetPosition
from settlement.obligations import Obligation
from settlement.payments import Payment

if TYPE_CHECKING:
    from settlement.calendar import Dates

Row = RowMapping
Route = Literal["hub", "direct"]

LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A settlement period and how far its money has come; `open` has no settlement yet."""

    id: int
    name: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    approved_at: datetime | None
    paid_at: datetime | None
    settled_at: datetime | None
    aborted_at: datetime | None
    closed_by: str | None
    approved_by: str | None
    paid_by: str | None
    settled_by: str | None
    aborted_by: str | None
    revision: int  # That whose figures are in force; 0 while there are none.
    currency: str | None
    route: Route | None
    advice_on: date | None
    call_on: date | None
    disputes_until: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Participant:
    """A partner as settlement sees it."""

    party: int
    public_id: str  # The partner's UUID as text; empty for a party that is no partner.
    name: str
    currency: str  # It settles in this one, by its terms in force.
    left_at: datetime | None


def take_time(session: Session) -> None:
    """Let this transaction read a whole window: serially, so that the tills keep their processors.

    The idle limit counts while statements are written in between, so it is lifted likewise.
    """
    for setting in (
        "max_parallel_workers_per_gather = 0",
        "work_mem = '128MB'",
        "statement_timeout = '10min'",
        "idle_in_transaction_session_timeout = '10min'",
    ):
        session.execute(text(f"SET LOCAL {setting}"))


# --- windows --------------------------------------------------------------------------------------

_WINDOW = """
    SELECT w.id, w.name, coalesce(s.state, CASE WHEN w.closed_at IS NULL THEN 'open' END, 'closing')
               AS state,
           w.opened_at, w.closed_at, s.approved_at, s.paid_at, s.settled_at, s.aborted_at,
           s.closed_by, s.approved_by, s.paid_by, s.settled_by, s.aborted_by,
           coalesce(s.revision, 0) AS revision, s.currency, s.route, s.advice_on, s.call_on,
           s.disputes_until
    FROM exchange."window" w LEFT JOIN settlement.settlement s ON s.window_id = w.id
"""


def find_window(session: Session, name: str) -> Window | None:
    row = _one(session, _WINDOW + " WHERE w.name = :name", name=name)
    return None if row is None else Window(**row)


def get_window(session: Session, name: str) -> Window:
    """Raises WindowNotFound."""
    window = find_window(session, name)
    if window is None:
        raise WindowNotFound
    return window


def window_by_id(session: Session, number: int) -> Window:
    """Raises WindowNotFound."""
    row = _one(session, _WINDOW + " WHERE w.id = :number", number=number)
    if row is None:
        raise WindowNotFound
    return Window(**row)


def open_window(session: Session) -> Window | None:
    row = _one(session, _WINDOW + " WHERE w.closed_at IS NULL")
    return None if row is None else Window(**row)


def list_windows(session: Session, *, before: int | None, limit: int) -> list[Window]:
    """Newest first; one more than `limit`, when there are more."""
    sql = _WINDOW + ("" if before is None else " WHERE w.id < :before")
    rows = _all(session, sql + " ORDER BY w.id DESC LIMIT :limit", before=before, limit=limit + 1)
    return [Window(**row) for row in rows]


def windows_in_closing(session: Session) -> list[str]:
    """The names of windows that a closing has left half done, oldest first."""
    rows = _all(session, _WINDOW + " WHERE s.state = 'closing' ORDER BY w.id")
    return [row["name"] for row in rows]


def insert_settlement(
    session: Session, window: int, *, currency: str, dates: "Dates", closed_at: datetime, by: str
) -> None:
    session.execute(
        text(
            "INSERT INTO settlement.settlement (window_id, state, currency, route, advice_on,"
            " call_on, disputes_until, closed_at, closed_by) VALUES (:window, 'closing', :currency,"
            " :route, :advice_on, :call_on, :disputes_until, :closed_at, :by)"
        ),
        {
            "window": window,
            "currency": currency,
            "route": dates.route,
            "advice_on": dates.advice_on,
            "call_on": dates.call_on,
            "disputes_until": dates.disputes_until,
            "closed_at": closed_at,
            "by": by,
        },
    )


def lock_settlement(session: Session, window: int) -> str | None:
    """The state of a window's settlement, held until this transaction ends; None when it has none.

    Raises Busy while somebody else holds it.
    """
    try:
        row = _one(
            session,
            "SELECT state FROM settlement.settlement WHERE window_id = :window FOR UPDATE NOWAIT",
            window=window,
        )
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise Busy("The window is being worked on by another process.") from error
        raise
    return None if row is None else row["state"]


def paid_revision(session: Session, window: int) -> int | None:
    """That whose payments two people agreed to last."""
    return session.execute(
        text("SELECT paid_revision FROM settlement.settlement WHERE window_id = :window"),
        {"window": window},
    ).scalar_one_or_none()


# Where each state says when it was reached, and by whom.
_REACHED = {
    "approved": "approved_at = :now, approved_by = :by, approval = :because",
    "paying": "paid_at = :now, paid_by = :by, payment = :because, paid_revision = revision",
    "settled": "settled_at = :now, settled_by = :by, settled_regardless = :because",
    "aborted": "aborted_at = :now, aborted_by = :by",
}


def set_state(
    session: Session,
    window: int,
    state: str,
    now: datetime,
    by: str,
    because: UUID | None = None,
) -> None:
    """The next state, when it was reached and by whom, and the proposal that two people agreed to.

    An aborted settlement's proposal stands with what it left out.
    """
    values = {"window": window, "state": state, "now": now, "by": by}
    if state != "aborted":
        values["because"] = because
    session.execute(
        text(
            f"UPDATE settlement.settlement SET state = :state, {_REACHED[state]}"  # noqa: S608
            " WHERE window_id = :window"
        ),
        values,
    )


def insert_revision(
    session: Session,
    window: int,
    number: int,
    *,
    reason: str,
    because: UUID | None,
    by: str,
    now: datetime,
) -> None:
    session.execute(
        text(
            "INSERT INTO settlement.revision (window_id, number, reason, because, made_by, made_at)"
            " VALUES (:window, :number, :reason, :because, :by, :now)"
        ),
        {
            "window": window,
            "number": number,
            "reason": reason,
            "because": because,
            "by": by,
            "now": now,
        },
    )


def set_revision(session: Session, window: int, number: int) -> None:
    """These figures are in force from now on; the first of them end the closing."""
    session.execute(
        text(
            "UPDATE settlement.settlement SET revision = :number,"
            " state = CASE state WHEN 'closing' THEN 'closed' ELSE state END"
            " WHERE window_id = :window"
        ),
        {"window": window, "number": number},
    )


def revisions(session: Session, window: int) -> list[Row]:
    return _all(
        session,
        "SELECT number, reason, because, made_by, made_at FROM settlement.revision"
        " WHERE window_id = :window ORDER BY number",
        window=window,
    )


# --- who takes part -------------------------------------------------------------------------------


def participants(session: Session, at: datetime) -> dict[int, Participant]:
    """Every partner that had agreed to terms by `at`, with the last of its terms by then."""
    rows = _all(
        session,
        """
        SELECT p.id AS party, coalesce(r.id::text, '') AS public_id,
               coalesce(r.name, 'Party ' || p.id) AS name, t.currency, r.closed_at AS left_at
        FROM exchange.party p
        LEFT JOIN partners.partner r ON r.party_id = p.id
        CROSS JOIN LATERAL (
            SELECT currency FROM partners.terms
            WHERE party_id = p.id AND (lower_inf(valid) OR lower(valid) <= :at)
            ORDER BY lower(valid) DESC NULLS LAST LIMIT 1) t
        WHERE p.kind = 'partner' ORDER BY p.id
        """,
        at=at,
    )
    return {row["party"]: Participant(**row) for row in rows}


# --- exchange rates -------------------------------------------------------------------------------


def day_of(session: Session, moment: datetime) -> date:
    """The calendar day of a moment in the hub's own zone."""
    day: date = session.execute(
        text("SELECT (CAST(:at AS timestamptz) AT TIME ZONE zone)::date FROM exchange.setting"),
        {"at": moment},
    ).scalar_one()
    return day


def insert_fx_rate(session: Session, rate: Rate, valid_from: date) -> Rate:
    """The rate that is kept for the pair and day: this one, or the one that was there before."""
    session.execute(
        text(
            "INSERT INTO settlement.fx_rate (base, quote, valid_from, numerator, denominator)"
            " VALUES (:base, :quote, :valid_from, :numerator, :denominator)"
            " ON CONFLICT ON CONSTRAINT fx_rate_pk DO NOTHING"
        ),
        {
            "base": rate.base,
            "quote": rate.quote,
            "valid_from": valid_from,
            "numerator": rate.numerator,
            "denominator": rate.denominator,
        },
    )
    row = session.execute(
        text(
            "SELECT base, quote, numerator, denominator FROM settlement.fx_rate"
            " WHERE base = :base AND quote = :quote AND valid_from = :valid_from"
        ),
        {"base": rate.base, "quote": rate.quote, "valid_from": valid_from},
    )
    return Rate(**row.mappings().one())


def fx_rates_on(session: Session, base: str, day: date) -> dict[str, Rate]:
    """The latest rate of each currency by that day, by currency."""
    rows = _all(
        session,
        "SELECT DISTINCT ON (quote) base, quote, numerator, denominator FROM settlement.fx_rate"
        " WHERE base = :base AND valid_from <= :day ORDER BY quote, valid_from DESC",
        base=base,
        day=day,
    )
    return {row["quote"]: Rate(**row) for row in rows}


def list_fx_rates(session: Session) -> list[Row]:
    return _all(
        session,
        "SELECT base, quote, valid_from, numerator, denominator FROM settlement.fx_rate"
        " ORDER BY base, quote, valid_from DESC",
    )


# --- content --------------------------------------------------------------------------------------


def insert_moved(session: Session, window: int, movements: Iterable[Movement]) -> None:
    """Nought stands for nobody and for no terms: a primary key takes no null."""
    _insert(
        session,
        "settlement.moved",
        [
            {
                "window_id": window,
                "kind": each.kind,
                "issuer": each.issuer,
                "acceptor": each.acceptor or 0,
                "issue_terms": each.issue_terms,
                "valued_terms": each.valued_terms,
                "acceptor_terms": each.acceptor_terms or 0,
                "points": each.points,
            }
            for each in movements
        ],
    )


def moved(session: Session, window: int) -> list[Movement]:
    """A closed window's points, in their order."""
    rows = _all(
        session,
        "SELECT kind, issuer, nullif(acceptor, 0) AS acceptor, issue_terms, valued_terms,"
        " nullif(acceptor_terms, 0) AS acceptor_terms, points FROM settlement.moved"
        " WHERE window_id = :window ORDER BY kind, issuer, moved.acceptor, issue_terms,"
        " valued_terms, moved.acceptor_terms",
        window=window,
    )
    return [Movement(**row) for row in rows]


def has_moved(session: Session, window: int) -> bool:
    """Whether a window's points were summed for good; one without any is never found to be."""
    sql = "SELECT FROM settlement.moved WHERE window_id = :window LIMIT 1"
    return bool(_all(session, sql, window=window))


def insert_deferral(session: Session, values: Mapping[str, Any]) -> bool:
    """False when the same is left out already."""
    made = session.execute(
        text(
            "INSERT INTO settlement.deferral (id, window_id, kind, journal_id, issuer_id, party_id,"
            " because, at) VALUES (:id, :window, :kind, :journal, :issuer, :party, :because, :now)"
            " ON CONFLICT DO NOTHING RETURNING id"
        ),
        values,
    )
    return made.first() is not None


def release_deferral(session: Session, deferral: UUID, now: datetime) -> None:
    session.execute(
        text(
            "UPDATE settlement.deferral SET released_at = :now"
            " WHERE id = :deferral AND released_at IS NULL"
        ),
        {"deferral": deferral, "now": now},
    )


def bring_in(session: Session, window: int) -> None:
    """Whatever was left out and is released belongs to this settlement, which is closing.

    What no revision has counted was never left out.
    """
    session.execute(
        text(
            "UPDATE settlement.deferral SET settled_window_id = :window"
            " WHERE released_at IS NOT NULL AND settled_window_id IS NULL"
            " AND (kind = 'window' OR revision IS NOT NULL)"
        ),
        {"window": window},
    )


def count_deferrals(session: Session, window: int, revision: int) -> None:
    """What is left out of the window by now is left out of this revision: read it after this.

    What comes in between is for the next, so that no line counts as left out and yet is settled.
    """
    session.execute(
        text(
            "UPDATE settlement.deferral SET revision = :revision"
            " WHERE window_id = :window AND revision IS NULL"
        ),
        {"window": window, "revision": revision},
    )


def deferrals_of(session: Session, window: int) -> list[Row]:
    """The lines and parties that the settlement of a window leaves out, released or not."""
    return _all(
        session,
        "SELECT * FROM settlement.deferral WHERE window_id = :window AND kind <> 'window'",
        window=window,
    )


def is_left_out(session: Session, window: int, party: int) -> bool:
    """Whether all that a party has part in is left out of a window's settlement, or was."""
    sql = (
        "SELECT FROM settlement.deferral"
        " WHERE window_id = :window AND kind = 'party' AND party_id = :party"
    )
    return bool(_all(session, sql, window=window, party=party))


def deferred_since(session: Session, window: int) -> bool:
    """Whether something is left out that no revision has counted yet."""
    sql = "SELECT FROM settlement.deferral WHERE window_id = :window AND revision IS NULL LIMIT 1"
    return bool(_all(session, sql, window=window))


def deferrals_into(session: Session, window: int) -> list[Row]:
    """What is brought into the settlement of a window."""
    return _all(
        session,
        "SELECT * FROM settlement.deferral WHERE settled_window_id = :window",
        window=window,
    )


# --- figures --------------------------------------------------------------------------------------


def insert_obligations(
    session: Session, window: int, revision: int, obligations: Iterable[Obligation]
) -> None:
    _insert(
        session,
        "settlement.obligation",
        [
            {
                "window_id": window,
                "revision": revision,
                "debtor": each.debtor,
                "creditor": each.creditor,
                "kind": each.kind,
                "points": each.points,
                "amount": each.amount,
            }
            for each in obligations
        ],
    )


def insert_positions(
    session: Session,
    window: int,
    revision: int,
    positions: Mapping[int, NetPosition],
    fixed: Mapping[int, Fixed],
    rates: Mapping[str, Rate],
) -> None:
    """What everybody nets to; the rate of a party that settles in the hub's currency is 1/1."""
    rows = []
    for party, position in positions.items():
        rate = rates.get(fixed[party].currency)
        rows.append(
            {
                "window_id": window,
                "revision": revision,
                "party_id": party,
                "receives": position.receives,
                "pays": position.pays,
                "cover": position.cover,
                "net": position.net,
                "currency": fixed[party].currency,
                "fx_numerator": rate.numerator if rate else 1,
                "fx_denominator": rate.denominator if rate else 1,
                "settles": fixed[party].settled,
            }
        )
    _insert(session, "settlement.position", rows)


def insert_payments(
    session: Session, window: int, revision: int, payments: Sequence[Payment]
) -> None:
    _insert(
        session,
        "settlement.payment",
        [
            {
                "window_id": window,
                "revision": revision,
                "number": number,
                "payer": each.payer,
                "payee": each.payee,
                "amount": each.amount,
            }
            for number, each in enumerate(payments, start=1)
        ],
    )


def insert_statements(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Each row has the columns of settlement.statement."""
    if rows:
        columns = ", ".join(rows[0])
        places = ", ".join(f":{column}" for column in rows[0])
        # The columns are this package's own words.
        session.execute(
            text(f"INSERT INTO settlement.statement ({columns}) VALUES ({places})"),  # noqa: S608
            [dict(row) for row in rows],
        )


def obligations(session: Session, window: int, *, party: int | None = None) -> list[Obligation]:
    """A closed window's obligations in force; with `party`, those it owes or is owed."""
    rows = _all(
        session,
        "SELECT debtor, creditor, kind, points, amount FROM settlement.obligation"
        " JOIN settlement.settlement USING (window_id, revision) WHERE window_id = :window"
        " AND (CAST(:party AS integer) IS NULL OR :party IN (debtor, creditor))"
        " ORDER BY debtor, creditor, kind",
        window=window,
        party=party,
    )
    return [Obligation(**row) for row in rows]


def positions(session: Session, window: int, *, party: int | None = None) -> list[Row]:
    return _all(
        session,
        "SELECT party_id AS party, receives, pays, cover, net, p.currency, fx_numerator,"
        " fx_denominator, settles FROM settlement.position p"
        " JOIN settlement.settlement USING (window_id, revision) WHERE window_id = :window"
        " AND (CAST(:party AS integer) IS NULL OR party_id = :party) ORDER BY party_id",
        window=window,
        party=party,
    )


def payments(session: Session, window: int, *, party: int | None = None) -> list[Row]:
    """Payments in order, each with the currency it is made in: that of its partner abroad."""
    return _all(
        session,
        """
        SELECT p.number, p.payer, p.payee, p.amount,
               CASE WHEN payer.currency = s.currency THEN payee.currency ELSE payer.currency END
                   AS currency
        FROM settlement.payment p
        JOIN settlement.settlement s USING (window_id, revision)
        JOIN settlement.position payer ON payer.window_id = p.window_id
            AND payer.revision = p.revision AND payer.party_id = p.payer
        JOIN settlement.position payee ON payee.window_id = p.window_id
            AND payee.revision = p.revision AND payee.party_id = p.payee
        WHERE p.window_id = :window
            AND (CAST(:party AS integer) IS NULL OR :party IN (p.payer, p.payee))
        ORDER BY p.number
        """,
        window=window,
        party=party,
    )


# --- statements -----------------------------------------------------------------------------------

_STATEMENT = """
    SELECT s.number, w.id AS window_id, w.name AS window, s.revision, s.digest, s.key_id,
           s.signature, s.issued_at, p.currency, p.settles,
           (SELECT n.number FROM settlement.statement n WHERE n.party_id = s.party_id
                AND n.window_id = s.window_id AND n.revision > s.revision
            ORDER BY n.revision LIMIT 1) AS replaced_by
    FROM settlement.statement s
    JOIN exchange."window" w ON w.id = s.window_id
    JOIN settlement.position p ON p.window_id = s.window_id AND p.revision = s.revision
        AND p.party_id = s.party_id
    WHERE s.party_id = :party
"""


def list_statements(
    session: Session, party: int, *, before: tuple[int, int] | None, limit: int
) -> list[Row]:
    """A partner's statements, newest first; one more than `limit`, when there are more."""
    sql = _STATEMENT + (
        "" if before is None else " AND (s.window_id, s.revision) < (:window, :revision)"
    )
    sql += " ORDER BY s.window_id DESC, s.revision DESC LIMIT :limit"
    window, revision = before or (None, None)
    return _all(session, sql, party=party, window=window, revision=revision, limit=limit + 1)


def statement_of_window(session: Session, party: int, window: int) -> Row | None:
    """The one in force."""
    sql = _STATEMENT + " AND s.window_id = :window ORDER BY s.revision DESC LIMIT 1"
    return _one(session, sql, party=party, window=window)


def statement_place(session: Session, party: int, number: str) -> tuple[int, int] | None:
    """A statement's window and revision: where a list of statements goes on."""
    row = _one(
        session,
        "SELECT window_id, revision FROM settlement.statement"
        " WHERE party_id = :party AND number = :number",
        party=party,
        number=number,
    )
    return None if row is None else (row["window_id"], row["revision"])


def last_statements(session: Session, window: int) -> dict[int, Row]:
    """Each party's statement in force: its number and its document."""
    rows = _all(
        session,
        "SELECT DISTINCT ON (party_id) party_id, number, document FROM settlement.statement"
        " WHERE window_id = :window ORDER BY party_id, revision DESC",
        window=window,
    )
    return {row["party_id"]: row for row in rows}


def statement_digests(session: Session, window: int) -> list[tuple[str, bytes]]:
    """Number and digest of each party's statement in force."""
    rows = _all(
        session,
        "SELECT DISTINCT ON (party_id) number, digest FROM settlement.statement"
        " WHERE window_id = :window ORDER BY party_id, revision DESC",
        window=window,
    )
    return [(row["number"], bytes(row["digest"])) for row in rows]


def statement_files(session: Session, party: int, number: str) -> Row | None:
    """The statement byte for byte as issued."""
    return _one(
        session,
        "SELECT number, document, csv, digest, key_id, signature, issued_at"
        " FROM settlement.statement WHERE party_id = :party AND number = :number",
        party=party,
        number=number,
    )


def every_document(session: Session) -> Iterator[Row]:
    """Every statement's bytes with its signature, a few at a time."""
    rows = session.execute(
        text(
            "SELECT number, document, key_id, signature FROM settlement.statement ORDER BY number"
        ),
        execution_options={"yield_per": 50},
    )
    yield from rows.mappings()


# --- names ----------------------------------------------------------------------------------------


def names(session: Session) -> dict[int, tuple[str, str]]:
    """Public id (empty for a party that is no partner) and name of every party."""
    rows = _all(
        session,
        "SELECT p.id, p.kind, coalesce(r.id::text, '') AS public_id,"
        " CASE p.kind WHEN 'hub' THEN 'Hub' WHEN 'float' THEN 'Float'"
        " ELSE coalesce(r.name, 'Party ' || p.id) END AS name"
        " FROM exchange.party p LEFT JOIN partners.partner r ON r.party_id = p.id ORDER BY p.id",
    )
    return {row["id"]: (row["public_id"], row["name"]) for row in rows}


def _one(session: Session, sql: str, **values: Any) -> Row | None:
    return session.execute(text(sql), values).mappings().one_or_none()


def _all(session: Session, sql: str, **values: Any) -> list[Row]:
    return list(session.execute(text(sql), values).mappings())


def _insert(session: Session, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of numbers and words, however many, in one statement."""
    if rows:
        columns = ", ".join(rows[0])
        # Table and columns are this module's own words.
        session.execute(
            text(
                f"INSERT INTO {table} ({columns}) SELECT {columns}"  # noqa: S608
                f" FROM jsonb_populate_recordset(CAST(NULL AS {table}), CAST(:rows AS jsonb))"
            ),
            {"rows": json.dumps([dict(row) for row in rows])},
        )
