"""One dispute: both sides, what is frozen, until when, and how it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kit import ids
from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from partners import registry
from settlement import revisions
from settlement import store as windows
from settlement.disputes import store
from settlement.disputes.store import Row
from settlement.reconciliation import store as records
from staff.roles import Power, who_may
from web.desk.dispute_decisions import choices_of, propose_end
from web.desk.dispute_facts import (
    amounts_of,
    dispute_id,
    find_row,
    names_of_parties,
    proposal_id,
    state_of,
    waiting_proposals,
)
from web.desk.files import as_file
from web.desk.reconciliation_disputes import CAUSES
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_dispute", __name__, url_prefix="/desk")

STEPS = {
    "opened": mark("opened the dispute"),
    "accept": mark("accepted: the points go back"),
    "reject": mark("rejected it"),
    "escalate": mark("asked the hub to decide"),
    "withdraw": mark("withdrew it"),
    "uphold": mark("upheld it"),
    "dismiss": mark("rejected it"),
    "carry": mark("carried it over"),
    "lapse": mark("its day passed in silence"),
}
# What was written by the rule itself, not by a person.
SILENCE = {
    "Nobody answered in time.": mark("Nobody answered in time: it went to the hub."),
    "Not escalated in time.": mark("Not escalated in time: it ended, rejected."),
    "Not decided in time: carried over.": mark("Not decided in time: it was carried over."),
}


@pages.get("/disputes/<name>")
@signed_in()
def one(name: str) -> ResponseReturnValue:
    """Both sides beside each other, what is frozen, what happens by itself, and the decision."""
    return _page(name, Form(decision="uphold"))


@pages.post("/disputes/<name>")
@signed_in(Power.DISPUTES)
def decide(name: str) -> ResponseReturnValue:
    """Propose how it ends, or that it is carried over; a second person approves."""
    form = Form(None, request.form)
    if not form.typed.get("reason"):
        form.refuse("reason", _("Fill this in"))
    made: UUID | None = None
    if form.ok:
        with here().database.transaction() as session:
            row = find_row(session, name)
            made = propose_end(session, row, form, "")
    if made is None:
        return _page(name, form), 422
    tell("ok", _("Proposed. Someone else must approve it within 48 hours."))
    return redirect(f"/desk/approvals/{to_text('prp', made)}", 303)


@pages.get("/disputes/<name>/evidence/<file>")
@signed_in()
def evidence(name: str, file: str) -> ResponseReturnValue:
    """A file that a side put, byte for byte, to keep; never shown inside our pages."""
    id_ = ids.from_text("evd", file)
    with here().database.transaction() as session:
        row = find_row(session, name)
        found = None if id_ is None else store.evidence(session, row["id"], id_)
    if found is None:
        abort(404)
    plain = "".join(each for each in found["name"] if each.isascii() and each not in '"\\')
    return as_file(bytes(found["content"]), plain or "evidence", found["media_type"])


def _page(name: str, form: Form) -> str:
    with here().database.transaction() as session:
        row = find_row(session, name)
        names = names_of_parties(session)
        slugs = {each.party: each.slug for each in registry.listed(session)}
        amounts = amounts_of(session, [row])
        left = store.not_given_back(session, row["journal_id"], row["issuer_id"])
        opened = windows.open_window(session)
        window = windows.window_by_id(session, row["window_id"])
        record = records.found_of(session, row["opened_by"], row["window_id"], row["journal_id"])
        said = store.steps(session, row["id"])
        put = store.evidence_list(session, row["id"])
        waiting = waiting_proposals(session).get(row["id"])
        stale = window.state == "closed" and revisions.is_stale(session, window)
        choices = choices_of(session, row)
    other = row["acceptor_id"] if row["opened_by"] == row["issuer_id"] else row["issuer_id"]
    form.typed.setdefault("points", str(min(left, row["points"])))
    return render_template(
        "desk/dispute.html",
        row=row,
        dsp=dispute_id(row),
        names=names,
        slugs=slugs,
        other=other,
        sides=_sides(row, record, said, other),
        cause=_cause(row),
        amount=amounts[row["id"]],
        left=left,
        opened=opened,
        window=window,
        steps=_told(said, names),
        evidence=put,
        evd=lambda id_: to_text("evd", id_),
        jrn=lambda id_: to_text("jrn", id_),
        prp=proposal_id,
        proposed=waiting,
        stale=stale,
        choices=choices,
        state=state_of(row),
        silence=_silence(row, opened.name if opened else None),
        currency=here().currency,
        form=form,
        may=me().may("disputes"),
        roles=who_may(Power.DISPUTES),
    )


@dataclass(frozen=True, slots=True)
class Sides:
    """What the opener says and what the other side has, fact by fact; None where it says nothing.

    The books have what the acceptor signed, so the other side's facts are the books'.
    """

    points: tuple[int | None, int]
    time: tuple[datetime | None, datetime]
    receipt: tuple[str | None, str | None]
    words: tuple[str | None, str | None]


def _sides(row: Row, record: Any, said: Sequence[Row], other: int) -> Sides:
    theirs = record["their_points"] if record is not None else None
    if theirs is None and row["reason"] in ("not-ours", "duplicate", "returned"):
        theirs = 0  # None of them should count.
    spoke = {
        party: [each["words"] for each in said if each["party_id"] == party and each["words"]]
        for party in (row["opened_by"], other)
    }
    return Sides(
        points=(theirs, row["points"]),
        time=(record["their_at"] if record is not None else None, row["journal_at"]),
        receipt=(record["their_reference"] if record is not None else None, row["reference"]),
        words=(
            next(iter(spoke[row["opened_by"]]), None),
            next(iter(spoke[other]), None),
        ),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the history."""

    at: datetime
    who: str
    what: str
    words: str
    proposal: UUID | None


def _told(said: Sequence[Row], names: Mapping[int, str]) -> list[Told]:
    """Newest first."""
    found = []
    for each in reversed(said):
        step, words, party = each["step"], each["words"], each["party_id"]
        if step == "lapse":
            who = _("Time")
        else:
            who = _("The hub, two people") if party is None else names[party]
        words = _(SILENCE[words]) if words in SILENCE else words
        found.append(Told(each["at"], who, _(STEPS[step]), words, each["approval_id"]))
    return found


def _cause(row: Row) -> str:
    cause: str = row["reason"]
    return _(CAUSES[cause])


def _silence(row: Row, opened: str | None) -> str:
    """What happens when its day passes and nobody did anything."""
    if row["state"] == "opened":
        return _("If nobody answers: the hub decides.")
    if row["state"] == "answered":
        return _(
            "If nobody asks the hub: rejected, and the line settles with %(window)s.",
            window=opened or "—",
        )
    if row["state"] == "escalated":
        if opened == row["window_name"] or opened == row["carried_into_name"]:
            return _("If undecided: it stays out of the net and waits on.")
        return _("If undecided: carried over into %(window)s.", window=opened or "—")
    return ""
