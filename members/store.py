"""All SQL of the members' package."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session


def insert_member(session: Session, values: Mapping[str, Any]) -> None:
    session.execute(
        text(
            "INSERT INTO members.member (id, wallet_id, enrolled_by, enrolled_at)"
            " VALUES (:id, :wallet, :party, :now)"
        ),
        values,
    )


def member_of_wallet(session: Session, wallet: int) -> UUID:
    found: UUID = session.execute(
        text("SELECT id FROM members.member WHERE wallet_id = :wallet"), {"wallet": wallet}
    ).scalar_one()
    return found


def has_person(session: Session, member: UUID) -> bool:
    """Whether the member can say for themselves what a partner may do."""
    found: bool = session.execute(
        text(
            "SELECT EXISTS (SELECT FROM members.person"
            " WHERE member_id = :member AND erased_at IS NULL)"
        ),
        {"member": member},
    ).scalar_one()
    return found


def customer(session: Session, party: int, reference: str) -> UUID | None:
    """The link that this party's own customer number stands for."""
    return session.execute(
        text(
            "SELECT link_id FROM members.customer WHERE party_id = :party"
            " AND reference = :reference"
        ),
        {"party": party, "reference": reference},
    ).scalar_one_or_none()


def insert_customer(session: Session, values: Mapping[str, Any]) -> bool:
    """False when the reference, or the link, has a customer already."""
    return (
        session.execute(
            text(
                "INSERT INTO members.customer (party_id, reference, member_id, link_id)"
                " VALUES (:party, :reference, :member, :link) ON CONFLICT DO NOTHING"
                " RETURNING link_id"
            ),
            values,
        ).first()
        is not None
    )


def forget_customer(session: Session, link: UUID) -> None:
    session.execute(text("DELETE FROM members.customer WHERE link_id = :link"), {"link": link})


def linked(session: Session, party: int, link: UUID) -> RowMapping | None:
    """An active link of this party, with the party's own customer number where it gave one."""
    return (
        session.execute(
            text(
                "SELECT l.id, c.reference, l.daily_limit, l.shares_balance, l.linked_at"
                " FROM exchange.link l LEFT JOIN members.customer c ON c.link_id = l.id"
                " WHERE l.id = :link AND l.party_id = :party AND l.active"
            ),
            {"party": party, "link": link},
        )
        .mappings()
        .one_or_none()
    )


def insert_link_token(session: Session, values: Mapping[str, Any]) -> None:
    session.execute(
        text(
            "INSERT INTO members.link_token (digest, member_id, issued_to, expires_at)"
            " VALUES (:digest, :member, :party, :expires_at)"
        ),
        values,
    )


def lock_link_token(session: Session, digest: bytes) -> RowMapping | None:
    return (
        session.execute(
            text(
                "SELECT t.*, m.wallet_id FROM members.link_token t"
                " JOIN members.member m ON m.id = t.member_id"
                " WHERE t.digest = :digest FOR UPDATE OF t"
            ),
            {"digest": digest},
        )
        .mappings()
        .one_or_none()
    )


def use_link_token(session: Session, digest: bytes, party: int, now: datetime) -> None:
    session.execute(
        text(
            "UPDATE members.link_token SET used_at = :now, used_by = :party WHERE digest = :digest"
        ),
        {"digest": digest, "party": party, "now": now},
    )


def replace_own_token(session: Session, values: Mapping[str, Any]) -> None:
    """The member's one token of her own, in the place of the one before, used or not."""
    session.execute(
        text(
            "INSERT INTO members.link_token (digest, member_id, sees, daily_limit, expires_at)"
            " VALUES (:digest, :member, :sees, :daily_limit, :expires_at)"
            " ON CONFLICT (member_id) WHERE issued_to IS NULL DO UPDATE"
            " SET digest = excluded.digest, sees = excluded.sees,"
            " daily_limit = excluded.daily_limit, expires_at = excluded.expires_at,"
            " used_at = NULL, used_by = NULL"
        ),
        values,
    )


def own_token(session: Session, member: UUID) -> RowMapping | None:
    """When the member's own token ends, and by whom it was used and when."""
    return (
        session.execute(
            text(
                "SELECT expires_at, used_at, used_by FROM members.link_token"
                " WHERE member_id = :member AND issued_to IS NULL"
            ),
            {"member": member},
        )
        .mappings()
        .one_or_none()
    )


def forget_member(session: Session, member: UUID) -> None:
    """Drop what partners call a member, and what would let it be linked: part of erasing."""
    session.execute(
        text("DELETE FROM members.customer WHERE member_id = :member"), {"member": member}
    )
    session.execute(
        text("DELETE FROM members.link_token WHERE member_id = :member"), {"member": member}
    )
    session.execute(
        text(
            "DELETE FROM members.shown_code WHERE wallet_id ="
            " (SELECT wallet_id FROM members.member WHERE id = :member)"
        ),
        {"member": member},
    )


