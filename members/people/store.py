"""All SQL of persons: who they are, how they sign in, where they are signed in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

Row = RowMapping
Values = Mapping[str, Any]


def _one(session: Session, sql: str, /, **values: Any) -> Row | None:
    return session.execute(text(sql), values).mappings().one_or_none()


def _all(session: Session, sql: str, /, **values: Any) -> list[Row]:
    return list(session.execute(text(sql), values).mappings())


def _do(session: Session, sql: str, /, **values: Any) -> None:
    session.execute(text(sql), values)


# --- persons --------------------------------------------------------------------------------------


def lock_number(session: Session, index: bytes) -> None:
    """Let nobody else open a person with this number until the transaction ends."""
    number = int.from_bytes(index[:8], "big", signed=True)
    _do(session, "SELECT pg_advisory_xact_lock(:number)", number=number)


def insert_person(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO members.person (id, member_id, phone_index, sealed, wrapped_key, language,"
        " opened_at, phone_verified_at) VALUES (:id, :member, :phone_index, :sealed, :wrapped_key,"
        " :language, :now, :now)",
        **values,
    )


def person(session: Session, person_: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.person WHERE id = :id", id=person_)


def persons(session: Session, wanted: Sequence[UUID]) -> list[Row]:
    return _all(session, "SELECT * FROM members.person WHERE id = ANY (:ids)", ids=list(wanted))


def lock_person(session: Session, person_: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.person WHERE id = :id FOR UPDATE", id=person_)


def person_with(session: Session, index: bytes) -> Row | None:
    return _one(session, "SELECT * FROM members.person WHERE phone_index = :index", index=index)


def verified(session: Session, person_: UUID, now: datetime) -> None:
    _do(
        session,
        "UPDATE members.person SET phone_verified_at = :now WHERE id = :id",
        id=person_,
        now=now,
    )


def seal(session: Session, person_: UUID, sealed: bytes) -> None:
    _do(
        session,
        "UPDATE members.person SET sealed = :sealed WHERE id = :id AND erased_at IS NULL",
        id=person_,
        sealed=sealed,
    )


def prefer(session: Session, person_: UUID, *, language: str | None, theme: str | None) -> None:
    """Remember what is given; None leaves it as it is."""
    _do(
        session,
        "UPDATE members.person SET language = coalesce(:language, language),"
        " theme = coalesce(:theme, theme) WHERE id = :id AND erased_at IS NULL",
        id=person_,
        language=language,
        theme=theme,
    )


def living(session: Session, person_: UUID) -> Row | None:
    """`phone_index`, `member` and `wallet` of somebody who is not erased."""
    return _one(
        session,
        "SELECT p.phone_index, p.member_id AS member, m.wallet_id AS wallet"
        " FROM members.person p JOIN members.member m ON m.id = p.member_id"
        " WHERE p.id = :id AND p.erased_at IS NULL",
        id=person_,
    )


def person_of_member(session: Session, member: UUID) -> UUID | None:
    return session.execute(
        text("SELECT id FROM members.person WHERE member_id = :member"), {"member": member}
    ).scalar_one_or_none()


def move(session: Session, person_: UUID, member: UUID) -> None:
    """To another member, whom nobody owns."""
    _do(
        session,
        "UPDATE members.person SET member_id = :member WHERE id = :id",
        id=person_,
        member=member,
    )


def is_touched(session: Session, wallet: int) -> bool:
    """Whether anything ever happened to a wallet: a link, points, a hold."""
    touched: bool = session.execute(
        text(
            "SELECT EXISTS (SELECT FROM exchange.link WHERE wallet_id = :wallet)"
            " OR EXISTS (SELECT FROM exchange.lot WHERE wallet_id = :wallet)"
            " OR EXISTS (SELECT FROM exchange.hold WHERE wallet_id = :wallet)"
            " OR EXISTS (SELECT FROM exchange.journal WHERE wallet_id = :wallet)"
            " OR EXISTS (SELECT FROM exchange.journal WHERE to_wallet_id = :wallet)"
        ),
        {"wallet": wallet},
    ).scalar_one()
    return touched


def erase(session: Session, person_: UUID, index: bytes, now: datetime) -> None:
    """Destroy the key and everything by which the person could be found or come in."""
    for table in ("session", "passkey", "device", "sign_in_link"):
        _do(
            session,
            f"DELETE FROM members.{table} WHERE person_id = :id",  # noqa: S608 - one of four
            id=person_,
        )
    _do(session, "DELETE FROM members.sign_in_code WHERE phone_index = :index", index=index)
    _do(
        session,
        "UPDATE members.person SET phone_index = NULL, sealed = NULL, wrapped_key = NULL,"
        " language = NULL, theme = NULL, phone_verified_at = NULL, erased_at = :now"
        " WHERE id = :id",
        id=person_,
        now=now,
    )


# --- what is downloaded ---------------------------------------------------------------------------


def notices_before(session: Session, person_: UUID, before: UUID | None, limit: int) -> list[Row]:
    """Everything that the person was told, newest first; older than `before`."""
    return _all(
        session,
        "SELECT id, at, kind, facts, inbox, read_at, state FROM members.notice"
        " WHERE person_id = :person AND (CAST(:before AS uuid) IS NULL OR (at, id) <"
        "  (SELECT at, id FROM members.notice WHERE id = :before))"
        " ORDER BY at DESC, id DESC LIMIT :limit",
        person=person_,
        before=before,
        limit=limit,
    )


def gifts_before(session: Session, person_: UUID, before: UUID | None, limit: int) -> list[Row]:
    """Everything that the person gave or answered, newest first; older than `before`."""
    return _all(
        session,
        "SELECT id, giver_id = :person AS given, points, moved, state, given_at, expires_at,"
        " ended_at, sealed FROM members.gift WHERE (giver_id = :person OR recipient_id = :person)"
        " AND (CAST(:before AS uuid) IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit",
        person=person_,
        before=before,
        limit=limit,
    )


# --- sessions -------------------------------------------------------------------------------------


def insert_session(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO members.session (id, person_id, digest, how, device, opened_at, seen_at,"
        " proved_at) VALUES (:id, :person, :digest, :how, :device, :now, :now, :proved_at)",
        **values,
    )


def session_of(
    session: Session, digest: bytes, *, seen_after: datetime, opened_after: datetime
) -> Row | None:
    return _one(
        session,
        "SELECT s.id AS session, s.seen_at, s.proved_at, p.id AS person, p.member_id AS member,"
        " p.language, p.theme, m.wallet_id AS wallet, w.frozen"
        " FROM members.session s JOIN members.person p ON p.id = s.person_id"
        " JOIN members.member m ON m.id = p.member_id"
        " JOIN exchange.wallet w ON w.id = m.wallet_id"
        " WHERE s.digest = :digest AND s.seen_at > :seen_after AND s.opened_at > :opened_after",
        digest=digest,
        seen_after=seen_after,
        opened_after=opened_after,
    )


def note_visit(session: Session, session_: UUID, now: datetime) -> None:
    _do(
        session,
        "UPDATE members.session SET seen_at = greatest(seen_at, :now) WHERE id = :id",
        id=session_,
        now=now,
    )


def forget_sessions(session: Session, *, seen_before: datetime, opened_before: datetime) -> None:
    _do(
        session,
        "DELETE FROM members.session WHERE seen_at <= :seen OR opened_at <= :opened",
        seen=seen_before,
        opened=opened_before,
    )


def sessions_of(
    session: Session, person_: UUID, *, seen_after: datetime, opened_after: datetime
) -> list[Row]:
    """Those that live, the one seen last first."""
    return _all(
        session,
        "SELECT id, how, device, opened_at, seen_at FROM members.session"
        " WHERE person_id = :person AND seen_at > :idle AND opened_at > :longest"
        " ORDER BY seen_at DESC, id DESC",
        person=person_,
        idle=seen_after,
        longest=opened_after,
    )


def find_session(session: Session, person_: UUID, session_: UUID) -> Row | None:
    """One of this person's own."""
    return _one(
        session,
        "SELECT id, how, device, opened_at, seen_at FROM members.session"
        " WHERE id = :id AND person_id = :person",
        id=session_,
        person=person_,
    )


