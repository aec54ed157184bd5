"""A partner's file, brought in for it."""

from pathlib import PurePath
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from kit.errors import Refusal
from kit.forms import Form
from kit.language import gettext as _
from kit.language import mark
from kit.schemas import StrictSchema
from partners import registry
from partners.api.operations import File
from settlement import store as windows
from settlement.reconciliation import receiving, records
from settlement.reconciliation.api import MAX_PART
from settlement.reconciliation.errors import RecordMalformed
from staff.roles import Power
from web.desk import acting
from web.desk.record_findings import SIDES, record_id
from web.desk.signed_in import signed_in
from web.desk.wiring import here

pages = Blueprint("desk_reconciliation_files", __name__, url_prefix="/desk")

OF_A_FORM = 64 * 1024  # bytes beside the file

# What was wanted of a column, by its name; of the file as a whole, by none.
WANTED = {
    "reference": mark("1 to 64 plain characters; on the side of spent points, an id such as jrn_…"),
    "kind": mark("spent or refunded; on the side of issued points, issued or clawed_back"),
    "points": mark("a whole number from 1 on, digits alone"),
    "at": mark("a time with its zone, as 2026-11-22T17:05:11Z"),
    "": mark("UTF-8 text; columns reference, kind, points and, if known, at, in every line"),
}


class Upload(StrictSchema):
    """What the file is of."""

    partner = fields.String(required=True)
    window = fields.String(required=True)
    side = fields.String(required=True, validate=validate.OneOf(records.SIDES))
    tolerance = fields.Integer(
        load_default=300,
        validate=validate.Range(0, 86_400, error=mark("Enter seconds, up to 86,400")),
    )
    many = fields.String()
    charset = fields.String(load_default="utf-8", validate=validate.OneOf(["utf-8", "gbk"]))


@pages.route("/reconciliation/new", methods=["GET", "POST"])
@signed_in(Power.RECONCILE)
def upload() -> ResponseReturnValue:
    """Take a partner's file for it: all of its lines or none."""
    sent = request.method == "POST"
    request.max_content_length = MAX_PART + OF_A_FORM
    current_app.extensions["csrf"].protect()  # Here, for it reads the form, which may be large.
    form = Form(Upload(), request.form) if sent else Form(side="accepted", tolerance="300")
    faults: list[dict[str, Any]] = []
    given = request.files.get("file")
    with here().database.transaction() as session:
        partners = registry.listed(session)
        latest = windows.list_windows(session, before=None, limit=60)
    closed = [each for each in latest if each.closed_at is not None]
    content = given.read() if given else b""
    if sent:
        _check_file(form, content)
        if form.data.get("partner") not in {each.slug for each in partners}:
            form.refuse("partner", _("Choose one of these"))
        if form.data.get("window") not in {each.name for each in closed}:
            form.refuse("window", _("Choose one of these"))
    if form.ok:
        try:
            return redirect(_receive(form, content, given.filename or "" if given else ""), 303)
        except RecordMalformed as refused:
            faults = [_fault(each) for each in refused.facts["errors"]]
            form.refuse("file", _("The file cannot be read. Nothing of it was taken."))
        except Refusal as refused:
            if refused.code not in ("records-too-many", "record-too-long"):
                raise
            form.refuse(
                "file" if refused.code == "record-too-long" else "side",
                _("The file has too many lines.")
                if refused.code == "record-too-long"
                else _("There are 20 records of this side of the window already."),
            )
    return render_template(
        "desk/reconciliation_new.html",
        form=form,
        faults=faults,
        partners=[("", _("Choose")), *((each.slug, each.name) for each in partners)],
        windows=[("", _("Choose")), *((each.name, each.name) for each in closed)],
        sides=[(side, _(words)) for side, words in SIDES.items()],
        most=MAX_PART // 2**20,
    ), (422 if form.errors else 200)


def _check_file(form: Form, content: bytes) -> None:
    if not content:
        form.refuse("file", _("Choose a file that is not empty"))
    elif len(content) > MAX_PART:
        form.refuse("file", _("The file may have %(n)s MB at most", n=MAX_PART // 2**20))


def _receive(form: Form, content: bytes, file_name: str) -> str:
    """Begin a record, take the file, have it matched: one transaction. Its page."""
    said, now = form.data, here().clock()
    suffix = PurePath(file_name).suffix.lower()
    media_type = records.NDJSON if suffix in (".ndjson", ".jsonl") else records.CSV
    with here().database.transaction() as session:
        party = registry.find(session, said["partner"]).party
        record = receiving.begin(
            session,
            party=party,
            window=said["window"],
            side=said["side"],
            tolerance=said["tolerance"],
            many=bool(said.get("many")),
            now=now,
        )
        part = receiving.receive(
            session, record.id, 1, File(content, media_type, said["charset"]), party=party, now=now
        )
        done = receiving.ask(session, record.id, lines=part["lines"], party=party, now=now)
        acting.note(
            session,
            "reconciliation-received",
            f"reconciliation {record_id(record)}",
            after={
                "partner": said["partner"],
                "window": said["window"],
                "side": said["side"],
                "lines": part["lines"],
                "digest": bytes(part["digest"]).hex(),
                "state": done.state,
            },
        )
    return url_for("desk_reconciliation.one", name=record_id(record))


def _fault(error: dict[str, Any]) -> dict[str, Any]:
    """Where a file cannot be read: its line, the column, and what was expected there."""
    column = error["detail"].partition(" ")[0]
    column = column if column in WANTED else ""
    return {"line": error["line"], "column": column, "wanted": _(WANTED[column])}


@pages.record_once
def _large(state: BlueprintSetupState) -> None:
    """Forgery is looked for in `upload` itself, once it is known who sends so much."""
    state.app.extensions["csrf"].exempt(f"{upload.__module__}.{upload.__name__}")
