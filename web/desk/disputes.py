"""Disputes: those that are contested, by what is due soonest."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kit.clock import rfc3339
from kit.language import gettext as _
from kit.language import mark
from partners import registry
from settlement import revisions
from settlement import store as windows
from settlement.disputes import store
from settlement.disputes.store import Row
from staff.roles import Power, who_may
from web.desk.dispute_facts import (
    amounts_of,
    dispute_id,
    names_of_parties,
    proposal_id,
    state_of,
    waiting_proposals,
)
from web.desk.files import as_csv
from web.desk.listing import Asked, cut
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_disputes", __name__, url_prefix="/desk")

MOST = 2_000  # disputes that a list looks through

STATES = {
    "open": mark("Not decided yet"),
    "overdue": mark("Past its day"),
    "opened": mark("Awaiting answer"),
    "answered": mark("Answered"),
    "escalated": mark("For the hub to decide"),
    "carried": mark("Carried over"),
    "resolved": mark("Ended"),
}


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
        names = names_of_parties(session)
        found = _found(session, asked, {each.slug: each.party for each in partners})
        page = cut(found[:MOST], asked, _key(asked))
        ordered = sorted(found[:MOST], key=_key(asked), reverse=asked.descending)
        shown = ordered if asked.csv else page.rows
        amounts = amounts_of(session, shown)
        waiting = waiting_proposals(session)
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
        dsp=dispute_id,
        prp=proposal_id,
        currency=here().currency,
        may=me().may("disputes"),
        roles=who_may(Power.DISPUTES),
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
            dispute_id(row),
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


def _stale(session: Session) -> list[str]:
    """Closed windows whose figures still count what has been contested since."""
    return [
        each.name
        for each in windows.list_windows(session, before=None, limit=12)
        if each.state == "closed" and revisions.is_stale(session, each)
    ]
