"""The calendar agreed by two people, and the job that closes by it: once, and never twice."""

import threading
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from settlement.calendar import closing_time, store
from staff.errors import SecondPersonRequired
from tests.books import Books
from tests.settlement.coalition import Coalition
from tests.settlement.test_calendar import build_calendar
from tests.web.desk import Desk
from web import jobs

NOON = datetime(2026, 10, 22, 12, tzinfo=UTC)
FROM = ("--from", "2020-01-01")


@pytest.fixture
def hub(books: Books) -> Coalition:
    return Coalition(books)


@pytest.fixture
def desk(hub: Coalition) -> Desk:
    return Desk(hub.database, hub.signer)


class TestCalendar:
    def test_two_people_agree_and_everybody_sees_what_is_to_come(self, desk: Desk) -> None:
        words = ("--every", "week", "--zone", "Asia/Shanghai", "--call-days", "5")
        proposal = desk.propose("calendar", "propose", *words, *FROM)
        assert desk.json("calendar", "show") == {"agreed": [], "coming": []}
        with pytest.raises(SecondPersonRequired):
            desk.run("proposals", "approve", proposal["id"], "--as", "ann")
        done = desk.approve(proposal)
        assert done["effect"].startswith("windows close every week from")
        shown = desk.json("calendar", "show", "--next", "2")
        assert [each["every"] for each in shown["agreed"]] == ["week"]
        first, second = (datetime.fromisoformat(each["cut_off"]) for each in shown["coming"])
        assert (first.weekday(), first.hour, second - first) == (6, 16, timedelta(days=7))
        assert "To come" in desk.run("calendar", "show").stdout

    def test_refuses_a_time_that_is_none(self, desk: Desk) -> None:
        words = ("--every", "day", "--cut-off", "25:00", "--as", "ann", "--reason", "late")
        result = desk.run("calendar", "propose", *words, *FROM)
        assert result.exit_code == 2

    def test_closing_by_hand_takes_the_next_name_of_the_calendar(
        self, desk: Desk, hub: Coalition
    ) -> None:
        agree(hub, every="month")
        desk.run("windows", "close", "--as", "ann")
        month = f"{datetime.now(UTC):%Y-%m}"
        desk.run("windows", "close", "--as", "ann")
        names = [each["name"] for each in desk.json("windows", "list")]
        assert names == [f"{month}.2", month, "window 1"]


class TestCloseOnTime:
    def test_waits_for_the_cut_off(self, hub: Coalition) -> None:
        agree(hub, every="day")
        began(hub, NOON)
        assert close_on_time(hub, NOON + timedelta(hours=11, minutes=59)) == 0
        assert names(hub) == ["window 1"]

    def test_closes_once_it_has_passed_and_not_again(self, hub: Coalition) -> None:
        agree(hub, every="day")
        began(hub, NOON)
        midnight = NOON + timedelta(hours=12)
        assert close_on_time(hub, midnight) == 1
        assert names(hub) == ["window 1", "2026-10-23"]
        assert hub.state("window 1") == "closed"
        assert close_on_time(hub, midnight) == 0
        assert close_on_time(hub, midnight + timedelta(days=300)) == 0  # The database's own day.
        assert names(hub) == ["window 1", "2026-10-23"]

    def test_does_nothing_without_a_calendar_or_a_window(self, hub: Coalition) -> None:
        began(hub, NOON)
        assert close_on_time(hub, NOON + timedelta(days=400)) == 0
        agree(hub, every="day")
        hub.books.owner.execute('TRUNCATE exchange."window" CASCADE')
        assert close_on_time(hub, NOON + timedelta(days=400)) == 0

    def test_one_that_slept_over_three_cut_offs_closes_once_and_says_so(
        self, hub: Coalition, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        agree(hub, every="day")
        began(hub, NOON - timedelta(days=3))
        with hub.database.transaction() as session:
            due = closing_time.due(session, NOON)
        assert due is not None
        assert (due.next_name, due.slept_over) == ("2026-10-22", 2)
        monkeypatch.setattr(jobs, "log", structlog.get_logger("jobs"))  # One that is not cached.
        with capture_logs() as logged:
            assert close_on_time(hub, NOON) == 1
        assert [(each["event"], each["slept_over"]) for each in logged] == [("closing-late", 2)]
        assert names(hub) == ["window 1", "2026-10-22"]

    def test_two_workers_close_it_once(self, hub: Coalition) -> None:
        agree(hub, every="day")
        began(hub, NOON)
        done: list[int] = []
        workers = [
            threading.Thread(
                target=lambda: done.append(close_on_time(hub, NOON + timedelta(hours=13)))
            )
            for _ in range(4)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert len(done) == 4
        assert sum(done) >= 1
        assert names(hub) == ["window 1", "2026-10-23"]
        assert hub.state("window 1") == "closed"


def agree(hub: Coalition, **fields: Any) -> None:
    """A calendar that has been in force for long."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with hub.database.transaction() as session:
        calendar = build_calendar(valid_from=long_ago, cut_off=time(0), **fields)
        assert store.insert_calendar(session, calendar)


def began(hub: Coalition, at: datetime) -> None:
    """The open window began then, and not just now."""
    hub.books.owner.execute(
        'UPDATE exchange."window" SET opened_at = %s WHERE closed_at IS NULL', (at,)
    )


def close_on_time(hub: Coalition, now: datetime) -> int:
    return jobs.close_on_time(hub.database, now, hub.signer, "CNY")


def names(hub: Coalition) -> list[str]:
    return [row.name for row in hub.books.rows('SELECT name FROM exchange."window" ORDER BY id')]
