"""What is kept for a while only: made in time, refused or replayed while it counts, then dropped.

Nearly everything here happens in one transaction of the application's role, which is never
committed: partitions belong to all tests, and are left as they were.
"""

import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from exchange import ledger, store
from partners.signing import SECONDS_BACK
from web import jobs

HOUR = 3600


@pytest.fixture
def session(database):
    with Session(database.engine) as session:
        yield session


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def sale(books):
    acceptor, wallet = books.party(), books.wallet(points=100)
    link = books.link(acceptor, wallet)
    return books.order("redemption", party=acceptor, link=link, points=10)


def partitions(session, parent: str) -> set[str]:
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent::regclass::text = :of"
    return set(session.execute(text(query), {"of": f"exchange.{parent}"}).scalars())


def nonces(hours) -> set[str]:
    return {f"exchange.nonce_{hour}" for hour in hours} | {"exchange.nonce_default"}


def half_year(moment: datetime) -> datetime:
    return datetime(moment.year, 7 if moment.month > 6 else 1, 1, tzinfo=UTC)


def claims(*moments: datetime) -> set[str]:
    return {f"exchange.claim_{half_year(m):%Y_%m}" for m in moments} | {"exchange.claim_default"}


def place(session, order) -> str:
    """Where the nonce of an order lies."""
    query = "SELECT tableoid::regclass::text FROM exchange.nonce WHERE nonce = :nonce"
    return session.execute(text(query), {"nonce": order["nonce"]}).scalar()


def at(hour: int, seconds: float = 0) -> datetime:
    """So many seconds after the beginning of an hour since 1970."""
    return datetime.fromtimestamp(hour * HOUR + seconds, UTC)


class TestKeeping:
    def test_makes_what_the_next_hours_need_and_keeps_what_is_there(self, session, now):
        hour = int(now.timestamp()) // HOUR
        for _ in range(2):
            store.forget(session, now)
            assert partitions(session, "nonce") >= nonces(range(hour, hour + 7))
            assert partitions(session, "claim") >= claims(now, half_year(now) + timedelta(days=190))

    def test_drops_nonces_ten_minutes_after_their_hour(self, session, now):
        hour = (
            int(now.timestamp()) // HOUR - 100
        )  # Long over, but for what we say that the time is.
        store.forget(session, at(hour))
        assert f"exchange.nonce_{hour}" in partitions(session, "nonce")
        store.forget(session, at(hour + 1, 600))
        assert f"exchange.nonce_{hour}" in partitions(session, "nonce")
        store.forget(session, at(hour + 1, 601))
        assert f"exchange.nonce_{hour}" not in partitions(session, "nonce")
        assert f"exchange.nonce_{hour + 1}" in partitions(session, "nonce")

    def test_drops_answers_400_days_after_their_half_year(self, session):
        store.forget(session, datetime(2021, 8, 1, tzinfo=UTC))
        assert "exchange.claim_2021_07" in partitions(session, "claim")
        end = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=400)
        store.forget(session, end)
        assert "exchange.claim_2021_07" in partitions(session, "claim")
        store.forget(session, end + timedelta(seconds=1))
        assert "exchange.claim_2021_07" not in partitions(session, "claim")
        assert "exchange.claim_2022_01" in partitions(session, "claim")

    def test_drops_nothing_that_still_counts_whatever_time_it_is_told(self, session, now):
        """The application's role may call it, and must not be able to make replays possible."""
        store.forget(session, now)
        before = partitions(session, "nonce") | partitions(session, "claim")
        store.forget(session, now + timedelta(days=4000))
        after = partitions(session, "nonce") | partitions(session, "claim")
        assert before <= after

    def test_gives_way_when_the_default_has_rows_of_its_time(self, session, now):
        hour = int(now.timestamp()) // HOUR + 1000
        insert = text("INSERT INTO exchange.nonce VALUES ('k', :nonce, :hour)")
        session.execute(insert, {"nonce": "n1", "hour": hour})
        store.forget(session, at(hour))
        made = partitions(session, "nonce")
        assert f"exchange.nonce_{hour}" not in made
        assert f"exchange.nonce_{hour + 1}" in made
        session.execute(insert, {"nonce": "n2", "hour": hour})
        for nonce in "n1", "n2":
            assert place(session, {"nonce": nonce}) == "exchange.nonce_default"

    def test_empties_the_default_of_what_is_over(self, session, now):
        store.forget(session, now)  # This database may be older than this hour.
        hour = int(now.timestamp()) // HOUR
        session.execute(
            text("INSERT INTO exchange.nonce VALUES ('k', 'old', :old), ('k', 'new', :new)"),
            {"old": hour - 2, "new": hour - 1},
        )
        for key, days in ("old", 401), ("new", 399):
            session.execute(
                text("INSERT INTO exchange.claim VALUES (1, :key, '', 'x', NULL, '{}', '{}', :at)"),
                {"key": key, "at": now - timedelta(days=days)},
            )
        store.forget(session, now)
        assert session.execute(text("SELECT nonce FROM exchange.nonce")).scalars().all() == ["new"]
        assert session.execute(text("SELECT key FROM exchange.claim")).scalars().all() == ["new"]


