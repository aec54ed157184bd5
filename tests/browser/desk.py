"""Somebody of the hub's personnel with a browser, signed in at the desk."""

from datetime import UTC, datetime

from kit.database import Database
from staff.people import sessions
from tests.browser.visitor import Visitor
from tests.factories import build_operator
from tests.members.visitor import SECRETS

DESK = {"width": 1440, "height": 900}


def sign_in_at_desk(
    visitor: Visitor,
    database: Database,
    name: str,
    *roles: str,
    proved: bool = True,
    theme: str | None = None,
    now: datetime | None = None,
) -> Visitor:
    """Sign the visitor in as a new person of these roles, without the page that asks for it;
    `proved=False` for one whose proof is old. `theme` is auto, light or dark."""
    now = now or datetime.now(UTC)
    with database.transaction() as session:
        operator = build_operator(session, name=name, roles=roles)
        operator.theme = theme
        opened = sessions.begin(
            session,
            SECRETS,
            operator.id,
            how="passkey",
            device="Chromium, Linux",
            address="127.0.0.1",
            now=now,
            proved=proved,
        )
    visitor.carry("desk", opened.token)
    return visitor
