"""Family purses: who is in one, what each may pay from it a day, what happened in it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from kit.forms import Form, tell
from kit.ids import from_text, to_text, uuid7
from kit.language import gettext as _
from members.giving import joining, purses
from members.giving.errors import InPurseAlready, OwnNumber, PurseFull
from members.pages.give import read_number
from members.pages.signed_in import me, signed_in
from members.pages.typed import is_line, whole
from members.pages.wiring import here
from members.people.persons import face, faces

pages = Blueprint("family", __name__)

Page = tuple[str, int]
AT_ONCE = 20  # events of a purse on one page


@pages.get("/family")
@signed_in
def family() -> Page:
    return _family(Form(), 200)


@pages.post("/family")
@signed_in
def open_purse() -> Response | Page:
    """Open a purse; the form carries the id that it will have, so that it is opened once."""
    mine, hub = me(), here()
    form = Form(None, request.form)
    name, id_ = form.typed.get("name", ""), from_text("prs", form.typed.get("id", ""))
    if not name or len(name) > purses.NAME_LENGTH or not is_line(name):
        form.refuse("name", _("Enter a name of 1 to %(n)s characters.", n=purses.NAME_LENGTH))
    if not form.ok or id_ is None:
        return _family(form, 422)
    with hub.database.transaction() as session:
        purses.open_(
            session,
            id_=id_,
            person=mine.person,
            name=name,
            secrets_=hub.secrets,
            now=hub.clock(),
        )
    tell("ok", _("The purse is open."), _("Put points in, then invite your family."))
    return redirect(f"/family/{to_text('prs', id_)}", 303)


@pages.get("/family/<purse>")
@signed_in
def one(purse: str) -> Page:
    return _purse(purse, Form(), 200)


@pages.post("/family/<purse>/invite")
@signed_in
def invite(purse: str) -> Response | Page:
    mine, hub = me(), here()
    form = Form(None, request.form)
    number, limit = read_number(form), _read_limit(form)
    if number is None or limit is None:
        return _purse(purse, form, 422)
    try:
        with hub.database.transaction() as session:
            joining.invite(
                session,
                _id(purse),
                opener=mine.person,
                to_index=number.index,
                words={
                    "to": number.masked,
                    "sender": face(session, hub.secrets, mine.person),
                },
                daily_limit=limit,
                secrets_=hub.secrets,
                now=hub.clock(),
            )
    except OwnNumber:
        form.refuse("number", _("This is your own number."))
    except InPurseAlready:
        form.refuse("number", _("This number is in the purse, or invited to it, already."))
    except PurseFull as refusal:
        form.refuse("number", _("A purse has room for %(n)s people.", n=refusal.facts["most"]))
    if form.errors:
        return _purse(purse, form, 422)
    tell("ok", _("Invited %(number)s.", number=number.masked), _("The invitation waits 3 days."))
    return redirect(f"/family/{purse}", 303)


@pages.post("/family/<purse>/invitations/<invitation>/withdraw")
@signed_in
def withdraw(purse: str, invitation: str) -> Response:
    hub = here()
    with hub.database.transaction() as session:
        joining.withdraw(
            session, _id(purse), _id(invitation, "inv"), opener=me().person, now=hub.clock()
        )
    tell("ok", _("The invitation is withdrawn."))
    return redirect(f"/family/{purse}", 303)


@pages.post("/family/invitations/<invitation>/join")
@signed_in
def join(invitation: str) -> Response:
    hub = here()
    with hub.database.transaction() as session:
        purse = joining.join(session, _id(invitation, "inv"), person=me().person, now=hub.clock())
    tell("ok", _("You are in the purse."), _("Choose it when you show a payment code."))
    return redirect(f"/family/{to_text('prs', purse)}", 303)


@pages.post("/family/invitations/<invitation>/decline")
@signed_in
def decline(invitation: str) -> Response:
    hub = here()
    with hub.database.transaction() as session:
        joining.decline(session, _id(invitation, "inv"), person=me().person, now=hub.clock())
    tell("ok", _("You declined the invitation."))
    return redirect("/family", 303)


@pages.get("/family/<purse>/members/<person>")
@signed_in
def member(purse: str, person: str) -> Page:
    return _member(purse, person, Form(), 200)


@pages.post("/family/<purse>/members/<person>")
@signed_in
def change(purse: str, person: str) -> Response | Page:
    """Change what a member may pay a day."""
    hub = here()
    form = Form(None, request.form)
    limit = _read_limit(form)
    if limit is None:
        return _member(purse, person, form, 422)
    with hub.database.transaction() as session:
        joining.set_limit(
            session,
            _id(purse),
            opener=me().person,
            person=_id(person, "per"),
            daily_limit=limit,
        )
    tell("ok", _("The limit is %(n)s points a day from now on.", n=f"{limit:,}"))
    return redirect(f"/family/{purse}", 303)


@pages.post("/family/<purse>/members/<person>/remove")
@signed_in
def remove(purse: str, person: str) -> Response:
    hub = here()
    with hub.database.transaction() as session:
        joining.remove(
            session, _id(purse), opener=me().person, person=_id(person, "per"), now=hub.clock()
        )
    tell("ok", _("Removed. Nothing can be paid by them from now on."))
    return redirect(f"/family/{purse}", 303)


@pages.get("/family/<purse>/<act>")
@signed_in
def ask(purse: str, act: str) -> Page:
    """The last look before leaving or closing a purse."""
    if act not in ("leave", "close"):
        abort(404)
    mine = me()
    with here().database.transaction() as session:
        found = purses.seen_by(session, _id(purse), mine.person, secrets_=here().secrets)
    if (act == "close") != (found.opened_by == mine.person):
        abort(404)
    return render_template("members/purse_end.html", purse=found, name=purse, act=act), 200


@pages.post("/family/<purse>/leave")
@signed_in
def leave(purse: str) -> Response:
    hub = here()
    with hub.database.transaction() as session:
        joining.leave(session, _id(purse), person=me().person, now=hub.clock())
    tell("ok", _("You left the purse."))
    return redirect("/family", 303)


@pages.post("/family/<purse>/close")
@signed_in
def close(purse: str) -> Response:
    hub = here()
    with hub.database.transaction() as session:
        points = purses.close(session, _id(purse), person=me().person, now=hub.clock())
    tell("ok", _("The purse is closed."), _("%(n)s points came to your wallet.", n=f"{points:,}"))
    return redirect("/family", 303)


def _family(form: Form, status: int) -> Page:
    mine, hub = me(), here()
    with hub.database.transaction() as session:
        mine_in = purses.of(session, mine.person, secrets_=hub.secrets)
        invitations = joining.invited(session, mine.person, secrets_=hub.secrets, now=hub.clock())
        people = {each.id: len(_people(session, each)) for each in mine_in}
    return (
        render_template(
            "members/family.html",
            form=form,
            purses=mine_in,
            people=people,
            invitations=invitations,
            id=form.typed.get("id") or to_text("prs", uuid7()),
            name_length=purses.NAME_LENGTH,
            text=to_text,
        ),
        status,
    )


def _purse(purse: str, form: Form, status: int) -> Page:
    mine, hub = me(), here()
    with hub.database.transaction() as session:
        found = purses.seen_by(session, _id(purse), mine.person, secrets_=hub.secrets)
        people = _people(session, found)
        is_opener = found.opened_by == mine.person
        before = from_text("jrn", request.args.get("before", ""))
        doings = purses.doings(session, found, before=before, limit=AT_ONCE) or []
        older = to_text("jrn", doings[-2].id) if _has_more(doings) else ""
        shown = render_template(
            "members/purse.html",
            form=form,
            purse=found,
            name=purse,
            people=people,
            mine=next(each for each in people if each["is_me"]),
            is_opener=is_opener,
            invitations=joining.waiting(session, found.id, secrets_=hub.secrets, now=hub.clock())
            if is_opener
            else [],
            has_room=len(people) < joining.MOST,
            doings=doings[:-1] if older else doings,
            older=older,
            is_later=before is not None,
            faces={each["person"]: each["face"] for each in people},
            brands=hub.brands.named({each.party for each in doings if each.party is not None}),
            text=to_text,
        )
    return shown, status


def _has_more(doings: list[purses.Doing]) -> bool:
    return sum(each.kind != "held" for each in doings) > AT_ONCE


def _member(purse: str, person: str, form: Form, status: int) -> Page:
    """A member as the opener may change it; 404 for everybody else, and for the opener's own."""
    mine, hub = me(), here()
    with hub.database.transaction() as session:
        found = purses.seen_by(session, _id(purse), mine.person, secrets_=hub.secrets)
        wanted = _id(person, "per")
        shown = next((each for each in _people(session, found) if each["person"] == wanted), None)
    if found.opened_by != mine.person or shown is None or shown["is_opener"]:
        abort(404)
    if not form.sent:
        form.typed["limit"] = f"{shown['limit']:,}"
    return (
        render_template(
            "members/purse_member.html",
            form=form,
            purse=found,
            name=purse,
            member=shown,
            path=f"/family/{purse}/members/{person}",
        ),
        status,
    )


def _people(session: Session, purse: purses.Purse) -> list[dict[str, Any]]:
    """Members as the others in the purse see them."""
    mine, hub = me(), here()
    found = joining.members(session, purse.id, purse.wallet, hub.clock())
    shown = faces(session, hub.secrets, [each.person for each in found])
    return [
        {
            "person": each.person,
            "face": shown[each.person],
            "is_me": each.person == mine.person,
            "is_opener": each.person == purse.opened_by,
            "limit": each.limit,
            "used": each.used_today,
            "contributed": each.contributed,
        }
        for each in found
    ]


def _read_limit(form: Form) -> int | None:
    """Points a day: a whole number, or nothing for none."""
    typed = form.typed.get("limit", "")
    limit = 0 if typed == "0" else whole(typed)
    if limit is None:
        form.refuse("limit", _("Enter a whole number of points a day, or 0 for none."))
    return limit


def _id(text: str, prefix: str = "prs") -> UUID:
    found = from_text(prefix, text)
    if found is None:
        abort(404)
    return found
