"""Terms of a partner at the desk: proposed with their effect on the last window that closed."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import exchange.store
import settlement.store
from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from partners import registry
from partners import terms as agreement
from partners.registry import Partner
from partners.terms import DatedTerms, NewTerms
from settlement.explaining.kept import kept
from settlement.explaining.simulation import CHANGEABLE, Outcome, Scenario, replay
from staff.roles import Power
from web.desk.acting import propose
from web.desk.parties import Parties
from web.desk.signed_in import signed_in
from web.desk.wiring import here
from web.frame.formats import day, money

pages = Blueprint("desk_partner_terms", __name__, url_prefix="/desk")

# The fields of terms in the order of the form: name, word, how it is written.
FIELDS: tuple[tuple[str, str, str], ...] = (
    ("issue_price", mark("It pays for its points, per 1,000"), "price"),
    ("accept_price", mark("It gets for accepted points, per 1,000"), "price"),
    ("fee_ppm", mark("Hub fee on what it is paid, %"), "share"),
    ("prefunded_ppm", mark("Paid when issued, % (the rest when spent)"), "share"),
    ("breakage_hub_ppm", mark("Of expired points the hub keeps, %"), "share"),
    ("currency", mark("Settles in"), "word"),
    ("cap", mark("Cap on its exposure"), "money"),
    ("expiry_months", mark("Points expire after, months"), "number"),
    ("pending_days", mark("Points are pending for, days"), "number"),
    ("collateral", mark("Collateral"), "money"),
    ("fund_share", mark("Share of the mutual fund"), "money"),
)


@pages.get("/partners/<slug>/terms")
@signed_in(Power.PARTNERS)
def ask_for_terms(slug: str) -> ResponseReturnValue:
    """A form that begins with the terms in force."""
    now = here().clock()
    with here().database.transaction() as session:
        found = registry.find(session, slug)
        agreed = in_force_now(session, found, now)
    return _terms_form(found, Form(None, None, **_typed(agreed, here().currency)))


@pages.post("/partners/<slug>/terms")
@signed_in(Power.PARTNERS)
def propose_terms(slug: str) -> ResponseReturnValue:
    """What it would have meant last month; and, once that was seen, before a second person."""
    form = Form(None, request.form)
    with here().database.transaction() as session:
        found = registry.find(session, slug)
        zone = ZoneInfo(exchange.store.zone(session))
    new_terms = _read(form, found.party, zone)
    if form.typed.get("step") == "propose" and not form.typed.get("reason"):
        form.refuse("reason", _("Say why; it is kept with the proposal."))
    if new_terms is None or not form.ok:
        if form.typed.get("step") == "propose" and new_terms is not None:
            return _terms_review(found, form, new_terms), 422
        return _terms_form(found, form), 422
    if form.typed.get("step") != "propose":
        return _terms_review(found, form, new_terms)
    with here().database.transaction() as session:
        proposal = propose(session, "terms", asdict(new_terms), form.typed["reason"])
    tell("ok", _("Proposed. Someone else must approve it within 48 hours."))
    return redirect(f"/desk/approvals/{to_text('prp', proposal)}", 303)


def in_force_now(session: Session, found: Partner, now: datetime) -> DatedTerms | None:
    """The terms that a partner trades by; None where there are none yet."""
    agreed = agreement.of(session, found.party)
    return next((each for each in agreed if each.covers(now)), None)


def _values(terms: DatedTerms) -> dict[str, Any]:
    """The fields of terms in force by name."""
    return {
        **{name: getattr(terms.priced, name) for name, _w, _k in FIELDS[:6]},
        "cap": terms.issuing.cap,
        "expiry_months": terms.issuing.expiry_months,
        "pending_days": terms.issuing.pending_days,
        "collateral": terms.collateral,
        "fund_share": terms.fund_share,
    }


def shown_field(kind: str, value: Any) -> str:
    """A field of terms as people read it."""
    if value is None:
        return _("none")
    match kind:
        case "price":
            return money(round(value / 1000), here().currency)
        case "share":
            return f"{value / 10_000:g}%"
        case "money":
            return money(value, here().currency)
        case _:
            return str(value)


def shown_fields(terms: DatedTerms) -> list[tuple[str, str]]:
    values = _values(terms)
    return [(_(word), shown_field(kind, values[name])) for name, word, kind in FIELDS]


def proposed_changes(
    in_force: DatedTerms | None, proposed: list[Mapping[str, Any]]
) -> list[tuple[str, str | None, str | None]]:
    """What the first proposal would change."""
    if not proposed:
        return []
    before = _values(in_force) if in_force else {}
    return changes(before, proposed[0])


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, str | None, str | None]]:
    """The fields of terms that differ: word, before, after."""
    return [
        (
            _(word),
            shown_field(kind, before[name]) if name in before else None,
            shown_field(kind, after[name]),
        )
        for name, word, kind in FIELDS
        if name in after and before.get(name, ...) != after[name]
    ]


def _typed(agreed: DatedTerms | None, currency: str) -> dict[str, str]:
    """What stands in the form at first."""
    if agreed is None:
        return {"currency": currency, "expiry_months": "24", "pending_days": "0"}
    values = _values(agreed)
    return {name: _as_typed(kind, values[name]) for name, _word, kind in FIELDS}


def _as_typed(kind: str, value: Any) -> str:
    if value is None:
        return ""
    match kind:
        case "price":
            return f"{Decimal(value) / 100_000:f}"
        case "share":
            return f"{Decimal(value) / 10_000:f}"
        case "money":
            return f"{Decimal(value) / 100:.2f}"
        case _:
            return str(value)


def _read(form: Form, party: int, zone: ZoneInfo) -> NewTerms | None:
    """The terms that were typed; None when something is wrong with them, and the form says what."""
    values: dict[str, Any] = {}
    for name, _word, kind in FIELDS:
        typed = form.typed.get(name, "").replace(",", "").replace("，", "")
        try:
            values[name] = _from_typed(kind, typed, may_lack=name == "cap")
        except (ValueError, InvalidOperation):
            form.refuse(name, _WRONG[kind]())
    since = form.typed.get("valid_from", "")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", since):
        form.refuse("valid_from", _("Enter a day such as 2026-12-01."))
    if form.errors:
        return None
    try:
        begins = datetime.combine(datetime.fromisoformat(since).date(), time(), zone)
        new_terms = NewTerms(party=party, valid_from=begins.astimezone(UTC), **values)
        agreement.check(new_terms)
    except (ValueError, OverflowError):
        form.refuse("valid_from", _("Enter a day such as 2026-12-01."))
    except Refusal as refusal:
        form.refuse("issue_price", refusal.detail)
    return new_terms if not form.errors else None


def _price_wrong() -> str:
    return _("Enter an amount such as 2.00, with up to five decimals.")


def _share_wrong() -> str:
    return _("Enter a share from 0 to 100, with up to four decimals.")


def _money_wrong() -> str:
    return _("Enter an amount such as 5,000.00.")


def _number_wrong() -> str:
    return _("Enter a whole number")


def _word_wrong() -> str:
    return _("Enter three capital letters, such as CNY.")


_WRONG = {
    "price": _price_wrong,
    "share": _share_wrong,
    "money": _money_wrong,
    "number": _number_wrong,
    "word": _word_wrong,
}


def _from_typed(kind: str, typed: str, *, may_lack: bool) -> Any:
    """Raises ValueError, InvalidOperation."""
    if kind == "word":
        if not re.fullmatch(r"[A-Z]{3}", typed):
            raise ValueError(typed)
        return typed
    if not typed and may_lack:
        return None
    if not re.fullmatch(r"\d{0,12}(\.\d{0,12})?", typed):
        raise ValueError(typed)
    scaled = Decimal(typed or "0") * {"price": 100_000, "share": 10_000, "money": 100}.get(kind, 1)
    if scaled != scaled.to_integral_value() or scaled < 0:
        raise ValueError(typed)
    return int(scaled)


def _terms_form(found: Partner, form: Form) -> str:
    return render_template(
        "desk/partner_terms_form.html",
        partner=found,
        form=form,
        fields=[(name, _(word), kind) for name, word, kind in FIELDS],
        currency=here().currency,
    )


def _terms_review(found: Partner, form: Form, new_terms: NewTerms) -> str:
    now = here().clock()
    with here().database.transaction() as session:
        before = in_force_now(session, found, now)
        window, outcomes = simulated(session, found.party, asdict(new_terms))
        parties = Parties(session)
    return render_template(
        "desk/partner_terms_review.html",
        partner=found,
        form=form,
        changes=changes(_values(before) if before else {}, asdict(new_terms)),
        window=window,
        outcomes=outcomes,
        parties=parties,
        currency=here().currency,
        since=day(new_terms.valid_from.date()),
        names=[name for name, _word, _kind in FIELDS],
    )


def simulated(
    session: Session, party: int, content: Mapping[str, Any]
) -> tuple[str, list[Outcome]]:
    """The last settled window under these terms: its name, and who would be better or worse off.

    An empty name when there is none, or the partner had no part in it.
    """
    windows = settlement.store.list_windows(session, before=None, limit=24)
    last = next((each for each in windows if each.revision and each.state != "aborted"), None)
    if last is None:
        return "", []
    scenario = Scenario(terms={party: {name: content[name] for name in CHANGEABLE}}, rates={})
    try:
        replayed = replay(kept(session, last.name), scenario)
    except Refusal:  # No rate into the new currency, or a party that window did not know.
        return "", []
    changed = [each for each in replayed.outcomes if each.net_change]
    return last.name, sorted(changed, key=lambda each: -abs(each.net_change))
