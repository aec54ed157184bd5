"""Partners: terms, keys, limits, trust, traffic; let in, suspended, restored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from partners import keys, registry
from partners import terms as agreement
from partners.errors import PartnerStateRefused
from partners.registry import Partner
from partners.terms import DatedTerms
from settlement.exposures import Exposure, exposures
from settlement.traffic import traffic
from settlement.trust import levels
from settlement.trust.record import record_of
from staff import approvals
from staff.roles import Power, who_may
from web.desk.acting import note, propose
from web.desk.files import as_csv
from web.desk.listing import Asked, cut
from web.desk.partner_terms import in_force_now, proposed_changes, shown_fields
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_partners", __name__, url_prefix="/desk")

STATES = {
    "applied": ("wait", mark("Applied")),
    "active": ("done", mark("Active")),
    "suspended": ("stop", mark("Suspended")),
    "closed": ("neutral", mark("Left")),
}


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
        rows = [Row(each, in_force_now(session, each, now), used.get(each.slug)) for each in found]
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
        rows=proposed_changes(in_force, [each.content for each in waiting if each.kind == "terms"]),
        shown_fields=shown_fields,
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
        in_force = in_force_now(session, found, now)
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


@pages.get("/partners/<slug>/trust")
@signed_in()
def its_trust(slug: str) -> ResponseReturnValue:
    """How it settled so far, its level, and what that bears beside its cap."""
    now = here().clock()
    with here().database.transaction() as session:
        found = registry.find(session, slug)
        record = record_of(session, found.party, now)
        in_force = in_force_now(session, found, now)
    reached = levels.level(record.facts)
    if request.args.get("format") == "csv":
        head = ("window", "owed", "net", "currency", "due_on", "came_on", "late", "short")
        currency = here().currency
        return as_csv(
            head,
            (
                (
                    each.window,
                    each.owed,
                    each.net,
                    currency,
                    each.due_on.isoformat(),
                    each.came_on.isoformat() if each.came_on else None,
                    each.late,
                    each.short,
                )
                for each in record.kept
            ),
            f"{slug}-trust",
        )
    return _page(
        "trust",
        found,
        record=record,
        level=reached,
        rungs=levels.RUNGS,
        steps=[_step(each) for each in levels.next_steps(record.facts)],
        bears=levels.bearable(reached, record.usual, record.security),
        cap=in_force.issuing.cap if in_force else None,
    )


def _step(step: levels.Step) -> str:
    return {
        "default": lambda: _("its shortfall is made good"),
        "windows": lambda: _("windows settled in time, more of them: %(n)s", n=step.amount),
        "security": lambda: _("it leaves all the security that its terms ask"),
        "late": lambda: _("late windows grow a year old: %(n)s", n=step.amount),
    }[step.what]()


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
        kinds = {"applied": "partner-activation", "suspended": "partner-restoration"}
        if found.state not in kinds:
            raise PartnerStateRefused(state=found.state, asked="active")
        kind = kinds[found.state]
        reason = Form(None, request.form).typed.get("reason") or _("Ready to trade")
        proposal = propose(session, kind, {"partner": slug}, reason)
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


def _fits(row: Row, asked: Asked) -> bool:
    state, name = asked.filters["state"], asked.filters["name"].casefold()
    named = name in row.partner.name.casefold() or name in row.partner.slug
    return named and (not state or row.partner.state == state)


def _orders(asked: Asked) -> Any:
    if asked.by == "used":
        return lambda row: (row.exposure.used if row.exposure else 0.0, row.partner.slug)
    return lambda row: (row.partner.name, row.partner.slug)
