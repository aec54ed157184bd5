"""Settlement windows: all of them, one of them, and closing the one that is open."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import settlement.store
import staff.store
from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from settlement import agreed, closing, revisions, views
from settlement.calendar import closing_time
from settlement.documents import store as documents
from settlement.overview import Overview, overview
from settlement.store import Window
from settlement.views import HubWindow
from staff.roles import Power, who_may
from web.desk.acting import propose
from web.desk.files import as_csv
from web.desk.listing import Asked, cut
from web.desk.parties import Parties
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

log = structlog.get_logger("desk")

pages = Blueprint("desk_windows", __name__, url_prefix="/desk")

STATES = {
    "open": ("neutral", mark("Open")),
    "closing": ("info", mark("Closing")),
    "closed": ("wait", mark("Closed")),
    "approved": ("info", mark("Approved")),
    "paying": ("wait", mark("Paying")),
    "settled": ("done", mark("Settled")),
    "aborted": ("stop", mark("Aborted")),
}
STRIP = 12  # windows, oldest first, above the list
MOST = 400  # windows that a filter looks through


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next for a window: in words, where it is done, and who may if this person may not.

    `waiting` is the proposal of it that waits already, `prp_…`.
    """

    words: str
    href: str = ""
    roles: Sequence[str] = ()
    waiting: str = ""


@pages.app_template_global()
def window_state(state: str) -> tuple[str, str]:
    """The tone and the word of a window's state."""
    tone, word = STATES[state]
    return tone, _(word)


@pages.get("/windows")
@signed_in()
def windows() -> ResponseReturnValue:
    """All windows, newest first, and the last twelve at a glance."""
    asked = Asked(filters=("year", "state"), default="-window")
    currency = here().currency
    with here().database.transaction() as session:
        newest = settlement.store.list_windows(session, before=None, limit=MOST)
        page = cut((each for each in newest if _fits(each, asked)), asked, lambda each: (each.id,))
        rows = [_with_foreseen(session, row) for row in overview(session, page.rows)]
        due = {row.window.id: _due(row.window) for row in rows}
    if asked.csv:
        return as_csv(
            ("window", "state", "opened", "closed", "gross", "to_move", "currency", "due"),
            (
                (
                    row.window.name,
                    row.window.state,
                    row.window.opened_at.isoformat(),
                    row.window.closed_at.isoformat() if row.window.closed_at else None,
                    row.gross,
                    row.to_move,
                    row.window.currency or currency,
                    str(due[row.window.id] or ""),
                )
                for row in rows
            ),
            "windows",
        )
    return render_template(
        "desk/windows.html",
        asked=asked,
        page=page,
        rows=rows,
        strip=list(reversed(newest[:STRIP])),
        years=[(year, year) for year in sorted({f"{e.opened_at:%Y}" for e in newest})],
        states={state: _(word) for state, (_tone, word) in STATES.items()},
        due=due,
        currency=currency,
    )


@pages.get("/windows/<name>")
@signed_in()
def window(name: str) -> ResponseReturnValue:
    """One window: how far it is, who pays and receives, and what comes next."""
    with here().database.transaction() as session:
        view = views.hub_window(session, name, currency=here().currency)
        parties = Parties(session)
        if request.args.get("format") == "csv":
            return _csv(view, parties, request.args.get("of", ""))
        number = view.window.id
        deferrals = settlement.store.deferrals_of(session, number)
        facts = {
            "statements": _statements(documents.of_window(session, number)),
            "held_back": [each for each in deferrals if each["released_at"] is None],
            "given_back": [each for each in deferrals if each["released_at"] is not None],
            "brought_in": settlement.store.deferrals_into(session, number),
            "revisions": settlement.store.revisions(session, number),
            "step": _next_step(session, view),
        }
    return render_template(
        "desk/window.html",
        view=view,
        window=view.window,
        parties=parties,
        way=_way(view.window),
        payments=_payments(view, parties),
        cells=_cells(view, parties),
        links=_links(view, parties),
        balanced=_balances(view),
        positions=_sorted_positions(view),
        as_of=here().clock(),
        **facts,
    )


@pages.get("/windows/<name>/state")
@signed_in()
def state(name: str) -> ResponseReturnValue:
    """What the page of a window in `closing` asks for, until it is led away: then it is closed."""
    with here().database.transaction() as session:
        found = settlement.store.get_window(session, name)
    if found.state != "closing" or not request.headers.get("X-Fragment"):
        return redirect(url_for("desk_windows.window", name=name), 303)
    return render_template("desk/window_closing.html")


