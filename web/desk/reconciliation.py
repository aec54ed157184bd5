"""Reconciliation: a partner's records beside ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any, cast
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from kit import ids
from kit.clock import rfc3339
from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from kit.schemas import StrictSchema
from partners import registry
from partners.api.operations import File
from settlement import store as windows
from settlement.disputes import from_record
from settlement.disputes.opening import Line
from settlement.disputes.schemas import REASONS
from settlement.reconciliation import answering, files, findings, receiving, records, store
from settlement.reconciliation.answering import RESOLUTIONS, Answer, Place, Resolution
from settlement.reconciliation.api import MAX_PART
from settlement.reconciliation.errors import (
    FindingAnswered,
    FindingNotFound,
    ReconciliationUnfinished,
    RecordMalformed,
)
from settlement.reconciliation.matching import OUTCOMES
from settlement.reconciliation.store import Reconciliation
from settlement.store import take_time
from staff.roles import Power, who_may
from web.desk import acting
from web.desk.files import as_csv
from web.desk.listing import Asked, Page, cursor, cut
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_reconciliation", __name__, url_prefix="/desk")

MOST = 2_000  # records that a list looks through
AT_ONCE = 200  # findings that are answered at once: as many as a page shows
OF_A_FORM = 64 * 1024  # bytes beside the file

STATES = {
    "": mark("all"),
    "unanswered": mark("Needs a person"),
    "waiting": mark("Waiting to be matched"),
    "matching": mark("Being matched"),
    "loading": mark("Being received"),
    "differs": mark("With differences"),
    "closed": mark("All lines match"),
}
SIDES = {
    "accepted": mark("What its tills accepted"),
    "issued": mark("What it issued"),
    "spent": mark("Its points, spent anywhere"),
}
# Each outcome as the status list has it, with its tone.
WORDS = {
    "differing": (mark("Differs"), "wait"),
    "duplicate": (mark("A copy"), "wait"),
    "matched": (mark("Matched"), "done"),
    "missing_here": (mark("Missing here"), "wait"),
    "missing_there": (mark("Missing there"), "wait"),
}
DIFFERS = {
    "points": mark("points differ"),
    "time": mark("the time differs"),
    "kind": mark("the kind differs"),
    "reference": mark("the reference differs"),
    "window": mark("it is in another window"),
}
SAID = {
    "explained": mark("Explained: nothing follows"),
    "accepted": mark("Our record stands"),
    "correction": mark("The partner corrects"),
    "disputed": mark("Contested"),
}
MEANING = {
    "explained": mark("Explained: the records differ, and nothing follows from it"),
    "accepted": mark("Our record stands: the partner takes it over"),
    "correction": mark("The partner corrects: it sends what never came, or gives back"),
}
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
# What was wanted of a column, by its name; of the file as a whole, by none.
WANTED = {
    "reference": mark("1 to 64 plain characters; on the side of spent points, an id such as jrn_…"),
    "kind": mark("spent or refunded; on the side of issued points, issued or clawed_back"),
    "points": mark("a whole number from 1 on, digits alone"),
    "at": mark("a time with its zone, as 2026-11-22T17:05:11Z"),
    "": mark("UTF-8 text; columns reference, kind, points and, if known, at, in every line"),
}


# --- all of them ----------------------------------------------------------------------------------


@pages.get("/reconciliation")
@signed_in()
def work_list() -> ResponseReturnValue:
    """Every record that partners sent; those that need a person first."""
    asked = Asked(
        filters=("partner", "window", "state"),
        sorts=("need", "partner", "window", "received", "lines", "open"),
        default="-need",
    )
    with here().database.transaction() as session:
        partners = {each.party: each for each in registry.listed(session)}
        found, looked_for = _found(session, asked, {p.slug: p.party for p in partners.values()})
    name = {party: each.name for party, each in partners.items()}
    if asked.csv:
        return _list_csv(found, name)
    keys = {
        "need": lambda each: (each.unanswered > 0, each.id.hex),
        "partner": lambda each: (name[each.party], each.id.hex),
        "window": lambda each: (each.window, each.id.hex),
        "received": lambda each: (each.id.hex,),
        "lines": lambda each: (each.lines, each.id.hex),
        "open": lambda each: (each.unanswered, each.id.hex),
    }
    return render_template(
        "desk/reconciliation.html",
        asked=asked,
        page=cut(found, asked, keys[asked.by]),
        names=name,
        partners=[("", _("all")), *((each.slug, each.name) for each in partners.values())],
        states=[(state, _(words)) for state, words in STATES.items()],
        sides=_all(SIDES),
        state_of=state_of,
        rec=_rec,
        some=looked_for,
        may=me().may("reconcile"),
        roles=who_may(Power.RECONCILE),
    )


def _found(
    session: Session, asked: Asked, parties: dict[str, int]
) -> tuple[list[Reconciliation], bool]:
    """What the filters want, and whether there is more than a list looks through."""
    slug, name, state = (asked.filters[each] for each in ("partner", "window", "state"))
    window = windows.find_window(session, name) if name else None
    if (slug and slug not in parties) or (name and window is None) or state not in STATES:
        return [], False
    found = store.work_list(
        session,
        party=parties.get(slug),
        window=window.id if window else None,
        state=state,
        limit=MOST + 1,
    )
    return found[:MOST], len(found) > MOST


def _list_csv(found: Sequence[Reconciliation], names: dict[int, str]) -> Response:
    head = ("id", "partner", "window", "side", "received", "state", "lines", "points", "open")
    rows = (
        (
            _rec(each),
            names[each.party],
            each.window,
            each.side,
            rfc3339(each.created_at),
            each.state,
            each.lines,
            each.points,
            each.unanswered,
        )
        for each in found
    )
    return as_csv(head, rows, "reconciliation")


def state_of(record: Reconciliation) -> tuple[str, str]:
    """A record's state: its tone and its word."""
    if record.state == "closed":
        return "done", _("All lines match")
    if record.state == "differs":
        return ("wait", _("Needs a person")) if record.unanswered else ("done", _("Answered"))
    return {
        "loading": ("neutral", _("Being received")),
        "waiting": ("wait", _("Waiting to be matched")),
        "matching": ("info", _("Being matched")),
    }[record.state]


