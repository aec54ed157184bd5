"""A window's money: its files for the bank, how far each payment has come, and settling it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import settlement.store
import staff.store
from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from settlement import agreed, closing
from settlement.bank import agreement, dues, importing, payment_files, store
from settlement.bank.agreement import AGREED, Progress
from settlement.store import Window
from staff.roles import Power, who_may
from web.desk.files import as_csv, as_file
from web.desk.parties import Parties
from web.desk.proposing import Made, propose_from
from web.desk.refusals import in_words
from web.desk.signed_in import me, signed_in
from web.desk.windows import Step
from web.desk.wiring import here

pages = Blueprint("desk_window_pay", __name__, url_prefix="/desk")

# How a payment stands as the bank tells it: tone, word, and what to do about it.
STATES = {
    "exact": ("done", mark("Matched"), ""),
    "split": ("done", mark("Matched"), ""),
    "confirmed": ("done", mark("Confirmed by hand"), ""),
    "internal": ("neutral", mark("Inside the hub"), ""),
    "missing": ("wait", mark("Not seen yet"), mark("Bring in the bank's next file.")),
    "short": ("wait", mark("Short"), mark("Record the rest when it comes.")),
    "over": ("wait", mark("Too much"), mark("Send the rest back: the bank's next file shows it.")),
    "returned": ("stop", mark("Returned"), mark("Find out why, and send it anew.")),
}


@dataclass(frozen=True, slots=True)
class Next:
    """What is to be done with a window's money now, if anything."""

    step: Step | None
    waiting: str = ""  # A proposal, `prp_…`.


@pages.app_template_global()
def payment_state(state: str) -> tuple[str, str, str]:
    """Tone, word, and what to do."""
    tone, word, then = STATES[state]
    return tone, _(word), _(then) if then else ""


@pages.get("/windows/<name>/pay")
@signed_in()
def pay(name: str) -> ResponseReturnValue:
    """Each payment with how far it has come; the files for the bank; what is short."""
    with here().database.transaction() as session:
        window = _closed(session, name)
        parties = Parties(session)
        progress = agreement.progress(session, window.id)
        entries = store.entries_of_window(session, window.id)
        facts: dict[str, Any] = {
            "files": payment_files.kept(session, name),
            "invoices": store.invoices_of_window(session, window.id),
            "unmatched": len(store.entries(session, unmatched=True, limit=100)),
            "waits": {
                kind: _waiting(session, kind, name)
                for kind in ("window-payment", "window-abort", "settle-regardless")
            },
        }
    if request.args.get("format") == "csv":
        return as_csv(
            ("payment", "payer", "payee", "amount", "received", "currency", "state", "last_on"),
            (
                (
                    each.payment.end_to_end,
                    parties.slug(each.payment.payer),
                    parties.slug(each.payment.payee),
                    each.payment.amount,
                    each.received,
                    each.payment.currency,
                    each.state,
                    str(each.last_on or ""),
                )
                for each in progress
            ),
            f"{name}-money",
        )
    return render_template(
        "desk/window_pay.html",
        window=window,
        parties=parties,
        progress=sorted(progress, key=lambda each: (each.state in AGREED, -each.payment.amount)),
        short=[each for each in progress if each.state == "short"],
        sums=_sums(progress),
        entries=entries,
        next=_next(window, progress, facts["waits"]["window-payment"]),
        agreed=AGREED,
        may=me().may(Power.WINDOWS),
        roles=who_may(Power.WINDOWS),
        late=lambda each: (
            each.late
            or (each.state not in AGREED and here().clock().date() > each.payment.window.call_on)
        ),
        **facts,
    )


