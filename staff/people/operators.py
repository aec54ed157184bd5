"""What becomes of people who are in: their roles, an end, a way back. Roles count at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from staff.errors import OperatorUnknown
from staff.people import store
from staff.people.errors import (
    LastAdministrator,
    LastWayIn,
    OperatorActive,
    OperatorInactive,
    OwnRoles,
)
from staff.roles import Role


def check_roles(session: Session, name: str, roles: Sequence[str], *, by: Sequence[str]) -> None:
    """Whether somebody's roles may become these. `by` are whoever proposes and approves it.

    Raises OperatorUnknown, OperatorInactive, OwnRoles, LastAdministrator, in this order.
    """
    _check_active(store.operator_named(session, name))
    if name in by:
        raise OwnRoles
    if Role.ADMINISTRATOR not in roles:
        _check_another_administrator(session, name)


def change_roles(
    session: Session, name: str, roles: Sequence[str], *, by: Sequence[str]
) -> list[str]:
    """Give somebody these roles and no others; what they were. Refuses as `check_roles`."""
    check_roles(session, name, roles, by=by)
    row = _check_active(store.lock_operator(session, name))
    store.set_roles(session, row["id"], list(roles))
    before: list[str] = row["roles"]
    return before


def deactivate(session: Session, name: str, *, by: str) -> None:
    """Let somebody in no more, at once: their sessions end, and so does what they signed in with.

    Raises OperatorUnknown, OperatorInactive, OwnRoles, LastAdministrator, in this order.
    """
    row = store.operator_named(session, name)
    if row is None:
        raise OperatorUnknown
    if name == by:
        raise OwnRoles
    _check_another_administrator(session, name)
    row = store.lock_operator(session, name)
    if row is None or (row["accepted"] and not row["active"]):
        raise OperatorInactive
    store.deactivate(session, row["id"])
    store.delete_invitation(session, row["id"])
    store.forget_credentials(session, row["id"])
    store.end_sessions(session, row["id"])


def restore(session: Session, name: str, *, by: Sequence[str], now: datetime) -> None:
    """Let somebody in again with the roles that they had, by a new invitation (`by`: whoever
    proposed and whoever approved, in this order). What they signed in with before is gone.

    Raises OperatorUnknown, OperatorActive, OwnRoles, in this order.
    """
    row = store.lock_operator(session, name)
    if row is None:
        raise OperatorUnknown
    if row["active"]:
        raise OperatorActive
    if name in by:
        raise OwnRoles
    store.invite_back(session, row["id"])
    store.insert_invitation(session, row["id"], by[-1], now)


def ways_in(session: Session, operator: int) -> int:
    """How many ways somebody has to sign in."""
    row = store.operator(session, operator)
    password = store.password_of(session, operator) and store.totp_of(session, operator)
    return (
        len(store.passkeys_of(session, operator))
        + (password is not None)
        + (row is not None and row["subject"] is not None)
    )


def check_other_way_in(session: Session, operator: int) -> None:
    """Whether somebody may lose one way to sign in. Raises LastWayIn."""
    store.lock_operator_by_id(session, operator)
    if ways_in(session, operator) < 2:
        raise LastWayIn


def end_sessions(session: Session, name: str, now: datetime) -> int:
    """Sign somebody out everywhere; how many sessions that ended. Raises OperatorUnknown."""
    row = store.operator_named(session, name)
    if row is None:
        raise OperatorUnknown
    return store.end_sessions(session, row["id"])


def _check_active(row: RowMapping | None) -> RowMapping:
    if row is None:
        raise OperatorUnknown
    if not row["active"]:
        raise OperatorInactive
    return row


def _check_another_administrator(session: Session, name: str) -> None:
    """Under a lock on all administrators: two cannot remove each other."""
    administrators = store.lock_administrators(session)
    if name in administrators and len(administrators) == 1:
        raise LastAdministrator