@pages.get("/windows/<name>/close")
@signed_in(Power.WINDOWS)
def ask_to_close(name: str) -> ResponseReturnValue:
    """What closing does, before it is done."""
    with here().database.transaction() as session:
        view = views.hub_window(session, name, currency=here().currency)
        following = _following(session, name)
    if view.window.state != "open":
        return redirect(url_for("desk_windows.window", name=name), 303)
    return render_template(
        "desk/window_close.html", view=view, following=following, balanced=_balances(view)
    )


@pages.post("/windows/<name>/close")
@signed_in(Power.WINDOWS)
def close(name: str) -> ResponseReturnValue:
    """Close it to the tills, open the next, and work out what it came to.

    Closed it is at once; should working it out be refused, it waits in `closing`, where the worker
    tries again every minute, and its page says so.
    """
    with here().database.transaction() as session:
        if settlement.store.get_window(session, name).state != "open":  # Pressed a second time.
            return redirect(url_for("desk_windows.window", name=name), 303)
        following = _following(session, name)
    try:
        closing.close(
            here().database,
            window=name,
            next_name=following,
            currency=here().currency,
            by=me().name,
            now=here().clock(),
            signer=here().signer,
        )
    except Refusal as refusal:
        log.error("closing", window=name, code=refusal.code, detail=refusal.detail)
        with here().database.transaction() as session:
            if settlement.store.get_window(session, name).state == "open":
                raise
        tell("warn", _("Window %(name)s is closed to the tills", name=name), refusal.title)
    else:
        tell(
            "ok",
            _("Window %(name)s is closed", name=name),
            _("Window %(name)s is open since then.", name=following),
        )
    return redirect(url_for("desk_windows.window", name=name), 303)


@pages.post("/windows/<name>/revise")
@signed_in(Power.WINDOWS)
def revise(name: str) -> ResponseReturnValue:
    """Work it out again without what is contested, and issue revised statements."""
    number = revisions.revise(
        here().database,
        window=name,
        reason="dispute",
        by=me().name,
        now=here().clock(),
        signer=here().signer,
    )
    tell("ok", _("Revised statements are issued"), _("Revision %(n)s is in force.", n=number))
    return redirect(url_for("desk_windows.window", name=name), 303)


@pages.get("/windows/<name>/approval")
@signed_in(Power.WINDOWS)
def ask_for_approval(name: str) -> ResponseReturnValue:
    """What a second person will be asked to agree to."""
    with here().database.transaction() as session:
        content = agreed.figures(session, name)
    return render_template("desk/window_approval.html", name=name, content=content)


@pages.post("/windows/<name>/approval")
@signed_in(Power.WINDOWS)
def propose_approval(name: str) -> ResponseReturnValue:
    """Put the figures before a second person."""
    with here().database.transaction() as session:
        reason = Form(None, request.form).typed.get("reason") or _("The figures were checked")
        proposal = propose(session, "window-approval", agreed.figures(session, name), reason)
    tell("ok", _("Proposed. Someone else must approve it within 48 hours."))
    return redirect(f"/desk/approvals/{to_text('prp', proposal)}", 303)


# --- what comes next ------------------------------------------------------------------------------


def _next_step(session: Session, view: HubWindow) -> Step | None:
    """The next lawful step, for this person; None where there is none, or the figures are wrong."""
    window, base = view.window, f"/desk/windows/{view.window.name}"
    if not _balances(view):
        return None
    match window.state:
        case "open":
            step = Step(_("Close this window"), f"{base}/close")
        case "closed" if revisions.is_stale(session, window):
            step = Step(_("Issue revised statements"), f"{base}/revise")
        case "closed":
            step = Step(_("Propose approval"), f"{base}/approval")
        case "approved" | "paying":
            step = Step(_("Payments"), f"{base}/pay")
        case _:
            return None
    kind = {"closed": "window-approval", "approved": "window-payment"}.get(window.state)
    waiting = kind and staff.store.waiting_about(session, kind, window.name)
    if waiting:
        return replace(step, waiting=to_text("prp", waiting["id"]))
    if not me().may(Power.WINDOWS):
        return replace(step, href="", roles=[str(role) for role in who_may(Power.WINDOWS)])
    return step


def _following(session: Session, name: str) -> str:
    """What the next window is called: by the calendar, else by the month."""
    return closing_time.next_name(session, here().clock()) or closing_time.month_after(name)


def _balances(view: HubWindow) -> bool:
    return sum(row.net for row in view.positions) == 0


# --- what is shown --------------------------------------------------------------------------------


def _fits(window: Window, asked: Asked) -> bool:
    year, state = asked.filters["year"], asked.filters["state"]
    return (not year or f"{window.opened_at:%Y}" == year) and (not state or window.state == state)


