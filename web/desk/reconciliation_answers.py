"""What somebody says of the lines in which a partner's record and ours differ."""

from typing import cast

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate

from kit.forms import Form, tell
from kit.language import gettext as _
from kit.language import mark
from kit.schemas import StrictSchema
from partners import registry
from settlement.reconciliation import answering
from settlement.reconciliation.answering import RESOLUTIONS, Answer, Resolution
from settlement.reconciliation.errors import (
    FindingAnswered,
    FindingNotFound,
    ReconciliationUnfinished,
)
from settlement.reconciliation.store import Reconciliation
from staff.roles import Power
from web.desk import acting
from web.desk.record_findings import (
    WORDS,
    Shown,
    chosen_findings,
    find_record,
    nothing_chosen,
    partner_of,
    read_place,
    record_id,
)
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_reconciliation_answers", __name__, url_prefix="/desk")

MEANING = {
    "explained": mark("Explained: the records differ, and nothing follows from it"),
    "accepted": mark("Our record stands: the partner takes it over"),
    "correction": mark("The partner corrects: it sends what never came, or gives back"),
}


class Answering(StrictSchema):
    """Why, for all that were chosen."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


@pages.get("/reconciliation/<name>/resolve")
@signed_in(Power.RECONCILE)
def resolve(name: str) -> ResponseReturnValue:
    """The lines that were chosen, with what each mostly comes to."""
    with here().database.transaction() as session:
        record = find_record(session, name)
        try:
            chosen = chosen_findings(session, record, request.args.getlist("finding"))
        except (FindingNotFound, FindingAnswered, ReconciliationUnfinished) as refused:
            return nothing_chosen(name, refused)
        partner = partner_of(session, record.party)
    return _resolve_page(record, partner, chosen, Form())


@pages.post("/reconciliation/<name>/resolve")
@signed_in(Power.RECONCILE)
def answer(name: str) -> ResponseReturnValue:
    """Say it of all of them, or of none."""
    form = Form(Answering(), request.form)
    with here().database.transaction() as session:
        record = find_record(session, name)
        try:
            chosen = chosen_findings(session, record, request.form.getlist("finding"))
        except (FindingNotFound, FindingAnswered, ReconciliationUnfinished) as refused:
            return nothing_chosen(name, refused)
        said = {each.place: request.form.get(f"as.{each.place}", "") for each in chosen}
        for place, resolution in said.items():
            if resolution not in RESOLUTIONS:
                form.refuse(f"as.{place}", _("Choose one of these"))
        if not form.ok:
            return _resolve_page(record, partner_of(session, record.party), chosen, form), 422
        answers = [
            Answer(*read_place(place), cast(Resolution, resolution))
            for place, resolution in said.items()
        ]
        now, words = here().clock(), form.data["reason"]
        answering.answer(session, record.id, answers, by=me().name, words=words, now=now)
        acting.note(
            session,
            "reconciliation-answered",
            f"reconciliation {record_id(record)}",
            reason=words,
            before={"open": record.unanswered},
            after={"open": record.unanswered - len(answers), "lines": said},
        )
    tell(
        "ok",
        _("1 line is answered.") if len(said) == 1 else _("%(n)s lines are answered.", n=len(said)),
        _("Nothing in the books has changed."),
    )
    return redirect(url_for("desk_reconciliation.one", name=name), 303)


def _resolve_page(
    record: Reconciliation, partner: registry.Partner, chosen: list[Shown], form: Form
) -> str:
    return render_template(
        "desk/reconciliation_resolve.html",
        record=record,
        rec=record_id(record),
        partner=partner,
        chosen=chosen,
        form=form,
        words={name: (_(word), tone) for name, (word, tone) in WORDS.items()},
        meanings=[(each, _(MEANING[each])) for each in RESOLUTIONS],
        ours=sum((each.ours or {}).get("points") or 0 for each in chosen),
        theirs=sum((each.theirs or {}).get("points") or 0 for each in chosen),
    )
