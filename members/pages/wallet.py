"""The wallet: what I have and what it is worth, what ends soon, and what happened last."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from exchange import history
from kit import csv_lines
from members import activity, holdings
from members.activity import Wanted
from members.pages.showing import file, short_month, show, zone
from members.pages.signed_in import me, signed_in
from members.pages.wiring import here
from members.trust import standing, words

pages = Blueprint("wallet", __name__)

RECENT = 8  # movements below the lots
SOONEST = 8  # lots, unless all are asked for


@pages.get("/wallet")
@signed_in
def wallet() -> ResponseReturnValue:
    """Everything that is in it, in figures that add up."""
    person, hub = me(), here()
    now = hub.clock()
    with hub.database.transaction() as session:
        place = zone(session)
        today = now.astimezone(place).date()
        lots = history.lots(session, person.wallet, today)
        holds = history.holds(session, person.wallet)
        owed = history.receivables(session, person.wallet)
        months = activity.year(session, person.wallet, today)
        recent = activity.page(session, person.wallet, Wanted(), place, limit=RECENT)
        stands = standing.of(session, person.person, now=now)
    held = holdings.of(lots, today=today, point_worth=hub.point_worth)
    # One more line would say as much as a link to it.
    whole = request.args.get("lots") == "all" or len(held.parts) <= SOONEST + 1
    return show(
        "members/wallet.html",
        held=held,
        parts=held.parts if whole else held.parts[:SOONEST],
        others=[] if whole else held.parts[SOONEST:],
        holds=[activity.of_hold(hold) for hold in holds],
        owed=owed,
        months=months,
        columns=[(short_month(each.month), (each.earned, -each.spent)) for each in months],
        earned=sum(month.earned for month in months),
        spent=sum(month.spent for month in months),
        by_day=activity.by_day(recent.movements if recent else (), place),
        standing=stands,
        level=words.name(stands.level),
        steps=[(step.what, words.step(step)) for step in stands.next_steps],
        currency=hub.currency,
        today=today,
        soon=today + holdings.SOON,
    )


@pages.get("/wallet/months.csv")
@signed_in
def months() -> ResponseReturnValue:
    """Points earned and spent in each of twelve months, as the picture shows them."""
    person, hub = me(), here()
    with hub.database.transaction() as session:
        today = hub.clock().astimezone(zone(session)).date()
        found = activity.year(session, person.wallet, today)
    rows = [(f"{each.month:%Y-%m}", each.earned, each.spent) for each in found]
    return file(csv_lines.stream(("month", "earned", "spent"), rows), "months")
