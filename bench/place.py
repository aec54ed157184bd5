"""Where a benchmark runs: a database of its own, filled with members, and a hub over it."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import filling
from exchange import rates, windows
from kit import postgres
from kit.database import Database, migrate
from partners import keys, registry, terms
from partners.public_keys import ED25519, P256, PrivateKey, proof_of_possession
from sdk.python.tongbao_client import fetch_hub_keys

ROOT = Path(__file__).parent.parent
LONG_AGO = datetime(2016, 1, 1, tzinfo=UTC)
FIRST_WINDOW = "bench-0"
CONNECTIONS = 300  # that the server takes


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a till, as its id and PEM: it crosses process borders."""

    id: str
    pem: str


@dataclass(frozen=True, slots=True)
class Till:
    """A partner that issues and accepts: its number in the books, a key for each algorithm."""

    party: int
    keys: dict[str, Key]


@dataclass(frozen=True, slots=True)
class Place:
    """A filled database. Member `n` of 1 … `members` is linked to till `n % len(tills)`, under
    `filling.link_id(n)`; the first member also to every other till."""

    server: postgres.Server
    database: str
    members: int
    tills: tuple[Till, ...]
    parties: filling.Parties

    @property
    def owner_url(self) -> str:
        return self.server.url(self.database)

    @property
    def app_url(self) -> str:
        return self.server.url(self.database, role="hub_app_login")

    @property
    def superuser_url(self) -> str:
        return self.server.url(self.database, role="postgres")

    @property
    def environment(self) -> dict[str, str]:
        """Settings under which every command of the hub works on this database."""
        return os.environ | {
            "HUB_ENV": "development",
            "HUB_HOME": str(self.server.home),
            "DATABASE_URL": self.owner_url,
            "HUB_APP_DATABASE_URL": self.app_url,
        }

    def sell(
        self, sales: int, *, before: int, at: datetime | None = None, taken: bool = False
    ) -> None:
        """`sales` more sales of every member in the open window, after `before` earlier ones."""
        filling.sell(self.superuser_url, self.parties, self.members, sales, before, at, taken=taken)


