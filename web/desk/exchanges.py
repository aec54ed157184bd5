"""Exchanges at partners that give no answer: which wait, and what two people may say of one."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kit import ids
from kit.clock import rfc3339
from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from partners import registry
from partners.exchanges import by_hand, machine, store
from partners.exchanges.errors import ExchangeNotFound
from partners.exchanges.machine import Said
from partners.exchanges.store import Row
from staff import approvals
from staff.roles import Power, who_may
from web.desk.acting import propose
from web.desk.files import as_csv
from web.desk.listing import Asked, cut
from web.desk.refusals import in_words
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here
from web.frame.formats import points

pages = Blueprint("desk_exchanges", __name__, url_prefix="/desk")

MOST = 2_000  # that the list looks through
KIND = "exchange-answer"

STATES = {
    "reserved": ("info", mark("About to be asked")),
    "asked": ("wait", mark("Asked")),
    "returning": ("wait", mark("Being set right")),
    "undoing": ("wait", mark("Being undone")),
    "done": ("done", mark("Done")),
    "returned": ("neutral", mark("Came to nothing")),
    "undone": ("neutral", mark("Undone")),
}
# What its partner is asked to do.
QUESTIONS = {
    "credit": mark("Give the member %(n)s of its own points"),
    "debit": mark("Take %(n)s of its own points from the member"),
    "take-back": mark("Take back %(n)s of its own points"),
    "give-back": mark("Give back %(n)s of its own points"),
}
SAID = {"done": mark("It did it"), "refused": mark("It did not")}
# What follows, by direction, state, and what the partner did.
FOLLOWS = {
    ("export", "asked", "done"): mark("The points leave the member's wallet, for its own."),
    ("export", "asked", "refused"): mark("What was set aside goes back to the member."),
    ("export", "returning", "done"): mark("Nothing moves; the asking ends."),
    ("export", "undoing", "done"): mark("The points go back to the member."),
    ("export", "undoing", "refused"): mark("The exchange stands; the member is told."),
    ("import", "asked", "done"): mark("The points come into the member's wallet."),
    ("import", "asked", "refused"): mark("Nothing moves; the member is told."),
    ("import", "returning", "done"): mark("Nothing moves; the asking ends."),
    ("import", "undoing", "done"): mark("Nothing moves; the asking ends."),
}


@pages.get("/health/exchanges")
@signed_in()
def waiting() -> ResponseReturnValue:
    """Those whose partner is still asked, the longest waiting first."""
    asked = Asked(filters=("partner",), sorts=("since", "points", "tries"), default="since")
    with here().database.transaction() as session:
        partners = registry.listed(session)
        parties = {each.slug: each.party for each in partners}
        slug = asked.filters["partner"]
        known = not slug or slug in parties
        found = store.waiting(session, parties.get(slug), MOST + 1) if known else []
    key = {
        "since": lambda row: (_since(row).isoformat(), row["id"].hex),
        "points": lambda row: (row["points"], row["id"].hex),
        "tries": lambda row: (row["tries"], row["id"].hex),
    }[asked.by]
    if asked.csv:
        return _csv(sorted(found, key=key, reverse=asked.descending))
    return render_template(
        "desk/exchanges.html",
        asked=asked,
        page=cut(found[:MOST], asked, key),
        some=len(found) > MOST,
        partners=[("", _("all")), *((each.slug, each.name) for each in partners)],
        since=_since,
        question=question,
        state_of=state_of,
        exg=_exg,
    )


@pages.get("/health/exchanges/<name>")
@signed_in()
def one(name: str) -> ResponseReturnValue:
    """What was agreed, how often its partner was asked, and what may be said in its place."""
    return _page(name, Form())


@pages.post("/health/exchanges/<name>")
@signed_in(Power.RECONCILE)
def propose_answer(name: str) -> ResponseReturnValue:
    """Put before a second person what the partner did."""
    form = Form(None, request.form)
    said = form.typed.get("said", "")
    if said not in ("done", "refused"):
        form.refuse("said", _("Choose one of these"))
    if not form.typed.get("reason"):
        form.refuse("reason", _("Fill this in"))
    made: UUID | None = None
    if form.ok:
        try:
            with here().database.transaction() as session:
                content = by_hand.content(session, _id(name), cast(Said, said), here().clock())
                made = propose(session, KIND, content, form.typed["reason"])
        except ExchangeNotFound:
            raise
        except Refusal as refusal:
            form.refuse("said", in_words(refusal))
    if made is None:
        return _page(name, form), 422
    tell("ok", _("Proposed. Someone else must approve it within 48 hours."))
    return redirect(f"/desk/approvals/{to_text('prp', made)}", 303)


def _page(name: str, form: Form) -> str:
    with here().database.transaction() as session:
        row = store.one(session, _id(name))
        if row is None:
            raise ExchangeNotFound
        waits = approvals.waiting_about(session, KIND, {"exchange": name}, now=here().clock())
    choices = by_hand.answers(row)
    return render_template(
        "desk/exchange.html",
        row=row,
        exg=name,
        member=to_text("mbr", row["link_id"]),
        jrn=lambda id_: to_text("jrn", id_),
        since=_since(row),
        question=question(row),
        state=state_of(row),
        answers=[(said, _(SAID[said]), follows(row, said)) for said in choices],
        proposed=waits and to_text("prp", waits.id),
        form=form,
        may=me().may("reconcile"),
        roles=who_may(Power.RECONCILE),
    )


def state_of(row: Row) -> tuple[str, str]:
    """An exchange's state: its tone and its word."""
    tone, words = STATES[row["state"]]
    return tone, _(words)


def question(row: Row) -> str:
    """What the partner is asked to do; empty when it is asked nothing."""
    act = machine.act(row["direction"], row["state"])
    return asks(act, row["theirs"]) if act else ""


def asks(act: str, theirs: int) -> str:
    """A question in words."""
    return _(QUESTIONS[act], n=points(theirs))


def follows(row: Row, said: Said) -> str:
    """What the books do when this is its partner's answer."""
    key = row["direction"], row["state"], said
    return _(FOLLOWS[key])


def _since(row: Row) -> datetime:
    """Since when its partner has been asked, or is to be."""
    found: datetime = row["first_asked_at"] or row["confirmed_at"]
    return found


def _csv(found: Iterable[Row]) -> Response:
    head = (
        *("id", "partner", "member", "reference", "direction", "state", "act"),
        *("points", "theirs", "since", "tries", "last_asked_at"),
    )
    rows = (
        (
            _exg(row),
            row["slug"],
            to_text("mbr", row["link_id"]),
            row["customer"],
            row["direction"],
            row["state"],
            machine.act(row["direction"], row["state"]),
            row["points"],
            row["theirs"],
            rfc3339(_since(row)),
            row["tries"],
            row["last_asked_at"] and rfc3339(row["last_asked_at"]),
        )
        for row in found
    )
    return as_csv(head, rows, "exchanges")


def _exg(row: Row) -> str:
    return to_text("exg", row["id"])


def _id(name: str) -> UUID:
    found = ids.from_text("exg", name)
    if found is None:
        raise ExchangeNotFound
    return found
