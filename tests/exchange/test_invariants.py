"""The checker: silent on sound books, and never silent on broken ones."""

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import create_engine, make_url

from exchange import acceptance, history, ledger, rollup
from exchange.invariants import INVARIANTS, check, examine
from kit.database import Database
from settlement.disputes.opening import Line, open_disputes
from settlement.disputes.steps import answer
from staff.audit import recording
from tests.books import Books, every_invariant
from tests.exchange.corruptions import CORRUPTIONS, ONE
from tests.settlement.coalition import Coalition
from tests.wiping import wipe

TESTS = Path(__file__).parent.parent
ELSEWHERE = (
    TESTS / "settlement" / "test_default_invariants.py",
    TESTS / "settlement" / "bank" / "test_bank_invariants.py",
    TESTS / "members" / "people" / "test_people_invariants.py",
    TESTS / "members" / "notices" / "test_notice_invariants.py",
    TESTS / "members" / "giving" / "test_giving_invariants.py",
    TESTS / "partners" / "asking" / "test_asking_invariants.py",
    TESTS / "partners" / "exchanges" / "test_exchange_invariants.py",
    TESTS / "web" / "test_given_back.py",
)

CASES = [
    pytest.param(name, statements, id=f"{name}-{number}")
    for name, cases in CORRUPTIONS.items()
    for number, statements in enumerate(cases)
]


def live(books):
    """A bit of everything that can happen to points. Returns a wallet whose points lie in wait."""
    coalition = Coalition(books)
    issuer, acceptor = coalition.partner("issuer"), coalition.partner("acceptor", fee_ppm=10_000)
    wallet = books.wallet()
    at_till = {"party": acceptor, "link": books.link(acceptor, wallet)}

    books.issue(issuer, wallet, 30, expires_on="2090-12-31")
    books.issue(issuer, wallet, 1000)
    sale = books.post("redemption", points=100, **at_till).unwrap()  # From two lots.
    books.post("refund", party=acceptor, undoes=sale["id"], points=20)
    books.post("redemption", points=10_000, **at_till)  # Refused.
    books.post("redemption", party=acceptor, code=books.payment_code(wallet), points=7)

    holds = [
        books.post("authorisation", points=points, **at_till).unwrap()["id"]
        for points in (50, 40, 30, 20)
    ]
    books.post("capture", party=acceptor, hold=holds[0], points=45)
    books.post("void", party=acceptor, hold=holds[1])
    books.post("hold-expiry", hold=holds[2], moment=datetime.now(UTC) + timedelta(hours=1))

    spender = books.wallet()
    wrong = books.issue(issuer, spender, 60)
    books.post("redemption", party=acceptor, link=books.link(acceptor, spender), points=60)
    books.post("clawback", party=issuer, undoes=wrong)
    books.issue(issuer, spender, 25)  # Repays a part of the debt.

    patient = books.wallet()
    for expiry in ("2090-12-31", "2098-12-31"):
        before = datetime.now(UTC) - timedelta(days=2)
        order = {"link": books.link(issuer, patient), "points": 50, "expires_on": expiry}
        books.post("accrual", party=issuer, moment=before, **order).unwrap()
    coalition.spend("acceptor", patient, 10)

    coalition.settle(coalition.close("second"))
    lapsing = books.wallet()
    lapsed = books.issue(issuer, lapsing, 15, expires_on="2026-12-31")
    importer = books.wallet()
    member = books.link(issuer, importer)
    rate = books.rate(issuer, daily_cap=1000, fee_ppm=50_000)
    books.post("import", party=issuer, link=member, theirs=200)
    quote = books.quote(member, rate, theirs=100, points=29, fee=1)
    books.post("import", party=issuer, link=member, quote=quote)
    books.issue(issuer, importer, 5, expires_on="2090-12-31")
    books.post("transfer", wallet=importer, to_wallet=spender, points=3)
    books.post("transfer", wallet=wallet, to_wallet=importer, points=3)

    out = books.rate(acceptor, direction="export")
    code = books.payment_code(wallet, party=acceptor)
    order = {"party": acceptor, "code": code, "held_until": "2090-01-01T00:00:00+00:00"}
    firm = books.post("authorisation", points=12, **order).unwrap()["id"]
    export = acceptance.export(party=acceptor, hold=UUID(firm), rate=out, theirs=40, fee=1)
    ledger.post(books.database.hot, [export])[0].unwrap()

    with books.database.transaction() as session:
        history.bring_forward(session, wallet)
    with books.database.transaction() as session:
        recording.record(
            session,
            who="mei",
            what="window-closed",
            object_="window second",
            now=datetime.now(UTC),
        )
    contest(coalition)
    record(books, acceptor)
    coalition.settle(coalition.close("third"))
    until = time.monotonic() + 30
    rolled_up = 0  # Whoever is at work on this server, in whatever database, holds it back.
    while not rolled_up and time.monotonic() < until:
        with books.database.transaction() as session:
            rolled_up = rollup.roll_up(session)
    assert rolled_up
    books.post("lot-expiry", wallet=lapsing, moment=datetime(2029, 1, 1, tzinfo=UTC))
    books.post("clawback", party=issuer, undoes=lapsed)
    books.post("adjustment", party=issuer, wallet=wallet, points=9, direction="credit")
    books.post("adjustment", party=issuer, wallet=wallet, points=4, direction="debit")
    mine = {"party": issuer, "link": books.link(issuer, wallet)}
    open_hold = books.post("authorisation", points=2, **mine).unwrap()["id"]
    books.post_batch(
        [
            books.order("accrual", points=5, **mine),
            books.order("authorisation", points=1, **mine),
            books.order("void", party=issuer, hold=open_hold),
            books.order("redemption", points=1_000_000, **mine),
        ]
    )
    return patient


