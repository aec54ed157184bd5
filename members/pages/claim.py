"""The wallet that a brand opened for me before I came: mine by the token that the brand shows."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kit.forms import Form, tell
from kit.language import gettext as _
from members.errors import LinkTokenInvalid
from members.pages.coming_in import too_many
from members.pages.signed_in import me, signed_in
from members.pages.wiring import here
from members.people import claiming, limits, store
from members.people.errors import WalletInUse
from members.people.limits import CLAIMS_OF_A_PERSON

pages = Blueprint("claim", __name__)


@pages.get("/wallet/claim")
@signed_in
def claim() -> str:
    """Type the token."""
    return _page(Form())


@pages.post("/wallet/claim")
@signed_in
def claim_now() -> ResponseReturnValue:
    """Move into that wallet."""
    form, secrets_, now = Form(None, request.form), here().secrets, here().clock()
    with here().database.transaction() as within:
        until = limits.take(within, secrets_, CLAIMS_OF_A_PERSON, str(me().person), now)
    if until is not None:
        form.refuse("token", too_many(until))
        return _page(form), 429
    try:
        with here().database.transaction() as within:
            claiming.claim(within, secrets_, me().person, form.typed.get("token", ""), now)
    except WalletInUse:
        return _page(form), 409
    except LinkTokenInvalid:
        form.refuse(
            "token", _("This token is unknown, used or expired. Ask the brand for another.")
        )
        return _page(form), 422
    tell("ok", _("This wallet is yours now."))
    return redirect("/wallet", 303)


def _page(form: Form) -> str:
    with here().database.transaction() as within:
        in_use = store.is_touched(within, me().wallet)
    return render_template("members/wallet_claim.html", form=form, in_use=in_use)
