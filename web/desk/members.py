"""Members: what somebody who helps them may see, with a reason; names with a second one.

A look is an entry of the audit log. It holds for a quarter of an hour, for the person who gave the
reason and the member it was given for; so there is nothing else to keep, and nothing to forget.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import exchange.store
import partners.exchanges.store
from exchange import freezing, history
from kit.forms import Form, tell
from kit.ids import from_text, to_text
from kit.language import gettext as _
from kit.language import mark
from members import brand_links, support
from members.pages.showing import kind_word
from members.people import persons
from members.support import Supported
from staff.audit import reading
from staff.audit.store import Wanted
from staff.audit.words import WHAT
from staff.roles import Power
from web.desk.acting import note
from web.desk.parties import Parties
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here
from web.frame.formats import masked, masked_name

pages = Blueprint("desk_members", __name__, url_prefix="/desk")

LOOK = timedelta(minutes=15)
SHOWN = 20  # events, and accesses
UNDER_WAY = {
    "reserved": mark("Set aside"),
    "asked": mark("Asked"),
    "returning": mark("being given back"),
    "undoing": mark("being undone"),
}
SEES = {
    "balance": mark("balance"),
    "answers": mark("whether it is enough"),
    "nothing": mark("nothing"),
}


@pages.get("/members")
@signed_in(Power.MEMBERS)
def members() -> ResponseReturnValue:
    """What one holds in one's hand, and why one asks."""
    return render_template("desk/members.html", form=Form())


@pages.post("/members")
@signed_in(Power.MEMBERS)
def look_up() -> ResponseReturnValue:
    """Find the member of an id, a journal or a receipt; the look is recorded before it is had."""
    form = Form(None, request.form)
    asked, reason = form.typed.get("asked", ""), form.typed.get("reason", "")
    _check_reason(form, "reason")
    with here().database.transaction() as session:
        links = _links(session, asked) if asked else []
        if not links:
            form.refuse("asked", _("Nobody has this id, journal or receipt number."))
        elif len(links) > 1:
            form.refuse("asked", _("Several partners have this receipt: use the member's id."))
        if form.ok:
            name = to_text("mbr", links[0])
            note(session, "member-viewed", f"member {name}", reason=reason)
    if not form.ok:
        return render_template("desk/members.html", form=form), 422
    return redirect(f"/desk/members/{name}", 303)


@pages.get("/members/<name>")
@signed_in()
def member(name: str) -> ResponseReturnValue:
    """The member, while a look holds; else the question why one asks. Accesses are for auditors."""
    if not (me().may(Power.MEMBERS) or "auditor" in me().roles):
        return render_template("desk/not_yours.html", roles=["operations", "risk", "auditor"]), 403
    return _page(name)


@pages.post("/members/<name>")
@signed_in(Power.MEMBERS)
def look(name: str) -> ResponseReturnValue:
    """Give the reason for a look at a member whose id one has."""
    form = Form(None, request.form)
    _check_reason(form, "reason")
    with here().database.transaction() as session:
        if _found(session, name) is None:
            abort(404)
        if form.ok:
            note(session, "member-viewed", f"member {name}", reason=form.typed["reason"])
    if not form.ok:
        return _page(name, form), 422
    return redirect(f"/desk/members/{name}", 303)


@pages.post("/members/<name>/unmask")
@signed_in(Power.UNMASK)
def unmask(name: str) -> ResponseReturnValue:
    """Name and number, on this answer alone, for a second reason."""
    form = Form(None, request.form)
    _check_reason(form, "why")
    with here().database.transaction() as session:
        found = _found(session, name)
        if found is None or _looked_at(session, name) is None:
            abort(404)
        if form.ok:
            note(session, "member-unmasked", f"member {name}", reason=form.typed["why"])
    return (_page(name, form), 422) if not form.ok else _page(name, whole=True)


@pages.post("/members/<name>/freeze")
@signed_in(Power.MEMBERS)
def freeze(name: str) -> ResponseReturnValue:
    """Freeze the wallet for somebody who called: at once. Only the member lifts it."""
    form = Form(None, request.form)
    _check_reason(form, "because")
    with here().database.transaction() as session:
        found = _found(session, name)
        if found is None or _looked_at(session, name) is None:
            abort(404)
        if form.ok and not found.frozen:
            ended = freezing.freeze(session, found.wallet)
            note(
                session,
                "member-frozen",
                f"member {name}",
                reason=form.typed["because"],
                before={"frozen": False},
                after={"frozen": True, "holds_ended": len(ended)},
            )
    if not form.ok:
        return _page(name, form), 422
    tell("ok", _("The wallet is frozen"), _("Only the member can lift it."))
    return redirect(f"/desk/members/{name}", 303)


def _page(name: str, form: Form | None = None, *, whole: bool = False) -> str:
    now = here().clock()
    with here().database.transaction() as session:
        found = _found(session, name)
        if found is None:
            abort(404)
        looked = _looked_at(session, name)
        accesses = reading.newest(session, Wanted(object=f"member {name}"), limit=SHOWN)
        facts: dict[str, Any] = _facts(session, found, now) if looked else {}
        known = (
            persons.particulars(session, here().secrets, found.person)
            if looked and found.person and not found.erased
            else None
        )
    return render_template(
        "desk/member.html",
        name=name,
        found=found,
        looked=looked,
        until=looked + LOOK if looked else None,
        accesses=accesses,
        phone=(known.phone if whole else masked(known.phone)) if known else "",
        called=(known.name if whole else masked_name(known.name)) if known and known.name else "",
        whole=whole,
        form=form or Form(),
        sees={word: _(says) for word, says in SEES.items()},
        underway={state: _(says) for state, says in UNDER_WAY.items()},
        what=WHAT,
        kind_word=kind_word,
        **facts,
    )


def _facts(session: Session, found: Supported, now: datetime) -> dict[str, Any]:
    """What is in the wallet, what it did last, who knows it."""
    today = now.astimezone(ZoneInfo(exchange.store.zone(session))).date()
    wallet = found.wallet
    return {
        "parties": Parties(session),
        "sums": history.sums(session, wallet, today),
        "lots": history.lots(session, wallet, today)[:50],
        "holds": history.holds(session, wallet),
        "owed": history.receivables(session, wallet),
        "events": (history.page(session, wallet, limit=SHOWN) or [])[:SHOWN],
        "links": brand_links.every(session, wallet),
        "exchanges": partners.exchanges.store.of_wallet(session, wallet, 20, under_way=True),
        "today": today,
    }


def _links(session: Session, asked: str) -> list[UUID]:
    """Whose what was typed is: by a partner's id of the member, a journal, or a receipt number."""
    if link := from_text("mbr", asked):
        return [link] if support.by_link(session, link) else []
    if journal := from_text("jrn", asked):
        found = support.links_of_journal(session, journal)
        return [found] if found else []
    return support.links_of_receipt(session, asked[:200])


def _found(session: Session, name: str) -> Supported | None:
    link = from_text("mbr", name)
    return None if link is None else support.by_link(session, link)


def _looked_at(session: Session, name: str) -> datetime | None:
    """Since when this person's look at the member holds."""
    wanted = Wanted(
        who=me().name,
        what="member-viewed",
        object=f"member {name}",
        begins=here().clock() - LOOK,
    )
    entries = reading.newest(session, wanted, limit=1)
    return entries[0].at if entries else None


def _check_reason(form: Form, field: str) -> None:
    if len(form.typed.get(field, "")) < 8:
        form.refuse(field, _("Say why, with the number of the case."))
