"""Exchanging, as members see it: a firm price, what is under way, what can be undone."""

from typing import Any, cast
from uuid import UUID

import structlog
from flask import Blueprint, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from exchange.errors import InsufficientPoints, PartnerNotActive, WalletFrozen
from kit.database import DatabaseUnavailable
from kit.forms import Form, tell
from kit.ids import from_text, to_text
from kit.language import gettext as _
from kit.language import mark
from members.pages.signed_in import Me, me, signed_in
from members.pages.typed import whole
from members.pages.wiring import Brand, here
from members.trust.levels import limits
from partners.errors import TermsMissing
from partners.exchanges import driving, exchanging, store
from partners.exchanges.calling import Caller
from partners.exchanges.errors import (
    ExchangeAmount,
    ExchangeExpired,
    ExchangeImpossible,
    ExchangeNotFound,
    UndoRefused,
)
from partners.exchanges.machine import Direction
from partners.exchanges.store import Row

pages = Blueprint("exchanges", __name__)
log = structlog.get_logger("exchanges")

SHOWN = 20

# Why points came back, or stayed: what partners say, and what the books said.
REASONS = {
    "unknown-member": mark("%(brand)s does not know your account there."),
    "not-enough": mark("You do not have enough points at %(brand)s."),
    "spent": mark("The points at %(brand)s have been spent already."),
    "too-late": mark("It is too late at %(brand)s."),
    "limit": mark("It is more than %(brand)s allows."),
    "other": mark("%(brand)s refused."),
    "hold-not-open": mark("What was set aside had been let go before %(brand)s answered."),
    "position-limit": mark("%(brand)s may not give that many points now."),
    "daily-cap": mark("It is more than %(brand)s may exchange in a day."),
}
WHY_NOT = {
    "late": mark("The time to undo this is over."),
    "spent": mark("The points of this exchange have been spent, so it cannot be undone."),
    "refused": mark("The brand has refused to take this back."),
    "never": mark("Exchanges with this brand cannot be undone."),
    "not-done": mark("There is nothing to undo."),
}


@pages.get("/exchange")
@signed_in
def start() -> ResponseReturnValue:
    """Which way, which brand, how many; below it what is under way and what is done."""
    kept = {name: request.args.get(name, "") for name in ("direction", "brand", "amount")}
    kept["direction"] = kept["direction"] or "export"
    return _start(Form(None, None, **kept), 200)


@pages.post("/exchange")
@signed_in
def ask_price() -> ResponseReturnValue:
    mine, hub = me(), here()
    form = Form(None, request.form)
    direction = form.typed.get("direction")
    amount = whole(form.typed.get("amount", ""))
    with hub.database.transaction() as session:
        choices = _choices(session, mine)
    brand = next((one for one in choices if one.slug == form.typed.get("brand")), None)
    if direction not in ("import", "export"):
        form.refuse("direction", _("Choose which way."))
    if brand is None:
        form.refuse("brand", _("Choose a brand."))
    if mine.frozen:
        form.refuse("amount", _("Your wallet is frozen: nobody can spend your points."))
    if not form.ok or brand is None:
        return _start(form, 422)
    try:
        with hub.database.transaction() as session:
            quoted = exchanging.quote(
                session,
                wallet=mine.wallet,
                party=brand.party,
                direction=cast(Direction, direction),
                amount=amount or 0,
                limit=limits(mine.level).exchange_daily,
                now=hub.clock(),
            )
        return redirect(f"/exchange/quote/{to_text('quo', quoted)}", 303)
    except ExchangeImpossible:
        form.refuse("brand", _("%(brand)s does not exchange this way now.", brand=brand.name))
    except ExchangeAmount as refusal:
        form.refuse("amount", _amount_words(refusal.facts))
    except InsufficientPoints as refusal:
        form.refuse("amount", _short(refusal.facts))
    return _start(form, 422)


@pages.get("/exchange/quote/<quote>")
@signed_in
def check(quote: str) -> ResponseReturnValue:
    """The last look before points move; an expired price keeps what was typed."""
    with here().database.transaction() as session:
        row = _found(session, quote, "quo")
        if row["state"] != "quoted":
            return redirect(_state_path(row), 303)
        return _quote(session, row, 200)


