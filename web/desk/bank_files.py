"""What the bank says: its files brought in, each line with what it pays, and matching by hand."""

import hashlib
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, current_app, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

import settlement.store
from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import from_text
from kit.language import gettext as _
from settlement.bank import agreement, dues, importing, store
from settlement.bank.agreement import AGREED, Progress
from settlement.bank.errors import BankFileMalformed
from staff.roles import Power, who_may
from web.desk.acting import note
from web.desk.files import as_csv
from web.desk.listing import Asked
from web.desk.parties import Parties
from web.desk.proposing import Made, propose_from
from web.desk.refusals import in_words
from web.desk.signed_in import me, signed_in
from web.desk.window_pay import entry_id
from web.desk.wiring import here
from web.frame.formats import money

pages = Blueprint("desk_bank_files", __name__, url_prefix="/desk")

MOST = 20 * 1024 * 1024  # bytes of a bank's file; other forms are far smaller
CHOICES = 12  # payments that a line may belong to, of which one is chosen
LINES = 500  # of a file or of what waits, on one page


@pages.get("/windows/<name>/bank")
@signed_in(Power.WINDOWS)
def ask_for_file(name: str) -> ResponseReturnValue:
    """Where a camt.053 is brought in."""
    return _ask(name, Form())


@pages.post("/windows/<name>/bank")
@signed_in(Power.WINDOWS)
def import_file(name: str) -> ResponseReturnValue:
    """Bring it in, whole or not at all; then to what came of it."""
    form = Form(None, {})
    request.max_content_length = MOST
    try:
        current_app.extensions["csrf"].protect()  # Here, for it reads the form, which may be large.
        file = request.files.get("file")
        document = file.read() if file else b""
    except RequestEntityTooLarge:
        form.refuse("file", _("The file is larger than 20 MB."))
        return _ask(name, form), 413
    if not document:
        form.refuse("file", _("Choose the bank's file."))
        return _ask(name, form), 422
    digest = hashlib.sha256(document).hexdigest()
    try:
        with here().database.transaction() as session:
            done = importing.import_file(session, document, by=me().name, now=here().clock())
            if not done.known:
                note(
                    session,
                    "bank-file-imported",
                    f"bank file {digest[:16]}",
                    after={
                        "digest": digest,
                        "statements": done.statements,
                        "entries": done.entries,
                        "matched": done.matched,
                    },
                )
            kept = store.file_is_known(session, bytes.fromhex(digest))
    except Refusal as refusal:
        form.refuse("file", _said(refusal))
        return _ask(name, form), 422
    if done.known:
        tell(
            "info",
            _("The bank had said all of this before"),
            _("Nothing was changed by bringing it in again."),
        )
        if not kept:
            return redirect(f"/desk/windows/{name}/pay", 303)
    return redirect(f"/desk/windows/{name}/bank/{digest}", 303)


@pages.get("/windows/<name>/bank/<digest>")
@signed_in()
def file(name: str, digest: str) -> ResponseReturnValue:
    """What came of a file, line by line: what it pays, and what is to be done."""
    try:
        key = bytes.fromhex(digest)
    except ValueError:
        abort(404)
    with here().database.transaction() as session:
        window = settlement.store.get_window(session, name)
        if not store.file_is_known(session, key):
            abort(404)
        entries = store.entries_of_file(session, key, limit=LINES)
        lines = _lines(session, entries)
        parties = Parties(session)
    groups: dict[str, list[Any]] = {"short": [], "over": [], "unknown": [], "matched": []}
    for line in lines:
        groups[line["group"]].append(line)
    return render_template(
        "desk/bank_file.html",
        window=window,
        digest=digest,
        lines=[line for group in groups.values() for line in group],
        groups=groups,
        parties=parties,
        most=LINES,
    )


@pages.get("/bank")
@signed_in()
def waiting() -> ResponseReturnValue:
    """Lines of the bank that belong to no payment yet, newest first."""
    asked = Asked()
    with here().database.transaction() as session:
        rows = store.entries(session, unmatched=True, limit=LINES)
    if asked.csv:
        return as_csv(
            ("entry", "booked_on", "direction", "amount", "currency", "reference", "text"),
            (
                (
                    entry_id(row),
                    str(row["booked_on"]),
                    row["direction"],
                    row["amount"],
                    row["currency"],
                    row["end_to_end"],
                    row["remittance"],
                )
                for row in rows
            ),
            "bank-lines",
        )
    return render_template("desk/bank_lines.html", asked=asked, rows=rows, most=LINES)


