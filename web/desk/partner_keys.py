"""Keys of a partner at the desk: proposed with their proof, and proposed to be ended."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from partners import keys, registry
from partners.errors import KeyNotFound
from staff.roles import Power
from web.desk.acting import propose
from web.desk.signed_in import signed_in
from web.desk.wiring import here

pages = Blueprint("desk_partner_keys", __name__, url_prefix="/desk")


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
    if not (created.isdecimal() and len(created) <= 12):
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
        party = registry.find(session, slug).party
        if key not in {
            each["id"] for each in keys.listed(session, party=party, now=here().clock())
        }:
            raise KeyNotFound
        reason = Form(None, request.form).typed.get("reason") or _("No longer to be used")
        content = {"partner": slug, "key": key}
        proposal = propose(session, "partner-key-revocation", content, reason)
    tell("ok", _("Proposed. Someone else must approve it within 48 hours."))
    return redirect(f"/desk/approvals/{to_text('prp', proposal)}", 303)
