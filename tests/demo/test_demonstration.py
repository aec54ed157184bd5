"""The demonstration as anybody starts it, with few households; what it says and what it leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.brands import BRANDS
from demo.month_end import WINDOW
from tests.hledger import find_hledger
from tests.server import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    find_hledger()
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o711)  # The account that PostgreSQL runs as must pass.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--exit", "--households", "200"],
        cwd=ROOT,
        env={**kept, "HUB_HOME": str(home), "HUB_PORT": str(free_port()), "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return home / "demo", done


class TestDemonstration:
    def test_ends_well_and_says_so(self, told):
        _, done = told
        assert done.returncode == 0, done.stdout
        assert "settled, the bank agrees" in done.stdout
        assert "books balance" in done.stdout

    def test_verifies_every_line_of_every_brand(self, told):
        home, done = told
        proven = sum(
            len(json.loads(page.read_text("utf-8"))["lines"])
            for page in home.glob("proofs/*/*-[0-9][0-9].json")
        )
        assert proven > 2000
        assert f"{proven:,} of {proven:,}" in done.stdout

    def test_leaves_every_statement_for_machines_and_for_people(self, told):
        home, _ = told
        statements = home / "statements"
        assert len(
            {
                json.loads(each.read_text("utf-8"))["name"]
                for each in statements.glob("statement-*.json")
            }
        ) == len(BRANDS)
        for ending in ("csv", "zh.pdf", "en.pdf", "zh.xlsx", "en.xlsx", "zh.flow.svg"):
            assert len(list(statements.glob(f"*ST-*.{ending}"))) >= len(BRANDS), ending

    def test_its_books_are_accepted_by_the_tools_that_are_there(self, told):
        home, done = told
        assert {each.name for each in (home / "books").iterdir()} == {
            f"{WINDOW}.journal",
            f"{WINDOW}.beancount",
        }
        assert "bean-check accepts it" in done.stdout
        if find_hledger() is not None:
            assert "hledger accepts it" in done.stdout
