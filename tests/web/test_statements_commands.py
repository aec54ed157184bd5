"""`bin/hub statements …`, as typed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from settlement.errors import WindowNotClosed, WindowNotFound
from tests.books import Books
from tests.settlement.coalition import Coalition
from tests.web.desk import Desk


@pytest.fixture
def coalition(books: Books) -> Coalition:
    """Market's points spent at Fuel in window 1, which has closed."""
    made = Coalition(books)
    made.partner("market")
    made.partner("fuel")
    wallet = made.wallet()
    made.issue("market", wallet, 500)
    made.spend("fuel", wallet, 300)
    made.close("2026-12")
    return made


@pytest.fixture
def desk(coalition: Coalition) -> Desk:
    return Desk(coalition.database, coalition.signer)


ROOT = Path(__file__).parents[2]


class TestList:
    def test_names_each_partner_and_what_it_settles(self, desk: Desk) -> None:
        found = desk.json("statements", "list", "window 1")
        assert [(each["partner"], each["direction"], each["settled"]) for each in found] == [
            ("Market", "pays", -300),
            ("Fuel", "receives", 300),
        ]
        assert {(each["revision"], each["replaces"]) for each in found} == {(1, None)}

    def test_refuses_what_is_not_there(self, desk: Desk) -> None:
        with pytest.raises(WindowNotFound):
            desk.run("statements", "list", "2031-01")
        with pytest.raises(WindowNotClosed):
            desk.run("statements", "list", "2026-12")


class TestWrite:
    def test_every_format_in_both_languages(self, desk: Desk, tmp_path: Path) -> None:
        done = desk.run("statements", "write", "window 1", "--to", str(tmp_path / "out"))
        assert done.exit_code == 0, done.output
        names = {path.name for path in (tmp_path / "out").iterdir()}
        assert len(names) == 2 * 11 + 4
        assert {"ST-window 1-000001.statement.json", "window 1.zh.flow.svg"} <= names

    def test_what_was_asked_for_alone(self, desk: Desk, tmp_path: Path) -> None:
        words = ("statements", "write", "window 1", "--to", str(tmp_path))
        desk.run(*words, "--language", "en", "--format", "xlsx", "--format", "csv")
        assert {path.suffixes[-1] for path in tmp_path.iterdir()} == {".xlsx", ".csv"}
        assert not list(tmp_path.glob("*.zh.*"))

    def test_the_offline_verifier_takes_what_it_writes(
        self, desk: Desk, coalition: Coalition, tmp_path: Path
    ) -> None:
        desk.run("statements", "write", "window 1", "--to", str(tmp_path), "--format", "json")
        keys = tmp_path / "keys.json"
        jwk = coalition.signer.private.public_key.to_jwk(coalition.signer.id)
        keys.write_text(json.dumps({"keys": [jwk]}))
        statement, signature = sorted(tmp_path.glob("*-000002.*.json"), reverse=True)
        verified = verify(statement, signature, keys)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        statement.write_bytes(statement.read_bytes().replace(b'"net":300', b'"net":301'))
        assert verify(statement, signature, keys).returncode == 1


def verify(*files: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, ROOT / "bin" / "verify-statement", *files]
    return subprocess.run(words, capture_output=True, text=True, check=False)
