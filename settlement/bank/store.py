"""All SQL of money in and out."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

Row = RowMapping

# --- accounts -------------------------------------------------------------------------------------

_ACCOUNT = """party_id AS party, currency, valid_from, name, account, bank, bank_code, bic, mandate,
    mandate_on"""


def insert_account(
    session: Session, id_: UUID, account: Mapping[str, Any], proposal: UUID, now: datetime
) -> None:
    session.execute(
        text(
            "INSERT INTO settlement.bank_account (id, party_id, currency, valid_from, name,"
            " account, bank, bank_code, bic, mandate, mandate_on, proposal, agreed_at)"
            " VALUES (:id, :party, :currency, :valid_from, :name, :account, :bank, :bank_code,"
            " :bic, :mandate, :mandate_on, :proposal, :now)"
        ),
        {**account, "id": id_, "proposal": proposal, "now": now},
    )


def accounts_on(session: Session, day: date) -> list[Row]:
    """One account for each party and currency: in force by that day, and agreed last."""
    return _all(
        session,
        f"SELECT DISTINCT ON (party_id, currency) {_ACCOUNT} FROM settlement.bank_account"  # noqa: S608
        " WHERE valid_from <= :day"
        " ORDER BY party_id, currency, valid_from DESC, agreed_at DESC, id DESC",
        day=day,
    )


def account_numbers(session: Session) -> list[Row]:
    return _all(
        session,
        "SELECT DISTINCT party_id AS party, currency, account FROM settlement.bank_account",
    )


def main_accounts(session: Session, currency: str | None) -> list[Row]:
    """One account in force today for each party: that in the currency, else in its first."""
    return _all(
        session,
        """
        SELECT DISTINCT ON (party_id) party_id AS party, name, account, bank,
               coalesce(nullif(bank_code, ''), bic) AS bank_code
        FROM (SELECT DISTINCT ON (party_id, currency) *,
                     min(agreed_at) OVER (PARTITION BY party_id, currency) AS first
              FROM settlement.bank_account WHERE valid_from <= current_date
              ORDER BY party_id, currency, valid_from DESC, agreed_at DESC, id DESC) a
        ORDER BY party_id, (currency = coalesce(:currency, '')) DESC, first, id
        """,
        currency=currency,
    )


def list_accounts(session: Session, party: int | None) -> list[Row]:
    """Every account ever agreed, newest first, with the two who agreed it."""
    return _all(
        session,
        """
        SELECT coalesce(r.slug, 'hub') AS party, a.currency, a.valid_from, a.name, a.account,
               a.bank, a.bank_code, a.bic, a.mandate, a.mandate_on, p.proposed_by, p.decided_by
        FROM settlement.bank_account a
        JOIN staff.proposal p ON p.id = a.proposal
        LEFT JOIN partners.partner r ON r.party_id = a.party_id
        WHERE CAST(:party AS integer) IS NULL OR a.party_id = :party
        ORDER BY a.party_id, a.currency, a.valid_from DESC, a.agreed_at DESC
        """,
        party=party,
    )


# --- windows whose money moves --------------------------------------------------------------------

_WINDOW = """
    SELECT w.id, w.name, s.state, s.revision, s.currency, s.call_on
    FROM settlement.settlement s JOIN exchange."window" w ON w.id = s.window_id
"""


def money_window(session: Session, window: int) -> Row:
    return _all(session, _WINDOW + " WHERE w.id = :window", window=window)[0]


def payable_windows(session: Session, labels: Collection[str]) -> list[Row]:
    """Those being paid, and settled ones of these names (or `W7`, the seventh), oldest first."""
    return _all(
        session,
        _WINDOW + " WHERE s.state IN ('approved', 'paying') OR s.state = 'settled'"
        " AND (w.name = ANY(:labels) OR 'W' || w.id = ANY(:labels)) ORDER BY w.id",
        labels=sorted(labels),
    )


# --- payment files --------------------------------------------------------------------------------


def insert_payment_file(session: Session, values: Mapping[str, Any]) -> None:
    """`values` are the columns of settlement.payment_file."""
    _insert(session, "settlement.payment_file", [values])


def payment_files(session: Session, window: int) -> list[Row]:
    return _all(
        session,
        "SELECT message_id, revision, kind, currency, payments, total, document, digest, made_by,"
        " made_at FROM settlement.payment_file WHERE window_id = :window"
        " ORDER BY revision, kind, currency",
        window=window,
    )


# --- invoices -------------------------------------------------------------------------------------


def insert_invoice(session: Session, values: Mapping[str, Any]) -> None:
    """`values` are the columns of settlement.invoice."""
    _insert(session, "settlement.invoice", [values])


_INVOICE = """
    SELECT i.number, i.kind, w.name AS window, i.window_id, i.revision, i.party_id AS party,
           i.currency, i.amount, i.due_on, i.issued_at, i.cancels, c.number AS cancelled_by,
           i.digest
    FROM settlement.invoice i
    JOIN exchange."window" w ON w.id = i.window_id
    LEFT JOIN settlement.invoice c ON c.cancels = i.number