@contextmanager
def filled(
    home: Path,
    *,
    members: int,
    tills: int = 8,
    sales: int = 0,
    progress: filling.Progress = lambda _: None,
    at: datetime | None = None,
    later: int = 0,
) -> Iterator[Place]:
    """A fresh database with members who have plenty of points in three lots each.

    `sales` is how many past sales every member has, and `at` when all of it happened, if not now;
    `later` as `filling.fill` has it. The database goes when the block ends; the
    server under `home` stays up.
    """
    server = _started(home)
    name = f"bench_{os.getpid()}_{secrets.token_hex(3)}"
    with psycopg.connect(server.url(role="postgres"), autocommit=True) as connection:
        _drop_orphans(connection)
        connection.execute(f"CREATE DATABASE {name} OWNER hub_owner")
    try:
        migrate(server.url(name))
        yield _fill(server, name, members, tills, sales, progress, at, later)
    finally:
        with psycopg.connect(server.url(role="postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _started(home: Path) -> postgres.Server:
    """The server under `home`, with a server's share of this machine instead of a laptop's."""
    server = postgres.start(home)
    with psycopg.connect(server.url(role="postgres"), autocommit=True) as connection:
        now: dict[str, str] = dict(
            connection.execute("SELECT name, setting FROM pg_settings").fetchall()
        )
        [(others,)] = connection.execute(
            "SELECT count(*) - 1 FROM pg_stat_activity WHERE backend_type = 'client backend'"
        ).fetchall()
        wanted = _settings()
        if others or wanted.items() <= now.items():  # The next to come alone sees to it.
            return server
        for name, value in wanted.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    postgres.stop(home)
    return postgres.start(home)


def _settings() -> dict[str, str]:
    """Settings in units of PostgreSQL's own; an eighth of the memory is for its pages."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "max_connections": str(CONNECTIONS),
        "shared_buffers": str(memory // 8 // 8192),
        "max_wal_size": "8192",
        "wal_compression": "off",
    }


def _drop_orphans(connection: psycopg.Connection) -> None:
    """Drop what benchmarks left behind when they were killed."""
    rows = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^bench_[0-9]+_'")
    for (name,) in rows.fetchall():
        if not Path(f"/proc/{name.split('_')[1]}").exists():
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _fill(
    server: postgres.Server,
    name: str,
    members: int,
    tills: int,
    sales: int,
    progress: filling.Progress,
    at: datetime | None,
    later: int,
) -> Place:
    database = Database(server.url(name, role="hub_app_login"))
    now = datetime.now(UTC)
    with database.transaction() as session:
        windows.open_first(session, FIRST_WINDOW)
        made = tuple(_till(session, number, now) for number in range(tills))
        parties = _parties(session, made)
    database.close()
    filling.fill(server.url(name, role="postgres"), parties, members, sales, progress, at, later)
    return Place(server, name, members, made, parties)


def _till(session: Session, number: int, now: datetime) -> Till:
    partner = registry.apply(session, slug=f"till-{number}", name=f"Till {number}", now=now)
    registry.move(session, slug=partner.slug, to="active", now=now)
    terms.enact(
        session,
        terms.NewTerms(
            party=partner.party, issue_price=1_000_000, accept_price=970_000, fee_ppm=10_000,
            prefunded_ppm=0, breakage_hub_ppm=0, currency="CNY", cap=None, expiry_months=24,
            pending_days=0, valid_from=LONG_AGO,
        ),
    )  # fmt: skip
    rates.enact(
        session,
        rates.NewRate(
            party=partner.party, direction="import", theirs=10, ours=3, minimum=1, step=1,
            daily_cap=None, fee_ppm=0, valid_from=now - timedelta(days=1), valid_to=None,
        ),
    )  # fmt: skip
    found = {name: _key(session, partner, name, now) for name in (ED25519, P256)}
    return Till(partner.party, found)


def _key(session: Session, partner: Any, algorithm: str, now: datetime) -> Key:
    private = PrivateKey.generate(algorithm)
    created = int(time.time())
    public = private.public_key.to_text()
    proof = private.sign(proof_of_possession(keys.public_id(partner.id), public, created))
    new = keys.NewKey(public=public, scopes=("till", "issue"), created=created, proof=proof)
    return Key(
        keys.register(session, party=partner.party, key=new, now=now)["id"], private.to_pem()
    )


def _parties(session: Session, tills: tuple[Till, ...]) -> filling.Parties:
    rows = session.execute(
        text(
            "SELECT p.id, p.issuing_account, p.accepting_account, t.id FROM exchange.party p"
            " JOIN partners.terms t ON t.party_id = p.id WHERE p.id = ANY(:parties)"
        ),
        {"parties": [till.party for till in tills]},
    )
    found = {row[0]: row for row in rows}
    ordered = [found[till.party] for till in tills]
    return filling.Parties(*([row[column] for row in ordered] for column in range(4)))


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub that answers on a port of this machine."""

    port: int
    process: subprocess.Popen[bytes]
    keys: dict[str, Any]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    def workers(self) -> list[int]:
        """The process ids of the web processes that serve."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [pid for pid in map(int, children.read_text().split()) if _serves(pid)]


def _serves(pid: int) -> bool:
    """Whether this is a web process, and none that multiprocessing keeps for itself."""
    with suppress(OSError):
        return b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


@contextmanager
def hub(place: Place) -> Iterator[Hub]:
    """A hub over the place's database: `bin/hub serve`, with the defaults that it has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = place.environment | {
        "HUB_PORT": str(port), "HUB_ORIGIN": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    path = place.server.home / f"hub-{place.database}.log"
    with path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "serve"],
            cwd=ROOT, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield Hub(port, process, _keys_when_up(process, port, path))
        path.unlink()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _keys_when_up(process: subprocess.Popen[bytes], port: int, log: Path) -> dict[str, Any]:
    for _ in range(900):
        if process.poll() is not None:
            raise RuntimeError(f"the hub ended before it answered: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1):
                return fetch_hub_keys(f"http://127.0.0.1:{port}")
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the hub does not answer")
