"""`bin/hub audit`: what the command line did is written down, shown, and proven."""

import json
import time
from pathlib import Path

import psycopg
import pytest

from kit.errors import Refusal
from staff.audit.errors import EntryNotFound
from tests.books import Books
from tests.factories import build_sealer
from tests.web.desk import Desk


@pytest.fixture
def desk(books: Books) -> Desk:
    return Desk(books.database, build_sealer())


@pytest.fixture
def market(desk: Desk) -> None:
    """A partner that the command line added and activated."""
    desk.json("partners", "add", "market", "--name", "Market")
    desk.json("partners", "activate", "market")


def seal(desk: Desk, leaves: int) -> None:
    while desk.json("seal", "now").get("size", 0) < leaves:
        time.sleep(0.05)


class TestList:
    def test_has_what_commands_did_the_newest_first(
        self, desk: Desk, market: None, tmp_path: Path
    ) -> None:
        key = desk.json(
            *("keys", "generate", "market", "--scope", "issue"), "--out", str(tmp_path / "key.pem")
        )
        desk.json("keys", "revoke", "market", key["id"])
        desk.json("partners", "suspend", "market")
        found = desk.json("audit", "list")
        assert [each["what"] for each in found] == [
            *("partner-suspended", "key-revoked", "key-registered"),
            *("partner-activated", "partner-registered"),
        ]
        assert {(each["who"], each["object"], each["place"]) for each in found} == {
            ("command line", "partner market", "command line")
        }
        assert found[0]["before"] == {"state": "active"}
        assert found[0]["after"] == {"state": "suspended"}
        assert found[1]["after"] == {"key": key["id"]}

    def test_is_cut_by_who_what_object_and_period(self, desk: Desk, market: None) -> None:
        assert len(desk.json("audit", "list", "--who", "command line")) == 2
        assert len(desk.json("audit", "list", "--what", "partner-activated")) == 1
        assert desk.json("audit", "list", "--object", "partner fuel") == []
        assert desk.json("audit", "list", "--period", "2020-01") == []
        assert desk.run("audit", "list", "--period", "lately").exit_code == 2

    def test_has_nothing_of_what_was_refused(self, desk: Desk, market: None) -> None:
        desk.json("partners", "close", "market")
        with pytest.raises(Refusal):
            desk.run("partners", "activate", "market")
        assert desk.json("audit", "list")[0]["what"] == "partner-closed"


class TestShow:
    def test_verifies_an_entry(self, desk: Desk, market: None) -> None:
        seal(desk, 2)
        entry = desk.json("audit", "list")[0]["id"]
        shown = desk.json("audit", "show", entry)
        assert (shown["leaf"], shown["head"], shown["verified"]) == (1, 2, True)

    def test_of_one_that_is_not_there_is_refused(self, desk: Desk) -> None:
        with pytest.raises(EntryNotFound):
            desk.run("audit", "show", f"aud_{'0' * 26}")
        assert desk.run("audit", "show", "17").exit_code == 2

    @pytest.mark.corrupts_books
    def test_ends_with_1_when_it_was_rewritten(
        self, desk: Desk, market: None, owner: psycopg.Connection
    ) -> None:
        seal(desk, 2)
        entry = desk.json("audit", "list")[0]["id"]
        owner.execute("UPDATE staff.audit SET reason = 'because'")
        assert desk.run("audit", "show", entry).exit_code == 1


class TestProof:
    def test_is_written_to_a_file(self, desk: Desk, market: None, tmp_path: Path) -> None:
        seal(desk, 2)
        entry = desk.json("audit", "list")[0]["id"]
        file = tmp_path / "proof.json"
        assert desk.run("audit", "proof", entry, "--out", str(file)).exit_code == 0
        facts = json.loads(file.read_text())
        assert (facts["entry"], facts["tree_size"]) == (entry, 2)
        assert json.loads(desk.run("audit", "proof", entry).stdout) == facts