"""


def invoices_of_window(session: Session, window: int) -> list[Row]:
    return _all(session, _INVOICE + " WHERE i.window_id = :window ORDER BY i.number", window=window)


def invoices_of_party(session: Session, party: int, *, before: str | None, limit: int) -> list[Row]:
    """A partner's invoices and credit notes, newest first; one more than `limit`, if there are."""
    after = """ AND (i.issued_at, i.number) <
        (SELECT b.issued_at, b.number FROM settlement.invoice b WHERE b.number = :before)"""
    return _all(
        session,
        _INVOICE
        + " WHERE i.party_id = :party"
        + ("" if before is None else after)
        + " ORDER BY i.issued_at DESC, i.number DESC LIMIT :limit",
        party=party,
        before=before,
        limit=limit + 1,
    )


def invoice_files(session: Session, party: int, number: str) -> Row | None:
    """The invoice byte for byte as issued."""
    found = _all(
        session,
        "SELECT number, document, csv, digest FROM settlement.invoice"
        " WHERE party_id = :party AND number = :number",
        party=party,
        number=number,
    )
    return found[0] if found else None


def invoice(session: Session, number: str) -> Row | None:
    """Byte for byte as issued, whoever is asked by it."""
    found = _all(
        session,
        "SELECT number, document, csv FROM settlement.invoice WHERE number = :number",
        number=number,
    )
    return found[0] if found else None


def invoice_documents(session: Session, window: int) -> list[Row]:
    return _all(
        session,
        "SELECT number, document, csv FROM settlement.invoice WHERE window_id = :window"
        " ORDER BY number",
        window=window,
    )


def asking(session: Session, windows: Collection[int]) -> list[Row]:
    """Papers in force that ask partners for money: invoices of the revision, last statements."""
    return _all(
        session,
        """
        SELECT i.number, i.window_id, i.party_id AS party
        FROM settlement.invoice i
        JOIN settlement.settlement s ON s.window_id = i.window_id AND s.revision = i.revision
        WHERE i.window_id = ANY(:windows) AND i.kind = 'invoice'
        UNION ALL
        (SELECT DISTINCT ON (window_id, party_id) number, window_id, party_id
         FROM settlement.statement WHERE window_id = ANY(:windows)
         ORDER BY window_id, party_id, revision DESC)
        """,
        windows=sorted(windows),
    )


# --- what the bank says ---------------------------------------------------------------------------


def file_is_known(session: Session, digest: bytes) -> bool:
    return bool(
        _all(session, "SELECT FROM settlement.bank_file WHERE digest = :digest", digest=digest)
    )


def lock_imports(session: Session) -> None:
    """One import or matching at a time, until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('settlement.bank_entry'))"))


def insert_bank_file(session: Session, values: Mapping[str, Any]) -> None:
    """`values` are the columns of settlement.bank_file."""
    _insert(session, "settlement.bank_file", [values])


def statement_content(session: Session, account: str, currency: str, number: str) -> bytes | None:
    """The digest of what an imported statement said; None when there is none of this number."""
    found = _all(
        session,
        "SELECT content FROM settlement.bank_statement"
        " WHERE account = :account AND currency = :currency AND number = :number",
        account=account,
        currency=currency,
        number=number,
    )
    return bytes(found[0]["content"]) if found else None


def insert_bank_statement(session: Session, values: Mapping[str, Any]) -> None:
    """`values` are the columns of settlement.bank_statement."""
    _insert(session, "settlement.bank_statement", [values])


def insert_entries(session: Session, entries: Sequence[Mapping[str, Any]]) -> None:
    """All in one statement; each names the columns of settlement.bank_entry."""
    session.execute(
        text(
            "INSERT INTO settlement.bank_entry"
            " SELECT * FROM jsonb_populate_recordset(NULL::settlement.bank_entry,"
            " CAST(:entries AS jsonb))"
        ),
        {"entries": json.dumps(entries, default=str, ensure_ascii=False)},
    )


_ENTRY = """
    SELECT e.id, s.account, s.number AS statement, e.number, e.direction, e.amount, e.currency,
           e.booked_on, e.end_to_end, e.reference, e.counterparty, e.counterparty_account,
           e.remittance, e.returned, m.window_id, m.revision, m.number AS payment, m.how
    FROM settlement.bank_entry e
    JOIN settlement.bank_statement s ON s.id = e.statement
    LEFT JOIN settlement.bank_match m ON m.entry_id = e.id
