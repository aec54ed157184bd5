"""Where a benchmark runs: a database of its own, filled with members, and a hub over it."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from exchange import windows
from kit import postgres
from kit.database import Database, migrate
from partners import keys, registry, terms
from partners.public_keys import PrivateKey, proof_of_possession
from sdk.python.tongbao_client import fetch_hub_keys

ROOT = Path(__file__).parent.parent
LONG_AGO = datetime(2016, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Till:
    """A partner that accepts points: its number in the books and its key."""

    party: int
    key_id: str
    private: PrivateKey


@dataclass(frozen=True, slots=True)
class Place:
    """A filled database. Member `n` of 1 … `members` is linked to till `n % len(tills)`, by a
    link whose id is `md5('link' || n)`, so that SQL and Python can both name it."""

    server: postgres.Server
    members: int
    tills: tuple[Till, ...]

    @property
    def owner_url(self) -> str:
        return self.server.url("bench")

    @property
    def app_url(self) -> str:
        return self.server.url("bench", role="hub_app_login")


@contextmanager
def filled(home: Path, *, members: int, tills: int) -> Iterator[Place]:
    """A fresh database with members who have plenty of points in three lots each."""
    server = postgres.start(home)
    with psycopg.connect(server.url(role="postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
        connection.execute("CREATE DATABASE bench OWNER hub_owner")
    migrate(server.url("bench"))
    try:
        yield _fill(server, members, tills)
    finally:
        with psycopg.connect(server.url(role="postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")


def _fill(server: postgres.Server, members: int, tills: int) -> Place:
    database = Database(server.url("bench", role="hub_app_login"))
    now = datetime.now(UTC)
    with database.transaction() as session:
        windows.open_first(session, "bench")
        made = tuple(_till(session, number, now) for number in range(tills))
    database.close()
    parties = [till.party for till in made]
    with psycopg.connect(server.url("bench"), autocommit=True) as connection:
        # A DO block takes no parameters of the server's: the client writes them in.
        psycopg.ClientCursor(connection).execute(_MEMBERS, {"members": members, "parties": parties})
        connection.execute("VACUUM ANALYZE")
    return Place(server, members, made)


def _till(session: Any, number: int, now: datetime) -> Till:
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
    private = PrivateKey.generate()
    created = int(time.time())
    public = private.public_key.to_text()
    proof = private.sign(proof_of_possession(keys.public_id(partner.id), public, created))
    key = keys.NewKey(public=public, scopes=("till",), created=created, proof=proof)
    return Till(partner.party, keys.register(session, party=partner.party, key=key, now=now)["id"],
                private)  # fmt: skip


# Opening balances are posted as accruals would post them, so that the checker is content.
_MEMBERS = """
DO $fill$
DECLARE
    parties integer[] := %(parties)s;
BEGIN
    CREATE TEMP TABLE m AS
        SELECT n, nextval(pg_get_serial_sequence('exchange.account', 'id')) AS wallet,
               parties[1 + n %% cardinality(parties)] AS party
        FROM generate_series(1, %(members)s) n;
    INSERT INTO exchange.account (id, kind) OVERRIDING SYSTEM VALUE SELECT wallet, 'wallet' FROM m;
    INSERT INTO exchange.wallet (id, available, opened_at) SELECT wallet, 3000000, now() FROM m;
    INSERT INTO exchange.link (id, party_id, wallet_id, daily_limit, linked_at)
        SELECT md5('link' || n)::uuid, party, wallet, 1000000000, now() FROM m;
    INSERT INTO exchange.lot (wallet_id, issuer_id, expires_on, available, opened_at)
        SELECT wallet, parties[1 + (n + k) %% cardinality(parties)],
               current_date + 100 * k, 1000000, now()
        FROM m, generate_series(1, 3) k;
    INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, at)
        SELECT md5('opening' || l.id)::uuid, w.id, 'accrual', l.issuer_id, l.wallet_id,
               l.available, now()
        FROM exchange.lot l, exchange."window" w;
    INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit, credit,
            points, issuer_id, expires_on, lot_id, issued_at, valued_at)
        SELECT md5('opening' || l.id)::uuid, 1, w.id, 'issued', l.issuer_id, p.issuing_account,
               l.wallet_id, l.available, l.issuer_id, l.expires_on, l.id, now(), now()
        FROM exchange.lot l JOIN exchange.party p ON p.id = l.issuer_id, exchange."window" w;
    INSERT INTO exchange.event (party_id, kind, subject, facts, at)
        SELECT party_id, kind, id, '{}', at FROM exchange.journal;
    UPDATE exchange.exposure e SET points = s.points, price = 1000000
        FROM (SELECT issuer_id, sum(available) AS points FROM exchange.lot GROUP BY issuer_id) s
        WHERE s.issuer_id = e.party_id;
END $fill$
"""


@dataclass(frozen=True, slots=True)
class Hub:
    port: int
    process: subprocess.Popen[bytes]
    keys: dict[str, Any]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def hub(place: Place, *, workers: int = 2, threads: int = 4) -> Iterator[Hub]:
    """Granian over the place's database, as `bin/hub serve` runs it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = os.environ | {
        "HUB_PORT": str(port), "HUB_ORIGIN": f"http://127.0.0.1:{port}",
        "HUB_HOME": str(place.server.home), "HUB_SECRET": secrets.token_hex(32),
        "DATABASE_URL": place.owner_url, "HUB_APP_DATABASE_URL": place.app_url,
    }  # fmt: skip
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(port), "--workers", str(workers), "--blocking-threads", str(threads),
            "--backlog", "512", "--no-log", "wsgi:application",
        ],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Hub(port, process, _keys_when_up(process, port))
    finally:
        process.terminate()
        process.wait(20)


def _keys_when_up(process: subprocess.Popen[bytes], port: int) -> dict[str, Any]:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the hub ended before it answered")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1):
                return fetch_hub_keys(f"http://127.0.0.1:{port}")
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the hub does not answer")
