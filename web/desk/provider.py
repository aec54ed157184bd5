"""By the OpenID provider: to sign in, to prove again who one is, to accept, to be vouched for.

All four go by one address here, which is the only one that the provider has to know.
"""

from typing import Any, Final

import structlog
from flask import Blueprint, abort, g, redirect, request, session
from flask.typing import ResponseReturnValue

from kit.forms import tell
from kit.language import gettext as _
from staff.audit.recording import record
from staff.people import entering, invitations, limits, store
from staff.people.limits import PROVIDER_FROM_A_NETWORK
from staff.people.provider import Attempt, Identity, ProviderDown, ProviderRefused
from web.desk.coming_in import (
    address,
    arriving,
    enter,
    let_in,
    provider_name,
    relying,
    too_many,
    way_back,
)
from web.desk.signed_in import HOME, Me, prove_first, recently_proved, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_provider", __name__, url_prefix="/desk")

KEPT: Final = "desk_provider"
log = structlog.get_logger("provider")


@pages.get("/sign-in/provider")
def sign_in() -> ResponseReturnValue:
    """To the provider, to sign in."""
    return _leave("sign-in", way_back(request.args.get("next")), "/desk/sign-in")


@pages.get("/prove/provider")
@signed_in()
def prove() -> ResponseReturnValue:
    """To the provider, for a new proof."""
    return _leave("prove", way_back(request.args.get("next")), "/desk/prove", fresh=True)


@pages.get("/account/provider")
@signed_in()
def bind() -> ResponseReturnValue:
    """To the provider, so that it vouches from now on."""
    if not recently_proved():
        return prove_first("/desk/account")
    return _leave("bind", "/desk/account", "/desk/account")


@pages.get("/invitation/<token>/provider")
def accept(token: str) -> ResponseReturnValue:
    """To the provider, to accept an invitation."""
    page = f"/desk/invitation/{token}"
    return _leave("accept", HOME, page, token=token)


@pages.get("/sign-in/provider/return")
def come_back() -> ResponseReturnValue:
    """Back from there, with an answer for one attempt."""
    kept: dict[str, Any] = session.pop(KEPT, None) or {}
    attempt, party = Attempt.read(kept), relying()
    if attempt is None or party is None:  # Not recorded: anybody may open this address.
        tell("info", _("That took too long. Sign in again."))
        return redirect("/desk/sign-in", 303)
    page, now = str(kept.get("page", "/desk/sign-in")), here().clock()
    try:
        identity = party.identity(attempt, request.args.to_dict(), _back(), now)
    except ProviderDown as reason:
        return _down(page, str(reason))
    except ProviderRefused as reason:
        return _no(page, str(reason))
    log.info("provider", act=kept["act"], methods=identity.methods, level=identity.level)
    goes_on = {"sign-in": _sign_in, "accept": _accept}.get(kept["act"], _of_me)
    return goes_on(identity, kept, page)


def _sign_in(identity: Identity, kept: dict[str, Any], page: str) -> ResponseReturnValue:
    with here().database.transaction() as within:
        row = store.operator_of_subject(within, identity.issuer, identity.subject)
        if row is not None and row["active"]:
            token = enter(within, row["id"], row["name"], how="provider", facts=_facts(identity))
            return let_in(token, kept["next"])
    return _no(page, "nobody here is that subject", row["name"] if row is not None else "")


def _accept(identity: Identity, kept: dict[str, Any], page: str) -> ResponseReturnValue:
    now = here().clock()
    with here().database.transaction() as within:
        invited = invitations.find(within, here().secrets, kept["token"], now)
        if invited is None:
            return redirect(page, 303)
        taken = store.operator_of_subject(within, identity.issuer, identity.subject)
        fits = invited.email is not None and identity.email == invited.email and taken is None
        if fits:
            store.bind_subject(within, invited.operator, identity.issuer, identity.subject)
            invitations.accept(within, invited)
            with arriving("provider"):
                record(within, who=invited.name, what="operator-joined",
                       object_=f"operator {invited.name}", now=now)  # fmt: skip
            token = enter(
                within, invited.operator, invited.name, how="provider", facts=_facts(identity)
            )
            return let_in(token, HOME)
    return _no(page, "it is not the address that was invited", invited.name)


def _of_me(identity: Identity, kept: dict[str, Any], page: str) -> ResponseReturnValue:
    """Whoever left must have come back: the same session, and the same subject."""
    me: Me | None = g.get("me")
    if me is None or me.session.hex != kept.get("session"):
        return _no("/desk/sign-in", "the session is another")
    now = here().clock()
    with here().database.transaction() as within:
        row = store.operator(within, me.operator)
        if row is None:
            abort(404)
        mine = (row["issuer"], row["subject"]) == (identity.issuer, identity.subject)
        with arriving("provider"):
            if kept["act"] == "prove" and mine:
                store.note_proof(within, me.session, now)
                record(within, who=me.name, what="proved", object_=f"operator {me.name}", now=now,
                       after=_facts(identity))  # fmt: skip
                return redirect(way_back(kept["next"]), 303)
            other = store.operator_of_subject(within, identity.issuer, identity.subject)
            fits = row["email"] is not None and identity.email == row["email"] and other is None
            if kept["act"] == "bind" and fits:
                store.bind_subject(within, me.operator, identity.issuer, identity.subject)
                record(within, who=me.name, what="provider-bound", object_=f"operator {me.name}",
                       now=now, after=_facts(identity))  # fmt: skip
                tell("ok", _("From now on you can sign in by %(name)s.", name=provider_name()))
                return redirect(page, 303)
    return _no(page, "it is somebody else", me.name)


def _leave(
    act: str, to: str, page: str, *, fresh: bool = False, token: str = ""
) -> ResponseReturnValue:
    """Off to the provider. `page` is where to say what went wrong, here or there."""
    party = relying()
    if party is None:
        abort(404)
    now = here().clock()
    with here().database.transaction() as within:
        until = limits.take(within, here().secrets, PROVIDER_FROM_A_NETWORK, address(), now)
    if until is not None:
        tell("bad", too_many(until))
        return redirect(page, 303)
    attempt = Attempt.begin(now, fresh=fresh)
    try:
        there = party.address(attempt, _back())
    except ProviderDown as reason:
        return _down(page, str(reason))
    me: Me | None = g.get("me")
    session[KEPT] = {
        **attempt.kept(),
        "act": act,
        "next": to,
        "page": page,
        "token": token,
        "session": me.session.hex if me is not None else "",
    }
    return redirect(there, 303)


def _back() -> str:
    return f"{here().settings.origin}/desk/sign-in/provider/return"


def _facts(identity: Identity) -> dict[str, Any]:
    """How they proved it there, as the audit log keeps it."""
    return {"methods": list(identity.methods), "level": identity.level}


def _down(page: str, why: str) -> ResponseReturnValue:
    log.warning("provider-down", why=why)
    tell(
        "bad",
        _("%(name)s does not answer.", name=provider_name()),
        _("Try again later, or sign in another way."),
    )
    return redirect(page, 303)


def _no(page: str, why: str, who: str = "") -> ResponseReturnValue:
    log.warning("provider-refused", why=why)
    with here().database.transaction() as within, arriving("provider"):
        entering.refused(within, who or entering.UNKNOWN, f"provider: {why}", here().clock())
    tell(
        "bad",
        _("That did not work."),
        _("Nobody was signed in. Try again, or ask an administrator."),
    )
    return redirect(page, 303)
