"""Giving points to a mobile number or a family purse, and answering what others give.

No page of the giver's differs between a number that somebody has and one that nobody has.
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exchange.errors import InsufficientPoints, WalletFrozen
from kit.forms import Form, tell
from kit.ids import from_text, to_text
from kit.language import gettext as _
from members.giving import drafts, gifts, joining, limits, numbers, purses, store
from members.giving.errors import GiftOver, GiveLimit, GiverFrozen, OwnNumber, TooManyWaiting
from members.giving.gifts import Lot
from members.pages.signed_in import Me, me, signed_in
from members.pages.typed import is_line, whole
from members.pages.wiring import here
from members.people.persons import face
from members.trust.levels import limits as limits_of

pages = Blueprint("give", __name__)

Page = tuple[str, int]
FIELDS = ("purse", "number", "points", "note")


@pages.get("/give")
@signed_in
def give() -> Page:
    return _form(Form(None, None, purse=request.args.get("purse", "")), 200)


@pages.post("/give")
@signed_in
def check() -> Page:
    """The page that repeats what was typed; nothing has happened when it is shown."""
    mine, hub = me(), here()
    form = Form(None, request.form)
    if "draft" in form.typed:  # From the check page, to change something.
        before = _opened(form.typed["draft"], mine) or {"typed": {}}
        return _form(Form(None, None, **before["typed"]), 200)
    facts = _read(form, mine)
    if facts is None:
        return _form(form, 422)
    with hub.database.transaction() as session:
        refuse_amount(session, form, mine, facts["points"])
        if not form.ok:
            return _form(form, 422, session)
        lots = gifts.lots_that_go(session, mine.wallet, facts["points"], hub.clock())
    draft = drafts.seal(mine.person, facts, secrets_=hub.secrets, now=hub.clock())
    return (
        render_template(
            "members/give_check.html",
            draft=draft,
            facts=facts,
            lots=named(lots),
            comes_back=hub.clock() + gifts.WAITS,
        ),
        200,
    )


@pages.post("/give/confirm")
@signed_in
def confirm() -> Response | Page:
    mine = me()
    facts = _opened(request.form.get("draft", ""), mine)
    if facts is None:
        tell("warn", _("This page was open too long."), _("Nothing was given. Check it again."))
        return redirect("/give", 303)
    form = Form(None, None, **facts["typed"])
    try:
        return redirect(_do(mine, facts), 303)
    except OwnNumber:
        form.refuse("number", _("This is your own number."))
    except TooManyWaiting:
        form.refuse("number", _too_many())
    except GiveLimit as refusal:
        form.refuse("points", _over_limit(refusal.facts["left"]))
    except WalletFrozen:
        form.refuse("points", _("Your wallet is frozen: nobody can spend your points."))
    except InsufficientPoints as refusal:
        form.refuse("points", _short(facts["points"], refusal.facts["available"]))
    return _form(form, 422)


@pages.get("/give/<gift>")
@signed_in
def one(gift: str) -> str:
    """The state of a gift, for its giver; for the recipient, with what can be answered."""
    mine, hub = me(), here()
    with hub.database.transaction() as session:
        found, is_mine = gifts.seen_by(
            session, _gift_id(gift), mine.person, secrets_=hub.secrets, now=hub.clock()
        )
        lots = gifts.lots_of(session, found.id)
    return render_template(
        "members/gift.html", gift=found, name=gift, is_mine=is_mine, lots=named(lots)
    )


@pages.post("/give/<gift>/take-back")
@signed_in
def take_back(gift: str) -> Response:
    hub = here()
    try:
        with hub.database.transaction() as session:
            points = gifts.take_back(session, _gift_id(gift), giver=me().person, now=hub.clock())
        tell("ok", _("%(n)s points are back in your wallet.", n=f"{points:,}"))
    except GiftOver:
        tell("info", _("This gift no longer waits, so it could not be taken back."))
    return redirect(f"/give/{gift}", 303)


@pages.post("/give/<gift>/accept")
@signed_in
def accept(gift: str) -> Response:
    hub = here()
    try:
        with hub.database.transaction() as session:
            points = gifts.accept(session, _gift_id(gift), recipient=me().person, now=hub.clock())
        tell("ok", _("%(n)s points are yours.", n=f"{points:,}"))
    except GiftOver:
        return _gone()
    except GiverFrozen:
        tell("warn", _("This gift cannot be accepted now."), _("Nothing was moved. Try later."))
    return redirect(f"/give/{gift}", 303)


@pages.post("/give/<gift>/decline")
@signed_in
def decline(gift: str) -> Response:
    hub = here()
    try:
        with hub.database.transaction() as session:
            gifts.decline(session, _gift_id(gift), recipient=me().person, now=hub.clock())
        tell("ok", _("You declined. The points went back."))
    except GiftOver:
        return _gone()
    return redirect("/give", 303)


def named(lots: list[Lot]) -> list[dict[str, object]]:
    """Lots with their issuers as members know them."""
    brands = here().brands.named({lot.issuer for lot in lots})
    return [
        {
            "issuer": brands[lot.issuer].name if lot.issuer in brands else _("Tongbao"),
            "expires_on": lot.expires_on,
            "points": lot.points,
        }
        for lot in lots
    ]


def left_today(session: Session, mine: Me) -> int:
    """What this person may still give today."""
    limit = limits_of(mine.level).give_daily
    return limits.left_today(session, mine.person, limit, here().clock())


def refuse_amount(session: Session, form: Form, mine: Me, points: int) -> None:
    """Say beside `points` what is wrong with so many, if anything is."""
    left = left_today(session, mine)
    available = store.spendable(session, mine.wallet, here().clock())
    if mine.frozen:
        form.refuse("points", _("Your wallet is frozen: nobody can spend your points."))
    elif points > left:
        form.refuse("points", _over_limit(left))
    elif points > available:
        form.refuse("points", _short(points, available))


def read_points(form: Form) -> int | None:
    """The amount that was typed, refused when it is none."""
    points = whole(form.typed.get("points", ""))
    if points is None:
        form.refuse("points", _("Enter a whole number, such as 800."))
    return points


def read_number(form: Form) -> numbers.Number | None:
    """The mobile number that was typed, refused when it is none."""
    hub = here()
    found = numbers.number(form.typed.get("number", ""), hub.phone_region, hub.secrets)
    if found is None:
        form.refuse("number", _("Enter a mobile number, such as 139 0000 0000."))
    return found


def _form(form: Form, status: int, session: Session | None = None) -> Page:
    if session is not None:
        return _render(session, form, status)
    with here().database.transaction() as fresh:
        return _render(fresh, form, status)


def _render(session: Session, form: Form, status: int) -> Page:
    mine, hub = me(), here()
    now, secrets_ = hub.clock(), hub.secrets
    return (
        render_template(
            "members/give.html",
            form=form,
            left=left_today(session, mine),
            level=mine.level,
            purses=purses.of(session, mine.person, secrets_=secrets_),
            incoming=gifts.incoming(session, mine.person, secrets_=secrets_, now=now),
            invitations=joining.invited(session, mine.person, secrets_=secrets_, now=now),
            given=gifts.given(session, mine.person, secrets_=secrets_),
            note_length=gifts.NOTE_LENGTH,
            text=to_text,
        ),
        status,
    )


def _read(form: Form, mine: Me) -> dict[str, Any] | None:
    """What is to be confirmed; None when something is wrong with it, which is said."""
    points = read_points(form)
    note = form.typed.get("note", "")
    if len(note) > gifts.NOTE_LENGTH or not is_line(note):
        form.refuse("note", _("Write at most %(n)s characters.", n=gifts.NOTE_LENGTH))
    purse = from_text("prs", form.typed.get("purse", ""))
    facts: dict[str, Any] = {
        "points": points,
        "note": note,
        "typed": {name: form.typed.get(name, "") for name in FIELDS},
    }
    if purse is not None:
        with here().database.transaction() as session:
            found = purses.seen_by(session, purse, mine.person, secrets_=here().secrets)
        facts |= {"kind": "contribution", "purse": str(purse), "to": found.name}
    else:
        number = read_number(form)
        if number is not None:
            with here().database.transaction() as session:
                if gifts.is_own(session, mine.person, number.index):
                    form.refuse("number", _("This is your own number."))
            facts |= {"kind": "gift", "to_index": number.index.hex(), "to": number.masked}
    return facts if form.ok else None


def _do(mine: Me, facts: dict[str, Any]) -> str:
    """Give what was confirmed; where its page is."""
    hub = here()
    limit = limits_of(mine.level).give_daily
    points = facts["points"]
    with hub.database.transaction() as session:
        if facts["kind"] == "contribution":
            purse = UUID(facts["purse"])
            purses.contribute(
                session,
                id_=facts["id"],
                purse=purse,
                person=mine.person,
                wallet=mine.wallet,
                points=points,
                daily_limit=limit,
                now=hub.clock(),
            )
            tell("ok", _("%(n)s points are in the purse.", n=f"{points:,}"))
            return f"/family/{to_text('prs', purse)}"
        new = gifts.NewGift(
            id=facts["id"],
            giver=mine.person,
            wallet=mine.wallet,
            to_index=bytes.fromhex(facts["to_index"]),
            points=points,
            daily_limit=limit,
            words={
                "to": facts["to"],
                "sender": face(session, hub.secrets, mine.person),
                "note": facts["note"],
            },
        )
        gifts.give(session, new, secrets_=hub.secrets, now=hub.clock())
    return f"/give/{to_text('gft', facts['id'])}"


def _opened(draft: str, mine: Me) -> dict[str, Any] | None:
    hub = here()
    return drafts.unseal(draft, mine.person, secrets_=hub.secrets, now=hub.clock())


def _gift_id(text: str) -> UUID:
    found = from_text("gft", text)
    if found is None:
        abort(404)
    return found


def _gone() -> Response:
    tell("info", _("This gift no longer waits for you: it went back."))
    return redirect("/give", 303)


def _over_limit(left: int) -> str:
    if left == 0:
        return _("You have given all that you can today. Try again tomorrow.")
    return _("Enter a whole number from 1 to %(n)s: you can give %(n)s more today.", n=f"{left:,}")


def _short(needs: int, available: int) -> str:
    return _(
        "Not enough points: this needs %(needs)s and %(available)s are available.",
        needs=f"{needs:,}",
        available=f"{available:,}",
    )


def _too_many() -> str:
    return _(
        "%(n)s of your gifts wait for an answer. Take one back, or wait for one.",
        n=gifts.MOST_WAITING,
    )
