"""Windows: open the first, close the open one, look at it, and follow its money."""

import re
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console

from settlement import agreed, closing, store, views
from settlement.calendar import closing_time
from settlement.errors import WindowNotFound
from settlement.report import WIDTH, window_report
from settlement.store import Window
from web.commands.context import Context, json_option, pass_context
from web.commands.proposing import AS, REASON, check_operator, propose

NAME = click.argument("name")


@click.group()
def windows() -> None:
    """Settlement windows: one is always open."""


@windows.command(name="list")
@click.option("--limit", type=click.IntRange(1, 1000), default=24, show_default=True)
@json_option
@pass_context
def list_(context: Context, limit: int) -> None:
    """The latest windows, newest first."""
    with context.database.transaction() as session:
        found, _ = views.list_windows(session, limit=limit)
    context.emit(
        map(_shown, found), title="Windows", empty="None yet: bin/hub windows open NAME, as 2026-11"
    )


@windows.command(name="open")
@NAME
@json_option
@pass_context
def open_(context: Context, name: str) -> None:
    """Open the very first window; later ones open as their predecessor closes."""
    with context.database.transaction() as session:
        closing.open_first(session, name)
        window = store.get_window(session, name)
    context.emit_one(_shown(window))


@windows.command()
@click.argument("name", required=False)
@click.option(
    "--next", "next_name", help="The next window's name, if not the calendar's or the month's."
)
@AS
@json_option
@pass_context
def close(context: Context, name: str | None, next_name: str | None, by: str) -> None:
    """Close the open window (NAME makes sure it is the one you mean) and open the next."""
    with context.database.transaction() as session:
        check_operator(session, by)
        window = store.open_window(session)
        by_calendar = closing_time.next_name(session, context.clock())
    name = name or (window.name if window else None)
    if name is None:
        raise WindowNotFound("No window is open: bin/hub windows open NAME")
    closing.close(
        context.database,
        window=name,
        next_name=next_name or by_calendar or _month_after(name),
        currency=context.settings.currency,
        by=by,
        now=context.clock(),
        signer=context.signer,
    )
    _report(context, name)


@windows.command()
@NAME
@json_option
@pass_context
def resume(context: Context, name: str) -> None:
    """Finish a closing that was cut short; a finished one is left alone."""
    closing.resume(context.database, window=name, now=context.clock(), signer=context.signer)
    _report(context, name)


@windows.command()
@NAME
@json_option
@pass_context
def show(context: Context, name: str) -> None:
    """Everybody's points, obligations, nets and payments; of an open window, provisionally."""
    _report(context, name)


@windows.command()
@NAME
@AS
@REASON
@json_option
@pass_context
def approve(context: Context, name: str, by: str, reason: str) -> None:
    """Propose to agree to a closed window's figures; another person than closed it approves."""
    with context.database.transaction() as session:
        propose(context, session, "window-approval", agreed.figures(session, name), by, reason)


@windows.command()
@NAME
@AS
@REASON
@json_option
@pass_context
def pay(context: Context, name: str, by: str, reason: str) -> None:
    """Propose an approved window's files for the bank; once approved, `bank pay` writes them."""
    with context.database.transaction() as session:
        content = agreed.payment(session, name, by=by, at=context.clock())
        propose(context, session, "window-payment", content, by, reason)


@windows.command()
@NAME
@AS
@click.option("--regardless", help="Why the bank need not agree; a second person must approve.")
@json_option
@pass_context
def settle(context: Context, name: str, by: str, regardless: str | None) -> None:
    """Say that all money of a window has arrived, as the bank's files show."""
    with context.database.transaction() as session:
        if regardless is None:
            check_operator(session, by)
            closing.mark_settled(session, name, context.clock(), by=by)
            context.emit_one(_shown(store.get_window(session, name)))
            return
        window = store.get_window(session, name)
        content = {"window": window.name, "revision": window.revision}
        propose(context, session, "settle-regardless", content, by, regardless)


@windows.command()
@NAME
@AS
@REASON
@json_option
@pass_context
def abort(context: Context, name: str, by: str, reason: str) -> None:
    """Propose to give a settlement up: its content goes into the next that closes."""
    with context.database.transaction() as session:
        window = store.get_window(session, name)
        content = {"window": window.name, "revision": window.revision}
        propose(context, session, "window-abort", content, by, reason)


@windows.command()
@NAME
@json_option
@pass_context
def revisions(context: Context, name: str) -> None:
    """Each time a window's figures were worked out, and why."""
    with context.database.transaction() as session:
        found = store.revisions(session, store.get_window(session, name).id)
    context.emit(found, title=f"Revisions of {name}", empty="It has no figures yet.")


def _report(context: Context, name: str) -> None:
    with context.database.transaction() as session:
        view = views.hub_window(session, name, currency=context.settings.currency)
    if context.as_json:
        context.emit_one(_as_facts(view))
        return
    # On a narrow terminal lines wrap; in a file the tables keep the width they were made for.
    console = context.console if context.console.is_terminal else Console(width=WIDTH)
    for part in window_report(view):
        console.print(part)


def _as_facts(view: views.HubWindow) -> dict[str, Any]:
    return {
        "window": _shown(view.window),
        "currency": view.currency,
        "provisional": view.provisional,
        "names": view.names,
        "issuers": [
            {"party": each.party, **asdict(each.points), "outstanding": each.outstanding}
            for each in view.issuers
        ],
        "obligations": [asdict(each) for each in view.obligations],
        "positions": [asdict(each) for each in view.positions],
        "payments": [asdict(each) for each in view.payments],
        "compression": {
            **asdict(view.compression),
            "saved_per_mille": view.compression.saved_per_mille,
        },
    }


def _shown(window: Window) -> dict[str, Any]:
    names = (
        "name",
        "state",
        "revision",
        "route",
        "opened_at",
        "closed_at",
        "closed_by",
        "disputes_until",
        "call_on",
        "approved_at",
        "approved_by",
        "paid_at",
        "paid_by",
        "settled_at",
        "settled_by",
        "aborted_at",
        "aborted_by",
    )
    return {name: getattr(window, name) for name in names}


def _month_after(name: str) -> str:
    """`2017-12` is followed by `2018-01`. Raises UsageError for a name that is no month."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", name):
        raise click.UsageError(f"{name} is no month: name the next window with --next NAME")
    ahead = int(name[:4]) * 12 + int(name[5:])  # Months since the year 0, to the next one.
    return f"{ahead // 12:04d}-{ahead % 12 + 1:02d}"
