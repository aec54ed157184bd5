"""A hub to talk to: Granian with two processes on a TCP port, over the test's own database.

One for all tests of a process, started by the first that asks for `coalition` or `server`.
"""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from exchange import rates, windows
from exchange.errors import WindowAlreadyOpen
from kit.database import Database
from partners import keys, registry, terms
from partners.public_keys import PrivateKey, proof_of_possession
from sdk.python.tongbao_client import Answer, Client, fetch_hub_keys
from tests.books import Books
from tests.cluster import Address

ROOT = Path(__file__).parent.parent
SECRET = "0123456789abcdef-for-tests-alone-0123456789"
LONG_AGO = datetime(2016, 1, 1, tzinfo=UTC)
EVERY_SCOPE = ("till", "issue", "settle", "admin")


@dataclass(frozen=True)
class Server:
    """A running hub: its origin, its keys, its process."""

    origin: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    key_file: Path
    keys: dict[str, Any] = field(repr=False)


def environment(address: Address, port: int, key_file: Path) -> dict[str, str]:
    """Settings for a hub over this database."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return plain | {
        "HUB_HOME": str(key_file.parent),
        "HUB_PORT": str(port),
        "HUB_ORIGIN": f"http://127.0.0.1:{port}",
        "HUB_SECRET": SECRET,
        "HUB_CHEAP_PASSWORDS": "for-tests",
        "HUB_KEY_FILE": str(key_file),
        "HUB_HEADS_FILE": str(key_file.with_name(f"heads-{secrets.token_hex(4)}.ndjson")),
        "DATABASE_URL": address.owner,
        "HUB_APP_DATABASE_URL": address.application,
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(address: Address, folder: Path, host: str = "127.0.0.1") -> Iterator[Server]:
    """A hub over this database, with its files in this folder; `host` is how it calls itself."""
    key_file = folder / "hub-key.pem"
    key_file.write_text(PrivateKey.generate().to_pem())
    port = free_port()
    origin = f"http://{host}:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
                "--port", str(port), "--workers", "2", "--blocking-threads", "16", "--no-log",
                "--backlog", "1024", "wsgi:application",
            ],
            cwd=ROOT,
            env=environment(address, port, key_file) | {"HUB_ORIGIN": origin},
            stdout=log,
            stderr=log,
        )  # fmt: skip
    try:
        _wait_until_up(process, origin, folder / "log")
        yield Server(origin, port, process, folder / "log", key_file, fetch_hub_keys(origin))
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def server(address: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One hub for all tests of this process."""
    with serving(address, tmp_path_factory.mktemp("hub")) as running:
        yield running


def _wait_until_up(process: subprocess.Popen[bytes], origin: str, log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"the hub ended: {log.read_text()}")
        try:
            with urllib.request.urlopen(f"{origin}/health/live", timeout=1):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the hub does not answer: {log.read_text()}")


@dataclass
class Partner:
    """A merchant with a key: what it knows of itself, and a client that signs as it."""

    party: int
    slug: str
    partner_id: UUID
    key_id: str
    private: PrivateKey
    client: Client

    def call(self, method: str, path: str, content: Any = None, **options: Any) -> Answer:
        return self.client.call(method, path, content, **options)

    def enrol(self, daily_limit: int = 1_000_000, **fields: Any) -> str:
        """A new member, by this partner's name for it."""
        answer = self.call("POST", "/v1/members", {"daily_limit": daily_limit, **fields})
        assert answer.status == 201, answer.body
        return str(answer.body["id"])

    def link(self, other: "Partner", member: str, daily_limit: int = 1_000_000, **f: Any) -> str:
        """This partner's name for a member of another, who carries a token over."""
        token = other.call("POST", f"/v1/members/{member}/link-tokens", {}).body["token"]
        answer = self.call(
            "POST", "/v1/members/links", {"token": token, "daily_limit": daily_limit, **f}
        )
        assert answer.status == 201, answer.body
        return str(answer.body["id"])

    def accrue(self, member: str, points: int, reference: str | None = None) -> Answer:
        reference = reference or f"A-{secrets.token_hex(6)}"
        return self.call(
            "POST", "/v1/accruals", {"member": member, "points": points, "reference": reference}
        )

    def redeem(self, member: str, points: int, reference: str | None = None, **f: Any) -> Answer:
        reference = reference or f"R-{secrets.token_hex(6)}"
        return self.call(
            "POST",
            "/v1/redemptions",
            {"member": member, "points": points, "reference": reference, **f},
        )

    def authorise(self, member: str, points: int, reference: str | None = None, **f: Any) -> Answer:
        reference = reference or f"H-{secrets.token_hex(6)}"
        return self.call(
            "POST",
            "/v1/authorizations",
            {"member": member, "points": points, "reference": reference, **f},
        )


