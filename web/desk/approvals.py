"""Approvals: what one person proposed and another decides on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from kit.clock import rfc3339
from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import from_text
from kit.language import gettext as _
from kit.language import mark
from staff import approvals
from staff.approvals import Proposal
from staff.errors import ProposalNotFound
from staff.roles import PROPOSING, Power, who_may
from web import enactments
from web.desk import showing
from web.desk.files import as_csv
from web.desk.listing import Asked, Page, cursor
from web.desk.refusals import in_words
from web.desk.signed_in import me, prove_first, recently_proved, signed_in
from web.desk.wiring import here
from web.frame import formats

pages = Blueprint("desk_approvals", __name__, url_prefix="/desk")

STATES = {
    "waiting": ("wait", mark("Awaiting approval")),
    "approved": ("done", mark("Approved")),
    "rejected": ("stop", mark("Rejected")),
    "withdrawn": ("neutral", mark("Withdrawn")),
    "expired": ("neutral", mark("Expired")),
    "changed": ("stop", mark("Changed")),
}
COLUMNS = (
    "id", "kind", "object", "state", "proposed_by", "proposed_at", "expires_at", "reason",
    "decided_by", "decided_at", "because", "hash",
)  # fmt: skip

# Why an approval was refused, for whoever approves; by the code of the refusal.
REFUSED = {
    "second-person-required": mark("You proposed this, so someone else must approve it."),
    "role-required": mark("Your roles no longer allow this."),
    "operator-unknown": mark("Your account is no longer active."),
    "proposal-changed": mark("This changed after you opened it. Review it again."),
    "proposal-expired": mark("This changed after you opened it. Review it again."),
    "proposal-decided": mark("Somebody decided on this already."),
    "not-the-proposer": mark("Only whoever proposed this can withdraw it."),
    "settlement-step-refused": mark("The window's state has another step next."),
    "unrevised-deferrals": mark("A line was contested since. Revise the window's figures first."),
    "books-do-not-balance": mark("The books do not balance. Nothing is paid until they do."),
    "bank-account-missing": mark("A bank account is missing."),
    "busy": mark("The window is being worked on. Try again in a moment."),
}


class Reasons(Schema):
    reason = fields.String(required=True, validate=validate.Length(1, 500))


@pages.get("/approvals")
@signed_in()
def inbox() -> ResponseReturnValue:
    """What waits, what I proposed, what was decided; by `show`."""
    asked = Asked(filters=("show", "kind", "state"), sorts=(), default="")
    hub, now = here(), here().clock()
    which = asked.filters["show"] if asked.filters["show"] in ("mine", "decided") else ""
    with hub.database.transaction() as session:
        waiting = [
            each for each in approvals.still_open(session, now=now) if each.proposed_by != me().name
        ]
        page = _page(session, asked, which, now) if which else Page(waiting, "", "")
        if asked.csv:
            return _csv(page.rows)
        shown = showing.titles(session, page.rows, currency=hub.currency, now=now)
    return render_template(
        "desk/approvals.html",
        asked=asked,
        which=which,
        page=page,
        rows=list(zip(page.rows, shown, strict=True)),
        waits=len(waiting),
        most=approvals.MOST,
        states={name: (tone, _(word)) for name, (tone, word) in STATES.items()},
        kinds=_kinds(),
        states_of=_states_of(which),
        approvers=_approvers(),
    )


@pages.get("/approvals/<name>")
@signed_in()
def one(name: str) -> ResponseReturnValue:
    """The whole of a proposal, and at its end what this person may do about it."""
    return _one(name, Form())


@pages.post("/approvals/<name>/approve")
@signed_in(Power.APPROVE)
def approve(name: str) -> ResponseReturnValue:
    """Carry it out, if it is still what was shown; who approves proves who they are first."""
    if not recently_proved():
        return prove_first(url_for("desk_approvals.one", name=name))
    try:
        seen = bytes.fromhex(request.form.get("seen", ""))
    except ValueError:
        seen = b""
    return _decide(name, approve=True, seen=seen)


@pages.post("/approvals/<name>/reject")
@signed_in(Power.APPROVE)
def reject(name: str) -> ResponseReturnValue:
    """Send it back, with a reason."""
    form = Form(Reasons(), request.form)
    if not form.ok:
        return _one(name, form, status=422)
    return _decide(name, approve=False, because=form.data["reason"])


@pages.post("/approvals/<name>/withdraw")
@signed_in()
def withdraw(name: str) -> ResponseReturnValue:
    """Take one's own back."""
    hub = here()
    try:
        with hub.database.transaction() as session:
            approvals.withdraw(session, proposal=_id(name), by=me().name, now=hub.clock())
    except ProposalNotFound:
        abort(404)
    except Refusal as refusal:
        return _one(name, Form(), refusal=refusal)
    tell("ok", _("Withdrawn. Nobody can approve it any more."))
    return redirect(url_for("desk_approvals.one", name=name), 303)


def _decide(
    name: str, *, approve: bool, seen: bytes | None = None, because: str = ""
) -> ResponseReturnValue:
    hub = here()
    try:
        enactments.decide(
            hub.database,
            proposal=_id(name),
            by=me().name,
            approve=approve,
            clock=hub.clock,
            signer=hub.signer,
            seen=seen,
            because=because,
        )
    except ProposalNotFound:
        abort(404)
    except Refusal as refusal:
        return _one(name, Form(), refusal=refusal)
    tell("ok", _("Approved and carried out.") if approve else _("Rejected. Nothing was done."))
    return redirect(url_for("desk_approvals.one", name=name), 303)


