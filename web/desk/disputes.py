"""Disputes: what is contested, until when, and how it ends."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kit import ids
from kit.clock import rfc3339
from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from partners import registry
from settlement import revisions
from settlement import store as windows
from settlement.disputes import proposing, steps, store
from settlement.disputes.errors import DisputeCarriedAlready
from settlement.disputes.store import Row
from settlement.disputes.worth import worth
from settlement.reconciliation import store as records
from staff import approvals
from staff.roles import Power, who_may
from web.desk import acting
from web.desk.files import as_csv, as_file
from web.desk.listing import Asked, cut
from web.desk.reconciliation import CAUSES
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_disputes", __name__, url_prefix="/desk")

MOST = 2_000  # disputes that a list looks through
AT_ONCE = 50  # disputes that are decided on one page

STATES = {
    "open": mark("Not decided yet"),
    "overdue": mark("Past its day"),
    "opened": mark("Awaiting answer"),
    "answered": mark("Answered"),
    "escalated": mark("For the hub to decide"),
    "carried": mark("Carried over"),
    "resolved": mark("Ended"),
}
ENDED = {
    "upheld": ("done", mark("Upheld")),
    "rejected": ("neutral", mark("Rejected")),
    "withdrawn": ("neutral", mark("Withdrawn")),
}
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
DECISIONS = ("uphold", "reject", "carry")


# --- all of them ----------------------------------------------------------------------------------


@pages.get("/disputes")
@signed_in()
def work_list() -> ResponseReturnValue:
    """What must be decided soonest first; what it holds back, and both sides."""
    asked = Asked(
        filters={"state": "open", "partner": "", "window": ""},
        sorts=("due", "points", "opened", "window"),
        default="due",
    )
    with here().database.transaction() as session:
        partners = registry.listed(session)
        names = _names(session)
        found = _found(session, asked, {each.slug: each.party for each in partners})
        page = cut(found[:MOST], asked, _key(asked))
        ordered = sorted(found[:MOST], key=_key(asked), reverse=asked.descending)
        shown = ordered if asked.csv else page.rows
        amounts = _amounts(session, shown)
        waiting = _waiting(session)
        stale = _stale(session)
    if asked.csv:
        return _csv(shown, names, amounts)
    return render_template(
        "desk/disputes.html",
        asked=asked,
        page=page,
        names=names,
        amounts=amounts,
        proposed=waiting,
        stale=stale,
        some=len(found) > MOST,
        states=[(state, _(words)) for state, words in STATES.items()],
        partners=[("", _("all")), *((each.slug, each.name) for each in partners)],
        state_of=state_of,
        dsp=_dsp,
        prp=_prp,
        currency=here().currency,
        may=me().may("disputes"),
        roles=who_may(Power.DISPUTES),
        decidable=_decidable,
    )


def _found(session: Session, asked: Asked, parties: Mapping[str, int]) -> list[Row]:
    slug, name, state = (asked.filters[each] for each in ("partner", "window", "state"))
    window = windows.find_window(session, name) if name else None
    if (slug and slug not in parties) or (name and window is None) or state not in STATES:
        return []
    return store.work_list(
        session,
        state=state,
        party=parties.get(slug),
        window=window.id if window else None,
        now=here().clock(),
        limit=MOST + 1,
    )


def _key(asked: Asked) -> Any:
    newest_last = {"points", "opened", "window"}
    by = asked.by if asked.by in newest_last else "due"

    def due(row: Row) -> tuple[Any, ...]:
        if row["due_at"] is None:  # It has ended: the newest first, after all that waits.
            return "~", -row["resolved_at"].timestamp() if row["resolved_at"] else 0, row["id"].hex
        return row["due_at"].isoformat(), 0, row["id"].hex

    return {
        "due": due,
        "points": lambda row: (row["points"], row["id"].hex),
        "opened": lambda row: (row["opened_at"].isoformat(), row["id"].hex),
        "window": lambda row: (row["window_id"], row["id"].hex),
    }[by]


def _csv(
    found: Sequence[Row], names: Mapping[int, str], amounts: Mapping[UUID, int | None]
) -> Response:
    head = (
        *("id", "window", "carried_into", "issuer", "acceptor", "opened_by", "reason"),
        *("points", "amount", "currency", "state", "outcome", "due_at", "opened_at"),
    )
    currency = here().currency  # Rows are made when the request is over.
    rows = (
        (
            _dsp(row),
            row["window_name"],
            row["carried_into_name"],
            names[row["issuer_id"]],
            names[row["acceptor_id"]],
            names[row["opened_by"]],
            row["reason"],
            row["points"],
            amounts[row["id"]],
            currency,
            row["state"],
            row["outcome"],
            row["due_at"] and rfc3339(row["due_at"]),
            rfc3339(row["opened_at"]),
        )
        for row in found
    )
    return as_csv(head, rows, "disputes")


def state_of(row: Row) -> tuple[str, str]:
    """A dispute's state: its tone and its word."""
    if row["state"] == "resolved":
        tone, words = ENDED[row["outcome"]]
        return tone, _(words)
    if row["state"] == "escalated":
        if row["carried_into"] is not None:
            return "info", _("Carried over")
        return "wait", _("For the hub to decide")
    return ("wait", _("Awaiting answer")) if row["state"] == "opened" else ("info", _("Answered"))