# --- one of them ----------------------------------------------------------------------------------


@pages.get("/reconciliation/<name>")
@signed_in()
def one(name: str) -> ResponseReturnValue:
    """What does not agree, both records side by side; what does is folded."""
    asked = Asked(filters={"show": "open"})
    outcome = asked.filters["show"]
    with here().database.transaction() as session:
        record = _record(session, name)
        wanted = [outcome] if outcome in OUTCOMES else list(findings.OPEN)
        if asked.csv:
            return _findings_csv(session, record, wanted)
        facts = findings.summary(session, record)
        page = _page(session, record, wanted, asked) if record.matched_at else Page([], "", "")
        partner = _partner_of(session, record.party)
        parts = store.parts(session, record.id)
    counts = {each["outcome"]: each for each in facts.get("outcomes", ())}
    return render_template(
        "desk/reconciliation_one.html",
        record=record,
        rec=_rec(record),
        partner=partner,
        asked=asked,
        page=page,
        counts=counts,
        parts=parts,
        state=state_of(record),
        side=_(SIDES[record.side]),
        words={name: (_(word), tone) for name, (word, tone) in WORDS.items()},
        said=_all(SAID),
        may=me().may("reconcile"),
        may_contest=me().may("reconcile") and me().may("disputes"),
        roles=who_may(Power.RECONCILE),
        dsp=lambda id_: to_text("dsp", id_),
    )


