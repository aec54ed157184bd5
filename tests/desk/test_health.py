"""The hub's own work at the desk: what runs, what is late, what failed, and what to do."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from kit.database import Database
from staff.watch import faults
from staff.watch import store as watch
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.members.visitor import Site
from tests.settlement.coalition import Coalition
from web import jobs
from web.desk.health import WORDS, job_state

NOW = datetime(2026, 11, 22, 9, 5, 30, tzinfo=UTC)


def run(**changes: object) -> dict[str, object]:
    return {
        "started_at": NOW - timedelta(seconds=31),
        "ended_at": NOW - timedelta(seconds=30),
        "done": 3,
        "failed_at": None,
        "fault": None,
        **changes,
    }


@pytest.fixture
def all_ran(site: Site, database: Database) -> None:
    now = site.clock()
    with database.transaction() as session:
        for name in WORDS:
            watch.ran(session, name, started=now, ended=now, done=0)


def test_every_job_has_words() -> None:
    settings = SimpleNamespace(sealer=None, currency="CNY")
    assert WORDS.keys() == jobs.calendar(settings).keys()  # type: ignore[arg-type]


class TestAJob:
    def test_that_ran_when_it_was_due(self) -> None:
        state = job_state("seal", "* * * * *", run(), NOW)
        assert (state.tone, state.state, state.seconds, state.done) == ("done", "On time", 1.0, 3)

    def test_that_missed_its_time(self) -> None:
        old = run(started_at=NOW - timedelta(hours=2), ended_at=NOW - timedelta(hours=2))
        assert job_state("seal", "0 * * * *", old, NOW).state == "Late"
        assert job_state("seal", "23 3 * * *", old, NOW).state == "On time"

    def test_that_need_not_have_begun_yet(self) -> None:
        old = run(started_at=NOW - timedelta(seconds=80), ended_at=NOW - timedelta(seconds=80))
        assert job_state("seal", "5 9 * * *", old, NOW).state == "On time"
        assert job_state("seal", "* * * * * */10", old, NOW).state == "Late"

    def test_that_failed_last(self) -> None:
        ended = NOW - timedelta(seconds=30)
        state = job_state("seal", "* * * * *", run(failed_at=ended, fault="KeyError"), NOW)
        assert (state.tone, state.fault) == ("stop", "KeyError")

    def test_that_failed_and_then_ran(self) -> None:
        before = run(failed_at=NOW - timedelta(hours=1), fault="KeyError")
        assert job_state("seal", "* * * * *", before, NOW).tone == "done"

    def test_that_never_ran(self) -> None:
        state = job_state("seal", "0 * * * *", None, NOW)
        assert (state.tone, state.state, state.seconds) == ("neutral", "Never ran", None)


class TestRuns:
    def test_what_a_job_did_is_kept(self, database: Database) -> None:
        jobs._task(database, "seal", lambda _, __: 7)(0)
        with database.transaction() as session:
            assert watch.runs(session)["seal"]["done"] == 7

    def test_so_is_how_it_failed_until_it_runs_again(self, database: Database) -> None:
        def fail(_: Database, __: datetime) -> int:
            raise KeyError("13800138000")

        with pytest.raises(KeyError):
            jobs._task(database, "seal", fail)(0)
        with database.transaction() as session:
            row = watch.runs(session)["seal"]
        assert (row["fault"], row["failed_at"]) == ("KeyError", row["ended_at"])
        jobs._task(database, "seal", lambda _, __: 0)(0)
        with database.transaction() as session:
            row = watch.runs(session)["seal"]
        assert row["failed_at"] < row["ended_at"]


class TestFaults:
    def test_are_kept_without_what_was_asked(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(faults, "_last", -faults._PAUSE)
        faults.keep(
            database,
            b'{"incident": "4f2k4f2k4f2k4f2k"}',
            place="/pay/<id>",
            error=ValueError("13800138000"),
            now=NOW,
        )
        with database.transaction() as session:
            (row,) = watch.faults(session, 5)
        assert dict(row) == {
            "incident": "4f2k4f2k4f2k4f2k",
            "at": NOW,
            "place": "/pay/<id>",
            "kind": "ValueError",
        }

    def test_of_a_storm_one_a_second_is_kept(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(faults, "_last", -faults._PAUSE)
        for number in range(20):
            body = b'{"incident": "%d"}' % number
            faults.keep(database, body, place="API POST", error=KeyError(), now=NOW)
        with database.transaction() as session:
            assert len(watch.faults(session, 30)) < 5

    def test_are_forgotten_after_a_month(self, database: Database) -> None:
        with database.transaction() as session:
            watch.insert_fault(
                session, "old", NOW - faults.KEPT - timedelta(days=1), "", "KeyError"
            )
            watch.insert_fault(session, "new", NOW, "", "KeyError")
            watch.forget(session, NOW - faults.KEPT)
            assert [row["incident"] for row in watch.faults(session, 5)] == ["new"]


class TestThePage:
    def test_is_for_personnel(self, site: Site) -> None:
        assert site.visitor().get("/desk/health").status == 303

    def test_says_that_no_job_runs(self, sign_in: SignIn, books: Books) -> None:
        words = sign_in("fay", "auditor").get("/desk/health").words
        assert "No job runs." in words
        assert "Start the worker" in words

    def test_says_that_all_is_well(self, sign_in: SignIn, books: Books, all_ran: None) -> None:
        words = sign_in("fay", "auditor").get("/desk/health").words
        assert "Everything runs" in words
        assert "Nothing to do." in words
        assert "Every partner has answered." in words
        assert "Nothing has failed." in words

    def test_says_what_failed_and_what_to_do(
        self, sign_in: SignIn, books: Books, all_ran: None, database: Database, site: Site
    ) -> None:
        now = site.clock()
        with database.transaction() as session:
            watch.failed(session, "seal", started=now, at=now, kind="OperationalError")
            watch.insert_fault(session, "4f2k4f2k4f2k4f2k", now, "/wallet", "KeyError")
        words = sign_in("fay", "operations").get("/desk/health").words
        assert "Seal the log failed: OperationalError." in words
        assert "It is tried again at its next time." in words
        assert "INC-4F2K4F2K" in words
        assert "Something failed on our side within 24 hours." in words

    def test_names_a_closing_cut_short(self, sign_in: SignIn, books: Books, all_ran: None) -> None:
        coalition = Coalition(books)
        coalition.partner("market")
        closed = coalition.begin("2030-02")
        words = sign_in("fay", "operations").get("/desk/health").words
        assert f"The closing of {closed} was cut short." in words
        coalition.resume(closed)

    def test_a_script_gets_the_figures_alone(
        self, sign_in: SignIn, books: Books, all_ran: None
    ) -> None:
        visitor = sign_in("fay", "operations", language="zh")
        assert 'data-poll="/desk/health"' in visitor.get("/desk/health").text
        answer = visitor.get("/desk/health", **{"X-Fragment": "1"})
        assert "<html" not in answer.text
        assert "一切正常" in answer.words
