"""One PostgreSQL per run, built by the migrations; books that balance after every test.

`database` is what most tests ask for, through `books`: the application's view of a database whose
writes are real (the posting function commits by itself) and wiped after the test. `owner` sees and
may break everything.
"""

import os
from collections.abc import Iterator

import psycopg
import pytest

from kit.database import Database
from tests.books import Books, assert_books_balance
from tests.cluster import Address, Cluster, find_cluster, migrated_database
from tests.leftovers import leftovers
from tests.server import coalition, server
from tests.wiping import wipe

WHOLE_RUN = 1_000  # tests: fewer leave too little to look through

__all__ = ["coalition", "server"]  # fixtures that start a hub


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "corrupts_books: breaks the books on purpose, so nobody checks them afterwards"
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Once, by the process that all others report to: look through what the run left behind."""
    if hasattr(session.config, "workerinput") or session.testscollected < WHOLE_RUN:
        return
    home = find_cluster().home
    factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
    found = list(leftovers([factory.getbasetemp(), *([home] if home else [])]))
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nA run of tests must leave nothing of anybody in a log:", *found[:20], sep="\n  ")


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The server the tests' databases live on."""
    return find_cluster()


@pytest.fixture(scope="session")
def address(cluster: Cluster) -> Iterator[Address]:
    """The URLs of this process's own database. Ask for `database` too, or nothing is wiped."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    with migrated_database(cluster, worker) as address:
        yield address


@pytest.fixture(scope="session")
def _owner(address: Address) -> Iterator[psycopg.Connection]:
    # A test that leaves a lock behind is told so, instead of hanging the run.
    options = "-c lock_timeout=10s -c timezone=UTC"
    with psycopg.connect(address.owner, autocommit=True, options=options) as connection:
        yield connection


@pytest.fixture(scope="session")
def _database(address: Address) -> Iterator[Database]:
    database = Database(address.application)
    yield database
    database.close()


@pytest.fixture
def database(
    request: pytest.FixtureRequest, _database: Database, _owner: psycopg.Connection
) -> Iterator[Database]:
    """The database as the application sees it, empty but for what the migrations insert."""
    yield _database
    try:
        if not request.node.get_closest_marker("corrupts_books"):
            assert_books_balance(_database)
    finally:
        if len(_database.hot._all) > 1:  # Threads that are gone must not keep their connections.
            _database.hot.close()
        wipe(_owner)


@pytest.fixture
def owner(database: Database, _owner: psycopg.Connection) -> psycopg.Connection:
    """A connection (autocommit) that may do anything to the tables: to inspect and to corrupt."""
    return _owner


@pytest.fixture
def books(database: Database, owner: psycopg.Connection) -> Books:
    """Parties, wallets and orders in one line each, with an open window to post into."""
    return Books(database, owner)