def _with_foreseen(session: Session, row: Overview) -> Overview:
    """An open window's figures as if it closed now."""
    if row.window.state != "open":
        return row
    view = views.hub_window(session, row.window.name, currency=here().currency)
    return replace(row, gross=view.compression.gross)


def _due(window: Window) -> date | None:
    """When the window's money is due, while it is not settled."""
    return window.call_on if window.state in ("closed", "approved", "paying") else None


def _way(window: Window) -> list[tuple[str, Any, str, str]]:
    """The window's states in their order: word, when, by whom, and how it stands."""
    steps = [
        (_("Opened"), window.opened_at, None),
        (_("Closed"), window.closed_at, window.closed_by),
        (_("Approved"), window.approved_at, window.approved_by),
        (_("Paid out"), window.paid_at, window.paid_by),
        (_("Settled"), window.settled_at, window.settled_by),
    ]
    if window.aborted_at is not None:
        steps = [step for step in steps if step[1]]
        steps.append((_("Aborted"), window.aborted_at, window.aborted_by))
    done = [step for step in steps if step[1] is not None]
    return [
        (
            word,
            at,
            by or "",
            ("stop" if at == window.aborted_at else "done")
            if at is not None
            else ("now" if number == len(done) else "later"),
        )
        for number, (word, at, by) in enumerate(steps)
    ]


def _sorted_positions(view: HubWindow) -> list[views.PositionRow]:
    """Who pays first, most first; who has nothing last."""
    return sorted(view.positions, key=lambda row: (row.net == 0, row.net))


def _payments(view: HubWindow, parties: Parties) -> list[tuple[str, str, int, str]]:
    """In the window's own currency, as the nets are: payments abroad are made in another."""
    nets = {row.party: row for row in view.positions}
    found = []
    for row in view.payments:
        amount = row.amount
        if row.currency != view.currency:
            abroad = row.payer if nets[row.payer].currency == row.currency else row.payee
            amount = abs(nets[abroad].net)
        href = f"/desk/windows/{view.window.name}/{parties.slug(row.payer)}"
        found.append((parties.name(row.payer), parties.name(row.payee), amount, href))
    return found


def _cells(view: HubWindow, parties: Parties) -> dict[tuple[str, str], int]:
    cells = view.matrix.cells.items()
    return {(parties.name(a), parties.name(b)): amount for (a, b), amount in cells}


def _links(view: HubWindow, parties: Parties) -> dict[tuple[str, str], str]:
    if view.provisional:
        return {}
    base = f"/desk/windows/{view.window.name}"
    return {
        (parties.name(a), parties.name(b)): _pair(base, parties.slug(a), parties.slug(b))
        for a, b in view.matrix.cells
    }


def _pair(base: str, debtor: str, creditor: str) -> str:
    """The hub's own parties are explained from the other side."""
    if debtor in ("hub", "float"):
        return f"{base}/{creditor}?with={debtor}"
    return f"{base}/{debtor}?with={creditor}"


def _statements(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """What each says, and whether another has taken its place."""
    told = [(row, json.loads(row["document"])) for row in rows]
    replaced = {facts["replaces"] for _row, facts in told}
    return [
        {
            "number": row["number"],
            "party": row["party_id"],
            "revision": facts["revision"],
            "settled": int(facts["settled"]),
            "currency": facts["settlement_currency"],
            "replaced": row["number"] in replaced,
        }
        for row, facts in told
    ]


def _csv(view: HubWindow, parties: Parties, of: str) -> ResponseReturnValue:
    """Positions, unless obligations or payments are asked for; minor units, as of the books."""
    name = view.window.name

    def positions() -> Iterator[tuple[Any, ...]]:
        for row in view.positions:
            who = parties[row.party]
            yield (
                who.slug, who.name, row.receives, row.pays, row.cover, row.net, view.currency,
                row.settles, row.currency,
            )  # fmt: skip

    if of == "obligations":
        return as_csv(
            ("debtor", "creditor", "kind", "points", "amount", "currency"),
            (
                (parties.slug(e.debtor), parties.slug(e.creditor), e.kind, e.points, e.amount,
                 view.currency)
                for e in view.obligations
            ),
            f"{name}-obligations",
        )  # fmt: skip
    if of == "payments":
        return as_csv(
            ("payer", "payee", "amount", "currency"),
            (
                (parties.slug(e.payer), parties.slug(e.payee), e.amount, e.currency)
                for e in view.payments
            ),
            f"{name}-payments",
        )
    return as_csv(
        ("party", "name", "receives", "pays", "cover", "net", "currency", "settles", "settles_in"),
        positions(),
        f"{name}-positions",
    )
