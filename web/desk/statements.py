"""One statement: what it says, who signed it and whether that holds, and its files."""

import json
from typing import Any, get_args

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import settlement.store
from kit.errors import Refusal
from kit.forms import tell
from kit.language import current
from kit.language import gettext as _
from settlement import views
from settlement.bank import invoices
from settlement.bank.invoice_files import read
from settlement.bank.invoice_page import as_pdf
from settlement.documents import keeping, pictures
from settlement.documents.figures import Language
from settlement.documents.loading import from_json
from settlement.documents.store import owner
from settlement.documents.svg import as_svg
from settlement.sealing.statement_standing import standing
from settlement.views import StatementFiles
from staff.roles import Power
from web.desk.acting import note
from web.desk.files import as_file
from web.desk.refusals import in_words
from web.desk.signed_in import signed_in
from web.desk.wiring import here

pages = Blueprint("desk_statements", __name__, url_prefix="/desk")

TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "svg": "image/svg+xml",
}
PICTURES = {"flow": pictures.own_flow, "matrix": pictures.own_matrix}


@pages.get("/statements/<number>")
@signed_in()
def statement(number: str) -> ResponseReturnValue:
    """What it says in short, and its signature and head, verified now."""
    with here().database.transaction() as session:
        party, files = _find(session, number)
        document = from_json(files.document)
        stands = standing(session, files, here().settings.public_keys, here().signer.heads)
        slug, name = settlement.store.names(session)[party]
        newer = settlement.store.statement_of_window(
            session, party, settlement.store.get_window(session, document.window).id
        )
    return render_template(
        "desk/statement.html",
        number=number,
        document=document,
        files=files,
        stands=stands,
        slug=slug,
        name=name,
        replaced_by="" if newer is None or newer["number"] == number else newer["number"],
        languages=get_args(Language),
    )


@pages.post("/statements/<number>/verify")
@signed_in()
def verify(number: str) -> ResponseReturnValue:
    """Verify it again; open to everybody, for nothing is changed."""
    with here().database.transaction() as session:
        _party, files = _find(session, number)
        stands = standing(session, files, here().settings.public_keys, here().signer.heads)
    if stands.holds:
        tell("ok", _("Verified just now"), _("The signature and the head hold."))
    else:
        tell("bad", _("It does not hold"), _("Stop, and tell who runs this hub."))
    return redirect(f"/desk/statements/{number}", 303)


@pages.get("/statements/<number>/files/<name>")
@signed_in()
def file(number: str, name: str) -> ResponseReturnValue:
    """`statement.json`, `signature.json`, `keys.json`, `statement.csv`, and in a language
    `zh.pdf`, `en.xlsx`, `zh.flow.svg`, `en.matrix.svg`."""
    now = here().clock()
    with here().database.transaction() as session:
        party, files = _find(session, number)
        made = _made(files, name)
        language, _dot, form = name.partition(".")
        if made is None and language in get_args(Language) and form in ("pdf", "xlsx"):
            made = keeping.file(session, party, number, form, language, now)  # type: ignore[arg-type]
    if made is None:
        abort(404)
    return as_file(made, f"{number}.{name}", TYPES[name.rpartition(".")[2]])


@pages.get("/invoices/<number>.<form>")
@signed_in()
def invoice(number: str, form: str) -> ResponseReturnValue:
    """An invoice or credit note: the document, its CSV, or a page to print in either language."""
    with here().database.transaction() as session:
        row = invoices.of_number(session, number)
    language: Any = request.args.get("language", current())
    if form not in ("json", "csv", "pdf") or language not in get_args(Language):
        abort(404)
    content = {
        "json": lambda: bytes(row["document"]),
        "csv": lambda: bytes(row["csv"]),
        "pdf": lambda: as_pdf(read(bytes(row["document"])), language),
    }[form]()
    name = f"{number}.{language}.pdf" if form == "pdf" else f"{number}.{form}"
    return as_file(content, name, TYPES[form])


@pages.post("/windows/<name>/invoices")
@signed_in(Power.WINDOWS)
def issue_invoices(name: str) -> ResponseReturnValue:
    """Invoice everybody that pays, once; and anew what was revised since."""
    with here().database.transaction() as session:
        try:
            numbers = invoices.issue(session, name, now=here().clock())
        except Refusal as refusal:
            session.rollback()
            tell("warn", in_words(refusal))
            return redirect(f"/desk/windows/{name}/pay", 303)
        if numbers:
            note(session, "invoices-issued", f"window {name}", after={"invoices": numbers})
    tell("ok", _("Invoices are issued"), _("New: %(n)s.", n=len(numbers)))
    return redirect(f"/desk/windows/{name}/pay", 303)


def _find(session: Session, number: str) -> tuple[int, StatementFiles]:
    """Whose it is, and its files. Raises StatementNotFound."""
    party = owner(session, number)
    return party, views.statement(session, party, number)


def _made(files: StatementFiles, name: str) -> bytes | None:
    """What is signed, its proof, or a picture of it; None for any other name."""
    match name.split("."):
        case ["statement", "json"]:
            return files.document
        case ["statement", "csv"]:
            return files.csv
        case ["signature", "json"]:
            proof = {
                "statement": files.number,
                "digest": files.digest.hex(),
                "key_id": files.key_id,
                "signature": files.signature.hex(),
            }
            return json.dumps(proof).encode() + b"\n"
        case ["keys", "json"]:
            keys = here().settings.public_keys
            return json.dumps({"keys": [key.to_jwk(id_) for id_, key in keys.items()]}).encode()
        case [language, picture, "svg"] if language in get_args(Language) and picture in PICTURES:
            drawn = PICTURES[picture](from_json(files.document), language)  # type: ignore[arg-type]
            return as_svg(drawn, name=picture, language=language)
    return None
