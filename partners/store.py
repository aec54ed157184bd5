"""All SQL of the registry: partners, keys, terms."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

Values = Mapping[str, Any]


def _all(session: Session, sql: str, **values: Any) -> list[RowMapping]:
    return list(session.execute(text(sql), values).mappings())


def _one(session: Session, sql: str, **values: Any) -> RowMapping | None:
    return session.execute(text(sql), values).mappings().one_or_none()


# --- partners -------------------------------------------------------------------------------------


def insert_partner(session: Session, values: Values) -> bool:
    """False when the slug is taken."""
    return (
        session.execute(
            text(
                "INSERT INTO partners.partner (id, party_id, slug, name, applied_at)"
                " VALUES (:id, :party, :slug, :name, :now)"
                " ON CONFLICT ON CONSTRAINT partner_slug_once DO NOTHING RETURNING id"
            ),
            values,
        ).first()
        is not None
    )


def partner(session: Session, slug: str) -> RowMapping | None:
    return _one(session, "SELECT * FROM partners.partner WHERE slug = :slug", slug=slug)


def lock_partner(session: Session, slug: str) -> RowMapping | None:
    return _one(session, "SELECT * FROM partners.partner WHERE slug = :slug FOR UPDATE", slug=slug)


def lock_partner_of(session: Session, party: int) -> RowMapping | None:
    return _one(
        session, "SELECT * FROM partners.partner WHERE party_id = :party FOR UPDATE", party=party
    )


def partners(session: Session) -> list[RowMapping]:
    return _all(session, "SELECT * FROM partners.partner ORDER BY slug")


def set_state(session: Session, values: Values) -> None:
    session.execute(
        text(
            "UPDATE partners.partner SET state = :state,"
            " activated_at = CASE WHEN :state = 'active' THEN coalesce(activated_at, :now)"
            "                     ELSE activated_at END,"
            " closed_at = CASE WHEN :state = 'closed' THEN :now END WHERE id = :id"
        ),
        values,
    )


# --- keys -----------------------------------------------------------------------------------------

_ACTIVE = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)"


def insert_key(session: Session, values: Values) -> bool:
    """False when the public key is registered, for whomever."""
    return (
        session.execute(
            text(
                "INSERT INTO partners.key (id, partner_id, algorithm, public, scopes, proof,"
                " created_at) VALUES (:id, :partner, :algorithm, :public, :scopes, :proof, :now)"
                " ON CONFLICT ON CONSTRAINT key_public_once DO NOTHING RETURNING id"
            ),
            values,
        ).first()
        is not None
    )


def active_keys(session: Session, partner_id: Any, now: datetime) -> list[RowMapping]:
    return _all(
        session,
        f"SELECT * FROM partners.key WHERE partner_id = :id AND {_ACTIVE} ORDER BY created_at",  # noqa: S608
        id=partner_id,
        now=now,
    )


def keys(session: Session, party: int) -> list[RowMapping]:
    return _all(
        session,
        "SELECT k.* FROM partners.key k JOIN partners.partner p ON p.id = k.partner_id"
        " WHERE p.party_id = :party ORDER BY k.created_at",
        party=party,
    )


def retire_key(session: Session, key_id: str, until: datetime) -> None:
    """The key dies at `until` at the latest."""
    session.execute(
        text(
            "UPDATE partners.key SET expires_at = least(coalesce(expires_at, :until), :until)"
            " WHERE id = :id"
        ),
        {"id": key_id, "until": until},
    )


def revoke_key(session: Session, key_id: str, now: datetime) -> None:
    session.execute(
        text("UPDATE partners.key SET revoked_at = coalesce(revoked_at, :now) WHERE id = :id"),
        {"id": key_id, "now": now},
    )


def known_key(session: Session, key_id: str) -> RowMapping | None:
    """A key with its partner, whatever state either is in."""
    return _one(
        session,
        "SELECT k.id, k.public, k.scopes, k.expires_at, k.revoked_at, p.id AS partner_id,"
        " p.party_id, p.slug, p.state FROM partners.key k"
        " JOIN partners.partner p ON p.id = k.partner_id WHERE k.id = :id",
        id=key_id,
    )


# --- terms ----------------------------------------------------------------------------------------

_TERMS = (
    "SELECT id, party_id, issue_price, accept_price, fee_ppm, prefunded_ppm, breakage_hub_ppm,"
    " currency, cap, expiry_months, pending_days, collateral, fund_share,"
    " lower(valid) AS valid_from, upper(valid) AS valid_to FROM partners.terms"
)


def insert_terms(session: Session, values: Values) -> int:
    number: int = session.execute(
        text(
            "INSERT INTO partners.terms (party_id, issue_price, accept_price, fee_ppm,"
            " prefunded_ppm, breakage_hub_ppm, currency, cap, expiry_months, pending_days,"
            " collateral, fund_share, valid)"
            " VALUES (:party, :issue_price, :accept_price, :fee_ppm, :prefunded_ppm,"
            " :breakage_hub_ppm, :currency, :cap, :expiry_months, :pending_days,"
            " :collateral, :fund_share,"
            " tstzrange(CAST(:valid_from AS timestamptz), NULL)) RETURNING id"
        ),
        values,
    ).scalar_one()
    return number


def end_terms(session: Session, party: int, at: datetime) -> None:
    """Terms that have no end get one: their successor's beginning."""
    session.execute(
        text(
            "UPDATE partners.terms SET valid = tstzrange(lower(valid), CAST(:at AS timestamptz))"
            " WHERE party_id = :party AND upper_inf(valid)"
            " AND lower(valid) < CAST(:at AS timestamptz)"
        ),
        {"party": party, "at": at},
    )


def terms(session: Session, party: int | None = None) -> list[RowMapping]:
    """Of one partner, or of all; oldest first."""
    return _all(
        session,
        _TERMS + " WHERE CAST(:party AS integer) IS NULL OR party_id = :party"
        " ORDER BY party_id, lower(valid)",
        party=party,
    )