def contest(coalition):
    """A sale of the open window contested and given back, and one that stays contested."""
    issuer, acceptor = (coalition.parties[slug] for slug in ("issuer", "acceptor"))
    wallet = coalition.wallet()
    coalition.issue("issuer", wallet, 20)
    lines = [Line(UUID(coalition.spend("acceptor", wallet, points)), issuer) for points in (9, 8)]
    now = datetime.now(UTC)
    with coalition.database.transaction() as session:
        given_back, _ = open_disputes(
            session, party=issuer, lines=lines, reason="not-ours", words="", now=now
        )
        answer(session, party=acceptor, dispute=given_back, accepts=True, words="", now=now)


def record(books, party):
    """A record of two lines, one of which the books do not have."""
    for statement in (
        "INSERT INTO settlement.reconciliation SELECT {id}, %(party)s, min(id), 'accepted', 0,"
        " false, 'differs', now(), now(), NULL, NULL, 1 FROM exchange.\"window\"",
        "INSERT INTO settlement.reconciliation_part VALUES ({id}, 1, 2, 10, '', now())",
        "INSERT INTO settlement.reconciliation_outcome VALUES"
        " ({id}, 'matched', 1, 1, 7, 1, 7), ({id}, 'missing_here', 1, 1, 3, 0, 0)",
    ):
        id_ = "'018f0000-0000-7000-8000-000000000000'"
        books.owner.execute(statement.replace("{id}", id_), {"party": party})


@pytest.fixture(scope="module")
def patient(_database, _owner):
    """Books with a bit of everything, made once: each test below breaks and restores them."""
    yield live(Books(_database, _owner))
    wipe(_owner)


@pytest.fixture(scope="module")
def engine(address):
    engine = create_engine(make_url(address.owner).set(drivername="postgresql+psycopg"))
    yield engine
    engine.dispose()


@contextmanager
def broken(engine, patient, statements):
    with engine.connect() as connection:
        for statement in statements:
            found = connection.exec_driver_sql(statement.format(patient=patient, **ONE))
            assert found.rowcount, f"breaks nothing: {statement}"
        yield connection
        connection.rollback()


class TestExamine:
    def test_sound_books_violate_nothing(self, engine, patient):
        with engine.connect() as connection:
            assert {
                result.name: result.violations
                for result in examine(connection, every_invariant())
                if result.count
            } == {}

    @pytest.mark.parametrize(("name", "statements"), CASES)
    def test_finds(self, engine, patient, name, statements):
        with broken(engine, patient, statements) as connection:
            [result] = examine(connection, [i for i in every_invariant() if i.name == name])
        assert result.count >= 1
        assert len(result.violations) == result.count
        assert all(violation.key for violation in result.violations)

    def test_counts_what_it_does_not_show(self, engine, patient):
        many = (
            "INSERT INTO exchange.claim SELECT c.party_id, k, c.fingerprint, c.operation, c.code,"
            " c.facts, c.evidence, c.at + i * interval '1 hour' FROM generate_series(1, 150) k,"
            " generate_series(0, 1) i, (SELECT * FROM exchange.claim"
            " WHERE code IS NOT NULL LIMIT 1) c",
        )
        with broken(engine, patient, many) as connection:
            [result] = [r for r in examine(connection, INVARIANTS) if r.count]
        assert (result.count, len(result.violations)) == (150, 100)


class TestInvariants:
    def test_each_has_a_name_of_its_own(self):
        names = [invariant.name for invariant in every_invariant()]
        assert len(names) == len(set(names))

    def test_each_has_a_case_that_proves_it_can_fail(self):
        """Here, or where there are banks and defaults to break."""
        names = {invariant.name for invariant in every_invariant()}
        elsewhere = "".join(page.read_text(encoding="utf-8") for page in ELSEWHERE)
        assert CORRUPTIONS.keys() <= names
        assert [one for one in sorted(names - CORRUPTIONS.keys()) if one not in elsewhere] == []


class TestCheck:
    def test_asks_all_in_one_snapshot_that_cannot_write(self, engine, patient, address):
        """A wallet broken between two invariants is broken for none of them."""
        first, last = INVARIANTS[0], INVARIANTS[-1]
        asked = []

        def invariants():
            yield first
            with psycopg.connect(address.owner) as other:
                other.execute("UPDATE exchange.wallet SET available = available + 1")
            asked.append(last)
            yield from INVARIANTS

        with engine.connect() as connection:
            try:
                assert not any(result.count for result in check(connection, invariants()))
                assert asked
                assert not connection.in_transaction()
                assert any(result.count for result in check(connection, INVARIANTS))
            finally:
                with psycopg.connect(address.owner) as other:
                    other.execute("UPDATE exchange.wallet SET available = available - 1")

    def test_the_application_may_ask(self, address, patient):
        database = Database(address.application)
        with database.engine.connect() as connection:
            assert not any(result.count for result in check(connection, every_invariant()))
        database.close()
