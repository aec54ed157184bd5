"""Sending what is told, at least once: a crash may send a message twice, and never loses one.

A notice is claimed for a while in a transaction of its own, sent in none, and marked in another.
Whoever is killed in between leaves a claim that ends, and the next worker sends it. Nobody else's
rows wait for a mail server.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Row
from sqlalchemy.orm import Session

import exchange.store
from kit.database import Database
from kit.language import Language, current, use
from kit.language import gettext as _
from kit.secrets import Secrets
from members.notices import kinds, store, words
from members.notices.senders import NotDelivered, Sender
from members.people import persons

LEASE = timedelta(minutes=5)
PATIENCE = 20.0  # seconds for one run: holds and lots wait for the same worker
FAILURES = 3  # in a row, after which this run leaves the server alone
LONGEST_PAUSE = timedelta(hours=4)

log = structlog.get_logger("notices")


@dataclass(frozen=True, slots=True)
class Reached:
    """How to reach a person: a phone number and a language."""

    number: str
    language: Language


Names = Callable[[], Mapping[int, str]]  # of brands, by party


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs: who carries, what opens numbers, brands' names, the wallet's address."""

    sender: Sender
    secrets: Secrets
    names: Names
    origin: str


def send_notices(database: Database, now: datetime, post: Post) -> int:
    """Send what waits, the oldest first; how many were taken. A job, any number at once."""
    began, taken, failed = time.monotonic(), 0, 0
    while failed < FAILURES and time.monotonic() - began < PATIENCE:
        with database.transaction() as session:
            claimed = store.claim(session, now, LEASE, 1)
            reached = _reach(session, post, claimed[0].person_id) if claimed else None
            zone = ZoneInfo(exchange.store.zone(session))
        if not claimed:
            break
        if _send(database, now, post, claimed[0], reached, zone):
            taken, failed = taken + 1, 0
        else:
            failed += 1
    return taken


def _reach(session: Session, post: Post, person: UUID) -> Reached | None:
    number = persons.phone_of(session, post.secrets, person)
    if number is None:  # Erased between the telling and the sending.
        return None
    return Reached(number, store.language_of(session, person) or "en")


def _send(
    database: Database,
    now: datetime,
    post: Post,
    notice: Row[Any],
    reached: Reached | None,
    zone: tzinfo,
) -> bool:
    if reached is None:
        with database.transaction() as session:
            store.give_up(session, notice.id)
        return True
    subject, text = write(notice.kind, notice.facts, reached.language, post, now, zone)
    try:
        post.sender.send(reached.number, subject, text)
    except NotDelivered as error:
        log.warning("not-delivered", notice=str(notice.id), tries=notice.tries, why=str(error))
        with database.transaction() as session:
            _try_again(session, notice, now)
        return False
    with database.transaction() as session:
        store.sent(session, notice.id)
    return True


def _try_again(session: Session, notice: Row[Any], now: datetime) -> None:
    """Later, each time longer; the last time a day after it happened."""
    end = notice.at + store.STALE
    if now >= end:
        store.give_up(session, notice.id)
    else:
        store.put_off(session, notice.id, min(now + pause(notice.tries), end))


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries: one minute, two, four… up to four hours."""
    return min(timedelta(minutes=2 ** min(tries - 1, 10)), LONGEST_PAUSE)


def write(
    kind: str,
    facts: Mapping[str, Any],
    language: Language,
    post: Post,
    now: datetime,
    zone: tzinfo,
) -> tuple[str, str]:
    """Subject and text of a message: the notice's own words, and where to see more."""
    today: date = now.astimezone(zone).date()
    with _speaking(language):
        said = words.say(kind, kinds.read(kind, facts), post.names(), today, zone)
        where = _("See it in your wallet: %(address)s", address=f"{post.origin}/inbox")
        return words.subject(kind), f"{said.sentence}\n\n{where}\n"


@contextmanager
def _speaking(language: Language) -> Iterator[None]:
    before = current()
    use(language)
    try:
        yield
    finally:
        use(before)
