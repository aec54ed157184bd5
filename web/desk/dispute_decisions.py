"""How disputes end: proposals for a second person, of one dispute or of several at once."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kit.errors import Refusal
from kit.forms import Form, tell
from kit.language import gettext as _
from kit.language import mark
from settlement.disputes import proposing, steps
from settlement.disputes.errors import DisputeCarriedAlready
from settlement.disputes.store import Row
from staff.roles import Power
from web.desk import acting
from web.desk.dispute_facts import (
    amounts_of,
    dispute_id,
    find_row,
    names_of_parties,
    proposal_id,
    state_of,
    waiting_proposals,
)
from web.desk.signed_in import signed_in
from web.desk.wiring import here

pages = Blueprint("desk_dispute_decisions", __name__, url_prefix="/desk")

AT_ONCE = 50  # disputes that are decided on one page
DECISIONS = ("uphold", "reject", "carry")
REFUSED = {
    "dispute-step-refused": ("decision", mark("The dispute does not stand where it did.")),
    "dispute-carried-already": ("decision", mark("It is in the open window already.")),
    "upheld-points-refused": ("points", mark("Not so many points of this line can be given back.")),
    "already-proposed": ("decision", mark("A proposal about this dispute waits already.")),
}


@pages.route("/disputes/decide", methods=["GET", "POST"])
@signed_in(Power.DISPUTES)
def decide_some() -> ResponseReturnValue:
    """Those that were chosen, each with a decision and a reason of its own: a proposal for each."""
    chosen = list(dict.fromkeys(request.values.getlist("dispute")))
    if not 0 < len(chosen) <= AT_ONCE:
        tell("warn", _("Choose 1 to %(n)s disputes.", n=AT_ONCE))
        return redirect("/desk/disputes", 303)
    form = Form(None, request.form) if request.method == "POST" else Form()
    with here().database.transaction() as session:
        rows = [find_row(session, each) for each in chosen]
        for row in rows:
            if form.sent and not form.typed.get(f"{dispute_id(row)}.reason"):
                form.refuse(f"{dispute_id(row)}.reason", _("Fill this in"))
        if form.ok:
            for row in rows:
                propose_end(session, row, form, f"{dispute_id(row)}.")
            if form.errors:
                session.rollback()  # All of them, or none.
            else:
                tell(
                    "ok",
                    _("%(n)s proposals are made, one for each dispute.", n=len(rows)),
                    _("Someone else must approve each within 48 hours."),
                )
                return redirect("/desk/approvals?show=mine", 303)
    with here().database.transaction() as session:
        rows = [find_row(session, each) for each in chosen]
        choices = {row["id"]: choices_of(session, row) for row in rows}
        amounts, names = amounts_of(session, rows), names_of_parties(session)
        waiting = waiting_proposals(session)
    return render_template(
        "desk/disputes_decide.html",
        rows=rows,
        choices=choices,
        amounts=amounts,
        names=names,
        proposed=waiting,
        form=form,
        state_of=state_of,
        dsp=dispute_id,
        prp=proposal_id,
        currency=here().currency,
        total=sum(amounts[row["id"]] or 0 for row in rows),
    ), (422 if form.errors else 200)


def propose_end(session: Session, row: Row, form: Form, prefix: str) -> UUID | None:
    """Put one decision before a second person; None when the form says why not."""
    decision = form.typed.get(f"{prefix}decision", "")
    try:
        if decision == "carry":
            content = proposing.carried(session, row)
        elif decision in DECISIONS:
            uphold = decision == "uphold"
            points = _points(form, f"{prefix}points") if uphold else None
            if form.errors:
                return None
            if uphold and points is None:
                points = steps.check_points(session, row, None)
            content = proposing.decided(session, row, uphold=uphold, points=points)
        else:
            form.refuse(f"{prefix}decision", _("Choose one of these"))
            return None
        return acting.propose(session, proposing.KIND, content, form.typed[f"{prefix}reason"])
    except Refusal as refused:
        if refused.code not in REFUSED:
            raise
        field, words = REFUSED[refused.code]
        form.refuse(prefix + field, _(words))
        return None


def _points(form: Form, field: str) -> int | None:
    """A whole number as people type one; None for all."""
    typed = form.typed.get(field, "").replace(",", "").replace("，", "").replace(" ", "")
    if not typed:
        return None
    if not (typed.isdecimal() and 0 < int(typed) < 10**13):
        form.refuse(field, _("Enter a whole number"))
        return None
    return int(typed)


def choices_of(session: Session, row: Row) -> list[str]:
    """What can be decided now: nothing, to carry it over, or all three."""
    found = ["uphold", "reject"] if row["state"] == "escalated" else []
    if row["state"] != "resolved":
        try:
            steps.check_carries(session, row)
        except DisputeCarriedAlready:
            pass
        else:
            found.append("carry")
    return found


def _decidable(row: Row) -> bool:
    return bool(row["state"] != "resolved")
