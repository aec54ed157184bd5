"""The calendar closes the window; each partner reads its days and dues over HTTP."""

from datetime import UTC, date, datetime, time, timedelta

from settlement.calendar import store
from settlement.calendar.periods import Calendar
from tests.factories import build_sealer
from tests.server import Coalition
from web import jobs


def test_a_week_that_closes_by_itself(coalition: Coalition) -> None:
    market, fuel = coalition.partner("market"), coalition.partner("fuel")
    with coalition.database.transaction() as session:
        week = Calendar(
            valid_from=datetime(2020, 1, 1, tzinfo=UTC),
            every="week",
            cut_off=time(0),
            zone="Asia/Shanghai",
            advice_days=2,
            call_days=5,
            dispute_days=4,
            route="direct",
        )
        assert store.insert_calendar(session, week)
    member = market.enrol()
    market.accrue(member, 1000)
    fuel.redeem(fuel.link(market, member), 600)
    began = datetime(2026, 11, 4, tzinfo=UTC)  # A Wednesday of the past: its cut-off has passed.
    coalition.books.owner.execute(
        'UPDATE exchange."window" SET opened_at = %s, name = %s', (began, week_of(began))
    )
    assert jobs.close_on_time(coalition.database, datetime.now(UTC), build_sealer(), "CNY") == 1

    opened, closed = market.call("GET", "/v1/windows").body["windows"]
    assert (opened["state"], closed["state"]) == ("open", "closed")
    assert (opened["name"], closed["name"]) == (week_of(datetime.now(UTC)), "2026-W45")
    window = market.call("GET", f"/v1/windows/{closed['name']}").body
    number = window["figures"]["statement"]
    due_on = date.fromisoformat(market.call("GET", f"/v1/statements/{number}").body["due_on"])
    assert due_on == week.day_of(datetime.fromisoformat(closed["closed_at"])) + timedelta(days=5)


def week_of(moment: datetime) -> str:
    """2026-W47, by the day in Shanghai."""
    return f"{(moment + timedelta(hours=8)).date():%G-W%V}"
