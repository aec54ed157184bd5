"""Partners: terms in force and proposed, keys, limits, traffic; let in, suspended, restored."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
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
from partners import keys, registry
from partners import terms as agreement
from partners.registry import Partner
from partners.terms import DatedTerms, NewTerms
from settlement.explaining.kept import kept
from settlement.explaining.simulation import CHANGEABLE, Outcome, Scenario, replay
from settlement.exposures import Exposure, exposures
from settlement.traffic import traffic
from staff import approvals
from staff.roles import Power, who_may
from web.desk.acting import note, propose
from web.desk.files import as_csv
from web.desk.listing import Asked, cut
from web.desk.parties import Parties
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here
from web.frame.formats import day, money

pages = Blueprint("desk_partners", __name__, url_prefix="/desk")

STATES = {
    "applied": ("wait", mark("Applied")),
    "active": ("done", mark("Active")),
    "suspended": ("stop", mark("Suspended")),
    "closed": ("neutral", mark("Left")),
}
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


@dataclass(frozen=True, slots=True)
class Row:
    """A partner in the list; `cap` and `used` only where it has a cap."""

    partner: Partner
    terms: DatedTerms | None
    exposure: Exposure | None


@pages.app_template_global()
def partner_state(state: str) -> tuple[str, str]:
    """The tone and the word of a partner's state."""
    tone, word = STATES[state]
    return tone, _(word)


@pages.get("/partners")
@signed_in()
def partners() -> ResponseReturnValue:
    """Everybody of the coalition."""
    asked = Asked(filters=("state", "name"), sorts=("name", "used"), default="name")
    now = here().clock()
    with here().database.transaction() as session:
        found = registry.listed(session)
        used = {each.slug: each for each in exposures(session, now)}
        rows = [Row(each, _in_force(session, each, now), used.get(each.slug)) for each in found]
    fitting = [row for row in rows if _fits(row, asked)]
    page = cut(fitting, asked, _orders(asked))
    currency = here().currency
    if asked.csv:
        return as_csv(
            ("slug", "name", "state", "terms", "exposure", "cap", "currency"),
            (
                (
                    row.partner.slug,
                    row.partner.name,
                    row.partner.state,
                    f"T-{row.terms.priced.id}" if row.terms else None,
                    row.exposure.amount if row.exposure else None,
                    row.exposure.cap if row.exposure else None,
                    currency,
                )
                for row in fitting
            ),
            "partners",
        )
    return render_template(
        "desk/partners.html",
        asked=asked,
        page=page,
        currency=currency,
        states={state: _(word) for state, (_tone, word) in STATES.items()},
    )


@pages.get("/partners/new")
@signed_in(Power.PARTNERS)
def new() -> ResponseReturnValue:
    """A merchant that applies."""
    return render_template("desk/partner_new.html", form=Form())


@pages.post("/partners/new")
@signed_in(Power.PARTNERS)
def register() -> ResponseReturnValue:
    """Register an applicant; it may do nothing until two people let it in."""
    form = Form(None, request.form)
    slug, name = form.typed.get("slug", ""), form.typed.get("name", "")
    if not name or len(name) > 100:
        form.refuse("name", _("Enter the name that people know, up to 100 letters."))
    if not registry.SLUG.fullmatch(slug):
        form.refuse("slug", _("Use small letters, digits and hyphens: 2 to 31 of them."))
    if form.ok:
        with here().database.transaction() as session:
            if any(each.slug == slug for each in registry.listed(session)):
                form.refuse("slug", _("Another partner has this short name."))
            else:
                registry.apply(session, slug=slug, name=name, now=here().clock())
                note(session, "partner-registered", f"partner {slug}", after={"name": name})
    if not form.ok:
        return render_template("desk/partner_new.html", form=form), 422
    tell("ok", _("%(name)s is registered", name=name), _("Agree on terms and keys next."))
    return redirect(f"/desk/partners/{slug}", 303)