@pages.post("/exchange/quote/<quote>")
@signed_in
def confirm(quote: str) -> ResponseReturnValue:
    """Take the price, once, and ask the partner at once; however it ends, its state is a page."""
    mine, hub = me(), here()
    exchange = _id(quote, "quo")
    try:
        with hub.database.transaction() as session:
            exchanging.confirm(
                session,
                exchange,
                wallet=mine.wallet,
                limit=limits(mine.level).exchange_daily,
                secrets=hub.secrets,
                now=hub.clock(),
            )
    except ExchangeNotFound:
        abort(404)
    except ExchangeExpired:
        return redirect(f"/exchange/quote/{quote}", 303)
    except (ExchangeImpossible, PartnerNotActive, TermsMissing):
        tell("warn", _("Not possible now. What you have is safe."))
        return redirect("/exchange", 303)
    except WalletFrozen:
        tell("bad", _("Your wallet is frozen: nobody can spend your points."))
        return redirect("/exchange", 303)
    except ExchangeAmount as refusal:
        tell("warn", _("Nothing was exchanged."), _amount_words(refusal.facts))
        return redirect("/exchange", 303)
    except InsufficientPoints as refusal:
        tell("warn", _("Nothing was exchanged."), _short(refusal.facts))
        return redirect("/exchange", 303)
    _advance(exchange)
    return redirect(f"/exchange/{to_text('exg', exchange)}", 303)


@pages.get("/exchange/<exchange>")
@signed_in
def state(exchange: str) -> ResponseReturnValue:
    """How an exchange stands, with every time; alone when the page's script asks."""
    with here().database.transaction() as session:
        row = _found(session, exchange, "exg")
    if row["state"] == "quoted":
        abort(404)
    template = "exchange_now" if request.headers.get("X-Fragment") else "exchange_state"
    return render_template(f"partners/{template}.html", **_facts(row), path=_state_path(row))


@pages.get("/exchange/<exchange>/undo")
@signed_in
def check_undo(exchange: str) -> ResponseReturnValue:
    """The last look before it is undone."""
    with here().database.transaction() as session:
        row = _found(session, exchange, "exg")
    if row["state"] != "done":
        return redirect(_state_path(row), 303)
    return render_template("partners/exchange_undo.html", **_facts(row), path=_state_path(row))


@pages.post("/exchange/<exchange>/undo")
@signed_in
def undo(exchange: str) -> ResponseReturnValue:
    mine, hub = me(), here()
    undone = _id(exchange, "exg")
    try:
        with hub.database.transaction() as session:
            exchanging.undo(session, undone, wallet=mine.wallet, now=hub.clock())
    except ExchangeNotFound:
        abort(404)
    except UndoRefused as refusal:
        why = WHY_NOT[refusal.facts["why"]]
        tell("warn", _("It was not undone."), _(why))
        return redirect(f"/exchange/{exchange}", 303)
    except WalletFrozen:
        tell("bad", _("It was not undone."), _("Your wallet is frozen: unfreeze it first."))
        return redirect(f"/exchange/{exchange}", 303)
    _advance(undone)
    return redirect(f"/exchange/{exchange}", 303)


def _advance(exchange: UUID) -> None:
    """Ask at once, so that most are done when the next page is read; the job does the others."""
    caller: Caller = current_app.extensions["caller"]
    try:
        driving.advance(here().database, caller, exchange)
    except DatabaseUnavailable:
        log.warning("exchange-left-to-the-job", id=to_text("exg", exchange))


def _start(form: Form, status: int) -> ResponseReturnValue:
    mine, hub = me(), here()
    now = hub.clock()
    with hub.database.transaction() as session:
        choices = _choices(session, mine)
        left = exchanging.left_today(session, mine.wallet, limits(mine.level).exchange_daily, now)
        under_way = store.of_wallet(session, mine.wallet, SHOWN, under_way=True)
        over = store.of_wallet(session, mine.wallet, SHOWN, under_way=False)
    shown = render_template(
        "partners/exchange.html",
        form=form,
        choices=choices,
        left=left,
        under_way=[_facts(row) for row in under_way],
        over=[_facts(row) for row in over],
    )
    return shown, status