@pages.route("/windows/<name>/pay/propose", methods=("GET", "POST"))
@signed_in(Power.WINDOWS)
def propose_payment(name: str) -> ResponseReturnValue:
    """What the bank will be asked to do, before a second person is asked to agree."""
    form = Form(None, request.form) if request.method == "POST" else Form()
    now, why = here().clock(), ""
    if form.sent:

        def made(session: Session) -> Made:
            return "window-payment", agreed.payment(session, name, by=me().name, at=now)

        if there := propose_from(form, made):
            return there
    content: dict[str, Any] | None = None
    with here().database.transaction() as session:
        window = _closed(session, name)
        parties = Parties(session)
        by_invoice = [
            each for each in dues.of_window(session, window.id) if each.way in ("in", "between")
        ]
        try:
            content = agreed.payment(session, name, by=me().name, at=now)
        except Refusal as refusal:
            why = in_words(refusal)
            if party := refusal.facts.get("party"):
                why = f"{parties.name(party)}, {refusal.facts['currency']}: {why}"
    page = render_template(
        "desk/window_pay_propose.html",
        window=window,
        form=form,
        content=content,
        why=why,
        parties=parties,
        by_invoice=by_invoice,
    )
    return page, 422 if form.errors else 200


@pages.get("/windows/<name>/pay/files/<file>.xml")
@signed_in()
def payment_file(name: str, file: str) -> ResponseReturnValue:
    """A file for the bank, byte for byte as two people agreed to it."""
    with here().database.transaction() as session:
        found = {each.message_id: each for each in payment_files.for_the_bank(session, name)}
    if file not in found:
        abort(404)
    return as_file(found[file].document, f"{file}.xml", "application/xml")


@pages.get("/windows/<name>/pay/<payment>")
@signed_in()
def payment(name: str, payment: str) -> ResponseReturnValue:
    """One payment: what came of it, and what may be done about it."""
    return _payment(name, payment, Form())


@pages.post("/windows/<name>/pay/<payment>")
@signed_in(Power.MONEY)
def propose_confirmation(name: str, payment: str) -> ResponseReturnValue:
    """Propose that a payment between two partners came."""
    form = Form(None, request.form)
    day = _day(form.typed.get("received_on", ""))
    if day is None:
        form.refuse("received_on", _("Enter the day as in 2026-11-22."))
    elif day > here().clock().date():
        form.refuse("received_on", _("That day has not come yet."))

    def made(session: Session) -> Made:
        importing.check_confirmation(session, payment)
        return "payment-confirmation", {"payment": payment, "received_on": day}

    return propose_from(form, made) or _payment(name, payment, form)


def _payment(name: str, payment: str, form: Form) -> ResponseReturnValue:
    with here().database.transaction() as session:
        window = _closed(session, name)
        parties = Parties(session)
        found = _progress_of(session, window, payment)
        entries = [
            row
            for row in store.entries_of_window(session, window.id)
            if (row["revision"], row["payment"])
            == (found.payment.window.revision, found.payment.number)
        ]
        fitting = [
            row
            for row in store.entries(session, unmatched=True, limit=100)
            if row["currency"] == found.payment.currency and row["direction"] == found.payment.way
        ]
        waiting = _waiting(session, "payment-confirmation", payment)
    page = render_template(
        "desk/window_payment.html",
        window=window,
        form=form,
        found=found,
        parties=parties,
        entries=entries,
        fitting=fitting,
        waits=waiting,
        may_confirm=me().may(Power.MONEY),
        roles=who_may(Power.MONEY),
    )
    return page, 422 if form.errors else 200


@pages.route("/windows/<name>/settle", methods=("GET", "POST"))
@signed_in(Power.WINDOWS)
def settle(name: str) -> ResponseReturnValue:
    """Say that all money has arrived, as the bank's files show; refused while they do not."""
    if request.method == "POST":
        with here().database.transaction() as session:
            try:
                closing.mark_settled(session, name, here().clock(), by=me().name)
            except Refusal as refusal:
                session.rollback()
                tell("warn", in_words(refusal))
                return redirect(f"/desk/windows/{name}/pay", 303)
        tell("ok", _("Window %(name)s is settled", name=name), _("Caps are free again."))
        return redirect(f"/desk/windows/{name}", 303)
    with here().database.transaction() as session:
        window = _closed(session, name)
        progress = agreement.progress(session, window.id)
    if window.state != "paying":
        return redirect(f"/desk/windows/{name}/pay", 303)
    return render_template(
        "desk/window_settle.html",
        window=window,
        sums=_sums(progress),
        payments=len(progress),
        missing=[each for each in progress if each.state not in AGREED],
    )


