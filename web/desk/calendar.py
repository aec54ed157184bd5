"""The calendar at the desk: when windows close by themselves, and what is proposed instead."""

import re
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any, get_args

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kit.forms import Form
from kit.language import gettext as _
from settlement import store as windows
from settlement.calendar import agreeing, days, store
from settlement.calendar.agreeing import NewCalendar
from settlement.calendar.periods import Every, Route, next_cut_off
from staff import approvals
from staff.roles import Power, who_may
from web.desk.facts import VALUES
from web.desk.proposing import Made, propose_from
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_calendar", __name__, url_prefix="/desk")

AHEAD = 6  # closings to come
DAYS = ("advice_days", "call_days", "dispute_days")


@pages.get("/windows/calendar")
@signed_in()
def calendar() -> ResponseReturnValue:
    """What is agreed, the closings to come with their days, and a form for another."""
    return _page(Form())


@pages.post("/windows/calendar")
@signed_in(Power.WINDOWS)
def propose_calendar() -> ResponseReturnValue:
    """Put another calendar before a second person."""
    form = Form(None, request.form)
    every, route = form.typed.get("every", ""), form.typed.get("route", "")
    if every not in get_args(Every):
        form.refuse("every", _("Choose one of these"))
    if route not in get_args(Route):
        form.refuse("route", _("Choose one of these"))
    counted = {}
    for name in DAYS:
        typed = form.typed.get(name, "")
        if not re.fullmatch(r"\d{1,3}", typed):
            form.refuse(name, _("Enter a whole number"))
        else:
            counted[name] = int(typed)
    values: dict[str, Any] = {"every": every, "route": route, **counted}
    for name, read, says in (
        ("cut_off", time.fromisoformat, _("Enter a time of day such as 22:00.")),
        ("first_day", date.fromisoformat, _("Enter a day such as 2026-12-01.")),
    ):
        try:
            values[name] = read(form.typed.get(name, ""))
        except ValueError:
            form.refuse(name, says)

    def made(session: Session) -> Made:
        new = NewCalendar(**values, zone=form.typed.get("zone", ""))
        agreeing.check(new)
        return "calendar", new.content()

    return propose_from(form, made, "zone") or (_page(form), 422)


def _page(form: Form) -> str:
    now = here().clock()
    with here().database.transaction() as session:
        agreed = store.calendars(session)
        window = windows.open_window(session)
        coming: list[tuple[str, datetime, days.Dates]] = []
        after = window.opened_at if window else now
        while len(coming) < AHEAD and (cut_off := next_cut_off(agreed, after)):
            coming.append((cut_off.name, cut_off.at, days.dates(session, cut_off.at)))
            after = cut_off.at
        waits = [each for each in approvals.still_open(session, now=now) if each.kind == "calendar"]
    if not form.sent:
        latest = asdict(agreed[-1]) if agreed else {}
        usual = {
            "every": "month", "cut_off": "00:00", "zone": "Asia/Shanghai", "route": "hub",
            "advice_days": days.ADVICE_DAYS, "call_days": days.CALL_DAYS,
            "dispute_days": days.CALL_DAYS,
        }  # fmt: skip
        for name, value in usual.items():
            found = latest.get(name, value)
            form.typed[name] = f"{found:%H:%M}" if isinstance(found, time) else str(found)
    return render_template(
        "desk/calendar.html",
        form=form,
        agreed=agreed[::-1],
        coming=coming,
        waits=waits,
        words={name: _(VALUES[name]) for name in (*get_args(Every), *get_args(Route))},
        may=me().may(Power.WINDOWS),
        roles=who_may(Power.WINDOWS),
    )  # fmt: skip
