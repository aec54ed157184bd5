"""Hub personnel: who they are, as what, how they sign in; who is invited; who is out.

What gives waits for a second person. What takes away (sessions, somebody's way in) acts at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import RowMapping

from kit import ids
from kit.errors import Refusal
from kit.forms import Form, tell
from kit.language import gettext as _
from kit.language import mark
from members.notices.senders import Smtp
from staff.approvals import PARTNER
from staff.audit.recording import COMMAND_LINE
from staff.errors import AlreadyProposed
from staff.people import invitations, operators, sessions, store
from staff.people.errors import EmailTaken, LastAdministrator, NameTaken, OwnRoles
from staff.people.invitations import EMAIL, VALID, is_name
from staff.roles import POWERS, Power, Role, who_may
from web.desk.acting import note, propose
from web.desk.files import as_csv
from web.desk.listing import Asked, cut
from web.desk.refusals import in_words
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_people", __name__, url_prefix="/desk")

LONGEST_REASON: Final = 300
STATES: Final = {
    "active": mark("Active"),
    "invited": mark("Invited"),
    "ended": mark("Deactivated"),
}
ROLES: Final = {
    Role.OPERATIONS: mark("operations"),
    Role.FINANCE: mark("finance"),
    Role.APPROVER: mark("approver"),
    Role.RISK: mark("risk"),
    Role.AUDITOR: mark("auditor"),
    Role.ADMINISTRATOR: mark("administrator"),
}
WHAT_FOR: Final = {
    Role.OPERATIONS: mark("windows, partners, rates, disputes, the support view of members"),
    Role.FINANCE: mark("windows, banks, adjustments, exchange rates, disputes"),
    Role.APPROVER: mark("decides on what others propose"),
    Role.RISK: mark("caps, security, defaults, unmasks a member with a reason"),
    Role.AUDITOR: mark("sees everything, changes nothing"),
    Role.ADMINISTRATOR: mark("people of the hub"),
}
REFUSED: Final[Mapping[type[Refusal], tuple[str, str]]] = {
    NameTaken: ("name", mark("Somebody has this name already.")),
    EmailTaken: ("email", mark("Somebody has this address already.")),
    OwnRoles: ("roles", mark("Nobody decides on their own roles.")),
    LastAdministrator: (
        "roles",
        mark("This is the last administrator: make another one first."),
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody, as the pages show them. `ways` are words for how they sign in."""

    id: int
    name: str
    roles: tuple[str, ...]
    state: str
    ways: tuple[str, ...]
    seen_at: datetime | None
    email: str | None
    approved_by: str | None
    approved_at: datetime | None
    made_at: datetime | None
    mailed: bool


@pages.get("/people")
@signed_in()
def people() -> ResponseReturnValue:
    """Everybody, by name."""
    asked = Asked(filters=("state", "role"), sorts=("name", "seen"), default="name")
    with here().database.transaction() as within:
        everybody = [_person(row) for row in store.people(within)]
        waiting = store.waiting_proposals(within, here().clock())
    shown = [
        one
        for one in everybody
        if asked.filters["state"] in ("", one.state)
        and (not asked.filters["role"] or asked.filters["role"] in one.roles)
    ]
    if asked.csv:
        return _csv(shown)
    page = cut(shown, asked, _by_visit if asked.by == "seen" else _by_name)
    return render_template(
        "desk/people.html",
        asked=asked,
        page=page,
        pending=[_waiting(row) for row in waiting],
        states={name: _(word) for name, word in STATES.items()},
        role_choices=[(role.value, role_word(role)) for role in Role],
        may_change=me().may("people"),
        who_may=[role_word(role) for role in who_may(Power.PEOPLE)],
        administrators=sum(
            one.state == "active" and Role.ADMINISTRATOR in one.roles for one in everybody
        ),
    )


@pages.get("/invite")
@signed_in(Power.PEOPLE)
def invite() -> str:
    """Somebody new: a name, an address, roles, and why."""
    return _invite_page(Form(), [])


@pages.post("/invite")
@signed_in(Power.PEOPLE)
def propose_invitation() -> ResponseReturnValue:
    """Another must approve; then the link goes out."""
    form, roles = Form(None, request.form), _chosen()
    name, email = form.typed.get("name", ""), form.typed.get("email", "").casefold()
    if not is_name(name):
        form.refuse("name", _("Enter a name of 2 to 40 letters, as the desk will show it."))
    if not EMAIL.fullmatch(email):
        form.refuse("email", _("Enter an e-mail address, such as li.mei@example.com."))
    if not roles:
        form.refuse("roles", _("Choose at least one role."))
    _check_reason(form)
    if form.ok:
        try:
            with here().database.transaction() as within:
                invitations.check(within, name, email)
                content = {"name": name, "roles": roles, "email": email}
                proposal = propose(within, "operator-invitation", content, form.typed["reason"])
            return _proposed(proposal)
        except AlreadyProposed as waits:
            return _waits(waits)
        except (NameTaken, EmailTaken) as refusal:
            _refuse(form, refusal)
    return _invite_page(form, roles), 422