class TestRows:
    def test_land_in_the_partition_of_their_time(self, session, now, sale):
        store.forget(session, now)
        hour = sale["signed_at"] // HOUR
        assert ledger.post_within(session, sale).code is None
        assert place(session, sale) == f"exchange.nonce_{hour}"
        query = "SELECT tableoid::regclass::text FROM exchange.claim WHERE key = :key"
        [of_claim] = session.execute(text(query), {"key": sale["key"]}).scalars()
        assert of_claim == f"exchange.claim_{half_year(now):%Y_%m}"

    def test_of_no_partition_go_to_the_default(self, session, books, sale):
        sale["signed_at"] = int(time.time()) + 1000 * HOUR
        assert ledger.post_within(session, sale).code is None
        assert place(session, sale) == "exchange.nonce_default"
        again = sale | {"id": books.order("redemption")["id"]}
        assert ledger.post_within(session, again).code == "signature-replayed"


class TestNonce:
    def test_is_refused_for_as_long_as_its_signature_could_pass(self, session, books, now, sale):
        """Signed in the last second of an hour, whose partition ends with it."""
        turn = int(now.timestamp()) // HOUR - 100
        store.forget(session, at(turn, -1))
        sale["signed_at"] = turn * HOUR - 1
        assert ledger.post_within(session, sale).code is None
        assert place(session, sale) == f"exchange.nonce_{turn - 1}"
        other = sale | {"key": "key-of-another-request", "id": books.order("redemption")["id"]}
        for seconds in -1, 0, SECONDS_BACK, 600:
            store.forget(session, at(turn, seconds))
            assert ledger.post_within(session, other).code == "signature-replayed"
        store.forget(session, at(turn, 601))
        assert ledger.post_within(session, other).code == "duplicate-reference"

    def test_that_comes_after_its_hour_lands_in_it(self, session, now, sale):
        turn = int(now.timestamp()) // HOUR - 100
        store.forget(session, at(turn - 3))
        store.forget(session, at(turn, 30))
        sale["signed_at"] = turn * HOUR - 1
        assert ledger.post_within(session, sale).code is None
        assert place(session, sale) == f"exchange.nonce_{turn - 1}"


class TestClaim:
    def test_of_another_half_year_is_found(self, books, now, sale):
        """Written just after the next turn of the year's halves, by a clock that went ahead."""
        moment = half_year(half_year(now) + timedelta(days=190)) + timedelta(hours=1)
        [first] = books.post_all([sale], moment=moment)
        [again] = books.post_all([sale | {"nonce": "another-nonce-of-retry"}])
        assert (again.replayed, again.facts) == (True, first.facts)
        query = "SELECT tableoid::regclass::text AS place FROM exchange.claim WHERE key = %s"
        [claim] = books.rows(query, sale["key"])
        assert claims(moment) - {"exchange.claim_default"} == {claim.place}

    @pytest.mark.corrupts_books
    @pytest.mark.parametrize("days", [31, 200, 390])
    def test_is_known_though_its_answer_is_not_given_again(self, days, books, sale):
        books.post_all([sale])
        query = "UPDATE exchange.claim SET at = at - make_interval(days => %s) WHERE key = %s"
        books.owner.execute(query, (days, sale["key"]))
        [again] = books.post_all([sale | {"nonce": "another-nonce-of-retry"}])
        assert (again.code, again.replayed) == ("answer-expired", False)
        [journals] = books.rows(
            "SELECT count(*) FROM exchange.journal WHERE reference = %s", sale["reference"]
        )
        assert journals == (1,)