@pages.get("/reconciliation/<name>/progress")
@signed_in()
def progress(name: str) -> ResponseReturnValue:
    """How far the matching has come; once it is done, the page is loaded anew."""
    with here().database.transaction() as session:
        record = _record(session, name)
    if record.matched_at is not None:
        return redirect(url_for("desk_reconciliation.one", name=name), 303)
    return render_template("desk/reconciliation_progress.html", record=record)


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding as a table shows it: both sides, what differs in words, what was said of it."""

    place: str
    outcome: str
    ours: dict[str, Any] | None
    theirs: dict[str, Any] | None
    differs: list[str]
    marks: frozenset[str]
    resolution: str | None
    dispute: UUID | None
    words: str | None
    said_by: str | None
    answered_at: datetime | None
    proposed: str

    @property
    def reference(self) -> str:
        both = (self.ours or {}).get("reference"), (self.theirs or {}).get("reference")
        return next((each for each in both if each), "—")

    @property
    def contestable(self) -> bool:
        return self.ours is not None and self.outcome != "matched" and self.resolution is None


def _shown(row: Any, record: Reconciliation) -> Shown:
    told = findings.told(row, record.side)
    differs = [_(DIFFERS[each]) for each in told["differs"]]
    return Shown(
        place=f"{row['outcome']}.{row['number']}",
        outcome=row["outcome"],
        ours=told["ours"],
        theirs=told["theirs"],
        differs=differs,
        marks=frozenset(told["differs"]),
        resolution=row["resolution"],
        dispute=row["dispute_id"],
        words=row["words"],
        said_by=row["said_by"],
        answered_at=row["answered_at"],
        proposed=answering.proposed(row["outcome"], told["differs"]),
    )


def _page(session: Session, record: Reconciliation, wanted: list[str], asked: Asked) -> Page:
    after, before = _place_of(asked.after), _place_of(asked.before)
    size = asked.size
    if before is not None:
        rows = store.findings_before(session, record.id, wanted, before=before, limit=size)
        more = len(rows) > size
        rows, first, last = rows[-size:], not more, False
    else:
        rows = store.findings(session, record.id, wanted, after=after or ("", 0), limit=size)
        first, last = after is None, len(rows) <= size
        rows = rows[:size]
    ends = [(row["outcome"], row["number"]) for row in rows]
    return Page(
        [_shown(row, record) for row in rows],
        "" if first or not rows else asked.url(before=cursor(*ends[0])),
        "" if last or not rows else asked.url(after=cursor(*ends[-1])),
    )


def _place_of(said: list[Any] | None) -> Place | None:
    match said:
        case [str() as outcome, int() as number]:
            return outcome, number
    return None


def _findings_csv(session: Session, record: Reconciliation, wanted: list[str]) -> Response:
    """All that is wanted; only so many as a file through the API has."""
    findings.check_matched(record)
    take_time(session)
    rows = store.findings(session, record.id, wanted, after=("", 0), limit=50_000)
    head = (*files.COLUMNS, "answer", "reason", "said_by", "said_at")
    lines = [
        (
            *files.row_of(findings.told(row, record.side)),
            row["resolution"],
            row["words"],
            row["said_by"],
            row["answered_at"] and rfc3339(row["answered_at"]),
        )
        for row in rows[:50_000]
    ]
    return as_csv(head, lines, f"{_rec(record)}-{'-'.join(wanted)}"[:120])


# --- answering ------------------------------------------------------------------------------------


class Answering(StrictSchema):
    """Why, for all that were chosen."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


@pages.get("/reconciliation/<name>/resolve")
@signed_in(Power.RECONCILE)
def resolve(name: str) -> ResponseReturnValue:
    """The lines that were chosen, with what each mostly comes to."""
    with here().database.transaction() as session:
        record = _record(session, name)
        try:
            chosen = _chosen(session, record, request.args.getlist("finding"))
        except (FindingNotFound, FindingAnswered, ReconciliationUnfinished) as refused:
            return _nothing_chosen(name, refused)
        partner = _partner_of(session, record.party)
    return _resolve_page(record, partner, chosen, Form())