def hold(session: Session, wallet: int, id_: UUID) -> RowMapping | None:
    """A hold of this wallet, whatever became of it. One past its time has ended, though nobody
    may have said so yet."""
    return (
        session.execute(
            text(
                "SELECT id, party_id, points, captured, reference, held_at, expires_at, ended_at,"
                " CASE WHEN state = 'held' AND expires_at <= clock_timestamp() THEN 'expired'"
                " ELSE state END AS state"
                " FROM exchange.hold WHERE id = :id AND wallet_id = :wallet"
            ),
            {"id": id_, "wallet": wallet},
        )
        .mappings()
        .one_or_none()
    )


def capture_of(session: Session, party: int, reference: str) -> UUID | None:
    """The journal that captured a hold: it has the hold's reference."""
    return session.execute(
        text(
            "SELECT id FROM exchange.journal"
            " WHERE party_id = :party AND kind = 'capture' AND reference = :reference"
        ),
        {"party": party, "reference": reference},
    ).scalar_one_or_none()


# --- codes that members show ----------------------------------------------------------------------


def end_shown_code(session: Session, wallet: int, person: UUID) -> None:
    session.execute(
        text(
            "DELETE FROM exchange.payment_code WHERE used_at IS NULL AND digest ="
            " (SELECT digest FROM members.shown_code"
            "  WHERE wallet_id = :wallet AND person_id = :person)"
        ),
        {"wallet": wallet, "person": person},
    )


def keep_shown_code(session: Session, values: Mapping[str, Any]) -> None:
    session.execute(
        text(
            "INSERT INTO members.shown_code (wallet_id, person_id, id, digest, chosen_limit,"
            " shown_at) VALUES (:wallet, :person, :id, :digest, :chosen_limit, :now)"
            " ON CONFLICT ON CONSTRAINT shown_code_pk DO UPDATE SET id = excluded.id,"
            " digest = excluded.digest, chosen_limit = excluded.chosen_limit,"
            " shown_at = excluded.shown_at"
        ),
        values,
    )


def chosen_limit(session: Session, wallet: int, person: UUID) -> int | None:
    """The limit of the last code that this person showed of this wallet."""
    return session.execute(
        text(
            "SELECT chosen_limit FROM members.shown_code"
            " WHERE wallet_id = :wallet AND person_id = :person"
        ),
        {"wallet": wallet, "person": person},
    ).scalar_one_or_none()


_SHOWN = """
    SELECT s.wallet_id, s.chosen_limit, c.max_points, c.expires_at, c.used_at, c.used_by,
           h.id AS hold, h.state, h.points AS held, h.captured, h.released,
           h.held_at, h.expires_at AS hold_ends_at,
           CASE WHEN h.id IS NULL THEN c.used_for
                ELSE (SELECT j.id FROM exchange.journal j WHERE j.party_id = h.party_id
                      AND j.kind = 'capture' AND j.reference = h.reference) END AS journal,
           c.points
    FROM members.shown_code s
    LEFT JOIN exchange.payment_code c ON c.digest = s.digest
    LEFT JOIN exchange.hold h ON h.id = c.used_for
    WHERE s.id = :id AND s.person_id = :person
"""


def shown_code(session: Session, shown: UUID, person: UUID) -> RowMapping | None:
    """What became of a code that this person shows: unused, or with the hold or sale that used it.

    None when it is not theirs, or a newer one took its place.
    """
    return session.execute(text(_SHOWN), {"id": shown, "person": person}).mappings().one_or_none()


_HOLD_LOTS = """
    SELECT l.issuer_id AS issuer, l.expires_on, hl.points
    FROM exchange.hold_lot hl
    JOIN exchange.lot l ON l.wallet_id = hl.wallet_id AND l.id = hl.lot_id
    WHERE hl.hold_id = :hold ORDER BY l.expires_on, l.id
"""


def lots_of_hold(session: Session, hold: UUID) -> list[RowMapping]:
    return list(session.execute(text(_HOLD_LOTS), {"hold": hold}).mappings())


_STANDING = """
    SELECT w.frozen, w.held,
           coalesce(sum(l.available) FILTER (WHERE l.expires_on >= s.today
               AND l.spendable_from <= s.today), 0)::bigint AS spendable,
           coalesce(sum(l.available) FILTER (WHERE l.spendable_from > s.today), 0)::bigint
               AS pending
    FROM exchange.wallet w
    CROSS JOIN (SELECT (CAST(:now AS timestamptz) AT TIME ZONE zone)::date AS today
                FROM exchange.setting) s
    LEFT JOIN exchange.lot l ON l.wallet_id = w.id AND l.live
    WHERE w.id = :wallet GROUP BY w.id
"""


def standing(session: Session, wallet: int, now: datetime) -> RowMapping:
    """What a wallet can spend now, what it holds, what is pending, and whether it is frozen."""
    values = {"wallet": wallet, "now": now}
    return session.execute(text(_STANDING), values).mappings().one()


# --- what is only kept for a while ----------------------------------------------------------------


def forget(session: Session, now: datetime) -> None:
    """Drop link tokens a day after they died."""
    session.execute(
        text(
            "DELETE FROM members.link_token"
            " WHERE expires_at < CAST(:now AS timestamptz) - interval '1 day'"
        ),
        {"now": now},
    )
