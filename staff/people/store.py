"""All SQL of how hub personnel sign in."""

from collections.abc import Mapping
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


def _changed(session: Session, sql: str, /, **values: Any) -> int:
    return session.execute(text(sql), values).rowcount  # type: ignore[attr-defined]


def operator_named(session: Session, name: str) -> Row | None:
    return _one(session, "SELECT * FROM staff.operator WHERE name = :name", name=name)


def operator(session: Session, id_: int) -> Row | None:
    return _one(session, "SELECT * FROM staff.operator WHERE id = :id", id=id_)


def lock_operator(session: Session, name: str) -> Row | None:
    return _one(session, "SELECT * FROM staff.operator WHERE name = :name FOR UPDATE", name=name)


def lock_operator_by_id(session: Session, id_: int) -> None:
    _do(session, "SELECT FROM staff.operator WHERE id = :id FOR UPDATE", id=id_)


def lock_administrators(session: Session) -> list[str]:
    """The names of all who are active and administrators; nobody becomes or stops being one until
    this transaction ends."""
    rows = _all(
        session,
        "SELECT name FROM staff.operator WHERE active AND 'administrator' = ANY(roles)"
        " ORDER BY id FOR UPDATE",
    )
    return [row["name"] for row in rows]


def operator_with_email(session: Session, email: str) -> Row | None:
    return _one(session, "SELECT * FROM staff.operator WHERE email = :email", email=email)


def operator_of_subject(session: Session, issuer: str, subject: str) -> Row | None:
    return _one(
        session,
        "SELECT * FROM staff.operator WHERE issuer = :issuer AND subject = :subject",
        issuer=issuer,
        subject=subject,
    )


def insert_invited(session: Session, values: Values) -> int:
    """Somebody who may come in once they accept."""
    return session.execute(
        text(
            "INSERT INTO staff.operator (name, roles, email, active, accepted, created_at)"
            " VALUES (:name, :roles, :email, false, false, :now) RETURNING id"
        ),
        values,
    ).scalar_one()


def invite_anew(session: Session, id_: int, roles: list[str], email: str) -> None:
    """Somebody who never came is asked again, perhaps as something else."""
    _do(
        session,
        "UPDATE staff.operator SET roles = :roles, email = :email WHERE id = :id AND NOT accepted",
        id=id_,
        roles=roles,
        email=email,
    )


def set_email(session: Session, id_: int, email: str) -> None:
    _do(session, "UPDATE staff.operator SET email = :email WHERE id = :id", id=id_, email=email)


def people(session: Session) -> list[Row]:
    """Everybody, with how they sign in and when they were last seen."""
    return _all(
        session,
        "SELECT o.*, i.approved_by, i.approved_at, i.made_at, i.mailed,"
        " (SELECT max(s.seen_at) FROM staff.session s WHERE s.operator_id = o.id) AS seen_at,"
        " (SELECT count(*) FROM staff.passkey k WHERE k.operator_id = o.id) AS passkeys,"
        " EXISTS (SELECT FROM staff.password p WHERE p.operator_id = o.id)"
        "   AND EXISTS (SELECT FROM staff.totp t WHERE t.operator_id = o.id) AS has_password"
        " FROM staff.operator o LEFT JOIN staff.invitation i ON i.operator_id = o.id"
        " ORDER BY o.name",
    )


def set_roles(session: Session, id_: int, roles: list[str]) -> None:
    _do(session, "UPDATE staff.operator SET roles = :roles WHERE id = :id", id=id_, roles=roles)


def deactivate(session: Session, id_: int) -> None:
    _do(
        session,
        "UPDATE staff.operator SET active = false, issuer = NULL, subject = NULL WHERE id = :id",
        id=id_,
    )


def invite_back(session: Session, id_: int) -> None:
    """Somebody who was in is to accept anew."""
    _do(session, "UPDATE staff.operator SET accepted = false WHERE id = :id", id=id_)


def accept(session: Session, id_: int) -> None:
    _do(
        session,
        "UPDATE staff.operator SET active = true, accepted = true WHERE id = :id",
        id=id_,
    )


def bind_subject(session: Session, id_: int, issuer: str | None, subject: str | None) -> None:
    _do(
        session,
        "UPDATE staff.operator SET issuer = :issuer, subject = :subject WHERE id = :id",
        id=id_,
        issuer=issuer,
        subject=subject,
    )


