"""What was found in a partner's record, as the pages of reconciliation show and choose it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kit import ids
from kit.errors import Refusal
from kit.forms import tell
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from partners import registry
from settlement.reconciliation import answering, findings, store
from settlement.reconciliation.answering import Place
from settlement.reconciliation.errors import FindingAnswered, FindingNotFound
from settlement.reconciliation.store import Reconciliation

AT_ONCE = 200  # findings that are answered at once: as many as a page shows

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


def shown_as(row: Any, record: Reconciliation) -> Shown:
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


def chosen_findings(session: Session, record: Reconciliation, places: Sequence[str]) -> list[Shown]:
    """Raises FindingNotFound, FindingAnswered, ReconciliationUnfinished."""
    if not 0 < len(set(places)) <= AT_ONCE:
        raise FindingNotFound
    rows = answering.choose(session, record.id, [read_place(each) for each in places])
    return [shown_as(row, record) for row in rows]


def read_place(text: str) -> Place:
    outcome, _dot, number = text.partition(".")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise FindingNotFound
    return outcome, int(number)


def nothing_chosen(name: str, refused: Refusal) -> ResponseReturnValue:
    if isinstance(refused, FindingAnswered):
        tell("warn", _("One of these lines has been answered meanwhile."))
    else:
        tell("warn", _("Choose at least one line that does not agree."))
    return redirect(url_for("desk_reconciliation.one", name=name), 303)


def find_record(session: Session, name: str) -> Reconciliation:
    id_ = ids.from_text("rec", name)
    found = None if id_ is None else store.find(session, id_)
    if found is None:
        abort(404)
    return found


def partner_of(session: Session, party: int) -> registry.Partner:
    return next(each for each in registry.listed(session) if each.party == party)


def record_id(record: Reconciliation) -> str:
    return to_text("rec", record.id)


def translated(words: dict[str, str]) -> dict[str, str]:
    return {name: _(word) for name, word in words.items()}
