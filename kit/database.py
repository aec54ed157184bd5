"""The database: engines, transactions, migrations, and the settings a ledger insists on.

Two ways lead to PostgreSQL. The till's path uses a psycopg connection held by its thread, one
round trip and no ORM (`HotConnections`); everything else uses SQLAlchemy sessions.
"""

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from kit.errors import Kind, Refusal

MIGRATIONS = Path(__file__).parent.parent / "migrations"

# Zero means "for ever" to PostgreSQL: nobody may hold a lock, or keep a till waiting, that long.
SESSION_SETTINGS = {
    "lock_timeout": "1s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "5s",
    "timezone": "UTC",
}
DURABLE_SETTINGS = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "remote_write", "remote_apply"},
    "data_sync_retry": {"off"},
    "zero_damaged_pages": {"off"},
    "data_checksums": {"on"},
}


class Base(DeclarativeBase):
    """The one metadata: what the models say must equal what the migrations made."""


class UnsafeDatabase(Exception):  # noqa: N818 - a reason not to start
    """The database's settings, schema or role would put points at risk."""


class DatabaseUnavailable(Refusal):
    """No answer from the database: whether the request took effect is not known."""

    code = "outcome-unknown"
    kind = Kind.UNAVAILABLE
    title = "The hub cannot tell whether this took effect; retry with the same idempotency key"
    retryable = True


class Busy(Refusal):
    """Somebody else's transaction was in the way for too long; nothing was written."""

    code = "busy"
    kind = Kind.UNAVAILABLE
    title = "The hub is busy with the same rows; nothing was changed, retry shortly"
    retryable = True


def conninfo(url: str) -> tuple[str, dict[str, Any]]:
    """A URL as libpq takes it, and the arguments of every connection of the application.

    What the URL itself says in `options`, such as a role to take on, comes first.
    """
    parsed = make_url(url).set(drivername="postgresql")
    given = parsed.query.get("options", "")
    settings = [f"-c {name}={value}" for name, value in SESSION_SETTINGS.items()]
    options = " ".join([given if isinstance(given, str) else " ".join(given), *settings])
    plain = parsed.difference_update_query(["options"]).render_as_string(False)
    return plain, {"options": options.strip(), "connect_timeout": 5}


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """An engine whose every connection has the ledger's time limits."""
    plain, arguments = conninfo(url)
    return create_engine(
        make_url(plain).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=5,
        hide_parameters=True,  # An error goes to the log; what a request carried does not.
        connect_args=arguments,
    )


# What PostgreSQL undid itself and said so: the transaction took no effect, the connection is well.
UNDONE = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.QueryCanceled,
)


class Database:
    """One database as the application sees it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._sessions = sessionmaker(self.engine)
        self.hot = HotConnections(url)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, undone when it raises.

        Raises Busy when PostgreSQL undid it for somebody else's sake, or had no connection to
        spare; DatabaseUnavailable when the connection broke and the outcome is not known.
        """
        try:
            with self._sessions() as session, session.begin():
                yield session
        except PoolExhausted as error:
            raise Busy from error
        except OperationalError as error:
            raise (Busy if isinstance(error.orig, UNDONE) else DatabaseUnavailable) from error

    def close(self) -> None:
        """Give every connection back."""
        self.hot.close()
        self.engine.dispose()


# One plan for good: it is the same for every array, and planning costs more than posting. Tables
# are looked into row by row, through their indexes, whatever the statistics of an empty one said.
HOT_SETTINGS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}


class HotConnection:
    """A connection in autocommit, its statements prepared once; for one thread at a time."""

    def __init__(self, url: str) -> None:
        self._conninfo, self._arguments = conninfo(url)
        settings = [f"-c {name}={value}" for name, value in HOT_SETTINGS.items()]
        self._arguments["options"] = " ".join([self._arguments["options"], *settings])
        self._connection: psycopg.Connection[Any] | None = None

    def fetch(self, query: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """Run one statement in its own transaction and return its rows.

        Raises Busy when nothing was written, DatabaseUnavailable when that is not known, and
        psycopg's own errors for everything that the statement itself did wrong.
        """
        try:
            if self._connection is not None and _was_ended(self._connection):
                self.close()
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._conninfo, autocommit=True, prepare_threshold=2, **self._arguments
                )
            return self._connection.execute(query, parameters).fetchall()
        except psycopg.OperationalError as error:
            if isinstance(error, UNDONE):
                raise Busy from error
            self.close()
            raise DatabaseUnavailable from error

    def close(self) -> None:
        """Give the connection back; the next statement opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class HotConnections:
    """A hot connection for each thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = threading.local()
        self._all: list[HotConnection] = []
        self._lock = threading.Lock()

    def fetch(self, query: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """As `HotConnection.fetch`, over this thread's own."""
        mine = getattr(self._local, "mine", None)
        if mine is None:
            mine = self._local.mine = HotConnection(self._url)
            with self._lock:
                self._all.append(mine)
        return mine.fetch(query, parameters)

    def close(self) -> None:
        """Close the connections of every thread."""
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
        self._local = threading.local()


Connections = HotConnection | HotConnections


def _was_ended(connection: psycopg.Connection[Any]) -> bool:
    """Has the server said something to an idle connection? It only does to take its leave (or to
    tell of a new setting): an order sent now would be lost, and nobody would know its outcome."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema to `revision`: an id, `head`, or `base` for nothing at all."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            config = _config()
            config.attributes["connection"] = connection
            # Two hubs that start at once must not migrate at once.
            connection.execute(text("SELECT pg_advisory_lock(7209071)"))
            connection.commit()
            if revision == "base":
                command.downgrade(config, revision)
            else:
                command.upgrade(config, revision)
            connection.commit()
    finally:
        engine.dispose()


def expected_revision() -> str:
    """The schema revision that this code was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise UnsafeDatabase("no migrations found")
    return head


def refuse_unsafe(url: str) -> None:
    """Raise UnsafeDatabase unless a ledger may be kept behind this URL, as this role."""
    plain, arguments = conninfo(url)
    with psycopg.connect(plain, **arguments) as connection:
        for name, allowed in DURABLE_SETTINGS.items():
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            if row is None or row[0] not in allowed:
                raise UnsafeDatabase(f"{name} is {row and row[0]}, must be {' or '.join(allowed)}")
        if connection.execute("SELECT pg_is_in_recovery()").fetchone() != (False,):
            raise UnsafeDatabase("this server is a standby: value is decided on the primary")
        try:
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            revision = None
        if revision is None or revision[0] != expected_revision():
            raise UnsafeDatabase(
                f"schema is at {revision and revision[0]}, this hub needs {expected_revision()}: "
                "run `bin/hub migrate`"
            )
        row = connection.execute(
            "SELECT bool_or(has_table_privilege(t, p)) FROM "
            "unnest(ARRAY['exchange.posting', 'exchange.journal', 'staff.audit', "
            "'settlement.leaf', 'settlement.node', 'settlement.head']) t, "
            "unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p"
        ).fetchone()
        if row != (False,):
            raise UnsafeDatabase(
                "this role may change postings, the audit log or what was sealed: "
                "connect as one that may not"
            )
