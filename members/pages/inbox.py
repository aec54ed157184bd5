"""The inbox: what happened, unread first; and what a member wants to be told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import Row
from werkzeug.wrappers.response import Response

import exchange.store
from kit import ids
from kit.forms import Form, tell
from kit.language import gettext as _
from members.notices import choices, kinds, store, words
from members.notices.choices import Choice
from members.pages.signed_in import me, signed_in
from members.pages.typed import whole
from members.pages.wiring import here

pages = Blueprint("inbox", __name__)

PAGE = 30
UNREAD = 50  # at once; the rest stays unread until the next look
MOST_POINTS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice as the page has it."""

    id: UUID
    at: datetime
    sentence: str
    link: str
    alarm: bool
    undelivered: bool


@dataclass(frozen=True, slots=True)
class Day:
    """What was told on one day of the hub's zone, newest first."""

    on: date
    shown: list[Shown]


@pages.get("/inbox")
@signed_in
def inbox() -> str | Response:
    """Unread ones first, and read from now on; then the others by day."""
    who, now = me().person, here().clock()
    before, is_dead = _cursor(request.args.get("before"))
    if is_dead:
        tell("info", _("That place in the list is gone. Here is the newest."))
        return redirect("/inbox", 303)
    with here().database.transaction() as session:
        zone = ZoneInfo(exchange.store.zone(session))
        fresh = [] if before else store.unread_notices(session, who, UNREAD)
        rows = list(store.read_notices(session, who, before, PAGE + 1))
        if request.method == "GET":
            store.mark_read(session, who, [row.id for row in fresh], now)
    today = now.astimezone(zone).date()
    older = f"/inbox?before={ids.to_text('ntc', rows[PAGE - 1].id)}" if rows[PAGE:] else ""
    return render_template(
        "members/inbox.html",
        fresh=_shown(fresh, zone),
        days=_by_day(_shown(rows[:PAGE], zone), zone),
        today=today,
        older=older,
        is_first=before is None,
    )


@pages.get("/inbox/settings")
@signed_in
def settings() -> str:
    """What is told where."""
    with here().database.transaction() as session:
        choice = choices.of(session, me().person)
    return _settings(Form(large_spend=f"{choice.large_spend:,}"), choice)


@pages.post("/inbox/settings")
@signed_in
def choose() -> tuple[str, int] | Response:
    """Everything that is not ticked is switched off."""
    form = Form(None, request.form)
    points = whole(request.form.get("large_spend", ""))
    choice = Choice(
        no_inbox=_switched_off("inbox") - kinds.SECURITY,
        no_message=_switched_off("message"),
        large_spend=points or kinds.LARGE_SPEND,
    )
    if points is None or points > MOST_POINTS:
        most = f"{MOST_POINTS:,}"
        form.refuse("large_spend", _("Enter a whole number from 1 to %(most)s.", most=most))
        return _settings(form, choice), 422
    with here().database.transaction() as session:
        choices.choose(session, me().person, choice)
    tell("ok", _("Saved. This counts from the next notice on."))
    return redirect("/inbox/settings", 303)


def _settings(form: Form, choice: Choice) -> str:
    return render_template(
        "members/inbox_settings.html",
        form=form,
        choice=choice,
        topics=[(name, words.topic(name)) for name in kinds.TOPICS],
        security=kinds.SECURITY,
    )


def _switched_off(where: str) -> frozenset[str]:
    return frozenset(topic for topic in kinds.TOPICS if f"{where}-{topic}" not in request.form)


def _cursor(text: str | None) -> tuple[UUID | None, bool]:
    """The notice to go on from, and whether it is none of this member's."""
    if text is None:
        return None, False
    found = ids.from_text("ntc", text)
    if found is None:
        return None, True
    with here().database.transaction() as session:
        return found, not store.is_of(session, me().person, found)


def _shown(rows: Iterable[Row[Any]], zone: ZoneInfo) -> list[Shown]:
    brands = {party: brand.name for party, brand in here().brands.all().items()}
    shown = []
    for row in rows:
        facts = kinds.read(row.kind, row.facts)
        said = words.say(row.kind, facts, brands, row.at.astimezone(zone).date(), zone)
        undelivered = row.state == "undelivered"
        shown.append(Shown(row.id, row.at, said.sentence, said.link, said.alarm, undelivered))
    return shown


def _by_day(shown: list[Shown], zone: ZoneInfo) -> list[Day]:
    days = groupby(shown, key=lambda one: one.at.astimezone(zone).date())
    return [Day(on, list(some)) for on, some in days]