@pages.get("/bank/<name>")
@signed_in()
def line(name: str) -> ResponseReturnValue:
    """One line of the bank; which payment it belongs to is proposed here."""
    return _line(name, Form())


@pages.post("/bank/<name>")
@signed_in(Power.MONEY)
def propose_match(name: str) -> ResponseReturnValue:
    """Propose which payment it belongs to."""
    form = Form(None, request.form)
    id_, payment = _entry(name), form.typed.get("payment", "")
    if not payment:
        form.refuse("payment", _("Choose the payment that it belongs to."))

    def made(session: Session) -> Made:
        importing.check_match(session, id_, payment)
        return "bank-match", {"entry": str(id_), "payment": payment}

    return propose_from(form, made, "payment") or _line(name, form)


def _line(name: str, form: Form) -> ResponseReturnValue:
    id_ = _entry(name)
    with here().database.transaction() as session:
        row = store.entry(session, id_)
        if row is None:
            abort(404)
        parties = Parties(session)
        candidates = [] if row["how"] else _candidates(session, row)
        matched = _matched(session, row)
    page = render_template(
        "desk/bank_line.html",
        name=name,
        row=row,
        form=form,
        parties=parties,
        candidates=[_as_choice(each, parties) for each in candidates[:CHOICES]],
        matched=matched,
        may=me().may(Power.MONEY),
        roles=who_may(Power.MONEY),
    )
    return page, 422 if form.errors else 200


def _ask(name: str, form: Form) -> str:
    with here().database.transaction() as session:
        window = settlement.store.get_window(session, name)
    return render_template("desk/bank_import.html", window=window, form=form)


def _said(refusal: Refusal) -> str:
    """What is wrong with the file, and where. Nothing of it was brought in."""
    facts, words = refusal.facts, in_words(refusal)
    if isinstance(refusal, BankFileMalformed):
        if facts.get("where"):
            words = _("Expected: %(what)s.", what=facts["where"])
        elif facts.get("line"):
            words = _("Expected: XML without a document type.")
        if facts.get("line"):
            place = _(
                "Line %(line)s, column %(column)s", line=facts["line"], column=facts["column"]
            )
            words = f"{place}. {words}"
    elif account := facts.get("account"):
        words = f"{words} ({account})"
    elif statement := facts.get("statement"):
        words = f"{words} ({statement})"
    return f"{words} {_('Nothing was brought in.')}"


def _lines(session: Session, entries: Any) -> list[dict[str, Any]]:
    """Each entry with the payment that it counts towards, and where that leaves it."""
    known: dict[tuple[int, int, int], Progress] = {}
    for window in {row["window_id"] for row in entries if row["window_id"]}:
        for each in agreement.progress(session, window):
            known[each.payment.key] = each
    found = []
    for row in entries:
        paid = known.get((row["window_id"], row["revision"], row["payment"]))
        if row["how"] is None:
            group = "unknown"
        elif paid is None or paid.state in AGREED:
            group = "matched"
        else:
            group = "over" if paid.state == "over" else "short"
        found.append({"row": row, "paid": paid, "group": group})
    return found


def _candidates(session: Session, row: Any) -> list[Progress]:
    """Payments that the line may belong to: of its currency, not whole yet; the likeliest first."""
    found = [
        each
        for window in {due.window.id for due in dues.payable(session)}
        for each in agreement.progress(session, window)
        if each.state not in AGREED
        and each.payment.currency == row["currency"]
        and each.payment.way in ("in", "out")
    ]
    return sorted(
        found,
        key=lambda each: (
            each.payment.way != row["direction"],
            abs(each.missing - row["amount"]),
            each.payment.end_to_end,
        ),
    )


def _as_choice(each: Progress, parties: Parties) -> tuple[str, str]:
    due = each.payment
    return due.end_to_end, _(
        "%(payment)s: %(payer)s to %(payee)s, %(amount)s to come",
        payment=due.end_to_end,
        payer=parties.name(due.payer),
        payee=parties.name(due.payee),
        amount=money(each.missing, due.currency),
    )


def _matched(session: Session, row: Any) -> Progress | None:
    if row["how"] is None:
        return None
    for each in agreement.progress(session, row["window_id"]):
        if (each.payment.window.revision, each.payment.number) == (row["revision"], row["payment"]):
            return each
    return None


def _entry(name: str) -> UUID:
    id_ = from_text("ent", name)
    if id_ is None:
        abort(404)
    return id_


@pages.record_once
def _large(state: BlueprintSetupState) -> None:
    """Forgery is looked for in `import_file` itself, once it is known who sends so much."""
    state.app.extensions["csrf"].exempt(f"{import_file.__module__}.{import_file.__name__}")
