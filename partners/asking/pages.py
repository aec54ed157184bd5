"""The page on which a member approves an online spend, or refuses it, and is sent back.

Whoever may not decide, whatever the reason, gets one and the same page and is sent nowhere.
"""

from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import members.store
from exchange.errors import InsufficientPoints, WalletFrozen
from kit.ids import from_text, to_text
from kit.language import gettext as _
from kit.secure_headers import page_policy
from members.pages.signed_in import Me, me, signed_in
from members.pages.wiring import here
from members.worth import floor_worth
from partners.asking import asking, return_urls, store
from partners.asking.asking import Decider
from partners.asking.errors import ApprovalClosed
from partners.asking.store import Row

pages = Blueprint("asking", __name__)


@pages.get("/pay/approve/<approval>")
@signed_in
def approve(approval: str) -> ResponseReturnValue:
    """Who asks, for how much, what goes, what is left, and where it leads back."""
    person, hub = me(), here()
    try:
        with hub.database.transaction() as session:
            row = asking.open_for(session, _id(approval), _decider(person), hub.clock())
            return _page(session, row, person, wrong=False)
    except ApprovalClosed:
        return _closed()


@pages.post("/pay/approve/<approval>")
@signed_in
def answer(approval: str) -> ResponseReturnValue:
    """Yes or no, once; sent twice, the form leads to the same place."""
    person, hub = me(), here()
    said = request.form.get("answer")
    if said not in ("approved", "refused"):
        return _closed()
    try:
        with hub.database.transaction() as session:
            row = _answer(session, _id(approval), person, said)
    except (WalletFrozen, InsufficientPoints):
        with hub.database.transaction() as session:
            row = asking.open_for(session, _id(approval), _decider(person), hub.clock())
            return _page(session, row, person, wrong=True)
    except ApprovalClosed:
        return _closed()
    url = return_urls.with_outcome(row["return_url"], to_text("apv", row["id"]), said)
    return redirect(url, 303)


def _answer(session: Session, approval: UUID, person: Me, said: str) -> Row:
    hub = here()
    _refuse_absent(store.find(session, approval, hub.clock()))
    if said == "refused":
        return asking.refuse(session, approval, _decider(person), hub.clock())
    return asking.approve(
        session, approval, _decider(person), secrets_=hub.secrets, now=hub.clock()
    )


def _page(session: Session, row: Row, person: Me, *, wrong: bool) -> ResponseReturnValue:
    hub = here()
    _refuse_absent(row)
    now, brands = hub.clock(), hub.brands.all()
    standing = members.store.standing(session, person.wallet, now)
    shown = render_template(
        "partners/approve.html",
        row=row,
        brand=brands[row["party_id"]].name,
        worth=floor_worth(row["points"], hub.point_worth),
        currency=hub.currency,
        spendable=standing["spendable"],
        can=not person.frozen and standing["spendable"] >= row["points"],
        lots=[
            (
                brands[lot["issuer"]].name if lot["issuer"] in brands else _("Tongbao"),
                lot["expires_on"],
                lot["points"],
            )
            for lot in store.lots(session, person.wallet, row["points"], now)
        ],
        host=return_urls.host_of(row["return_url"]),
        wrong=wrong,
    )
    response = make_response(shown, 422 if wrong else 200)
    # The form leads to the shop in the end, and a browser holds every step of that to the policy.
    policy = page_policy(form_to=return_urls.origin_of(row["return_url"]) or "")
    response.headers["Content-Security-Policy"] = policy
    return response


def _closed() -> ResponseReturnValue:
    return render_template("partners/approve_closed.html"), 404


def _refuse_absent(row: Row | None) -> None:
    """A partner that has left or is suspended could not use what it asked for."""
    if row is None or row["party_id"] not in {brand.party for brand in here().brands.open()}:
        raise ApprovalClosed


def _decider(person: Me) -> Decider:
    return Decider(member=person.member, wallet=person.wallet)


def _id(text: str) -> UUID:
    found = from_text("apv", text)
    if found is None:
        raise ApprovalClosed
    return found
