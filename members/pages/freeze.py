"""Freezing the wallet: at once, for everybody; lifted only by who proves anew who they are."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from exchange import freezing, history
from kit import ids
from kit.forms import tell
from kit.language import gettext as _
from members import store
from members.giving import purses
from members.notices import notify
from members.pages.showing import show
from members.pages.signed_in import me, prove_first, recently_proved, signed_in
from members.pages.wiring import here

pages = Blueprint("freeze", __name__)

SHOWN = 20  # holds that the result lists


@pages.get("/freeze")
@signed_in
def freeze() -> ResponseReturnValue:
    """What freezing does, or what it did: each hold that it ended is named in the query."""
    person, hub = me(), here()
    named = [ids.from_text("aut", text) for text in request.args.getlist("ended")[:SHOWN]]
    with hub.database.transaction() as session:
        ended = [store.hold(session, person.wallet, each) for each in named if each]
        open_holds = history.holds(session, person.wallet)
    return show(
        "members/freeze.html",
        ended=[hold for hold in ended if hold is not None and hold["state"] == "voided"],
        open_holds=open_holds,
    )


@pages.post("/freeze")
@signed_in
def freeze_now() -> ResponseReturnValue:
    """Freeze, and end every hold. A second press changes nothing."""
    person, hub = me(), here()
    with hub.database.transaction() as session:
        purses.stop_codes(session, person.person)
        ended = freezing.freeze(session, person.wallet)
        if not person.frozen:
            notify(session, person.person, "frozen", holds=len(ended))
    if ended:  # That it is frozen is said at the top of every page.
        one = len(ended) == 1
        tell(
            "ok",
            _("1 hold was cancelled.") if one else _("%(n)s holds were cancelled.", n=len(ended)),
        )
    shown = [ids.to_text("aut", each.hold) for each in ended[:SHOWN]]
    return redirect(url_for("freeze.freeze", ended=shown), 303)


@pages.post("/freeze/lift")
@signed_in
def unfreeze() -> ResponseReturnValue:
    """Lift it, for a member who proved by passkey or code within the last minutes."""
    person, hub = me(), here()
    if not recently_proved():
        return prove_first(url_for("freeze.freeze"))
    with hub.database.transaction() as session:
        freezing.unfreeze(session, person.wallet)
        if person.frozen:
            notify(session, person.person, "unfrozen")
    tell("ok", _("Your wallet is open again"), _("Your points can be spent from now on."))
    return redirect(url_for("wallet.wallet"), 303)