def _quote(session: Session, row: Row, status: int) -> ResponseReturnValue:
    hub = here()
    now = hub.clock()
    names = hub.brands.all()
    lots = []
    if row["direction"] == "export":
        lots = [
            (
                names[lot["issuer"]].name if lot["issuer"] in names else _("Tongbao"),
                lot["expires_on"],
                lot["points"],
            )
            for lot in store.lots(session, row["wallet_id"], row["points"], now)
        ]
    shown = render_template(
        "partners/exchange_quote.html",
        **_facts(row),
        lots=lots,
        path=f"/exchange/quote/{to_text('quo', row['id'])}",
        expired=row["expires_at"] <= now,
        seconds=int(exchanging.QUOTE_VALID.total_seconds()),
    )
    return shown, status


def _facts(row: Row) -> dict[str, Any]:
    """What the pages say of a quote or an exchange."""
    hub = here()
    brand = Brand(row["party_id"], row["name"], row["slug"])
    export = row["direction"] == "export"
    reason = row["reason"] or row["undo_refused"]
    return {
        "row": row,
        "id": to_text("exg", row["id"]),
        "brand": brand,
        "export": export,
        "gives": row["points"] if export else row["theirs"],
        "gets": row["theirs"] if export else row["points"],
        "why": reason and _(REASONS.get(reason, REASONS["other"]), brand=brand.name),
        "why_not_undo": exchanging.why_not_undo(row, hub.clock()),
        "customer": row["customer"] and row["customer"][-4:],
        "until": _undo_day(row, hub.clock()),
    }


def _undo_day(row: Row, now: Any) -> Any:
    """Until when it can be undone, or could be were it done now; None when never."""
    if row["undo_until"] is not None or row["state"] != "quoted":
        return row["undo_until"]
    return exchanging.undo_end(row["undo_days"], now)


def _choices(session: Session, mine: Me) -> list[Brand]:
    """The brands that exchange at least one way."""
    offers = store.offers(session, mine.wallet, here().clock())
    brands = [Brand(offer["party_id"], offer["name"], offer["slug"]) for offer in offers]
    return list(dict.fromkeys(brands))


def _found(session: Session, text: str, prefix: str) -> Row:
    row = store.find(session, _id(text, prefix), me().wallet)
    if row is None:
        abort(404)
    return row


def _id(text: str, prefix: str) -> UUID:
    found = from_text(prefix, text)
    if found is None:
        abort(404)
    return found


def _state_path(row: Row) -> str:
    return f"/exchange/{to_text('exg', row['id'])}"


def _amount_words(facts: dict[str, Any]) -> str:
    least, most, left, step = (facts[name] for name in ("least", "most", "left", "step"))
    if left == 0:
        return _("You cannot exchange more today. Try again tomorrow.")
    if most < least:
        return _(
            "This brand begins with %(least)s, and you can exchange %(left)s more today.",
            least=f"{least:,}",
            left=f"{left:,}",
        )
    if (least, step, most) == (1, 1, left):
        return _(
            "Enter a whole number from 1 to %(most)s: you can exchange %(most)s more today.",
            most=f"{most:,}",
        )
    if step > 1:
        return _(
            "Enter a whole number from %(least)s to %(most)s, in steps of %(step)s: you can"
            " exchange %(left)s more today.",
            least=f"{least:,}",
            most=f"{most:,}",
            step=f"{step:,}",
            left=f"{left:,}",
        )
    return _(
        "Enter a whole number from %(least)s to %(most)s: you can exchange %(left)s more today.",
        least=f"{least:,}",
        most=f"{most:,}",
        left=f"{left:,}",
    )


def _short(facts: dict[str, Any]) -> str:
    if facts.get("available") is None:
        return _("Not enough points for this now.")
    return _(
        "Not enough points: this needs %(needed)s and %(available)s are available.",
        needed=f"{facts['requested']:,}",
        available=f"{facts['available']:,}",
    )
