"""Persons are rated by what is on record, and their wallets get the limits."""

from datetime import UTC, datetime, timedelta

import pytest

from kit.ids import uuid7
from members.trust import levels, standing, store
from members.trust.levels import Facts, Step
from tests.books import Books
from tests.members.known import Known, erase, know

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def rate(books: Books, *known: Known, now: datetime = NOW) -> None:
    with books.database.transaction() as session:
        standing.rate(session, [each.person for each in known], now)


def level(books: Books, known: Known) -> int:
    with books.database.transaction() as session:
        return standing.level_of(session, known.person)


def limit(books: Books, known: Known) -> int | None:
    (row,) = books.rows("SELECT unapproved_limit FROM exchange.wallet WHERE id = %s", known.wallet)
    return row.unapproved_limit  # type: ignore[no-any-return]


def add_passkey(books: Books, known: Known) -> None:
    books.owner.execute(
        "INSERT INTO members.passkey (id, person_id, credential, public_key, sign_count,"
        " sealed_name, added_at) VALUES (%s, %s, %s, '', 0, '', now())",
        (uuid7(), known.person, uuid7().bytes),
    )


def charge_back(books: Books, known: Known) -> None:
    """Points earned, spent, and taken back after that."""
    market = books.party()
    link = books.link(market, known.wallet)
    earned = books.issue(market, known.wallet, 10)
    books.post("redemption", party=market, link=link, points=10).unwrap()
    books.post("clawback", party=market, undoes=earned).unwrap()


class TestFacts:
    def facts(self, books: Books, known: Known, now: datetime = NOW) -> Facts:
        with books.database.transaction() as session:
            return store.facts_of(session, [known.person], now)[known.person]

    def test_are_read_from_what_is_on_record(self, books: Books) -> None:
        known = know(books, opened_at=NOW - 100 * DAY)
        assert self.facts(books, known) == Facts(
            age_days=100, phone_verified=True, passkey=False, clean_months=3
        )
        add_passkey(books, known)
        books.owner.execute("UPDATE members.person SET phone_verified_at = NULL")
        found = self.facts(books, known)
        assert (found.passkey, found.phone_verified) == (True, False)

    def test_a_charge_back_is_a_clawback_that_left_a_debt(self, books: Books) -> None:
        known, market = know(books), books.party()
        earned = books.issue(market, known.wallet, 10)
        books.post("clawback", party=market, undoes=earned).unwrap()
        assert self.facts(books, known).charge_backs == 0
        charge_back(books, known)
        later = datetime.now(UTC) + timedelta(hours=1)
        assert self.facts(books, known, later).charge_backs == 1
        assert self.facts(books, known, later).clean_months == 0
        assert self.facts(books, known, later + 70 * DAY).clean_months == 2

    def test_after_a_year_it_no_longer_counts(self, books: Books) -> None:
        known = know(books)
        charge_back(books, known)
        found = self.facts(books, known, NOW + 367 * DAY)
        assert (found.charge_backs, found.clean_months) == (0, 12)

    def test_somebody_elses_do_not_count(self, books: Books) -> None:
        known, other = know(books), know(books)
        charge_back(books, other)
        later = datetime.now(UTC) + timedelta(hours=1)
        assert self.facts(books, known, later).charge_backs == 0


class TestRate:
    def test_gives_the_level_and_its_limit(self, books: Books) -> None:
        known = know(books)
        assert (level(books, known), limit(books, known)) == (2, 5_000)
        add_passkey(books, known)
        rate(books, known)
        assert (level(books, known), limit(books, known)) == (5, 50_000)

    def test_says_since_when_and_writes_only_news(self, books: Books) -> None:
        known = know(books)
        (before,) = books.rows("SELECT since, xmin::text AS xid FROM members.standing")
        rate(books, known, now=NOW + DAY)
        assert books.rows("SELECT since, xmin::text AS xid FROM members.standing") == [before]
        add_passkey(books, known)
        rate(books, known, now=NOW + DAY)
        (after,) = books.rows("SELECT since FROM members.standing")
        assert after.since == NOW + DAY

    def test_a_charge_back_lowers_it(self, books: Books) -> None:
        known = know(books)
        add_passkey(books, known)
        charge_back(books, known)
        rate(books, known, now=datetime.now(UTC) + DAY)
        assert (level(books, known), limit(books, known)) == (0, 500)

    def test_the_erased_and_nobody_are_not_rated(self, books: Books) -> None:
        known = know(books)
        erase(books, known, NOW)
        books.owner.execute("DELETE FROM members.standing")
        rate(books, known, Known(uuid7(), 0, ""))
        rate(books)
        assert books.rows("SELECT FROM members.standing") == []

    def test_forgets(self, books: Books) -> None:
        known, other = know(books), know(books)
        erase(books, known, NOW)
        with books.database.transaction() as session:
            standing.forget(session, known.person)
        assert [r.person_id for r in books.rows("SELECT * FROM members.standing")] == [other.person]

    def test_brands_are_held_to_it(self, books: Books) -> None:
        known, market = know(books, opened_at=NOW), books.party()
        books.issue(market, known.wallet, 2_000)
        link = books.link(market, known.wallet)
        spend = {"party": market, "link": link}
        assert books.post("redemption", points=501, **spend).code == "member-limit"
        assert books.post("redemption", points=500, **spend).code is None


class TestJob:
    def test_rates_everybody_in_parts(self, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(standing, "BATCH", 2)
        known = [know(books, opened_at=NOW - 6 * DAY) for _ in range(5)]
        gone = know(books)
        erase(books, gone, NOW)
        books.owner.execute("DELETE FROM members.standing WHERE person_id = %s", (gone.person,))
        assert {level(books, each) for each in known} == {0}
        assert standing.rate_members(books.database, NOW + DAY) == 5
        assert {level(books, each) for each in known} == {1}
        assert {limit(books, each) for each in known} == {2_000}


class TestOf:
    def test_says_what_is_missing(self, books: Books) -> None:
        known = know(books, opened_at=NOW)
        with books.database.transaction() as session:
            found = standing.of(session, known.person, now=NOW)
            assert standing.limits_of(session, known.person) == found.limits
        assert found.level == 0
        assert found.limits == levels.limits(0)
        assert found.next_steps == [Step("age", 7)]

    def test_a_stranger_is_new(self, books: Books) -> None:
        with books.database.transaction() as session:
            assert standing.of(session, uuid7()) == standing.Standing(0, levels.limits(0), [])
