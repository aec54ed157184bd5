"""`bin/hub seal`: seal now, list heads, and find what was changed."""

import time

import psycopg
import pytest

from settlement.sealing import heads
from tests.books import Books
from tests.settlement.coalition import Coalition
from tests.web.desk import Desk


@pytest.fixture
def coalition(books: Books) -> Coalition:
    """Of one journal."""
    made = Coalition(books)
    made.partner("market")
    made.issue("market", made.wallet(), 100)
    return made


@pytest.fixture
def desk(coalition: Coalition) -> Desk:
    """Sealing waits for every transaction of the server: here, for other tests' as well."""
    desk = Desk(coalition.database, coalition.signer)
    while desk.json("seal", "now").get("size") != 1:
        time.sleep(0.05)
    return desk


class TestSeal:
    def test_now_publishes_a_head_that_is_listed_and_kept_outside(
        self, desk: Desk, coalition: Coalition
    ) -> None:
        head = desk.json("seal", "now")
        assert head["size"] == 1
        # Heads of nothing may stand before it: the fixture says why.
        newest, *_ = desk.json("seal", "heads")
        assert newest == head
        *_, kept = heads.kept(coalition.signer.heads)
        assert heads.as_facts(kept) == head

    def test_verify_is_silent_about_a_log_that_nobody_touched(self, desk: Desk) -> None:
        desk.json("seal", "now")
        assert desk.json("seal", "verify") == []

    @pytest.mark.corrupts_books
    def test_verify_names_what_was_changed_and_ends_with_1(
        self, desk: Desk, owner: psycopg.Connection
    ) -> None:
        desk.json("seal", "now")
        owner.execute("UPDATE exchange.journal SET points = 101")
        result = desk.run("seal", "verify")
        assert result.exit_code == 1
        assert "is not what was sealed" in " ".join(result.output.split())

    @pytest.mark.corrupts_books
    def test_verify_takes_heads_kept_elsewhere(
        self, desk: Desk, coalition: Coalition, owner: psycopg.Connection, tmp_path
    ) -> None:
        desk.json("seal", "now")
        copy = tmp_path / "heads.ndjson"
        copy.write_bytes(coalition.signer.heads.read_bytes())
        coalition.signer.heads.unlink()
        owner.execute("DELETE FROM settlement.head")
        assert desk.json("seal", "verify") == []
        assert desk.run("seal", "verify", "--from", str(copy)).exit_code == 1