class TestRights:
    @pytest.mark.parametrize("table", ["nonce", "claim", "nonce_default", "claim_default"])
    @pytest.mark.parametrize(
        "statement",
        [
            "DROP TABLE exchange.{}",
            "TRUNCATE exchange.{}",
            "DELETE FROM exchange.{}",
            "ALTER TABLE exchange.{} RENAME TO elsewhere",
            "CREATE TABLE exchange.more PARTITION OF exchange.{} DEFAULT",
        ],
    )
    def test_the_application_may_not_do_away_with_them(self, statement, table, session):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            session.execute(text(statement.format(table)))

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE exchange.claim SET facts = '{}'",
            "UPDATE exchange.nonce SET nonce = 'x'",
            "ALTER TABLE exchange.nonce DETACH PARTITION exchange.nonce_default",
            "SELECT exchange.make_partition('posting', 'trap', '1', '2')",
        ],
    )
    def test_nor_change_them(self, statement, session):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            session.execute(text(statement))

    def test_nobody_but_the_application_may_keep_them(self, session):
        query = (
            "SELECT proacl::text FROM pg_proc WHERE pronamespace = 'exchange'::regnamespace"
            " AND proname IN ('keep_partitions', 'make_partition') ORDER BY proname"
        )
        keep, make = session.execute(text(query)).scalars()
        grantees = {item.split("=")[0] for item in keep.strip("{}").split(",")}
        assert grantees == {"hub_owner", "hub_app"}
        assert {item.split("=")[0] for item in make.strip("{}").split(",")} == {"hub_owner"}

    def test_nothing_of_the_callers_runs_with_the_owners_rights(self, session, books, now):
        """A caller decides what its search path finds; here, a `format` that grants a right, a
        `to_date` by which every answer is old, and a catalogue that lists what is not there."""
        books.owner.execute("""
            CREATE SCHEMA evil;
            GRANT USAGE ON SCHEMA evil TO hub_app;
            CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql
                AS $$ SELECT 'GRANT UPDATE ON exchange.posting TO hub_app' $$;
            CREATE FUNCTION evil.to_date(text, text) RETURNS date LANGUAGE sql
                AS $$ SELECT '1970-01-01'::date $$;
        """)
        try:
            store.forget(session, now)
            before = partitions(session, "claim")
            session.execute(text("CREATE TEMP TABLE pg_class (oid oid, relname name)"))
            session.execute(text("INSERT INTO pg_temp.pg_class VALUES (1, 'nonce_5')"))
            session.execute(text("CREATE TEMP TABLE pg_inherits (inhrelid oid, inhparent oid)"))
            session.execute(
                text("INSERT INTO pg_temp.pg_inherits VALUES (1, 'exchange.nonce'::regclass)")
            )
            session.execute(text("SET LOCAL search_path = pg_temp, evil, pg_catalog"))
            store.forget(session, now - timedelta(hours=100))
            session.execute(text("SET LOCAL search_path = pg_catalog, pg_temp"))
            assert partitions(session, "claim") >= before
            may = session.execute(text("SELECT has_table_privilege('exchange.posting', 'UPDATE')"))
            assert may.scalar() is False
        finally:
            session.rollback()
            books.owner.execute("DROP SCHEMA evil CASCADE")


class TestJob:
    @pytest.fixture
    def stale(self, database, now) -> str:
        """A partition whose time is over."""
        with database.transaction() as session:
            store.forget(session, now - timedelta(hours=3))
        return f"exchange.nonce_{int(now.timestamp()) // HOUR - 3}"

    def names(self, database) -> set[str]:
        with database.transaction() as session:
            return partitions(session, "nonce")

    def test_drops_what_is_over(self, database, now, stale):
        assert stale in self.names(database)
        jobs.clear_away(database, now)
        assert stale not in self.names(database)

    def test_gives_way_to_a_posting_and_drops_it_the_next_time(
        self, database, address, books, now, stale, sale
    ):
        """And whoever posts meanwhile waits behind it for a moment, not until told to be Busy."""
        quick = books.order("accrual", party=books.party(), points=1)
        quick["link"] = books.link(quick["party"], books.wallet())
        with psycopg.connect(address.application) as slow:
            slow.execute(ledger.POST, (Jsonb([sale]), None, None))
            job = threading.Thread(target=jobs.clear_away, args=(database, now))
            job.start()
            assert books.post_all([quick])[0].code is None
            job.join(1)
            assert not job.is_alive()
            slow.commit()
        assert stale in self.names(database)
        jobs.clear_away(database, now)
        assert stale not in self.names(database)