def prefer(session: Session, operator: int, *, language: str | None, theme: str | None) -> None:
    """Remember what is given; None leaves it as it is."""
    _do(
        session,
        "UPDATE staff.operator SET language = coalesce(:language, language),"
        " theme = coalesce(:theme, theme) WHERE id = :id",
        id=operator,
        language=language,
        theme=theme,
    )


def insert_session(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO staff.session (id, operator_id, digest, how, device, address, opened_at,"
        " seen_at, proved_at) VALUES (:id, :operator, :digest, :how, :device, :address, :now, :now,"
        " :proved_at)",
        **values,
    )


def session_of(
    session: Session, digest: bytes, *, seen_after: datetime, opened_after: datetime
) -> Row | None:
    """The living session of a cookie, with its operator, who must be active."""
    return _one(
        session,
        "SELECT s.id AS session, s.seen_at, s.proved_at, s.how, o.id AS operator, o.name, o.roles,"
        " o.language, o.theme"
        " FROM staff.session s JOIN staff.operator o ON o.id = s.operator_id"
        " WHERE s.digest = :digest AND s.seen_at > :seen_after AND s.opened_at > :opened_after"
        " AND o.active",
        digest=digest,
        seen_after=seen_after,
        opened_after=opened_after,
    )


def note_visit(session: Session, session_: UUID, now: datetime) -> None:
    _do(session, "UPDATE staff.session SET seen_at = :now WHERE id = :id", id=session_, now=now)


def note_proof(session: Session, session_: UUID, now: datetime) -> None:
    _do(session, "UPDATE staff.session SET proved_at = :now WHERE id = :id", id=session_, now=now)


def end_session(session: Session, session_: UUID) -> None:
    _do(session, "DELETE FROM staff.session WHERE id = :id", id=session_)


def end_one(session: Session, operator: int, session_: UUID) -> bool:
    """False when it is not this operator's."""
    return bool(
        _changed(
            session,
            "DELETE FROM staff.session WHERE id = :id AND operator_id = :operator",
            id=session_,
            operator=operator,
        )
    )


def end_sessions(session: Session, operator: int, *, but: UUID | None = None) -> int:
    """How many were ended: all of somebody's, or all but one."""
    return _changed(
        session,
        "DELETE FROM staff.session WHERE operator_id = :operator"
        " AND id IS DISTINCT FROM CAST(:but AS uuid)",
        operator=operator,
        but=but,
    )


def sessions_of(
    session: Session, operator: int, *, seen_after: datetime, opened_after: datetime
) -> list[Row]:
    """The living sessions of somebody, last seen first."""
    return _all(
        session,
        "SELECT id, how, device, address, opened_at, seen_at FROM staff.session"
        " WHERE operator_id = :operator AND seen_at > :seen_after AND opened_at > :opened_after"
        " ORDER BY seen_at DESC, id",
        operator=operator,
        seen_after=seen_after,
        opened_after=opened_after,
    )


def forget_sessions(session: Session, *, seen_before: datetime, opened_before: datetime) -> None:
    _do(
        session,
        "DELETE FROM staff.session WHERE seen_at <= :seen OR opened_at <= :opened",
        seen=seen_before,
        opened=opened_before,
    )


def forget_sign_in_links(session: Session, now: datetime) -> None:
    _do(session, "DELETE FROM staff.sign_in_link WHERE expires_at <= :now", now=now)


def forget_credentials(session: Session, operator: int) -> None:
    """Everything by which somebody could sign in."""
    for table in ("sign_in_link", "recovery_code", "totp", "password", "passkey"):
        _do(session, f"DELETE FROM staff.{table} WHERE operator_id = :id", id=operator)  # noqa: S608


def insert_sign_in_link(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO staff.sign_in_link (digest, operator_id, expires_at)"
        " VALUES (:digest, :operator, :expires_at)",
        **values,
    )


def use_sign_in_link(session: Session, digest: bytes, now: datetime) -> int | None:
    """Whose it was, the one time; None for one that is unknown, used or too old."""
    return session.execute(
        text(
            "DELETE FROM staff.sign_in_link WHERE digest = :digest AND expires_at > :now"
            " RETURNING operator_id"
        ),
        {"digest": digest, "now": now},
    ).scalar_one_or_none()


# --- invitations ----------------------------------------------------------------------------------


def insert_invitation(session: Session, operator: int, by: str, now: datetime) -> None:
    """A link may be made; any that was made before is dead."""
    _do(
        session,
        "INSERT INTO staff.invitation (operator_id, approved_by, approved_at)"
        " VALUES (:operator, :by, :now)"
        " ON CONFLICT ON CONSTRAINT invitation_pk DO UPDATE SET approved_by = :by,"
        " approved_at = :now, digest = NULL, made_at = NULL, mailed = false",
        operator=operator,
        by=by,
        now=now,
    )


def make_link(session: Session, operator: int, digest: bytes, now: datetime, mailed: bool) -> None:
    _do(
        session,
        "UPDATE staff.invitation SET digest = :digest, made_at = :now, mailed = :mailed"
        " WHERE operator_id = :operator",
        operator=operator,
        digest=digest,
        now=now,
        mailed=mailed,
    )


def lock_invitation(session: Session, operator: int) -> Row | None:
    return _one(
        session,
        "SELECT * FROM staff.invitation WHERE operator_id = :operator FOR UPDATE",
        operator=operator,
    )


def invitation_of(session: Session, digest: bytes, made_after: datetime) -> Row | None:
    """Whose a living link is; it is locked until this transaction ends."""
    return _one(
        session,
        "SELECT i.operator_id, i.made_at, o.name, o.email, o.roles, o.accepted, o.active"
        " FROM staff.invitation i JOIN staff.operator o ON o.id = i.operator_id"
        " WHERE i.digest = :digest AND i.made_at > :made_after FOR UPDATE OF i",
        digest=digest,
        made_after=made_after,
    )


def delete_invitation(session: Session, operator: int) -> None:
    _do(session, "DELETE FROM staff.invitation WHERE operator_id = :operator", operator=operator)


def unmade_links(session: Session) -> list[Row]:
    """Invitations that were approved and whose link is still to be made."""
    return _all(
        session,
        "SELECT i.operator_id, o.name, o.email, i.approved_by FROM staff.invitation i"
        " JOIN staff.operator o ON o.id = i.operator_id"
        " WHERE i.digest IS NULL AND i.approved_by <> '' AND o.email IS NOT NULL"
        " ORDER BY i.operator_id LIMIT 100",
    )


# --- passwords, codes of an app, recovery codes ---------------------------------------------------


def password_of(session: Session, operator: int) -> Row | None:
    return _one(
        session, "SELECT * FROM staff.password WHERE operator_id = :operator", operator=operator
    )


def set_password(session: Session, operator: int, hash_: str, now: datetime) -> None:
    _do(
        session,
        "INSERT INTO staff.password (operator_id, hash, set_at) VALUES (:operator, :hash, :now)"
        " ON CONFLICT ON CONSTRAINT password_pk DO UPDATE SET hash = :hash, set_at = :now",
        operator=operator,
        hash=hash_,
        now=now,
    )


def rehash_password(session: Session, operator: int, hash_: str) -> None:
    """The same password under newer parameters."""
    _do(
        session,
        "UPDATE staff.password SET hash = :hash WHERE operator_id = :operator",
        operator=operator,
        hash=hash_,
    )


def totp_of(session: Session, operator: int) -> Row | None:
    return _one(
        session, "SELECT * FROM staff.totp WHERE operator_id = :operator", operator=operator
    )


def set_totp(session: Session, operator: int, sealed: str, step: int, now: datetime) -> None:
    _do(
        session,
        "INSERT INTO staff.totp (operator_id, sealed, last_step, set_at)"
        " VALUES (:operator, :sealed, :step, :now) ON CONFLICT ON CONSTRAINT totp_pk"
        " DO UPDATE SET sealed = :sealed, last_step = :step, set_at = :now",
        operator=operator,
        sealed=sealed,
        step=step,
        now=now,
    )


def use_step(session: Session, operator: int, step: int) -> bool:
    """False when a code as new as this was used before."""
    return bool(
        _changed(
            session,
            "UPDATE staff.totp SET last_step = :step"
            " WHERE operator_id = :operator AND last_step < :step",
            operator=operator,
            step=step,
        )
    )


def replace_recovery_codes(session: Session, operator: int, digests: list[bytes]) -> None:
    _do(session, "DELETE FROM staff.recovery_code WHERE operator_id = :operator", operator=operator)
    session.execute(
        text("INSERT INTO staff.recovery_code (digest, operator_id) VALUES (:digest, :operator)"),
        [{"digest": digest, "operator": operator} for digest in digests],
    )


def use_recovery_code(session: Session, operator: int, digest: bytes, now: datetime) -> bool:
    return bool(
        _changed(
            session,
            "UPDATE staff.recovery_code SET used_at = :now"
            " WHERE digest = :digest AND operator_id = :operator AND used_at IS NULL",
            digest=digest,
            operator=operator,
            now=now,
        )
    )


def recovery_codes_left(session: Session, operator: int) -> int:
    return session.execute(
        text(
            "SELECT count(*) FROM staff.recovery_code"
            " WHERE operator_id = :operator AND used_at IS NULL"
        ),
        {"operator": operator},
    ).scalar_one()


def forget_password(session: Session, operator: int) -> None:
    """With the app and the codes that stand beside it."""
    for table in ("recovery_code", "totp", "password"):
        _do(session, f"DELETE FROM staff.{table} WHERE operator_id = :id", id=operator)  # noqa: S608


def waiting_proposals(session: Session, now: datetime) -> list[Row]:
    """What is proposed of people and waits for a second person, newest first."""
    return _all(
        session,
        "SELECT id, kind, content, proposed_by, proposed_at, expires_at FROM staff.proposal"
        " WHERE state = 'waiting' AND expires_at > :now"
        " AND kind IN ('operator-invitation', 'operator-roles', 'operator-restoration')"
        " ORDER BY proposed_at DESC LIMIT 100",
        now=now,
    )


# --- passkeys -------------------------------------------------------------------------------------


def insert_passkey(session: Session, values: Values) -> bool:
    """False when the credential is known already."""
    return bool(
        _changed(
            session,
            "INSERT INTO staff.passkey (id, operator_id, credential, public_key, sign_count, name,"
            " added_at) VALUES (:id, :operator, :credential, :public_key, :sign_count, :name, :now)"
            " ON CONFLICT ON CONSTRAINT passkey_credential_once DO NOTHING",
            **values,
        )
    )


def passkeys_of(session: Session, operator: int) -> list[Row]:
    """In the order in which they were added."""
    return _all(
        session,
        "SELECT * FROM staff.passkey WHERE operator_id = :operator ORDER BY added_at, id",
        operator=operator,
    )


def lock_credential(session: Session, credential: bytes) -> Row | None:
    """A passkey, with whether who has it may come in."""
    return _one(
        session,
        "SELECT k.*, o.active, o.name AS operator FROM staff.passkey k"
        " JOIN staff.operator o ON o.id = k.operator_id"
        " WHERE k.credential = :credential FOR UPDATE OF k",
        credential=credential,
    )


def use_passkey(session: Session, passkey: UUID, sign_count: int, now: datetime) -> None:
    _do(
        session,
        "UPDATE staff.passkey SET sign_count = :sign_count, used_at = :now WHERE id = :id",
        id=passkey,
        sign_count=sign_count,
        now=now,
    )


def name_passkey(session: Session, operator: int, passkey: UUID, name: str) -> bool:
    return bool(
        _changed(
            session,
            "UPDATE staff.passkey SET name = :name WHERE id = :id AND operator_id = :operator",
            id=passkey,
            operator=operator,
            name=name,
        )
    )


def delete_passkey(session: Session, operator: int, passkey: UUID) -> bool:
    return bool(
        _changed(
            session,
            "DELETE FROM staff.passkey WHERE id = :id AND operator_id = :operator",
            id=passkey,
            operator=operator,
        )
    )


def insert_challenge(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO staff.challenge (digest, purpose, holder, expires_at)"
        " VALUES (:digest, :purpose, :holder, :expires_at)",
        **values,
    )


def use_challenge(
    session: Session, digest: bytes, purpose: str, holder: str, now: datetime
) -> bool:
    """Once only, for what it was made for, by whom it was made for."""
    return bool(
        _changed(
            session,
            "DELETE FROM staff.challenge WHERE digest = :digest AND purpose = :purpose"
            " AND holder = :holder AND expires_at > :now",
            digest=digest,
            purpose=purpose,
            holder=holder,
            now=now,
        )
    )


def forget_challenges(session: Session, now: datetime) -> None:
    _do(session, "DELETE FROM staff.challenge WHERE expires_at <= :now", now=now)
