"""Rates of money, which finance fixes, and conversions of others: none may make a loop."""

import re
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import exchange.store
import settlement.store
from exchange import outside_rates
from exchange.errors import RateArbitrage
from exchange.outside_rates import NewOutsideRate
from kit.forms import Form
from kit.language import gettext as _
from settlement import fx_rates
from settlement.fx import read_rate
from staff.roles import Power
from web.desk.parties import Parties
from web.desk.proposing import Made, propose_from
from web.desk.rates import loop_steps
from web.desk.signed_in import signed_in
from web.desk.wiring import here

pages = Blueprint("desk_other_rates", __name__, url_prefix="/desk")

SHARED = "points"
MOST = 10**12


# --- of money -------------------------------------------------------------------------------------


@pages.get("/rates/money")
@signed_in(Power.MONEY)
def ask_for_fx() -> ResponseReturnValue:
    """What one unit of the hub's currency is worth, from a day on."""
    return _fx_form(Form())


@pages.post("/rates/money")
@signed_in(Power.MONEY)
def propose_fx() -> ResponseReturnValue:
    """Put it before a second person."""
    form, base = Form(None, request.form), here().currency
    quote, typed = form.typed.get("quote", "").upper(), form.typed.get("rate", "")
    if not re.fullmatch("[A-Z]{3}", quote) or quote == base:
        form.refuse("quote", _("Enter the three letters of another currency, such as JPY."))
    else:
        try:
            rate = read_rate(base, quote, typed)
        except ValueError:
            form.refuse("rate", _("Enter a rate such as 20.1 or 201/10."))
    day = _day(form, "valid_from")

    def made(session: Session) -> Made:
        fx_rates.check(session, rate, valid_from=day or date.min)
        return "fx-rate", fx_rates.content(rate, valid_from=day or date.min)

    return propose_from(form, made, "valid_from") or (_fx_form(form), 422)


def _fx_form(form: Form) -> str:
    with here().database.transaction() as session:
        today = settlement.store.day_of(session, here().clock())
        known = fx_rates.in_force(session, here().currency, today)
    form.typed.setdefault("valid_from", today.isoformat())
    return render_template("desk/rate_money.html", form=form, base=here().currency, known=known)


# --- of others ------------------------------------------------------------------------------------


@pages.get("/rates/others")
@signed_in(Power.RATES)
def ask_for_outside() -> ResponseReturnValue:
    """A conversion that somebody else offers."""
    return _outside_form(Form(None, None, minimum="1", step="1"))


@pages.post("/rates/others")
@signed_in(Power.RATES)
def propose_outside() -> ResponseReturnValue:
    """Refuse what would gain with our own rates; else put it before a second person."""
    form = Form(None, request.form)
    numbers: dict[str, Any] = {
        name: _whole(form, name) for name in ("gives", "gets", "minimum", "step")
    }
    since, until = _day(form, "valid_from"), _day(form, "valid_to", may_lack=True)
    if since and until and until <= since:
        form.refuse("valid_to", _("It ends before it begins."))
    loop: list[str] = []

    def made(session: Session) -> Made:
        zone = ZoneInfo(exchange.store.zone(session))
        parties = Parties(session)
        rate = NewOutsideRate(
            **_kind(parties, "source", form.typed.get("source", "")),
            **_kind(parties, "target", form.typed.get("target", "")),
            **numbers,
            valid_from=_begins(since or date.max, zone),
            valid_to=_begins(until, zone) if until else None,
        )
        try:
            outside_rates.check(session, rate)
        except RateArbitrage as refusal:
            loop.extend(loop_steps(str(refusal.facts["loop"]), parties))
            raise
        return "outside-rate", asdict(rate)

    return propose_from(form, made, "target") or (_outside_form(form, loop), 422)


def _outside_form(form: Form, loop: list[str] | None = None) -> str:
    with here().database.transaction() as session:
        partners = [(each.slug, each.name) for each in Parties(session).partners()]
    return render_template("desk/rate_others.html", form=form, partners=partners, loop=loop or [])


def _kind(parties: Parties, side: str, typed: str) -> dict[str, Any]:
    """A partner's own points, shared points, or money; what is none of them is for the books to
    refuse."""
    found = None if typed in ("", SHARED) else parties.find(typed)
    money = None if found or typed == SHARED else typed.upper()
    return {f"{side}_party": found.number if found else None, f"{side}_money": money}


def _whole(form: Form, name: str) -> int:
    typed = form.typed.get(name, "").replace(",", "")
    if not re.fullmatch(r"\d{1,13}", typed) or not 1 <= int(typed) <= MOST:
        form.refuse(name, _("Enter a whole number"))
        return 0
    return int(typed)


def _day(form: Form, name: str, *, may_lack: bool = False) -> date | None:
    typed = form.typed.get(name, "")
    if not typed and may_lack:
        return None
    if re.fullmatch(r"2\d{3}-\d\d-\d\d", typed):
        try:
            return date.fromisoformat(typed)
        except ValueError:
            pass
    form.refuse(name, _("Enter a day such as 2026-12-01."))
    return None


def _begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