@pages.get("/partners/<slug>")
@signed_in()
def partner(slug: str) -> ResponseReturnValue:
    """Its terms, in force and proposed."""
    now = here().clock()
    with here().database.transaction() as session:
        found = registry.find(session, slug)
        agreed = agreement.of(session, found.party)
        waiting = [
            each
            for each in approvals.listed(session, state="waiting", limit=200, now=now)
            if each.content.get("party") == found.party or each.content.get("partner") == slug
        ]
    in_force = next((each for each in agreed if each.covers(now)), None)
    later = [each for each in agreed if each.valid_from > now]
    return _page(
        "terms",
        found,
        in_force=in_force,
        later=later,
        earlier=[each for each in agreed if each.valid_to is not None and each.valid_to <= now],
        proposed=[each for each in waiting if each.kind == "terms"],
        others=[each for each in waiting if each.kind != "terms"],
        rows=_rows(in_force, [each.content for each in waiting if each.kind == "terms"]),
        shown_fields=_shown_fields,
    )


@pages.get("/partners/<slug>/keys")
@signed_in()
def its_keys(slug: str) -> ResponseReturnValue:
    """Its keys, those that ended too."""
    with here().database.transaction() as session:
        found = registry.find(session, slug)
        listed = keys.listed(session, party=found.party, now=here().clock())
    return _page("keys", found, keys=list(reversed(listed)), moment=datetime.fromisoformat)


@pages.get("/partners/<slug>/limits")
@signed_in()
def limits(slug: str) -> ResponseReturnValue:
    """What it may stand for, what it does, and what it left with the hub."""
    now = here().clock()
    with here().database.transaction() as session:
        found = registry.find(session, slug)
        used = next((each for each in exposures(session, now) if each.slug == slug), None)
        in_force = _in_force(session, found, now)
    return _page("limits", found, used=used, in_force=in_force)


@pages.get("/partners/<slug>/traffic")
@signed_in()
def its_traffic(slug: str) -> ResponseReturnValue:
    """What was posted at its tills and offices, window by window."""
    with here().database.transaction() as session:
        found = registry.find(session, slug)
        windows = traffic(session, found.party)
    if request.args.get("format") == "csv":
        names = ("issued", "clawed_back", "spent", "refunded")
        head = ("window", *(f"{name}_{what}" for name in names for what in ("points", "lines")))
        return as_csv(
            head,
            (
                (
                    each.window,
                    *(kind.get(name, 0) for name in names for kind in (each.points, each.lines)),
                )
                for each in windows
            ),
            f"{slug}-traffic",
        )
    return _page("traffic", found, windows=windows)


# --- terms ----------------------------------------------------------------------------------------


@pages.get("/partners/<slug>/terms")
@signed_in(Power.PARTNERS)
def ask_for_terms(slug: str) -> ResponseReturnValue:
    """A form that begins with the terms in force."""
    now = here().clock()
    with here().database.transaction() as session:
        found = registry.find(session, slug)
        agreed = _in_force(session, found, now)
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


# --- in and out -----------------------------------------------------------------------------------


@pages.get("/partners/<slug>/suspend")
@signed_in(Power.PARTNERS)
def ask_to_suspend(slug: str) -> ResponseReturnValue:
    """What stops, before it does."""
    with here().database.transaction() as session:
        found = registry.find(session, slug)
    return render_template("desk/partner_suspend.html", partner=found, form=Form())


@pages.post("/partners/<slug>/suspend")
@signed_in(Power.PARTNERS)
def suspend(slug: str) -> ResponseReturnValue:
    """Stop it at once: one person may, for it only takes away. Letting it in again takes two."""
    form = Form(None, request.form)
    reason = form.typed.get("reason", "")
    if not reason:
        form.refuse("reason", _("Say why; it is kept in the audit log."))
    with here().database.transaction() as session:
        found = registry.find(session, slug)
        if form.ok:
            registry.move(session, slug=slug, to="suspended", now=here().clock())
            note(
                session,
                "partner-suspended",
                f"partner {slug}",
                reason=reason,
                before={"state": found.state},
                after={"state": "suspended"},
            )
    if not form.ok:
        return render_template("desk/partner_suspend.html", partner=found, form=form), 422
    tell("ok", _("%(name)s is suspended", name=found.name), _("Every process knows in seconds."))
    return redirect(f"/desk/partners/{slug}", 303)


