"""What happens in the books is told to whose it is: once, and only to persons."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from members.notices import choices, following
from tests.books import Books
from tests.members.known import Known, erase, know, notices


def follow(books: Books) -> None:
    """Tell of all there is: whoever is at work on this server, in whatever database, holds it
    back for a moment."""
    row = books.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xid")[0]
    until = time.monotonic() + 30
    while time.monotonic() < until:
        following.tell_members(books.database, datetime.now(UTC))
        if books.rows("SELECT FROM members.told WHERE xid >= %s", row.xid):
            return
        time.sleep(0.05)
    raise AssertionError("somebody's transaction does not end")


def told(books: Books, known: Known) -> list[tuple[str, Any]]:
    return [(n.kind, n.facts["points"]) for n in notices(books, known)]


class TestBooks:
    def test_everything_that_moves_points_is_told(self, books: Books) -> None:
        known, market = know(books), books.party()
        link = books.link(market, known.wallet)
        earned = books.issue(market, known.wallet, 3_000)
        spent = books.post("redemption", party=market, link=link, points=50).unwrap()["id"]
        held = books.post("authorisation", party=market, link=link, points=1_200).unwrap()["id"]
        follow(books)
        assert told(books, known) == [("credit", 3_000), ("spend", 50), ("large-hold", 1_200)]
        captured = books.post("capture", party=market, hold=held, points=1_150).unwrap()["id"]
        books.post("refund", party=market, undoes=spent, points=20).unwrap()
        books.rate(market)
        books.post("import", party=market, link=link, theirs=100).unwrap()
        books.post("clawback", party=market, undoes=earned, points=10).unwrap()
        follow(books)
        assert told(books, known)[3:] == [
            ("spend", 1_150),
            ("refund", 20),
            ("exchange-done", 30),
            ("clawback", 10),
        ]
        by_kind = {n.kind: n for n in notices(books, known)}
        assert by_kind["spend"].facts == {
            "points": 1_150,
            "party": market,
            "journal": captured,
        }
        assert by_kind["spend"].about == UUID(captured)
        assert by_kind["exchange-done"].facts["out"] is False
        assert by_kind["clawback"].facts["owed"] == 0
        assert {n.state for n in by_kind.values()} == {"waiting"}

    def test_an_exchange_undone_is_no_return_of_goods(self, books: Books) -> None:
        known, market = know(books), books.party()
        books.rate(market)
        link = books.link(market, known.wallet)
        came = books.post("import", party=market, link=link, theirs=100).unwrap()["id"]
        books.post("clawback", party=market, undoes=came).unwrap()
        follow(books)
        assert told(books, known) == [("exchange-done", 30), ("exchange-undone", 30)]

    def test_nothing_is_told_twice_whoever_goes_back(self, books: Books) -> None:
        known = know(books)
        books.issue(books.party(), known.wallet, 5)
        follow(books)
        follow(books)
        books.owner.execute("UPDATE members.told SET xid = 0")
        books.owner.execute("DELETE FROM members.told")
        follow(books)
        assert told(books, known) == [("credit", 5)]

    def test_only_persons_are_told_and_only_what_came_after_them(self, books: Books) -> None:
        nobody, market = books.wallet(), books.party()
        books.issue(market, nobody, 5)
        late = know(books, opened_at=datetime.now(UTC) + timedelta(days=1))
        books.issue(market, late.wallet, 5)
        gone = know(books)
        books.issue(market, gone.wallet, 5)
        erase(books, gone, datetime.now(UTC))
        follow(books)
        assert books.rows("SELECT FROM members.notice") == []

    def test_gifts_and_purses_are_told_by_those_who_move_them(self, books: Books) -> None:
        one, other = know(books), know(books)
        books.issue(books.party(), one.wallet, 5)
        books.post("transfer", wallet=one.wallet, to_wallet=other.wallet, points=5).unwrap()
        follow(books)
        assert told(books, one) == [("credit", 5)]
        assert told(books, other) == []

    def test_members_say_what_a_large_spend_is_and_what_they_skip(self, books: Books) -> None:
        known, market = know(books), books.party()
        wanted = choices.Choice(frozenset({"credits"}), frozenset({"credits"}), large_spend=40)
        with books.database.transaction() as session:
            choices.choose(session, known.person, wanted)
        link = books.link(market, known.wallet)
        books.issue(market, known.wallet, 100)
        books.post("redemption", party=market, link=link, points=40).unwrap()
        books.post("redemption", party=market, link=link, points=39).unwrap()
        follow(books)
        assert told(books, known) == [("large-spend", 40), ("spend", 39)]

    def test_what_is_a_day_old_goes_to_the_inbox_alone(self, books: Books) -> None:
        known, market = know(books), books.party()
        books.issue(market, known.wallet, 1)
        with books.database.transaction() as session:
            session.execute(following.store.text("SELECT 1"))
        follow_at = datetime.now(UTC) + timedelta(days=2)
        until = time.monotonic() + 30
        while not notices(books, known) and time.monotonic() < until:
            following.tell_members(books.database, follow_at)
        assert [n.state for n in notices(books, known)] == ["none"]

    def test_a_debt_is_told_and_lowers_trust(self, books: Books) -> None:
        known, market = know(books), books.party()
        link = books.link(market, known.wallet)
        earned = books.issue(market, known.wallet, 100)
        follow(books)
        # Long here and verified, but without a passkey.
        assert [row.level for row in books.rows("SELECT level FROM members.standing")] == [2]
        books.post("redemption", party=market, link=link, points=80).unwrap()
        books.post("clawback", party=market, undoes=earned, points=100).unwrap()
        follow(books)
        assert notices(books, known)[-1].facts["owed"] == 80
        (standing,) = books.rows("SELECT level FROM members.standing")
        assert standing.level == 0

    def test_many_transactions_are_told_in_parts(
        self, books: Books, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(following, "TRANSACTIONS", 3)
        known, market = know(books), books.party()
        for points in range(1, 8):
            books.issue(market, known.wallet, points)
        follow(books)
        assert [points for _, points in told(books, known)] == [*range(1, 8)]

    def test_two_workers_tell_it_once(self, books: Books) -> None:
        known = know(books)
        books.issue(books.party(), known.wallet, 5)
        follow(books)
        books.issue(books.party(), known.wallet, 6)
        with books.database.transaction() as session:
            assert following.store.next_step(session, 10_000, datetime.now(UTC)) is not None
            # While one holds the mark, another leaves it alone.
            assert following.tell_members(books.database, datetime.now(UTC)) == 0
        follow(books)
        assert told(books, known) == [("credit", 5), ("credit", 6)]


class TestHolds:
    def test_a_large_one_is_told_while_it_lasts(self, books: Books) -> None:
        known, market = know(books), books.party()
        mine = {"party": market, "link": books.link(market, known.wallet)}
        books.issue(market, known.wallet, 4_000)
        held = books.post("authorisation", points=1_200, **mine).unwrap()["id"]
        online = books.post("authorisation", points=1_000, online=True, **mine).unwrap()["id"]
        books.post("authorisation", points=999, **mine).unwrap()
        follow(books)
        follow(books)
        assert sorted(told(books, known)) == [
            ("credit", 4_000),
            ("large-hold", 1_000),
            ("large-hold", 1_200),
        ]
        assert {str(n.about) for n in notices(books, known)[1:]} == {held, online}
        # What was told as a hold is no second alarm when it is paid.
        books.post("capture", party=market, hold=held, points=1_150).unwrap()
        follow(books)
        assert notices(books, known)[-1].kind == "spend"

    def test_one_that_ended_before_the_look_is_told_as_what_came_of_it(self, books: Books) -> None:
        known, market = know(books), books.party()
        mine = {"party": market, "link": books.link(market, known.wallet)}
        books.issue(market, known.wallet, 4_000)
        held = books.post("authorisation", points=1_200, **mine).unwrap()["id"]
        books.post("capture", party=market, hold=held, points=1_150).unwrap()
        voided = books.post("authorisation", points=1_200, **mine).unwrap()["id"]
        books.post("void", party=market, hold=voided).unwrap()
        follow(books)
        assert told(books, known) == [("credit", 4_000), ("large-spend", 1_150)]

    def test_not_to_the_erased_and_not_what_is_small_to_them(self, books: Books) -> None:
        market = books.party()
        gone, rich = know(books), know(books)
        with books.database.transaction() as session:
            choices.choose(session, rich.person, choices.Choice(large_spend=1_201))
        for each in (gone, rich):
            books.issue(market, each.wallet, 1_200)
            link = books.link(market, each.wallet)
            books.post("authorisation", party=market, link=link, points=1_200).unwrap()
        erase(books, gone, datetime.now(UTC))
        follow(books)
        assert told(books, gone) == []
        assert told(books, rich) == [("credit", 1_200)]


class TestDropOld:
    def test_after_four_hundred_days(self, books: Books) -> None:
        known, market = know(books), books.party()
        books.issue(market, known.wallet, 5)
        follow(books)
        books.owner.execute("UPDATE members.notice SET state = 'none', due_at = NULL")
        (notice,) = notices(books, known)
        assert following.drop_old(books.database, notice.at + timedelta(days=400)) == 0
        later = notice.at + timedelta(days=400, seconds=1)
        assert following.drop_old(books.database, later) == 1
        assert notices(books, known) == []


class TestExpiry:
    """Told as of a noon in UTC, the zone of the books."""

    def at(self, books: Books, day: date) -> int:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        return following.tell_expiry(books.database, noon)

    def points(self, books: Books, known: Known, **days: int) -> None:
        for day, points in days.items():
            books.issue(
                books.party(), known.wallet, points, expires_on=f"2090{day.replace('_', '-')}"
            )

    def facts(self, books: Books, known: Known) -> list[tuple[str, int, int]]:
        return [(n.facts["day"], n.facts["left"], n.facts["points"]) for n in notices(books, known)]

    def test_thirty_seven_and_one_days_before_once_each(self, books: Books) -> None:
        known = know(books)
        for _ in range(2):  # Two issuers' points of one day are one notice.
            books.issue(books.party(), known.wallet, 10, expires_on="2090-03-31")
        day = date(2090, 2, 25)
        while day <= date(2090, 4, 2):
            self.at(books, day)
            self.at(books, day)
            day += timedelta(days=1)
        assert self.facts(books, known) == [
            ("2090-03-31", 30, 20),
            ("2090-03-31", 7, 20),
            ("2090-03-31", 1, 20),
        ]
        assert [n.at.date() for n in notices(books, known)] == [
            date(2090, 3, 1),
            date(2090, 3, 24),
            date(2090, 3, 30),
        ]

    def test_days_slept_over_are_made_up_for(self, books: Books) -> None:
        known = know(books)
        self.points(books, known, _04_30=1, _04_28=2, _04_08=3, _04_03=4, _04_01=5)
        self.at(books, date(2090, 3, 25))
        assert self.facts(books, known) == [("2090-04-01", 7, 5)]
        # The worker comes back on 1 April: each is told by the nearest threshold alone.
        self.at(books, date(2090, 4, 1))
        assert sorted(self.facts(books, known)) == [
            ("2090-04-01", 0, 5),
            ("2090-04-01", 7, 5),
            ("2090-04-03", 2, 4),
            ("2090-04-08", 7, 3),
            ("2090-04-28", 27, 2),
            ("2090-04-30", 29, 1),
        ]

    def test_held_points_count_and_spent_ones_do_not(self, books: Books) -> None:
        known, market = know(books), books.party()
        books.issue(market, known.wallet, 10, expires_on="2090-03-31")
        link = books.link(market, known.wallet)
        books.post("authorisation", party=market, link=link, points=4).unwrap()
        books.post("redemption", party=market, link=link, points=3).unwrap()
        self.at(books, date(2090, 2, 27))
        self.at(books, date(2090, 3, 1))
        assert self.facts(books, known) == [("2090-03-31", 30, 7)]

    def test_only_the_living_who_want_it(self, books: Books) -> None:
        known, gone, deaf = know(books), know(books), know(books)
        off = frozenset({"expiry"})
        with books.database.transaction() as session:
            choices.choose(session, deaf.person, choices.Choice(off, off))
        for each in (known, gone, deaf):
            self.points(books, each, _03_31=5)
        erase(books, gone, datetime.now(UTC))
        books.issue(books.party(), books.wallet(), 5, expires_on="2090-03-31")
        assert self.at(books, date(2090, 3, 1)) == 1
        assert len(notices(books, known)) == 1

    def test_on_the_morning_of_the_day_of_the_books(self, books: Books) -> None:
        books.settings(zone="Asia/Shanghai")
        known = know(books)
        self.points(books, known, _03_31=5)
        early = datetime(2090, 3, 1, 0, 59, tzinfo=UTC)
        assert following.tell_expiry(books.database, early - timedelta(hours=9)) == 0
        assert following.tell_expiry(books.database, early) == 0
        assert following.tell_expiry(books.database, early + timedelta(minutes=1)) == 1
