"""When windows close: what is agreed, and which days are to come."""

from dataclasses import asdict
from datetime import datetime, time
from typing import Any, get_args

import click

from settlement import store as windows
from settlement.calendar import agreeing, days, store
from settlement.calendar.periods import Every, Route, next_cut_off
from web.commands.context import Context, json_option, pass_context
from web.commands.proposing import AS, REASON, propose


@click.group()
def calendar() -> None:
    """When windows close, and the days that follow."""


@calendar.command(name="propose")
@click.option("--every", type=click.Choice(get_args(Every)), required=True)
@click.option("--cut-off", default="00:00", show_default=True, help="00:00: the last day's end.")
@click.option("--zone", default="UTC", show_default=True, help="As Asia/Shanghai.")
@click.option("--advice-days", type=int, default=days.ADVICE_DAYS, show_default=True)
@click.option("--call-days", type=int, default=days.CALL_DAYS, show_default=True)
@click.option("--dispute-days", type=int, default=days.CALL_DAYS, show_default=True)
@click.option("--route", type=click.Choice(get_args(Route)), default="hub", show_default=True)
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True)
@AS
@REASON
@json_option
@pass_context
def propose_calendar(
    context: Context, cut_off: str, first: datetime, by: str, reason: str, **values: Any
) -> None:
    """Propose when windows close from a day on.

    Advice, call and the end of disputes are counted in days from the day of closing.
    """
    try:
        at = time.fromisoformat(cut_off)
    except ValueError as error:
        raise click.BadParameter(f"{cut_off} is no time of day: 22:00") from error
    new = agreeing.NewCalendar(**values, cut_off=at, first_day=first.date())
    agreeing.check(new)
    with context.database.transaction() as session:
        propose(context, session, "calendar", new.content(), by, reason)


@calendar.command()
@click.option("--next", "ahead", type=click.IntRange(1, 100), default=4, show_default=True)
@json_option
@pass_context
def show(context: Context, ahead: int) -> None:
    """What is agreed, and the closings to come."""
    now = context.clock()
    with context.database.transaction() as session:
        agreed = store.calendars(session)
        window = windows.open_window(session)
        coming: list[dict[str, Any]] = []
        after = window.opened_at if window else now
        while len(coming) < ahead and (cut_off := next_cut_off(agreed, after)):
            following = days.dates(session, cut_off.at)
            coming.append({"period": cut_off.name, "cut_off": cut_off.at, **asdict(following)})
            after = cut_off.at
    if context.as_json:
        context.emit_one({"agreed": [asdict(each) for each in agreed], "coming": coming})
        return
    context.emit(
        map(asdict, agreed),
        title="Agreed",
        empty="No calendar: windows close by hand, bin/hub windows close.",
    )
    if coming:
        context.emit(coming, title="To come")
