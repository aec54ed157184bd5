"""Paying at a till: a code that lives a minute, and what becomes of it, shown as it happens.

Whoever opens the page gets a fresh code, and the one before is dead. The page asks for the state of
its code by an id of its own; neither the code nor its digest stands in any address.
"""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from kit.forms import Form
from kit.ids import from_text, to_text
from kit.language import gettext as _
from members import consent, store
from members.giving import purses
from members.giving.purses import PurseChoice
from members.pages.signed_in import Me, me, signed_in
from members.pages.typed import whole
from members.pages.wiring import here

pages = Blueprint("pay", __name__)

USUAL_LIMIT = 2_000  # Points of a code, until the member chooses otherwise.
MOST = 1_000_000


@pages.get("/pay")
@signed_in
def pay() -> ResponseReturnValue:
    """A fresh code: the whole page, or the code alone when the script renews it."""
    person, hub = me(), here()
    now = hub.clock()
    with hub.database.transaction() as session:
        shared = purses.spendable(session, person.person, secrets_=hub.secrets, now=now)
        purse = _chosen(shared)
        wallet = person.wallet if purse is None else purse.wallet
        standing = store.standing(session, wallet, now)
        limit = _limit(session, wallet, person)
        shown = None
        if not person.frozen and not standing["frozen"] and standing["spendable"] > 0:
            shown = _fresh_code(session, person, wallet, purse, limit, now)
    return render_template(
        "members/pay_code.html" if _is_fragment() else "members/pay.html",
        shown=shown,
        shown_id=None if shown is None else to_text("shw", shown.id),
        seconds=consent.CODE_VALID.seconds,
        limit=limit,
        standing=standing,
        purse=purse,
        purse_id=None if purse is None else to_text("prs", purse.purse),
        purses=[(to_text("prs", one.purse), one.name) for one in shared],
    )


@pages.get("/pay/state/<shown>")
@signed_in
def state(shown: str) -> ResponseReturnValue:
    """What became of a code of mine: a page, or its live part alone for the script.

    204 says that no till has used it: it waits, or its minute is over.
    """
    person, hub = me(), here()
    id_, now = from_text("shw", shown), hub.clock()
    with hub.database.transaction() as session:
        row = None if id_ is None else store.shown_code(session, id_, person.person)
        held = row is not None and row["state"] == "held"
        lots = store.lots_of_hold(session, row["hold"]) if row is not None and held else []
    found = "dead" if row is None else state_of(row, now)
    if found in ("waiting", "over") and _is_fragment():
        return "", 204
    return render_template(
        "members/pay_state.html" if _is_fragment() else "members/pay_state_page.html",
        state=found,
        row=row,
        brand=_brand(row),
        receipt=_receipt(row),
        lots=[(_name(lot["issuer"]), lot["expires_on"], lot["points"]) for lot in lots],
        shown_id=shown,
        again=_again(person, row),
    )


@pages.route("/pay/limit", methods=["GET", "POST"])
@signed_in
def limit() -> ResponseReturnValue:
    """How much a code may be good for, from now on."""
    person, hub = me(), here()
    purse = request.values.get("purse", "")
    if request.method == "POST":
        form = Form(None, request.form)
        wanted = whole(form.typed.get("limit", ""))
        if wanted is not None and wanted <= MOST:
            return redirect(url_for("pay.pay", limit=wanted, purse=purse or None), 303)
        form.refuse("limit", _("Enter a whole number from 1 to %(most)s.", most=f"{MOST:,}"))
    else:
        now = hub.clock()
        with hub.database.transaction() as session:
            shared = purses.spendable(session, person.person, secrets_=hub.secrets, now=now)
            chosen = _chosen(shared)
            wallet = person.wallet if chosen is None else chosen.wallet
            form = Form(limit=_limit(session, wallet, person))
    page = render_template("members/pay_limit.html", form=form, purse=purse)
    return page, 422 if form.errors else 200


def state_of(row: RowMapping, now: datetime) -> str:
    """waiting, over, held, ended, or paid."""
    if row["used_at"] is None:
        return "waiting" if row["expires_at"] is not None and row["expires_at"] > now else "over"
    if row["state"] == "held":
        return "held"
    if row["state"] in ("voided", "expired"):
        return "ended"
    return "paid"


def _fresh_code(
    session: Session,
    person: Me,
    wallet: int,
    purse: PurseChoice | None,
    limit: int,
    now: datetime,
) -> consent.Shown | None:
    """The code, or None when the purse lets this person pay nothing more today."""
    consent.end_shown(session, wallet=wallet, person=person.person)
    most = limit
    if purse is not None:
        most = min(limit, purses.allowance(session, purse.purse, person.person, now))
    if most < 1:
        return None
    return consent.show(
        session,
        wallet=wallet,
        person=person.person,
        shared=purse is not None,
        max_points=most,
        chosen_limit=limit,
        secrets_=here().secrets,
        now=now,
    )


def _chosen(shared: list[PurseChoice]) -> PurseChoice | None:
    """The purse that the address names; none is the member's own wallet. 404 for another's."""
    named = request.values.get("purse", "")
    if not named:
        return None
    found = [one for one in shared if one.purse == from_text("prs", named)]
    return found[0] if found else abort(404)


def _limit(session: Session, wallet: int, person: Me) -> int:
    asked = whole(request.args.get("limit", ""))
    if asked is not None and asked <= MOST:
        return asked
    return store.chosen_limit(session, wallet, person.person) or USUAL_LIMIT


def _again(person: Me, row: RowMapping | None) -> str:
    """Where a new code of the same wallet is shown."""
    if row is None or row["wallet_id"] == person.wallet:
        return url_for("pay.pay")
    hub = here()
    with hub.database.transaction() as session:
        shared = purses.spendable(session, person.person, secrets_=hub.secrets, now=hub.clock())
    of = [one.purse for one in shared if one.wallet == row["wallet_id"]]
    return url_for("pay.pay", purse=to_text("prs", of[0]) if of else None)


def _receipt(row: RowMapping | None) -> str | None:
    if row is None or row["journal"] is None:
        return None
    return f"/wallet/activity/{to_text('jrn', UUID(str(row['journal'])))}"


def _brand(row: RowMapping | None) -> str:
    return "" if row is None or row["used_by"] is None else _name(row["used_by"])


def _name(party: int) -> str:
    brand = here().brands.all().get(party)
    return _("Tongbao") if brand is None else brand.name


def _is_fragment() -> bool:
    return request.headers.get("X-Fragment") == "1"