@pages.post("/partners/<slug>/let-in")
@signed_in(Power.PARTNERS)
def let_in(slug: str) -> ResponseReturnValue:
    """Propose that an applicant, or somebody who was suspended, may trade."""
    with here().database.transaction() as session:
        found = registry.find(session, slug)
        kind = "partner-activation" if found.state == "applied" else "partner-restoration"
        reason = request.form.get("reason", "").strip() or _("Ready to trade")
        proposal = propose(session, kind, {"partner": slug}, reason)
    tell("ok", _("Proposed. Someone else must approve it within 48 hours."))
    return redirect(f"/desk/approvals/{to_text('prp', proposal)}", 303)


# --- keys -----------------------------------------------------------------------------------------


@pages.get("/partners/<slug>/keys/add")
@signed_in(Power.PARTNERS)
def ask_for_key(slug: str) -> ResponseReturnValue:
    """A public key with its proof."""
    with here().database.transaction() as session:
        found = registry.find(session, slug)
    return render_template("desk/partner_key.html", partner=found, form=Form(), scopes=keys.SCOPES)


@pages.post("/partners/<slug>/keys/add")
@signed_in(Power.PARTNERS)
def propose_key(slug: str) -> ResponseReturnValue:
    """Check the proof now, and put the key before a second person."""
    form = Form(None, request.form)
    wanted = [scope for scope in keys.SCOPES if form.typed.get(scope)]
    created, now = form.typed.get("created", ""), here().clock()
    if not wanted:
        form.refuse("till", _("Choose at least one thing that it may be used for."))
    if not created.isdecimal():
        form.refuse("created", _("Enter the whole number of seconds that the challenge said."))
    with here().database.transaction() as session:
        found = registry.find(session, slug)
        if form.ok:
            content = {
                "partner": slug,
                "public": form.typed.get("public", ""),
                "scopes": wanted,
                "created": int(created),
                "proof": form.typed.get("proof", ""),
            }
            try:
                keys.check(session, party=found.party, content=content, now=now)
                reason = form.typed.get("reason", "") or _("A key of the partner's")
                proposal = propose(session, "partner-key", content, reason)
            except Refusal as refusal:
                form.refuse("proof", refusal.title)
    if not form.ok:
        page = "desk/partner_key.html"
        return render_template(page, partner=found, form=form, scopes=keys.SCOPES), 422
    tell("ok", _("Proposed. Someone else must approve it within 48 hours."))
    return redirect(f"/desk/approvals/{to_text('prp', proposal)}", 303)


@pages.post("/partners/<slug>/keys/<key>/revoke")
@signed_in(Power.PARTNERS)
def propose_revocation(slug: str, key: str) -> ResponseReturnValue:
    """Propose to end a key."""
    with here().database.transaction() as session:
        registry.find(session, slug)
        reason = request.form.get("reason", "").strip() or _("No longer to be used")
        content = {"partner": slug, "key": key}
        proposal = propose(session, "partner-key-revocation", content, reason)
    tell("ok", _("Proposed. Someone else must approve it within 48 hours."))
    return redirect(f"/desk/approvals/{to_text('prp', proposal)}", 303)


# --- what is shown --------------------------------------------------------------------------------


def _page(tab: str, found: Partner, **facts: Any) -> str:
    return render_template(
        f"desk/partner_{tab}.html",
        partner=found,
        tab=tab,
        currency=here().currency,
        may=me().may(Power.PARTNERS),
        roles=[str(role) for role in who_may(Power.PARTNERS)],
        **facts,
    )


def _in_force(session: Session, found: Partner, now: datetime) -> DatedTerms | None:
    agreed = agreement.of(session, found.party)
    return next((each for each in agreed if each.covers(now)), None)


def _fits(row: Row, asked: Asked) -> bool:
    state, name = asked.filters["state"], asked.filters["name"].casefold()
    named = name in row.partner.name.casefold() or name in row.partner.slug
    return named and (not state or row.partner.state == state)


def _orders(asked: Asked) -> Any:
    if asked.by == "used":
        return lambda row: (row.exposure.used if row.exposure else 0.0, row.partner.slug)
    return lambda row: (row.partner.name, row.partner.slug)


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


def _shown_fields(terms: DatedTerms) -> list[tuple[str, str]]:
    values = _values(terms)
    return [(_(word), shown_field(kind, values[name])) for name, word, kind in FIELDS]


def _rows(
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
    except ValueError:
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
        before = _in_force(session, found, now)
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