@pages.get("/people/<name>")
@signed_in()
def person(name: str) -> str:
    """One person: roles, how they sign in, where they are signed in."""
    return _page(_find(name), Form())


@pages.post("/people/<name>/roles")
@signed_in(Power.PEOPLE)
def propose_roles(name: str) -> ResponseReturnValue:
    """Other roles, once another approves."""
    found, form, roles = _find(name), Form(None, request.form), _chosen()
    if not roles:
        form.refuse("roles", _("Choose at least one role."))
    elif roles == list(found.roles):
        form.refuse("roles", _("These are the roles already."))
    _check_reason(form)
    if form.ok:
        try:
            with here().database.transaction() as within:
                operators.check_roles(within, name, roles, by=[me().name])
                content = {"name": name, "roles": roles}
                proposal = propose(within, "operator-roles", content, form.typed["reason"])
            return _proposed(proposal)
        except AlreadyProposed as waits:
            return _waits(waits)
        except (OwnRoles, LastAdministrator) as refusal:
            _refuse(form, refusal)
    return _page(found, form, roles), 422


@pages.get("/people/<name>/deactivate")
@signed_in(Power.PEOPLE)
def deactivation(name: str) -> str:
    """The last look before somebody is out."""
    return render_template("desk/people_deactivate.html", person=_find(name), form=Form())


@pages.post("/people/<name>/deactivate")
@signed_in(Power.PEOPLE)
def deactivate(name: str) -> ResponseReturnValue:
    """Out, at once: it only takes away."""
    found, form = _find(name), Form(None, request.form)
    _check_reason(form)
    if form.ok:
        try:
            with here().database.transaction() as within:
                operators.deactivate(within, name, by=me().name)
                note(
                    within,
                    "operator-deactivated",
                    f"operator {name}",
                    reason=form.typed["reason"],
                    before={"state": found.state},
                    after={"state": "ended"},
                )
            tell("ok", _("%(name)s is out, and signed out everywhere.", name=name))
            return redirect(_address(name), 303)
        except (OwnRoles, LastAdministrator) as refusal:
            form.refuse("reason", _(REFUSED[type(refusal)][1]))
    return render_template("desk/people_deactivate.html", person=found, form=form), 422


@pages.post("/people/<name>/restore")
@signed_in(Power.PEOPLE)
def propose_restoration(name: str) -> ResponseReturnValue:
    """In again, once another approves, by a new invitation."""
    found, form = _find(name), Form(None, request.form)
    _check_reason(form)
    if found.state != "ended":
        abort(409)
    if not form.ok:
        return _page(found, form), 422
    try:
        with here().database.transaction() as within:
            proposal = propose(within, "operator-restoration", {"name": name}, form.typed["reason"])
    except AlreadyProposed as waits:
        return _waits(waits)
    return _proposed(proposal)


@pages.post("/people/<name>/end-sessions")
@signed_in(Power.PEOPLE)
def end_sessions(name: str) -> ResponseReturnValue:
    """Sign somebody out everywhere, at once."""
    _find(name)
    with here().database.transaction() as within:
        number = operators.end_sessions(within, name, here().clock())
        note(within, "session-ended", f"operator {name}", after={"ended": number})
    tell("ok", _("%(name)s is signed out everywhere.", name=name))
    return redirect(_address(name), 303)


@pages.post("/people/<name>/link")
@signed_in()
def make_link(name: str) -> ResponseReturnValue:
    """The link of an invitation, shown once, to whoever approved it and to nobody else."""
    found = _find(name)
    if found.state != "invited" or found.approved_by != me().name:
        abort(403)
    with here().database.transaction() as within:
        kept = store.lock_invitation(within, found.id)
        if kept is None or kept["approved_by"] != me().name:  # Invited anew, by another, just now.
            abort(404)
        token = invitations.make_link(within, here().secrets, found.id, here().clock())
        note(within, "invitation-link-made", f"operator {name}")
    return render_template(
        "desk/people_link.html",
        person=found,
        link=f"{here().settings.origin}/desk/invitation/{token}",
        until=here().clock() + VALID,
    )


def _find(name: str) -> Person:
    with here().database.transaction() as within:
        row = next((row for row in store.people(within) if row["name"] == name), None)
    if row is None:
        abort(404)
    return _person(row)


