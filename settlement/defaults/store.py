"""All SQL of defaults and of the security against them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from settlement.defaults.waterfall import Share

_LOCK = 0x7365_6375_7265  # "secure": nobody else's advisory lock.


def lock_security(session: Session) -> None:
    """One at a time until this transaction ends: a balance is a sum, and has no row to lock."""
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


# --- security -------------------------------------------------------------------------------------


def balances(session: Session) -> list[RowMapping]:
    """What is held, by `party_id` and `account` (collateral or fund), in minor units."""
    return _all(
        session,
        "SELECT party_id, account, sum(amount)::bigint AS held FROM settlement.security"
        " GROUP BY party_id, account ORDER BY party_id, account",
    )


def movements(session: Session, party: int) -> list[RowMapping]:
    """Of one partner's security, oldest first."""
    return _all(
        session,
        "SELECT at, account, kind, amount, proposal_id FROM settlement.security"
        " WHERE party_id = :party ORDER BY id",
        party=party,
    )


def insert_security(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    """Rows of party, account, kind, signed amount, proposal, at."""
    for row in rows:
        session.execute(
            text(
                "INSERT INTO settlement.security (party_id, account, kind, amount, proposal_id, at)"
                " VALUES (:party, :account, :kind, :amount, :proposal, :at)"
            ),
            row,
        )


# --- shortfalls -----------------------------------------------------------------------------------

_SHORTFALL = """
    SELECT s.id, s.window_id, w.name AS window, s.party_id, s.method, s.amount, s.revision,
           s.at, s.cured_at,
           s.amount - coalesce((SELECT sum(amount)::bigint FROM settlement.recovery
                                WHERE shortfall_id = s.id), 0) AS missing
    FROM settlement.shortfall s JOIN exchange."window" w ON w.id = s.window_id
"""


def insert_shortfall(session: Session, values: dict[str, Any], shares: Iterable[Share]) -> None:
    session.execute(
        text(
            "INSERT INTO settlement.shortfall (id, window_id, party_id, method, amount, revision,"
            " proposal_id, at) VALUES (:id, :window, :party, :method, :amount, :revision,"
            " :proposal, :at)"
        ),
        values,
    )
    _insert_shares(session, "shortfall", values["id"], shares)


def shortfalls(session: Session) -> list[RowMapping]:
    """Every default, newest first."""
    return _all(session, _SHORTFALL + " ORDER BY s.at DESC, s.party_id")


def shortfalls_of(session: Session, window: int) -> list[RowMapping]:
    """The defaults of one window, by party."""
    return _all(
        session, _SHORTFALL + " WHERE s.window_id = :window ORDER BY s.party_id", window=window
    )


def deferrals(session: Session, shortfall: UUID) -> list[UUID]:
    """What was left out because of it."""
    rows = _all(session, "SELECT id FROM settlement.deferral WHERE because = :id", id=shortfall)
    return [row["id"] for row in rows]


def lock_shortfall(session: Session, window: int, party: int) -> RowMapping | None:
    """A default, held until this transaction ends."""
    found = _all(
        session,
        _SHORTFALL + " WHERE s.window_id = :window AND s.party_id = :party FOR UPDATE OF s",
        window=window,
        party=party,
    )
    return found[0] if found else None


def shares(session: Session, shortfall: UUID) -> list[Share]:
    """Who gave what to cover it."""
    rows = _all(
        session,
        "SELECT step, party_id AS party, amount FROM settlement.shortfall_share"
        " WHERE shortfall_id = :id ORDER BY step, party_id",
        id=shortfall,
    )
    return [Share(**row) for row in rows]


def returned(session: Session, shortfall: UUID) -> list[Share]:
    """What has gone back so far, recovery by recovery."""
    rows = _all(
        session,
        "SELECT s.step, s.party_id AS party, s.amount FROM settlement.recovery_share s"
        " JOIN settlement.recovery r ON r.id = s.recovery_id WHERE r.shortfall_id = :id",
        id=shortfall,
    )
    return [Share(**row) for row in rows]


def insert_recovery(session: Session, values: dict[str, Any], shares: Iterable[Share]) -> None:
    session.execute(
        text(
            "INSERT INTO settlement.recovery (id, shortfall_id, amount, proposal_id, at)"
            " VALUES (:id, :shortfall, :amount, :proposal, :at)"
        ),
        values,
    )
    _insert_shares(session, "recovery", values["id"], shares)


def cure(session: Session, shortfall: UUID, now: datetime) -> None:
    session.execute(
        text("UPDATE settlement.shortfall SET cured_at = :now WHERE id = :id"),
        {"id": shortfall, "now": now},
    )


def _insert_shares(session: Session, of: str, id_: UUID, shares: Iterable[Share]) -> None:
    for share in shares:
        session.execute(
            text(
                f"INSERT INTO settlement.{of}_share ({of}_id, step, party_id, amount)"  # noqa: S608
                " VALUES (:id, :step, :party, :amount)"
            ),
            {"id": id_, "step": share.step, "party": share.party, "amount": share.amount},
        )


def _all(session: Session, sql: str, **values: Any) -> list[RowMapping]:
    return list(session.execute(text(sql), values).mappings())