def end_session(session: Session, person_: UUID, session_: UUID) -> bool:
    """False when it is not this person's, or ended before."""
    return (
        session.execute(
            text("DELETE FROM members.session WHERE id = :id AND person_id = :person RETURNING id"),
            {"id": session_, "person": person_},
        ).first()
        is not None
    )


def end_sessions(session: Session, person_: UUID, *, but: UUID | None = None) -> int:
    """All of a person's, or all but one; how many."""
    return len(
        session.execute(
            text(
                "DELETE FROM members.session WHERE person_id = :person"
                " AND id IS DISTINCT FROM :but RETURNING id"
            ),
            {"person": person_, "but": but},
        ).all()
    )


def note_proof(session: Session, session_: UUID, now: datetime) -> None:
    _do(
        session,
        "UPDATE members.session SET proved_at = :now WHERE id = :id",
        id=session_,
        now=now,
    )


# --- devices --------------------------------------------------------------------------------------


def note_device(session: Session, person_: UUID, digest: bytes, now: datetime) -> bool:
    """Remember a person's browser; False when it was known."""
    return bool(
        session.execute(
            text(
                "INSERT INTO members.device AS d (person_id, digest, seen_at)"
                " VALUES (:person, :digest, :now) ON CONFLICT ON CONSTRAINT device_pk"
                " DO UPDATE SET seen_at = excluded.seen_at RETURNING xmax = 0"
            ),
            {"person": person_, "digest": digest, "now": now},
        ).scalar_one()
    )


def forget_devices(session: Session, seen_before: datetime) -> None:
    _do(session, "DELETE FROM members.device WHERE seen_at <= :before", before=seen_before)


# --- codes ----------------------------------------------------------------------------------------


