"""Which browser it is: by a cookie of its own, and by the name that it gives itself.

The name is one of a few: what a browser says of itself in full would tell people apart.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit.secrets import Secrets
from members.people import store

REMEMBERED: Final = timedelta(days=400)  # as long as browsers keep a cookie

# The first that occurs: most say that they are others as well.
_BROWSERS: Final = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_name(agent: str) -> str:
    """`Chrome, Windows`; as much of it as is known, perhaps nothing."""
    found = (
        next((name for mark, name in known if mark in agent), "") for known in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(name for name in found if name)


def new_token() -> str:
    """What a browser is recognised by from now on."""
    return secrets.token_urlsafe(32)


def recognise(session: Session, secrets_: Secrets, person: UUID, token: str, now: datetime) -> bool:
    """Whether this person has signed in with this browser before; from now on, yes."""
    return not store.note_device(session, person, secrets_.digest("device", token), now)


def forget(session: Session, now: datetime) -> None:
    """Drop those that were not seen for as long as their cookie lives."""
    store.forget_devices(session, now - REMEMBERED)