# --- one of them ----------------------------------------------------------------------------------


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
            row = _row(session, name)
            made = _propose(session, row, form, "")
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
        row = _row(session, name)
        found = None if id_ is None else store.evidence(session, row["id"], id_)
    if found is None:
        abort(404)
    plain = "".join(each for each in found["name"] if each.isascii() and each not in '"\\')
    return as_file(bytes(found["content"]), plain or "evidence", found["media_type"])


def _page(name: str, form: Form) -> str:
    with here().database.transaction() as session:
        row = _row(session, name)
        names = _names(session)
        slugs = {each.party: each.slug for each in registry.listed(session)}
        amounts = _amounts(session, [row])
        left = store.not_given_back(session, row["journal_id"], row["issuer_id"])
        opened = windows.open_window(session)
        window = windows.window_by_id(session, row["window_id"])
        record = records.found_of(session, row["opened_by"], row["window_id"], row["journal_id"])
        said = store.steps(session, row["id"])
        put = store.evidence_list(session, row["id"])
        waiting = _waiting(session).get(row["id"])
        stale = window.state == "closed" and revisions.is_stale(session, window)
        choices = _choices(session, row)
    other = row["acceptor_id"] if row["opened_by"] == row["issuer_id"] else row["issuer_id"]
    form.typed.setdefault("points", str(min(left, row["points"])))
    return render_template(
        "desk/dispute.html",
        row=row,
        dsp=_dsp(row),
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
        prp=_prp,
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


# --- several of them ------------------------------------------------------------------------------


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
        rows = [_row(session, each) for each in chosen]
        for row in rows:
            if form.sent and not form.typed.get(f"{_dsp(row)}.reason"):
                form.refuse(f"{_dsp(row)}.reason", _("Fill this in"))
        if form.ok:
            for row in rows:
                _propose(session, row, form, f"{_dsp(row)}.")
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
        rows = [_row(session, each) for each in chosen]
        choices = {row["id"]: _choices(session, row) for row in rows}
        amounts, names = _amounts(session, rows), _names(session)
        waiting = _waiting(session)
    return render_template(
        "desk/disputes_decide.html",
        rows=rows,
        choices=choices,
        amounts=amounts,
        names=names,
        proposed=waiting,
        form=form,
        state_of=state_of,
        dsp=_dsp,
        prp=_prp,
        currency=here().currency,
        total=sum(amounts[row["id"]] or 0 for row in rows),
    ), (422 if form.errors else 200)


def _propose(session: Session, row: Row, form: Form, prefix: str) -> UUID | None:
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


REFUSED = {
    "dispute-step-refused": ("decision", mark("The dispute does not stand where it did.")),
    "dispute-carried-already": ("decision", mark("It is in the open window already.")),
    "upheld-points-refused": ("points", mark("Not so many points of this line can be given back.")),
    "already-proposed": ("decision", mark("A proposal about this dispute waits already.")),
}


def _points(form: Form, field: str) -> int | None:
    """A whole number as people type one; None for all."""
    typed = form.typed.get(field, "").replace(",", "").replace("，", "").replace(" ", "")
    if not typed:
        return None
    if not (typed.isdecimal() and 0 < int(typed) < 10**13):
        form.refuse(field, _("Enter a whole number"))
        return None
    return int(typed)


def _choices(session: Session, row: Row) -> list[str]:
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


# --- shared ---------------------------------------------------------------------------------------


def _row(session: Session, name: str) -> Row:
    id_ = ids.from_text("dsp", name)
    found = None if id_ is None else store.find(session, id_)
    if found is None:
        abort(404)
    return found


def _names(session: Session) -> dict[int, str]:
    return {party: name for party, (_slug, name) in windows.names(session).items()}


def _amounts(session: Session, rows: Iterable[Row]) -> dict[UUID, int | None]:
    """What each line comes to in money, in the hub's currency."""
    rows = list(rows)
    found = worth(session, [(row["journal_id"], row["issuer_id"]) for row in rows])
    return {row["id"]: found.get((row["journal_id"], row["issuer_id"])) for row in rows}


def _waiting(session: Session) -> dict[UUID, UUID]:
    """The proposals about disputes that wait for a second person, by dispute."""
    return {
        UUID(each.content["dispute"]): each.id
        for each in approvals.still_open(session, now=here().clock())
        if each.kind == proposing.KIND
    }


def _stale(session: Session) -> list[str]:
    """Closed windows whose figures still count what has been contested since."""
    return [
        each.name
        for each in windows.list_windows(session, before=None, limit=12)
        if each.state == "closed" and revisions.is_stale(session, each)
    ]


def _dsp(row: Row) -> str:
    return to_text("dsp", row["id"])


def _prp(id_: UUID) -> str:
    return to_text("prp", id_)