"""


def entries(session: Session, *, unmatched: bool, limit: int) -> list[Row]:
    """Newest first."""
    return _all(
        session,
        _ENTRY
        + (" WHERE m.entry_id IS NULL" if unmatched else "")
        + " ORDER BY e.booked_on DESC, e.id DESC LIMIT :limit",
        limit=limit,
    )


def entries_of_window(session: Session, window: int) -> list[Row]:
    return _all(
        session, _ENTRY + " WHERE m.window_id = :window ORDER BY e.booked_on, e.id", window=window
    )


def entries_of_file(session: Session, digest: bytes, *, limit: int) -> list[Row]:
    """In the order of the file; none for one whose statements came in another file before."""
    return _all(
        session,
        _ENTRY + " WHERE s.file = :digest ORDER BY s.account, s.number, e.number LIMIT :limit",
        digest=digest,
        limit=limit,
    )


def entry(session: Session, id_: UUID) -> Row | None:
    found = _all(session, _ENTRY + " WHERE e.id = :id", id=id_)
    return found[0] if found else None


def unmatched(session: Session) -> list[Row]:
    """Entries that belong to no payment yet, in the order in which they were booked."""
    return _all(session, _ENTRY + " WHERE m.entry_id IS NULL ORDER BY e.booked_on, e.id")


def insert_matches(session: Session, matches: Sequence[Mapping[str, Any]]) -> None:
    """Each names the columns of settlement.bank_match."""
    _insert(session, "settlement.bank_match", matches)


def paid(session: Session, windows: Collection[int]) -> dict[tuple[int, int, int], int]:
    """What was matched so far, by window, revision and number of the payment."""
    rows = _all(
        session,
        "SELECT window_id, revision, number, sum(amount)::bigint AS amount"
        " FROM settlement.bank_match WHERE window_id = ANY(:windows) GROUP BY 1, 2, 3",
        windows=sorted(windows),
    )
    return {(row["window_id"], row["revision"], row["number"]): row["amount"] for row in rows}


def matched(session: Session, window: int, revision: int) -> list[Row]:
    """What each entry pays of a window's payments."""
    return _all(
        session,
        "SELECT m.number, m.amount, e.booked_on FROM settlement.bank_match m"
        " JOIN settlement.bank_entry e ON e.id = m.entry_id"
        " WHERE m.window_id = :window AND m.revision = :revision ORDER BY e.booked_on, e.id",
        window=window,
        revision=revision,
    )


def insert_confirmation(session: Session, values: Mapping[str, Any]) -> None:
    """`values` are the columns of settlement.payment_confirmation."""
    _insert(session, "settlement.payment_confirmation", [values])


def confirmations(session: Session, window: int, revision: int) -> dict[int, date]:
    """On which day a payment arrived, by number, where two people said so."""
    rows = _all(
        session,
        "SELECT number, received_on FROM settlement.payment_confirmation"
        " WHERE window_id = :window AND revision = :revision",
        window=window,
        revision=revision,
    )
    return {row["number"]: row["received_on"] for row in rows}


def any_money(session: Session, window: int) -> bool:
    return bool(
        _all(
            session,
            "SELECT FROM settlement.bank_match WHERE window_id = :window UNION ALL"
            " SELECT FROM settlement.payment_confirmation WHERE window_id = :window LIMIT 1",
            window=window,
        )
    )


def _all(session: Session, sql: str, **values: Any) -> list[Row]:
    return list(session.execute(text(sql), values).mappings())


def _insert(session: Session, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        columns = list(rows[0])
        places = ", ".join(f":{column}" for column in columns)
        # Table and columns are this module's own words.
        session.execute(
            text(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"),  # noqa: S608
            [dict(row) for row in rows],
        )