@pages.post("/reconciliation/<name>/resolve")
@signed_in(Power.RECONCILE)
def answer(name: str) -> ResponseReturnValue:
    """Say it of all of them, or of none."""
    form = Form(Answering(), request.form)
    with here().database.transaction() as session:
        record = _record(session, name)
        try:
            chosen = _chosen(session, record, request.form.getlist("finding"))
        except (FindingNotFound, FindingAnswered, ReconciliationUnfinished) as refused:
            return _nothing_chosen(name, refused)
        said = {each.place: request.form.get(f"as.{each.place}", "") for each in chosen}
        for place, resolution in said.items():
            if resolution not in RESOLUTIONS:
                form.refuse(f"as.{place}", _("Choose one of these"))
        if not form.ok:
            return _resolve_page(record, _partner_of(session, record.party), chosen, form), 422
        answers = [
            Answer(*_place(place), cast(Resolution, resolution))
            for place, resolution in said.items()
        ]
        now, words = here().clock(), form.data["reason"]
        answering.answer(session, record.id, answers, by=me().name, words=words, now=now)
        acting.note(
            session,
            "reconciliation-answered",
            f"reconciliation {_rec(record)}",
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


def _chosen(session: Session, record: Reconciliation, places: Sequence[str]) -> list[Shown]:
    """Raises FindingNotFound, FindingAnswered, ReconciliationUnfinished."""
    if not 0 < len(set(places)) <= AT_ONCE:
        raise FindingNotFound
    rows = answering.choose(session, record.id, [_place(each) for each in places])
    return [_shown(row, record) for row in rows]


def _place(text: str) -> Place:
    outcome, _dot, number = text.partition(".")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise FindingNotFound
    return outcome, int(number)


def _nothing_chosen(name: str, refused: Refusal) -> ResponseReturnValue:
    if isinstance(refused, FindingAnswered):
        tell("warn", _("One of these lines has been answered meanwhile."))
    else:
        tell("warn", _("Choose at least one line that does not agree."))
    return redirect(url_for("desk_reconciliation.one", name=name), 303)


def _resolve_page(
    record: Reconciliation, partner: registry.Partner, chosen: list[Shown], form: Form
) -> str:
    return render_template(
        "desk/reconciliation_resolve.html",
        record=record,
        rec=_rec(record),
        partner=partner,
        chosen=chosen,
        form=form,
        words={name: (_(word), tone) for name, (word, tone) in WORDS.items()},
        meanings=[(each, _(MEANING[each])) for each in RESOLUTIONS],
        ours=sum((each.ours or {}).get("points") or 0 for each in chosen),
        theirs=sum((each.theirs or {}).get("points") or 0 for each in chosen),
    )


# --- contesting -----------------------------------------------------------------------------------


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
            record = _record(session, name)
            (shown,) = _chosen(session, record, [finding])
            if not shown.contestable:
                raise FindingNotFound
            partner = _partner_of(session, record.party)
            lines = _lines(session, record, _place(finding))
            if form.ok:
                made = _contest(session, record, partner, finding, form)
                tell("ok", _("The line is contested: it is left out of the net."))
                return redirect(f"/desk/disputes/{to_text('dsp', made[0])}", 303)
    except (FindingNotFound, FindingAnswered, ReconciliationUnfinished) as refused:
        return _nothing_chosen(name, refused)
    except Refusal as refused:
        if refused.code not in REFUSED:
            raise
        form.refuse("line", _(REFUSED[refused.code]))
    return render_template(
        "desk/reconciliation_dispute.html",
        record=record,
        rec=_rec(record),
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
        finding=_place(finding),
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
            after={"for": partner.slug, "record": _rec(record), "line": finding},
        )
    return made


# --- a file for a partner -------------------------------------------------------------------------


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
            f"reconciliation {_rec(record)}",
            after={
                "partner": said["partner"],
                "window": said["window"],
                "side": said["side"],
                "lines": part["lines"],
                "digest": bytes(part["digest"]).hex(),
                "state": done.state,
            },
        )
    return url_for("desk_reconciliation.one", name=_rec(record))


def _fault(error: dict[str, Any]) -> dict[str, Any]:
    """Where a file cannot be read: its line, the column, and what was expected there."""
    column = error["detail"].partition(" ")[0]
    column = column if column in WANTED else ""
    return {"line": error["line"], "column": column, "wanted": _(WANTED[column])}


# --- shared ---------------------------------------------------------------------------------------


def _record(session: Session, name: str) -> Reconciliation:
    id_ = ids.from_text("rec", name)
    found = None if id_ is None else store.find(session, id_)
    if found is None:
        abort(404)
    return found


def _partner_of(session: Session, party: int) -> registry.Partner:
    return next(each for each in registry.listed(session) if each.party == party)


def _rec(record: Reconciliation) -> str:
    return to_text("rec", record.id)


def _all(words: dict[str, str]) -> dict[str, str]:
    return {name: _(word) for name, word in words.items()}


@pages.record_once
def _large(state: BlueprintSetupState) -> None:
    """Forgery is looked for in `upload` itself, once it is known who sends so much."""
    state.app.extensions["csrf"].exempt(f"{upload.__module__}.{upload.__name__}")
