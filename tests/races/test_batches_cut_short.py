"""A batch whose hub is killed between its parts: the retry does the rest, and nothing twice (T6).

Three kills of the whole hub and as many of database sessions here, thirty with HUB_FULL=1.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from partners.api.batches import PART
from sdk.python.tongbao_client import Answer, Client, OutcomeUnknown
from tests.attacks.wire import new_key
from tests.books import assert_books_balance
from tests.races.test_crashes import Site, site
from tests.races.volleys import rounds
from tests.server import Partner

__all__ = ["site"]

PARTS = 12
MEMBERS = 40


@pytest.fixture(autouse=True)
def books_that_balance(site: Site) -> Iterator[None]:
    yield
    assert_books_balance(site.database)


def parts_done(site: Site, key: str) -> int:
    with site.database.transaction() as session:
        query = (
            "SELECT count(*) FROM exchange.claim WHERE key = :key OR starts_with(key, :key || '/')"
        )
        return int(session.execute(text(query), {"key": key}).scalar_one())


def database_is_at_work(site: Site) -> bool:
    with site.database.transaction() as session:
        query = (
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND state <> 'idle' AND pid <> pg_backend_pid())"
        )
        return bool(session.execute(text(query)).scalar_one())


def lines_done(site: Site, shop: Partner) -> dict[str, int]:
    """How often each receipt is in the books."""
    with site.database.transaction() as session:
        rows = session.execute(
            text(
                "SELECT reference, count(*) FROM exchange.journal WHERE party_id = :party"
                " GROUP BY reference"
            ),
            {"party": shop.party},
        ).all()
    return dict(map(tuple, rows))


class CutShort:
    """A batch that is sent, and disturbed once some of its parts are done."""

    def __init__(self, site: Site) -> None:
        self.site, self.key = site, new_key()
        self.shop = site.coalition.partner()
        members = [self.shop.enrol() for _ in range(MEMBERS)]
        self.lines: list[dict[str, Any]] = [
            {
                "kind": "accrual",
                "member": members[n % MEMBERS],
                "points": 1 + n % 9,
                "reference": f"K-{n}",
            }
            for n in range(PARTS * PART)
        ]

    def send(self, **options: Any) -> Answer:
        server = self.site.coalition.server
        shop = self.shop
        client = Client(
            server.origin, shop.key_id, shop.private.to_pem(), server.keys, timeout=60, **options
        )
        try:
            return client.call(
                "POST", "/v1/batches", {"orders": self.lines}, idempotency_key=self.key
            )
        finally:
            client.close_all()

    def until_cut_short(self, disturb: Callable[[], None]) -> int:
        """Send it once, and from its second part on disturb it until it is given up; how many
        parts were done."""
        met: list[object] = []

        def send() -> None:
            try:
                met.append(self.send(attempts=1))
            except OutcomeUnknown as unknown:
                met.append(unknown)

        thread = threading.Thread(target=send)
        thread.start()
        while parts_done(self.site, self.key) < 2 and thread.is_alive():
            time.sleep(0.002)
        while thread.is_alive():
            disturb()
            thread.join(0.02)
        assert isinstance(met[0], OutcomeUnknown), met
        while database_is_at_work(self.site):  # It ends the part that it was at, whoever died.
            time.sleep(0.01)
        return parts_done(self.site, self.key)

    def is_taken_up(self) -> None:
        """The retry does what is left, and a retry of that changes nothing."""
        answer = self.send(attempts=30)
        assert answer.status == 200, answer.body
        assert not answer.replayed
        assert (answer.body["done"], answer.body["refused"]) == (len(self.lines), 0)
        assert lines_done(self.site, self.shop) == {line["reference"]: 1 for line in self.lines}
        again = self.send(attempts=30)
        assert again.replayed
        assert again.headers["content-digest"] == answer.headers["content-digest"]
        assert lines_done(self.site, self.shop) == {line["reference"]: 1 for line in self.lines}
        assert parts_done(self.site, self.key) == PARTS


def test_the_hub_is_killed_between_parts(site: Site) -> None:
    cut = 0
    for _ in range(rounds(3)):
        batch = CutShort(site)
        done = batch.until_cut_short(site.hub.stop)
        site.hub.start()
        assert done >= 2
        assert len(lines_done(site, batch.shop)) == done * PART, "a part was done by halves"
        cut += done < PARTS
        batch.is_taken_up()
    assert cut > 0, "every batch was over before the kill: this proved nothing"


def test_its_database_session_is_ended(site: Site) -> None:
    """The hub lives, and says that it cannot tell; what it had done is not done again."""

    def end_sessions() -> None:
        with site.database.transaction() as session:  # A role may end its own sessions.
            session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename ="
                    " current_user AND datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

    for _ in range(rounds(3)):
        batch = CutShort(site)
        done = batch.until_cut_short(end_sessions)
        assert 2 <= done < PARTS
        assert len(lines_done(site, batch.shop)) == done * PART
        batch.is_taken_up()
