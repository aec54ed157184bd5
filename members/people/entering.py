"""Coming in: a new session, and a word to its owner when the browser is another one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kit.secrets import Secrets
from members.notices.telling import notify
from members.people import devices, sessions
from members.people.sessions import How, Opened


def enter(
    session: Session,
    secrets_: Secrets,
    person: UUID,
    *,
    how: How,
    device: str,
    browser: str,
    is_new: bool,
    now: datetime,
) -> Opened:
    """Sign a person in. `browser` is the token of the browser, `device` what it calls itself;
    somebody `is_new` is not told that it is their first."""
    known = devices.recognise(session, secrets_, person, browser, now)
    opened = sessions.begin(
        session, secrets_, person, how=how, device=device, now=now, proved=how != "link"
    )
    if not known and not is_new:
        notify(session, person, "new-device", now=now, device=device, visit=opened.id)
    return opened
