"""A dispute for the partner whose record it is, about lines that differ."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from kit import ids
from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from kit.schemas import StrictSchema
from partners import registry
from settlement import store as windows
from settlement.disputes import from_record
from settlement.disputes.opening import Line
from settlement.disputes.schemas import REASONS
from settlement.reconciliation import findings
from settlement.reconciliation.answering import Place
from settlement.reconciliation.errors import (
    FindingAnswered,
    FindingNotFound,
    ReconciliationUnfinished,
)
from settlement.reconciliation.store import Reconciliation
from staff.roles import Power, who_may
from web.desk import acting
from web.desk.record_findings import (
    chosen_findings,
    find_record,
    nothing_chosen,
    partner_of,
    read_place,
    record_id,
)
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_reconciliation_disputes", __name__, url_prefix="/desk")

CAUSES = {
    "not-ours": mark("It is not theirs"),
    "wrong-points": mark("The points are wrong"),
    "duplicate": mark("It was booked twice"),
    "returned": mark("The goods came back"),
    "other": mark("Another reason"),
}
REFUSED = {
    "dispute-too-late": mark("It is too late to contest lines of this window."),
    "dispute-exists": mark("This line has been contested already."),
    "line-not-disputable": mark("Only points spent at another partner's till can be contested."),
    "line-not-found": mark("Choose at least one line."),
    "busy": mark("The window is being worked out. Try again in a minute."),
}


class Contesting(StrictSchema):
    """Why the partner contests the line, and how it asked."""

    cause = fields.String(required=True, validate=validate.OneOf(REASONS))
    words = fields.String(required=True, validate=validate.Length(1, 400))


@pages.route("/reconciliation/<name>/dispute", methods=["GET", "POST"])
@signed_in(Power.RECONCILE)
def contest(name: str) -> ResponseReturnValue:
    """Open a dispute for the partner whose record it is, about the lines of one finding."""
    if not me().may("disputes"):
        roles = who_may(Power.DISPUTES)
        return render_template("desk/not_yours.html", roles=roles), 403
    form = Form(Contesting(), request.form if request.method == "POST" else None)
    finding = request.values.get("finding", "")
    try:
        with here().database.transaction() as session:
            record = find_record(session, name)
            (shown,) = chosen_findings(session, record, [finding])
            if not shown.contestable:
                raise FindingNotFound
            partner = partner_of(session, record.party)
            lines = _lines(session, record, read_place(finding))
            if form.ok:
                made = _contest(session, record, partner, finding, form)
                tell("ok", _("The line is contested: it is left out of the net."))
                return redirect(f"/desk/disputes/{to_text('dsp', made[0])}", 303)
    except (FindingNotFound, FindingAnswered, ReconciliationUnfinished) as refused:
        return nothing_chosen(name, refused)
    except Refusal as refused:
        if refused.code not in REFUSED:
            raise
        form.refuse("line", _(REFUSED[refused.code]))
    return render_template(
        "desk/reconciliation_dispute.html",
        record=record,
        rec=record_id(record),
        partner=partner,
        finding=finding,
        shown=shown,
        lines=lines,
        form=form,
        ticked=request.form.getlist("line") if form.sent else [key for key, *_rest in lines],
        causes=[("", _("Choose")), *((each, _(CAUSES[each])) for each in REASONS)],
    ), (200 if not form.sent else 422)


def _lines(session: Session, record: Reconciliation, finding: Place) -> list[tuple[str, str, int]]:
    """The books' lines behind a finding: a key for the form, whose points, and how many."""
    names = {party: name for party, (_slug, name) in windows.names(session).items()}
    return [
        (f"{to_text('jrn', each.journal)}.{each.issuer}", names[each.issuer], each.ours or 0)
        for each in findings.candidates(session, record, finding[1])
        if each.journal is not None and each.issuer is not None
    ]


def _contest(
    session: Session, record: Reconciliation, partner: registry.Partner, finding: str, form: Form
) -> list[UUID]:
    lines = []
    for key in request.form.getlist("line"):
        journal, _dot, issuer = key.partition(".")
        id_ = ids.from_text("jrn", journal)
        if id_ is not None and issuer.isascii() and issuer.isdecimal():
            lines.append(Line(id_, int(issuer)))
    words = f"{form.data['words']} (by the hub, for {partner.name})"
    made = from_record.contest_for(
        session,
        record=record.id,
        finding=read_place(finding),
        lines=lines,
        reason=form.data["cause"],
        words=words,
        by=me().name,
        now=here().clock(),
    )
    for each in made:
        acting.note(
            session,
            "dispute-opened",
            f"dispute {to_text('dsp', each)}",
            reason=form.data["words"],
            after={"for": partner.slug, "record": record_id(record), "line": finding},
        )
    return made
