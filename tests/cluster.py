"""The PostgreSQL that the tests run on: one server per checkout, one database per test process.

The server is the hub's own (kit.postgres), left running between runs in a short temporary folder;
`TEST_DATABASE_URL`, the URL of an owner who may create databases and roles, names another one.
Each process copies its database from a template that the migrations built once.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from kit import database, postgres

CHECKOUT = Path(__file__).resolve().parent.parent
BUILD_LOCK = 7209099
APP_LOGIN = "hub_app_login"
CONNECTIONS = 400


@dataclass(frozen=True)
class Address:
    """The same database, as its owner and as the application."""

    owner: str
    application: str


@dataclass(frozen=True)
class Cluster:
    """A server to make databases on. `home` is its folder when it is ours: then its stale databases
    are ours to drop."""

    owner: str
    application: str
    home: Path | None = None

    @property
    def local(self) -> bool:
        return self.home is not None

    def address(self, name: str) -> Address:
        return Address(_with_database(self.owner, name), _with_database(self.application, name))

    def connect(self, name: str | None = None) -> psycopg.Connection:
        url = _with_database(self.owner, name) if name else self.owner
        return psycopg.connect(url, autocommit=True)


def find_cluster() -> Cluster:
    """The server of `TEST_DATABASE_URL`, else this checkout's own, started when it is not up."""
    if owner := os.environ.get("TEST_DATABASE_URL"):
        password = os.environ.get("TEST_DATABASE_APP_PASSWORD", APP_LOGIN)
        _make_login(owner, password)
        application = make_url(owner).set(username=APP_LOGIN, password=password)
        return Cluster(owner, application.render_as_string(False))
    digest = hashlib.sha256(os.fsencode(CHECKOUT)).hexdigest()[:8]
    home = Path(tempfile.gettempdir()) / f"tongbao-tests-{os.geteuid()}-{digest}"
    server = _start(home)
    return Cluster(server.url(), server.url(role=APP_LOGIN), home)


def _start(home: Path) -> postgres.Server:
    """The server, with room for the hubs that several test processes run on it at once."""
    home.mkdir(exist_ok=True)
    with (home / "tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = postgres.start(home)
        with psycopg.connect(server.url("postgres", role="postgres"), autocommit=True) as admin:
            row = admin.execute(
                "SELECT current_setting('max_connections')::integer, (SELECT count(*) "
                "FROM pg_stat_activity WHERE backend_type = 'client backend')"
            ).fetchone()
            assert row is not None
            if row[0] >= CONNECTIONS:
                return server
            admin.execute(f"ALTER SYSTEM SET max_connections = {CONNECTIONS}")
        if row[1] == 1:  # Nobody but us: otherwise the next run sees to it.
            postgres.stop(home)
            server = postgres.start(home)
    return server


@contextmanager
def empty_database(cluster: Cluster, name: str) -> Iterator[Address]:
    """A database without any schema, dropped at the end."""
    with cluster.connect() as connection:
        _drop(connection, name)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield cluster.address(name)
        finally:
            _drop(connection, name)


@contextmanager
def migrated_database(cluster: Cluster, worker: str) -> Iterator[Address]:
    """A database of this process alone, as the migrations build it; dropped at the end."""
    name = f"run_{os.getpid()}_{worker}"
    with cluster.connect() as connection:
        # Two processes must not build one template, nor copy one that is being built.
        connection.execute("SELECT pg_advisory_lock(%s)", (BUILD_LOCK,))
        if cluster.local:
            _drop_stale(connection)
        template = _template(cluster, connection)
        _drop(connection, name)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        connection.execute("SELECT pg_advisory_unlock(%s)", (BUILD_LOCK,))
    try:
        yield cluster.address(name)
    finally:
        with cluster.connect() as connection:
            _drop(connection, name)


def _template(cluster: Cluster, connection: psycopg.Connection) -> str:
    digest = hashlib.sha256()
    for path in sorted(database.MIGRATIONS.rglob("*")):
        if path.suffix in (".py", ".sql"):
            digest.update(path.name.encode() + path.read_bytes())
    name = f"template_{digest.hexdigest()[:16]}"
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).rowcount:
        return name
    # Under another name until it is whole: a run that is cut short leaves nothing to trust.
    draft = f"draft_{digest.hexdigest()[:16]}"
    _drop(connection, draft)
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
    database.migrate(cluster.address(draft).owner)
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(draft), sql.Identifier(name)
        )
    )
    return name


def _drop_stale(connection: psycopg.Connection) -> None:
    """What earlier runs left behind when they were killed, and templates nobody used for long."""
    names = [
        name
        for (name,) in connection.execute(
            "SELECT datname FROM pg_database WHERE datname ~ '^(run|template)_' ORDER BY oid DESC"
        )
    ]
    templates = [name for name in names if name.startswith("template_")]
    for name in templates[8:]:
        _drop(connection, name)
    for name in names:
        if name.startswith("run_") and not _is_alive(int(name.split("_")[1])):
            with suppress(psycopg.errors.ObjectInUse):
                _drop(connection, name)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _drop(connection: psycopg.Connection, name: str) -> None:
    """Drop a database, whoever is still in it.

    An autovacuum worker may only be ended by a superuser; the plain form asks it to leave and waits
    for it, but ends no session.
    """
    drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    for _ in range(5):
        try:
            connection.execute(drop + sql.SQL(" WITH (FORCE)"))
            return
        except psycopg.errors.InsufficientPrivilege:
            with suppress(psycopg.errors.ObjectInUse):
                connection.execute(drop)
                return
    connection.execute(drop)


def _make_login(owner: str, password: str) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (BUILD_LOCK,))
        for role, options in (("hub_app", "NOLOGIN"), (APP_LOGIN, "LOGIN INHERIT")):
            found = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,))
            if not found.rowcount:
                connection.execute(
                    sql.SQL("CREATE ROLE {} " + options).format(sql.Identifier(role))
                )
                if role == APP_LOGIN:
                    connection.execute(
                        sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                            sql.Identifier(role), sql.Literal(password)
                        )
                    )
                    connection.execute(sql.SQL("GRANT hub_app TO {}").format(sql.Identifier(role)))


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name, drivername="postgresql").render_as_string(False)