def _one(
    name: str, form: Form, *, status: int = 200, refusal: Refusal | None = None
) -> ResponseReturnValue:
    """The page of a proposal, after a refusal with what was refused."""
    hub, now = here(), here().clock()
    with hub.database.transaction() as session:
        try:
            found = approvals.find(session, _id(name), now=now)
        except ProposalNotFound:
            abort(404)
        shown = showing.show(session, found, currency=hub.currency, now=now)
        differing = _differing(session, found, refusal, now)
    said = ""
    if refusal is not None:
        status = refusal.kind.value
        known = REFUSED.get(refusal.code)
        said = (
            _(known) if known else _("The books no longer allow it. %(why)s", why=in_words(refusal))
        )
    tone, word = STATES[found.state]
    return render_template(
        "desk/approval.html",
        proposal=found,
        shown=shown,
        form=form,
        said=said,
        differing=differing,
        tone=tone,
        word=_(word),
        mine=found.proposed_by == me().name,
        fresh=recently_proved(),
        approvers=_approvers(),
    ), status


def _differing(
    session: Session, found: Proposal, refusal: Refusal | None, now: datetime
) -> list[showing.Row]:
    """What is no longer what was proposed, in words; empty where nothing is."""
    currency = here().currency
    original = approvals.original(session, found.id)
    if original is not None and original != found.content:
        return showing.differences(session, original, found.content, currency=currency, now=now)
    if refusal is not None and refusal.code == "proposal-changed":
        return showing.moved(session, found, currency=currency, now=now)
    return []


def _page(session: Session, asked: Asked, which: str, now: datetime) -> Page:
    """Some of mine, or of what is decided, and where the neighbours are."""
    some: dict[str, Any] = {
        "now": now,
        "proposer": me().operator if which == "mine" else None,
        "kind": asked.filters["kind"],
        "state": asked.filters["state"],
        "limit": asked.size + 1,
    }
    after, before = _place(asked.after), _place(asked.before)
    if before:
        found = approvals.page(session, after=before, **some)
        rows, first, last = found[: asked.size][::-1], len(found) <= asked.size, False
    else:
        found = approvals.page(session, before=after, **some)
        rows, first, last = found[: asked.size], after is None, len(found) <= asked.size
    return Page(
        rows,
        "" if first or not rows else asked.url(before=cursor(rows[0].proposed_at, rows[0].id)),
        "" if last or not rows else asked.url(after=cursor(rows[-1].proposed_at, rows[-1].id)),
    )


def _place(said: list[Any] | None) -> tuple[datetime, UUID] | None:
    try:
        at, id_ = said or ("", "")
        place = datetime.fromisoformat(at), UUID(id_)
    except (ValueError, TypeError, AttributeError):
        return None
    return place if place[0].tzinfo else None


def _csv(rows: list[Proposal]) -> Response:
    return as_csv(
        COLUMNS,
        (
            (
                each.public_id,
                each.kind,
                each.object,
                each.state,
                each.proposed_by,
                rfc3339(each.proposed_at),
                rfc3339(each.expires_at),
                each.reason,
                each.decided_by or "",
                rfc3339(each.decided_at) if each.decided_at else "",
                each.because or "",
                each.hash.hex(),
            )
            for each in rows
        ),
        "approvals",
    )


def _id(name: str) -> UUID:
    found = from_text("prp", name)
    if found is None:
        abort(404)
    return found


def _kinds() -> list[tuple[str, str]]:
    return [(kind, _(KINDS.get(kind, kind))) for kind in PROPOSING]


def _states_of(which: str) -> list[tuple[str, str]]:
    """What a list can be narrowed down to: what waits is not decided."""
    return [
        (name, _(word))
        for name, (_tone, word) in STATES.items()
        if name != "changed" and (which == "mine" or name != "waiting")
    ]


def _approvers() -> str:
    return formats.listed(_(role.value) for role in who_may(Power.APPROVE))


KINDS = {
    "rate": mark("Rate"),
    "outside-rate": mark("Rate of others"),
    "terms": mark("Terms"),
    "partner-key": mark("Key of a partner"),
    "partner-key-revocation": mark("End of a key"),
    "partner-activation": mark("A partner's first day"),
    "partner-restoration": mark("Restoration"),
    "exchange-answer": mark("Exchange settled by hand"),
    "calendar": mark("Calendar"),
    "window-approval": mark("Approval of a window"),
    "window-payment": mark("Payment of a window"),
    "window-abort": mark("Giving a window up"),
    "settle-regardless": mark("Settling regardless"),
    "fx-rate": mark("Rate of money"),
    "adjustment": mark("Adjustment"),
    "bank-account": mark("Bank account"),
    "bank-match": mark("Match by hand"),
    "payment-confirmation": mark("Confirmation of a payment"),
    "dispute-resolution": mark("Resolution of a dispute"),
    "security": mark("Security"),
    "default": mark("Default"),
    "default-cure": mark("Default made good"),
    "operator-invitation": mark("Invitation"),
    "operator-roles": mark("Change of roles"),
    "operator-restoration": mark("Return of an operator"),
}
