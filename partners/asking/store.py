"""All SQL of approvals."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

Row = RowMapping
Values = Mapping[str, Any]


def _one(session: Session, sql: str, **values: Any) -> Row | None:
    return session.execute(text(sql), values).mappings().one_or_none()


# --- return origins -------------------------------------------------------------------------------


def origins(session: Session, party: int) -> list[str]:
    return list(
        session.execute(
            text(
                "SELECT origin FROM partners.return_origin WHERE party_id = :party ORDER BY origin"
            ),
            {"party": party},
        ).scalars()
    )


def replace_origins(session: Session, party: int, wanted: list[str], now: datetime) -> None:
    session.execute(
        text(
            "DELETE FROM partners.return_origin WHERE party_id = :party AND origin <> ALL (:wanted)"
        ),
        {"party": party, "wanted": wanted},
    )
    session.execute(
        text(
            "INSERT INTO partners.return_origin (party_id, origin, registered_at)"
            " SELECT :party, origin, :now FROM unnest(CAST(:wanted AS text[])) origin"
            " ON CONFLICT ON CONSTRAINT return_origin_pk DO NOTHING"
        ),
        {"party": party, "wanted": wanted, "now": now},
    )


# --- approvals ------------------------------------------------------------------------------------


def asked(session: Session, party: int, now: datetime) -> int:
    """How many approvals of this party wait for an answer."""
    count: int = session.execute(
        text(
            "SELECT count(*) FROM partners.approval"
            " WHERE party_id = :party AND state = 'asked' AND expires_at > :now"
        ),
        {"party": party, "now": now},
    ).scalar_one()
    return count


def insert_approval(session: Session, values: Values) -> None:
    session.execute(
        text(
            "INSERT INTO partners.approval (id, party_id, link_id, wallet_id, points, reference,"
            " description, return_url, asked_at, expires_at) VALUES (:id, :party, :link, :wallet,"
            " :points, :reference, :description, :return_url, :now, :expires_at)"
        ),
        values,
    )


_APPROVAL = """
    SELECT a.*, c.used_at, coalesce(c.expires_at, a.expires_at) AS ends_at,
           CAST(:now AS timestamptz) AS now
    FROM partners.approval a LEFT JOIN exchange.payment_code c ON c.digest = a.code_digest
    WHERE a.id = :id
"""


def find(session: Session, approval: UUID, now: datetime) -> Row | None:
    """An approval; `ends_at` is when it, or what it gave, is over; `used_at` when it was used."""
    return _one(session, _APPROVAL, id=approval, now=now)


def lock(session: Session, approval: UUID, now: datetime) -> Row | None:
    return _one(session, _APPROVAL + " FOR UPDATE OF a", id=approval, now=now)


def decide(session: Session, values: Values) -> None:
    session.execute(
        text(
            "UPDATE partners.approval SET state = :state, wallet_id = :wallet,"
            " decided_by = :member, decided_at = :now, code_digest = :digest WHERE id = :id"
        ),
        values,
    )


def forget(session: Session, before: datetime) -> int:
    """Drop the approvals that expired before then."""
    return len(
        session.execute(
            text("DELETE FROM partners.approval WHERE expires_at < :before RETURNING id"),
            {"before": before},
        ).all()
    )


# --- what a member is shown -----------------------------------------------------------------------

_LOTS = """
    SELECT l.issuer, l.expires_on, l.take AS points
    FROM exchange.setting s
    CROSS JOIN exchange.pick_lots(
        :wallet, :points, (CAST(:now AS timestamptz) AT TIME ZONE s.zone)::date) p
    CROSS JOIN unnest(p.issuers, p.expiries, p.takes) AS l (issuer, expires_on, take)
"""


def lots(session: Session, wallet: int, points: int, now: datetime) -> list[Row]:
    """The lots that a spend of `points` would take now, in the order in which it takes them."""
    values = {"wallet": wallet, "points": points, "now": now}
    return list(session.execute(text(_LOTS), values).mappings())
