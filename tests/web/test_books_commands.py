"""`bin/hub books …`, as typed."""

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from defusedxml import ElementTree
from openpyxl import load_workbook

from kit.database import Database
from kit.errors import Refusal
from settlement.errors import WindowNotFound
from tests.books import Books
from tests.settlement.coalition import Coalition
from web.commands.books import books as group
from web.commands.context import Context

EVERY_REPORT = [
    ("liability",),
    ("deferred",),
    ("deferred", "--curves", "own", "--tail", "1.05"),
    ("roll-forward", "2026-01-01", "2030-12-31"),
    ("trial-balance",),
    ("disclosure", "2026-01-01", "2030-12-31"),
    ("exposure", "2026-11-01"),
]


class Desk:
    def __init__(self, coalition: Coalition) -> None:
        self.coalition = coalition

    def run(self, *words: str) -> Result:
        context = Context()
        context.__dict__["database"] = self.coalition.database
        context.__dict__["settings"] = SimpleNamespace(currency="CNY", key=self.coalition.signer)
        result = CliRunner().invoke(group, words, obj=context)
        if isinstance(result.exception, Refusal):
            raise result.exception
        return result

    def json(self, *words: str) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def desk(books: Books) -> Desk:
    coalition = Coalition(books)
    coalition.partner("market", issue_price=1_500_000, cap=9000)
    coalition.partner("fuel")
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 1001)
    coalition.spend("fuel", wallet, 300)
    return Desk(coalition)


@pytest.mark.parametrize("words", EVERY_REPORT, ids=" ".join)
class TestEveryReport:
    def test_says_that_it_agrees(self, desk: Desk, words: tuple[str, ...]) -> None:
        result = desk.run(*words)
        assert result.exit_code == 0, result.output
        assert "✓ Agrees with the ledger to the unit" in result.stdout
        assert "market" in result.stdout
        found = desk.json(*words)
        assert found["agrees"] is True
        assert found["checks"]

    def test_is_a_spreadsheet_too(self, desk: Desk, words: tuple[str, ...], tmp_path: Path) -> None:
        page, book = tmp_path / "report.csv", tmp_path / "report.xlsx"
        assert desk.run(*words, "--csv", str(page), "--xlsx", str(book)).exit_code == 0
        rows = list(csv.reader(io.StringIO(page.read_text("utf-8-sig"))))
        assert rows[0][0] == "table"
        assert any("market" in row for row in rows)
        sheets = load_workbook(book)
        assert sheets.sheetnames[-1] == "Checks"
        assert {row[3].value for row in sheets["Checks"].iter_rows(min_row=2)} == {"yes"}


class TestReports:
    def test_one_that_disagrees_ends_with_1(
        self, desk: Desk, owner: psycopg.Connection, request: pytest.FixtureRequest
    ) -> None:
        request.applymarker("corrupts_books")
        owner.execute("UPDATE exchange.lot SET available = available + 1")
        for words in EVERY_REPORT[:6]:
            result = desk.run(*words)
            assert result.exit_code == 1
            assert "✗ " in result.stdout
            assert "✓" not in result.stdout

    def test_money_is_the_same_everywhere(self, desk: Desk, tmp_path: Path) -> None:
        page, book = tmp_path / "report.csv", tmp_path / "report.xlsx"
        desk.run("liability", "--csv", str(page), "--xlsx", str(book))
        row = desk.json("liability")["tables"][0]["rows"][0]
        assert row == {"issuer": "market", "points": 701, "value": 1052, "prefunded": 0}
        rows = list(csv.reader(io.StringIO(page.read_text("utf-8-sig"))))
        assert rows[0] == ["table", "issuer", "points", "value, CNY", "prefunded, CNY"]
        assert rows[1] == ["By issuer", "market", "701", "10.52", "0.00"]
        cells = [cell.value for cell in load_workbook(book).worksheets[0][2]]
        assert cells == ["market", 701, 10.52, 0]
        assert "10.52" in desk.run("liability").stdout

    @pytest.mark.parametrize(
        "words",
        [
            ("liability", "--at", "yesterday"),
            ("roll-forward", "2026-02-01", "2026-01-01"),
            ("disclosure", "2026-02-01", "2026-01-01"),
            ("deferred", "--tail", "0.9"),
            ("exposure", "2026-02-01", "--to", "2026-01-01"),
        ],
    )
    def test_words_that_make_no_sense_end_with_2(self, desk: Desk, words: tuple[str, ...]) -> None:
        assert desk.run(*words).exit_code == 2

    def test_exposure_as_a_picture(self, desk: Desk, tmp_path: Path) -> None:
        picture = tmp_path / "exposure.svg"
        desk.run("exposure", "2026-11-01", "--svg", str(picture))
        root = ElementTree.parse(picture).getroot()
        texts = {each.text for each in root.iter("{http://www.w3.org/2000/svg}text")}
        assert {"market", "cap ¥90.00"} <= texts


class TestExport:
    @pytest.mark.parametrize("form", ["hledger", "beancount"])
    def test_writes_a_closed_window(self, desk: Desk, tmp_path: Path, form: str) -> None:
        window = desk.coalition.close("2026-12")
        to = tmp_path / "window.txt"
        found = desk.json("export", "--window", window, "--format", form, "--to", str(to))
        assert found["points_entries"] == 2
        assert "Liabilities:Points:Market" in to.read_text("utf-8")
        assert list(tmp_path.iterdir()) == [to]

    def test_leaves_no_half_a_file(self, desk: Desk, tmp_path: Path, database: Database) -> None:
        to = tmp_path / "window.txt"
        with pytest.raises(WindowNotFound):
            desk.run("export", "--window", "no such", "--format", "hledger", "--to", str(to))
        assert list(tmp_path.iterdir()) == []
