"""`bin/hub reconciliations …`, as typed."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from exchange import windows
from kit.database import Database
from kit.errors import Refusal
from settlement.reconciliation import receiving
from settlement.reconciliation.errors import ReconciliationNotFound, RecordMalformed
from tests.books import Books
from tests.factories import build_partner
from web.commands import reconciliations as commands
from web.commands.context import Context


class Desk:
    """Runs commands over the test's database, where shop has sold R-0 … R-4 for 1 … 5 points."""

    def __init__(self, books: Books) -> None:
        self.database = books.database
        wallet, self.party = books.wallet(), books.party()
        with self.database.transaction() as session:
            build_partner(session, slug="shop", party=self.party)
        books.issue(self.party, wallet, 1_000)
        for number in range(5):
            sale = {"points": number + 1, "reference": f"R-{number}"}
            books.post("redemption", party=self.party, wallet=wallet, **sale)
        with self.database.transaction() as session:
            session.execute(text("UPDATE exchange.\"window\" SET name = 'closed'"))
            windows.close_and_open_next(session, "open")

    def run(self, *words: str) -> Result:
        context = Context()
        context.__dict__["database"] = self.database
        context.__dict__["settings"] = SimpleNamespace(currency="CNY")
        result = CliRunner().invoke(commands.reconciliations, words, obj=context)
        if isinstance(result.exception, Refusal):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json").stdout)


@pytest.fixture
def desk(books: Books) -> Desk:
    return Desk(books)


WORDS = ("--partner", "shop", "--window", "closed")
TRUE = "reference,kind,points\n" + "".join(f"R-{n},spent,{n + 1}\n" for n in range(5))


def test_a_true_record_closes_itself(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "record.csv"
    file.write_text(TRUE)
    told = desk.json("run", str(file), *WORDS)
    assert (told["state"], told["lines"], told["points"], told["findings"]) == ("closed", 5, 15, [])
    (listed,) = desk.json("list")
    assert (listed["id"], listed["partner"], listed["window"]) == (told["id"], "shop", "closed")
    assert desk.json("list", "--partner", "shop") == [listed]
    assert desk.json("show", told["id"]) == told


def test_what_differs_is_shown_and_written(desk: Desk, tmp_path: Path) -> None:
    file, table, book = (tmp_path / name for name in ("record.ndjson", "out.csv", "out.xlsx"))
    rows = [{"reference": f"R-{n}", "kind": "redemption", "points": 2} for n in (1, 2, 9)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    plain = desk.run("run", str(file), *WORDS, "--csv", str(table), "--xlsx", str(book)).stdout
    for word in ("differs", "R-2", "missing", "R-9", "differing", "R-0"):
        assert word in plain
    with table.open(newline="") as opened:
        found = [(row["outcome"], row["points_more"]) for row in csv.DictReader(opened)]
    assert found == [("differing", "-1"), ("missing_here", ""), *[("missing_there", "")] * 3]
    with ZipFile(book) as opened_book:
        assert opened_book.read("xl/worksheets/sheet1.xml").count(b"<row ") == 1 + len(found)
    id_ = desk.json("list")[0]["id"]
    (matched,) = desk.json("show", id_, "--outcome", "matched")["findings"]
    assert matched["theirs"]["reference"] == "R-1"


@pytest.mark.parametrize("name", ["record.csv", "record.ndjson"])
def test_a_long_file_goes_in_parts_and_errors_have_its_lines(
    name: str, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "MAX_PART", 150)
    file = tmp_path / name
    rows = [("R-0", 1), *((f"X-{n}", 1) for n in range(20))]
    as_csv = name.endswith("csv")
    text_ = "reference,kind,points\n" if as_csv else ""
    for reference, points in rows:
        text_ += (
            f"{reference},spent,{points}\n"
            if as_csv
            else json.dumps({"reference": reference, "kind": "spent", "points": points}) + "\n"
        )
    file.write_text(text_)
    told = desk.json("run", str(file), *WORDS)
    assert told["lines"] == 21
    with desk.database.transaction() as session:
        parts = session.execute(text("SELECT count(*) FROM settlement.reconciliation_part"))
        assert parts.scalar_one() >= 3
    file.write_text(text_ + ("R-9,spent,0\n" if as_csv else "{}\n"))
    with pytest.raises(RecordMalformed) as caught:
        desk.run("run", str(file), *WORDS)
    last = 23 if as_csv else 22
    assert [each["line"] for each in caught.value.facts["errors"]] == [last]
    assert f"line {last}: " in caught.value.detail
    assert len(desk.json("list")) == 1, "a file that cannot be read leaves nothing"


def test_what_is_not_there(desk: Desk) -> None:
    with pytest.raises(ReconciliationNotFound):
        desk.run("show", "rec_1")
    assert "None yet" in desk.run("list").output


def test_one_that_waits_is_shown(desk: Desk, database: Database) -> None:
    with database.transaction() as session:
        record = receiving.begin(
            session,
            party=desk.party,
            window="closed",
            side="spent",
            tolerance=0,
            many=False,
            now=datetime.now(UTC),
        )
    told = desk.json("show", commands.ids.to_text("rec", record.id))
    assert (told["state"], told["findings"]) == ("loading", [])