@pages.route("/windows/<name>/settle-regardless", methods=("GET", "POST"))
@signed_in(Power.WINDOWS)
def settle_regardless(name: str) -> ResponseReturnValue:
    """Propose to settle though the bank does not show every payment."""
    return _asked_why(name, "settle-regardless", ("paying",), "desk/window_regardless.html")


@pages.route("/windows/<name>/abort", methods=("GET", "POST"))
@signed_in(Power.WINDOWS)
def abort_window(name: str) -> ResponseReturnValue:
    """Propose to give the settlement up: its content goes into the next that closes."""
    return _asked_why(name, "window-abort", ("closed", "approved"), "desk/window_abort.html")


def _asked_why(name: str, kind: str, states: Sequence[str], template: str) -> ResponseReturnValue:
    form = Form(None, request.form) if request.method == "POST" else Form()
    if form.sent:

        def made(session: Session) -> Made:
            window = _closed(session, name)
            return kind, {"window": window.name, "revision": window.revision}

        if there := propose_from(form, made):
            return there
    with here().database.transaction() as session:
        window = _closed(session, name)
        progress = agreement.progress(session, window.id)
        parties = Parties(session)
        moved = agreement.money_moved(session, window.id)
    if window.state not in states:
        return redirect(f"/desk/windows/{name}", 303)
    page = render_template(
        template,
        window=window,
        form=form,
        sums=_sums(progress),
        missing=[each for each in progress if each.state not in AGREED],
        parties=parties,
        moved=moved,
    )
    return page, 422 if form.errors else 200


@pages.app_template_global("bank_entry_id")
def entry_id(row: Any) -> str:
    """`ent_…`"""
    return to_text("ent", row["id"])


def _closed(session: Session, name: str) -> Window:
    """A window that has figures. Raises WindowNotFound; any other has no such page."""
    window = settlement.store.get_window(session, name)
    if window.state in ("open", "closing"):
        abort(redirect(f"/desk/windows/{name}", 303))
    return window


def _progress_of(session: Session, window: Window, payment: str) -> Progress:
    found = {each.payment.end_to_end: each for each in agreement.progress(session, window.id)}
    if payment not in found:
        abort(404)
    return found[payment]


def _waiting(session: Session, kind: str, object_: str) -> str:
    """The proposal of this kind that waits for somebody else, `prp_…`; empty if none does."""
    row = staff.store.waiting_about(session, kind, object_)
    return to_text("prp", row["id"]) if row and row["expires_at"] > here().clock() else ""


def _next(window: Window, progress: Sequence[Progress], waiting: str) -> Next:
    base = f"/desk/windows/{window.name}"
    match window.state:
        case "approved" if waiting:
            return Next(Step(_("Review what was proposed"), f"/desk/approvals/{waiting}"), waiting)
        case "approved":
            step = Step(_("Propose payment"), f"{base}/pay/propose")
        case "paying" if all(each.state in AGREED for each in progress):
            step = Step(_("Settle"), f"{base}/settle")
        case "paying":
            step = Step(_("Import a bank file"), f"{base}/bank")
        case _:
            return Next(None)
    return Next(step)


def _sums(progress: Sequence[Progress]) -> dict[str, tuple[int, int]]:
    """What is due and what was received, by currency."""
    found: dict[str, tuple[int, int]] = {}
    for each in progress:
        due, received = found.get(each.payment.currency, (0, 0))
        found[each.payment.currency] = (due + each.payment.amount, received + each.received)
    return found


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