def _person(row: RowMapping) -> Person:
    ways = []
    if row["passkeys"]:
        ways.append(_("passkey"))
    if row["has_password"]:
        ways.append(_("password and app"))
    if row["subject"] is not None:
        ways.append(_("provider"))
    state = "active" if row["active"] else "ended" if row["approved_at"] is None else "invited"
    return Person(
        id=row["id"],
        name=row["name"],
        roles=tuple(role for role in Role if role in row["roles"]),
        state=state,
        ways=tuple(ways),
        seen_at=row["seen_at"],
        email=row["email"],
        approved_by=row["approved_by"],
        approved_at=row["approved_at"],
        made_at=row["made_at"],
        mailed=bool(row["mailed"]),
    )


def _by_name(one: Person) -> tuple[Any, ...]:
    return (one.name.casefold(), one.id)


def _by_visit(one: Person) -> tuple[Any, ...]:
    return (one.seen_at.timestamp() if one.seen_at else 0.0, one.id)


def _waiting(row: RowMapping) -> dict[str, Any]:
    return {
        "id": ids.to_text("prp", row["id"]),
        "what": {
            "operator-invitation": _("Invite %(name)s"),
            "operator-roles": _("Change the roles of %(name)s"),
            "operator-restoration": _("Let %(name)s back in"),
        }[row["kind"]]
        % {"name": row["content"]["name"]},
        "name": row["content"]["name"],
        "roles": [role_word(role) for role in row["content"].get("roles", ())],
        "by": row["proposed_by"],
        "expires_at": row["expires_at"],
    }


@pages.app_template_filter("person")
def person_word(who: str) -> str:
    """Who acted; what is no person is said in words."""
    if who.startswith(PARTNER):
        return _("partner %(slug)s", slug=who.removeprefix(PARTNER))
    return _("command line") if who == COMMAND_LINE else who


@pages.app_template_filter("role")
def role_word(role: str) -> str:
    """What a role is called."""
    return _(ROLES[Role(role)])


def _roles() -> list[tuple[str, str, str]]:
    """Each role, what it is called, what it is for."""
    return [(role.value, role_word(role), _(WHAT_FOR[role])) for role in POWERS]


def _chosen() -> list[str]:
    """The roles that are ticked, in their order; none that nobody knows."""
    ticked = request.form.getlist("roles")
    return [role.value for role in Role if role in ticked]


def _check_reason(form: Form) -> None:
    reason = form.typed.get("reason", "")
    if not 0 < len(reason) <= LONGEST_REASON:
        form.refuse("reason", _("Say why, in up to %(n)s letters.", n=LONGEST_REASON))


def _refuse(form: Form, refusal: Refusal) -> None:
    field, sentence = REFUSED[type(refusal)]
    form.refuse(field, _(sentence))


def _proposed(proposal: UUID) -> ResponseReturnValue:
    tell("ok", _("Proposed. Someone else must approve it within 48 hours."))
    return redirect(f"/desk/approvals/{ids.to_text('prp', proposal)}", 303)


def _waits(refusal: AlreadyProposed) -> ResponseReturnValue:
    """To what is proposed of this person already."""
    tell("info", in_words(refusal))
    return redirect(f"/desk/approvals/{refusal.facts['proposal']}", 303)


def _address(name: str) -> str:
    return url_for("desk_people.person", name=name)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _csv(shown: list[Person]) -> ResponseReturnValue:
    head = ("name", "roles", "state", "signs_in_by", "last_seen")
    rows = (
        (one.name, " ".join(one.roles), one.state, ", ".join(one.ways), _iso(one.seen_at))
        for one in shown
    )
    return as_csv(head, rows, "people")


def _invite_page(form: Form, chosen: list[str]) -> str:
    return render_template("desk/people_invite.html", form=form, chosen=chosen, roles=_roles())


def _page(found: Person, form: Form, chosen: list[str] | None = None) -> str:
    now = here().clock()
    with here().database.transaction() as within:
        open_ = sessions.of(within, found.id, now)
        waiting = store.waiting_proposals(within, now)
    mine = me()
    return render_template(
        "desk/person.html",
        person=found,
        form=form,
        chosen=list(found.roles) if chosen is None else chosen,
        sessions=open_,
        pending=[one for one in map(_waiting, waiting) if one["name"] == found.name],
        roles=_roles(),
        states={name: _(word) for name, word in STATES.items()},
        is_me=mine.name == found.name,
        may_change=mine.may("people"),
        may_link=found.state == "invited" and found.approved_by == mine.name,
        by_mail=isinstance(here().settings.sender, Smtp) and found.email is not None,
        dead=found.made_at is not None and found.made_at + VALID <= now,
        until=found.made_at + VALID if found.made_at else None,
        who_may=[role_word(role) for role in who_may(Power.PEOPLE)],
    )