class Coalition:
    """Partners on a running hub, in one line each."""

    def __init__(self, server: Server, database: Database, books: Books) -> None:
        self.server = server
        self.database = database
        self.books = books
        self._clients: list[Client] = []
        with database.transaction() as session, suppress(WindowAlreadyOpen):
            windows.open_first(session, f"w-{secrets.token_hex(4)}")

    def partner(
        self,
        slug: str | None = None,
        *,
        scopes: tuple[str, ...] = EVERY_SCOPE,
        cap: int | None = None,
        algorithm: str = "ed25519",
        active: bool = True,
        **agreed: Any,
    ) -> Partner:
        """An active partner with terms since long ago (one point is one fen) and one key."""
        slug = slug or f"p-{secrets.token_hex(4)}"
        now = datetime.now(UTC)
        private = PrivateKey.generate(algorithm)
        with self.database.transaction() as session:
            applied = registry.apply(session, slug=slug, name=slug.title(), now=now)
            if active:
                registry.move(session, slug=slug, to="active", now=now)
            values = {
                "issue_price": 1_000_000,
                "accept_price": 970_000,
                "fee_ppm": 10_000,
                "prefunded_ppm": 0,
                "breakage_hub_ppm": 0,
                "currency": "CNY",
                "expiry_months": 24,
                "pending_days": 0,
                "valid_from": LONG_AGO,
                **agreed,
            }
            terms.enact(session, terms.NewTerms(party=applied.party, cap=cap, **values))
            key = new_key(applied.id, private, scopes)
            facts = keys.register(session, party=applied.party, key=key, now=now)
        return Partner(
            applied.party,
            slug,
            applied.id,
            facts["id"],
            private,
            self.client(facts["id"], private),
        )

    def client(self, key_id: str, private: PrivateKey, **options: Any) -> Client:
        client = Client(
            self.server.origin, key_id, private.to_pem(), self.server.keys, timeout=20, **options
        )
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close_all()

    def rate(self, partner: Partner, theirs: int, ours: int, **fields: Any) -> int:
        """A rate of imports, in force since yesterday."""
        values = {
            "direction": "import",
            "minimum": 1,
            "step": 1,
            "daily_cap": None,
            "fee_ppm": 0,
            "valid_from": datetime.now(UTC) - timedelta(days=1),
            "valid_to": None,
            **fields,
        }
        with self.database.transaction() as session:
            return rates.enact(
                session,
                rates.NewRate(party=partner.party, theirs=theirs, ours=ours, **values),
            )

    def counts(self) -> dict[str, int]:
        """How many rows there are of everything that an accepted request would add."""
        tables = ("journal", "posting", "hold", "link", "wallet", "quote")
        with self.database.transaction() as session:
            return {
                table: session.execute(text(f"SELECT count(*) FROM exchange.{table}")).scalar_one()
                for table in tables
            }


def new_key(
    partner_id: UUID, private: PrivateKey, scopes: tuple[str, ...] = EVERY_SCOPE
) -> keys.NewKey:
    """A key with the proof that goes with it."""
    created = int(time.time())
    public = private.public_key.to_text()
    proof = private.sign(proof_of_possession(keys.public_id(partner_id), public, created))
    return keys.NewKey(public=public, scopes=scopes, created=created, proof=proof)


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture
def coalition(server: Server, database: Database, books: Books) -> Iterator[Coalition]:
    """A running hub whose books are empty; they must balance when the test is over."""
    made = Coalition(server, database, books)
    yield made
    made.close()
