"""What a member reads stays fast: a wallet with 100,000 journals touches as few pages as one with
100, however many other members trade between."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from exchange import history, links, store
from kit.database import Database
from members import activity
from tests.books import Books
from tests.cluster import Cluster, migrated_database
from tests.walks.plans import Plan, pages, plans, scanned

MANY, FEW = 100_000, 100  # journals of the two
LIMIT = 20  # entries of a page
LARGE = 1_000  # Rows of a table that nobody may read from end to end.
EACH = (
    20  # Pages for one entry: the journal, its postings, what was undone of it, by their indexes.
)
TODAY = date(2026, 11, 1)

# A purchase every second minute, of the many and of somebody else by turns; each fifth earns, each
# thousandth is refunded. At the first brand something happened once, long ago; at the second never.
_TRADE = (
    """INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, reference,
           undoes, at)
       SELECT (lpad(to_hex(i), 12, '0') || '70008000000000000001')::uuid, 1,
              CASE WHEN i / 2 %% 1000 = 0 THEN 'refund' WHEN i / 2 %% 5 = 0 THEN 'accrual'
                   ELSE 'redemption' END,
              CASE WHEN i = 2 THEN (%(brands)s::integer[])[1] ELSE (%(brands)s::integer[])[3] END,
              CASE WHEN i %% 2 = 0 THEN %(many)s WHEN i <= 2 * %(n_few)s THEN %(few)s
                   ELSE %(others)s END,
              1, 'R-' || i, CASE WHEN i / 2 %% 1000 = 0 THEN gen_random_uuid() END,
              timestamptz '2026-06-01' + i * interval '1 minute'
       FROM generate_series(1, 2 * %(n_many)s) i""",
    """INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
           points, issuer_id, issued_at, valued_at)
       SELECT id, 1, 1, CASE kind WHEN 'accrual' THEN 'issued' WHEN 'refund' THEN 'refunded'
                        ELSE 'spent' END, party_id,
              CASE kind WHEN 'redemption' THEN wallet_id ELSE 1 END,
              CASE kind WHEN 'redemption' THEN 1 ELSE wallet_id END, 1, party_id, at, at
       FROM exchange.journal""",
    """INSERT INTO exchange.undone SELECT id, 1, 1 FROM exchange.journal
       WHERE kind = 'redemption' AND right(reference, 1) = '4'""",
    """INSERT INTO exchange.hold (id, party_id, wallet_id, points, captured, state, reference,
           held_at, expires_at, ended_at)
       SELECT gen_random_uuid(), (%(brands)s::integer[])[3], wallet_id, 1, 1, 'captured',
              'H-' || id, at, at, at
       FROM exchange.journal WHERE kind = 'redemption' AND right(reference, 1) = '6'""",
    """INSERT INTO exchange.hold (id, party_id, wallet_id, points, reference, held_at, expires_at)
       SELECT gen_random_uuid(), (%(brands)s::integer[])[3], w, 1, 'O-' || w || n, now(), now()
       FROM unnest(ARRAY[%(many)s, %(few)s]) w, generate_series(1, 3) n""",
    """INSERT INTO exchange.lot
           (wallet_id, issuer_id, expires_on, spendable_from, available, opened_at)
       SELECT w, (%(brands)s::integer[])[3], date '2027-01-01' + n, date '2026-01-01' + n,
              CASE WHEN n %% 1000 = 0 THEN 5 ELSE 0 END, now()
       FROM unnest(ARRAY[%(many)s, %(others)s]) w, generate_series(1, 5000) n""",
    "VACUUM (ANALYZE)",
)


class Wallets(NamedTuple):
    """The two of them, and three brands: of one purchase, of none, and of all others."""

    database: Database
    many: int
    few: int
    brands: list[int]
    large: set[str]


@pytest.fixture(scope="module")
def wallets(cluster: Cluster) -> Iterator[Wallets]:
    with (
        migrated_database(cluster, "wallets") as address,
        psycopg.connect(address.owner, autocommit=True) as owner,
    ):
        database = Database(address.application)
        books = Books(database, owner)
        brands = [books.party() for _ in range(3)]
        many, few, others = (books.wallet() for _ in range(3))
        for brand in brands:
            books.link(brand, many)
        values: dict[str, Any] = {"many": many, "few": few, "others": others, "brands": brands}
        values |= {"n_many": MANY, "n_few": FEW}
        owner.execute("ALTER TABLE exchange.undone DROP CONSTRAINT undone_journal_fk")
        with psycopg.ClientCursor(owner) as cursor:
            for statement in _TRADE:
                cursor.execute(statement, values)
        rows = owner.execute("SELECT relname FROM pg_class WHERE reltuples > %s", (LARGE,))
        try:
            yield Wallets(database, many, few, brands, {name for (name,) in rows})
        finally:
            database.close()


def page(**filters: Any) -> Callable[[Session, int], Any]:
    return lambda session, wallet: history.page(session, wallet, limit=LIMIT, **filters)


def deep(session: Session, wallet: int) -> Any:
    """A page at the end of a long way down."""
    oldest = history.page(session, wallet, limit=1, until=datetime(2026, 6, 1, 3, tzinfo=UTC))
    assert oldest
    return history.page(session, wallet, limit=LIMIT, before=oldest[0].id)


def one(session: Session, wallet: int) -> Any:
    [entry, *_] = history.page(session, wallet, limit=1, kinds=["refunded", "spent"]) or []
    return [
        history.entry(session, wallet, entry.id),
        history.parts(session, wallet, entry.id),
        history.undone_by(session, wallet, entry.id),
    ]


def held(session: Session, wallet: int) -> Any:
    [hold, *_] = history.holds(session, wallet)
    return [store.open_holds(session, wallet), [history.hold_parts(session, wallet, hold.id)]]


QUESTIONS: dict[str, Callable[[Session, int], Any]] = {
    "page": page(),
    "page deep down": deep,
    "page of one kind": page(kinds=["earned"]),
    "page of a month": page(
        since=datetime(2026, 7, 1, tzinfo=UTC), until=datetime(2026, 8, 1, tzinfo=UTC)
    ),
    "entry": one,
    "activity": lambda session, wallet: [
        activity.page(session, wallet, activity.Wanted(), ZoneInfo("UTC"), limit=LIMIT)
    ],
    "holds": held,
    "lots": lambda session, wallet: [history.lots(session, wallet, TODAY)],
    "sums": lambda session, wallet: history.sums(session, wallet, TODAY),
    "receivables": lambda session, wallet: [history.receivables(session, wallet)],
    "months": lambda session, wallet: history.monthly(session, wallet, date(2026, 1, 1)),
    "links": lambda session, wallet: [links.of_wallet(session, wallet)],
}


@pytest.fixture(scope="module")
def looked_at(wallets: Wallets) -> Wallets:
    """The sums are kept from the first look on, and brought forward from there."""
    for wallet in (wallets.many, wallets.few):
        with wallets.database.transaction() as session:
            history.bring_forward(session, wallet)
    return wallets


def touched(wallets: Wallets, found: list[Plan]) -> int:
    for plan in found:
        assert not scanned(plan) & wallets.large, plan
    return sum(pages(plan) for plan in found)


def test_the_wallets_are_as_long_as_they_say(wallets: Wallets) -> None:
    assert {"journal", "posting", "undone", "hold", "lot"} <= wallets.large
    with wallets.database.engine.connect() as connection:
        for wallet, journals in ((wallets.many, MANY), (wallets.few, FEW)):
            found = connection.exec_driver_sql(
                "SELECT count(*) FROM exchange.journal WHERE wallet_id = %s", (wallet,)
            ).scalar_one()
            assert found == journals


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_long_past_costs_nothing(looked_at: Wallets, name: str) -> None:
    """Not twice the pages of a wallet with a thousandth of the past, where both have as much."""
    both = [
        touched(looked_at, plans(looked_at.database, lambda s, w=w: QUESTIONS[name](s, w)))
        for w in (looked_at.many, looked_at.few)
        if not (name == "page of a month" and w == looked_at.few)  # It has none.
    ]
    assert both[0] <= EACH * (LIMIT + 1), both
    if name not in ("lots", "sums"):  # The one with a past has lots.
        assert both[0] <= 2 * both[-1], both


@pytest.mark.parametrize(("brand", "entries"), [(0, 1), (1, 0)])
def test_a_brand_of_long_ago_is_found_in_the_index(
    looked_at: Wallets, brand: int, entries: int
) -> None:
    """Where the whole past is looked through, it is the index alone that is."""
    party = looked_at.brands[brand]
    ask = page(party=party)
    with looked_at.database.transaction() as session:
        assert len(ask(session, looked_at.many)) == entries
    found = plans(looked_at.database, lambda s: [ask(s, looked_at.many)])
    assert touched(looked_at, found) < MANY / 50


def test_a_rare_kind_is_found_at_once(looked_at: Wallets) -> None:
    ask = page(kinds=["clawed_back", "expired", "exported", "imported", "received"])
    found = plans(looked_at.database, lambda s: [ask(s, looked_at.many)])
    assert touched(looked_at, found) < 60


def test_what_came_since_is_added_without_reading_the_rest(
    looked_at: Wallets,
) -> None:
    """Months and uses are brought forward by one journal, and explained."""

    def months(session: Session) -> list[history.Month]:
        return history.monthly(session, looked_at.many, date(2026, 1, 1))

    with looked_at.database.transaction() as session:
        before = months(session)
        session.execute(
            text(
                "INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points,"
                " at) SELECT gen_random_uuid(), 1, 'accrual', party_id, wallet_id, 9,"
                " at + interval '1 hour'"
                " FROM exchange.journal WHERE wallet_id = :wallet ORDER BY at DESC LIMIT 1"
            ),
            {"wallet": looked_at.many},
        )
    found = plans(looked_at.database, months)
    assert len(found) == 4  # Has anything come, the lock, the sums, and what there is.
    assert touched(looked_at, found) < 100
    with looked_at.database.transaction() as session:
        assert sum(m.earned for m in months(session)) == sum(m.earned for m in before) + 9