def insert_code(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO members.sign_in_code (id, phone_index, sealed, session_id, digest,"
        " tries_left, sent_at, expires_at) VALUES (:id, :phone_index, :sealed, :session, :digest,"
        " :tries, :now, :expires_at)",
        **values,
    )


def renew_code(session: Session, values: Values) -> None:
    _do(
        session,
        "UPDATE members.sign_in_code SET digest = :digest, tries_left = :tries, sent_at = :now,"
        " expires_at = :expires_at WHERE id = :id",
        **values,
    )


def find_code(session: Session, attempt: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.sign_in_code WHERE id = :id", id=attempt)


def lock_code(session: Session, attempt: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.sign_in_code WHERE id = :id FOR UPDATE", id=attempt)


def count_try(session: Session, attempt: UUID) -> None:
    _do(
        session,
        "UPDATE members.sign_in_code SET tries_left = tries_left - 1 WHERE id = :id",
        id=attempt,
    )


def delete_code(session: Session, attempt: UUID) -> None:
    _do(session, "DELETE FROM members.sign_in_code WHERE id = :id", id=attempt)


def forget_codes(session: Session, expired_before: datetime) -> None:
    _do(
        session,
        "DELETE FROM members.sign_in_code WHERE expires_at <= :before",
        before=expired_before,
    )


# --- links that sign in ---------------------------------------------------------------------------


def insert_sign_in_link(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO members.sign_in_link (digest, person_id, expires_at)"
        " VALUES (:digest, :person, :expires_at)",
        **values,
    )


def use_sign_in_link(session: Session, digest: bytes, now: datetime) -> UUID | None:
    """Whose it was, the one time; None for one that is unknown, used or too old."""
    return session.execute(
        text(
            "DELETE FROM members.sign_in_link WHERE digest = :digest AND expires_at > :now"
            " RETURNING person_id"
        ),
        {"digest": digest, "now": now},
    ).scalar_one_or_none()


def forget_sign_in_links(session: Session, now: datetime) -> None:
    _do(session, "DELETE FROM members.sign_in_link WHERE expires_at <= :now", now=now)


# --- passkeys -------------------------------------------------------------------------------------


def insert_passkey(session: Session, values: Values) -> bool:
    """False when the credential is known already."""
    return (
        session.execute(
            text(
                "INSERT INTO members.passkey (id, person_id, credential, public_key, sign_count,"
                " sealed_name, added_at) VALUES (:id, :person, :credential, :public_key,"
                " :sign_count, :sealed_name, :now)"
                " ON CONFLICT ON CONSTRAINT passkey_credential_once DO NOTHING RETURNING id"
            ),
            values,
        ).first()
        is not None
    )


def passkeys_of(session: Session, person_: UUID) -> list[Row]:
    """In the order in which they were added."""
    return _all(
        session,
        "SELECT * FROM members.passkey WHERE person_id = :person ORDER BY added_at, id",
        person=person_,
    )


def find_passkey(session: Session, person_: UUID, passkey: UUID) -> Row | None:
    """One of this person's own."""
    return _one(
        session,
        "SELECT * FROM members.passkey WHERE id = :id AND person_id = :person",
        id=passkey,
        person=person_,
    )


def lock_credential(session: Session, credential: bytes) -> Row | None:
    return _one(
        session,
        "SELECT * FROM members.passkey WHERE credential = :credential FOR UPDATE",
        credential=credential,
    )


def use_passkey(session: Session, passkey: UUID, sign_count: int, now: datetime) -> None:
    _do(
        session,
        "UPDATE members.passkey SET sign_count = :sign_count, used_at = :now WHERE id = :id",
        id=passkey,
        sign_count=sign_count,
        now=now,
    )


def name_passkey(session: Session, passkey: UUID, sealed_name: bytes) -> None:
    _do(
        session,
        "UPDATE members.passkey SET sealed_name = :sealed_name WHERE id = :id",
        id=passkey,
        sealed_name=sealed_name,
    )


def delete_passkey(session: Session, person_: UUID, passkey: UUID) -> bool:
    return (
        session.execute(
            text("DELETE FROM members.passkey WHERE id = :id AND person_id = :person RETURNING id"),
            {"id": passkey, "person": person_},
        ).first()
        is not None
    )


def insert_challenge(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO members.challenge (digest, session_id, purpose, expires_at)"
        " VALUES (:digest, :session, :purpose, :expires_at)",
        **values,
    )


def use_challenge(
    session: Session, digest: bytes, purpose: str, session_: UUID | None, now: datetime
) -> bool:
    """Once only, for what it was made for, in the session that asked for it."""
    return (
        session.execute(
            text(
                "DELETE FROM members.challenge WHERE digest = :digest AND purpose = :purpose"
                " AND session_id IS NOT DISTINCT FROM :session AND expires_at > :now"
                " RETURNING digest"
            ),
            {"digest": digest, "purpose": purpose, "session": session_, "now": now},
        ).first()
        is not None
    )


def forget_challenges(session: Session, now: datetime) -> None:
    _do(session, "DELETE FROM members.challenge WHERE expires_at <= :now", now=now)
