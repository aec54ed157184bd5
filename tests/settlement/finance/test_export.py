"""A window in plain-text accounting: hledger and beancount take it, and add up to our figures."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import realization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.errors import Refusal
from kit.ids import uuid7
from settlement import closing, revisions
from settlement.errors import WindowNotClosed, WindowNotFound
from settlement.finance import books as finance
from settlement.finance import export
from settlement.finance.chart import party_names
from settlement.finance.plain_text import DIALECTS, Entry, Form, Leg
from settlement.fx import exponent
from tests.hledger import find_hledger
from tests.settlement.coalition import NOW, Coalition

MILLION = 1_000_000
Balances = dict[tuple[str, str], Decimal]  # By account and commodity, none of nothing.

needs_hledger = pytest.mark.skipif(
    find_hledger() is None, reason="hledger is not here, nor can apt-get download it"
)


@pytest.fixture
def traded(coalition: Coalition) -> Coalition:
    """Two currencies abroad, prefunding, a refund, a debt, and a window before this one."""
    coalition.books.owner.execute(
        "INSERT INTO settlement.fx_rate (base, quote, valid_from, numerator, denominator)"
        " VALUES ('CNY', 'JPY', '2020-01-01', 201, 10), ('CNY', 'EUR', '2020-01-01', 9, 70)"
    )
    coalition.partner("market", issue_price=1_234_567, breakage_hub_ppm=300_000)
    coalition.partner("fuel", accept_price=900_000, fee_ppm=20_000, currency="JPY")
    coalition.partner("7-florist", prefunded_ppm=MILLION, currency="EUR")
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 5000)
    coalition.close("2026-12")
    accrual = coalition.issue("market", wallet, 1500)
    sale = coalition.spend("fuel", wallet, 1033)
    coalition.refund("fuel", sale, 100)
    coalition.spend("market", wallet, 5500)
    coalition.claw_back("market", accrual)
    other = coalition.wallet()
    coalition.issue("7-florist", other, 307)
    coalition.issue("fuel", other, 211)
    coalition.spend("7-florist", other, 305)
    coalition.spend("fuel", other, 100)
    return coalition


def written(
    coalition: Coalition, window: str, to: Path, form: Form, level: export.Level = "journal"
) -> Path:
    path = to / f"{window}.{'journal' if form == 'hledger' else 'beancount'}"
    with coalition.database.transaction() as session, path.open("w", encoding="utf-8") as file:
        export.export(session, window, file.write, form=form, level=level)
    return path


def hledger(path: Path, *words: str) -> str:
    program = find_hledger()
    assert program is not None
    done = subprocess.run(
        [program, "-f", path, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def hledger_balances(path: Path, *words: str) -> Balances:
    rows, _ = json.loads(hledger(path, "balance", "-O", "json", "--flat", *words))
    return {
        (account, amount["acommodity"]): Decimal(amount["aquantity"]["decimalMantissa"]).scaleb(
            -amount["aquantity"]["decimalPlaces"]
        )
        for account, _, _, amounts in rows
        for amount in amounts
    }


def beancount_balances(path: Path) -> Balances:
    entries, errors, _ = loader.load_file(str(path))
    assert errors == []
    root = realization.realize(entries)
    return {
        (account.account, position.units.currency): position.units.number
        for account in realization.iter_children(root)
        for position in account.balance
        if position.units.number
    }


def points_of_the_books(coalition: Coalition) -> Balances:
    """The books' own balances, in a query of the test's own."""
    rows = coalition.books.rows(
        "SELECT kind, party_id, sum(points) AS points FROM ("
        " SELECT a.kind, coalesce(a.party_id, p.issuer_id) AS party_id, p.points"
        " FROM exchange.posting p JOIN exchange.account a ON a.id = p.debit"
        " UNION ALL SELECT a.kind, coalesce(a.party_id, p.issuer_id), -p.points"
        " FROM exchange.posting p JOIN exchange.account a ON a.id = p.credit) each"
        " GROUP BY 1, 2 HAVING sum(points) <> 0"
    )
    kinds = {
        "wallet": "Liabilities:Points",
        "issuing": "Equity:Issued",
        "accepting": "Equity:Accepted",
        "breakage": "Equity:Breakage",
        "receivable": "Assets:Receivable",
    }
    return {
        (f"{kinds[row.kind]}:{coalition.slug(row.party_id).capitalize()}", "POINTS"): row.points
        for row in rows
    }


def money_of_the_books(coalition: Coalition, window: str) -> Balances:
    """What every party nets to, in its own currency, as settlement keeps it."""
    own = {"hub": "Income:Hub", "float": "Liabilities:Float"}
    return {
        (own.get(slug, f"Liabilities:Net:{slug.capitalize()}"), currency): Decimal(-amount).scaleb(
            -exponent(currency)
        )
        for slug, (amount, currency) in coalition.settled(window).items()
        if amount
    }


def of(balances: Balances, *roots: str) -> Balances:
    return {key: amount for key, amount in balances.items() if key[0].startswith(roots)}


READ: dict[Form, Callable[[Path], Balances]] = {
    "hledger": hledger_balances,
    "beancount": beancount_balances,
}
FORMS = [pytest.param("hledger", marks=needs_hledger), "beancount"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("level", ["journal", "day"])
class TestBothTools:
    def test_points_are_those_of_the_books(
        self, traded: Coalition, tmp_path: Path, form: Form, level: export.Level
    ) -> None:
        path = written(traded, traded.close("2027-01"), tmp_path, form, level)
        found = READ[form](path)
        points = {key: amount for key, amount in found.items() if key[1] == "POINTS"}
        assert points == points_of_the_books(traded)
        assert ("Assets:Receivable:Market", "POINTS") in points

    def test_money_is_settled_to_the_unit(
        self, traded: Coalition, tmp_path: Path, form: Form, level: export.Level
    ) -> None:
        window = traded.close("2027-01")
        found = READ[form](written(traded, window, tmp_path, form, level))
        expected = money_of_the_books(traded, window)
        assert of(found, "Income", "Liabilities:Float") == of(
            expected, "Income", "Liabilities:Float"
        )
        assert of(found, "Liabilities:Net", "Liabilities:Owed", "Equity:Residue") == {}
        assert {currency for _, currency in found} == {"CNY", "EUR", "JPY", "POINTS"}
        for commodity in {currency for _, currency in found}:
            assert sum(amount for (_, each), amount in found.items() if each == commodity) == 0


@needs_hledger
class TestHledger:
    def test_takes_it_at_its_strictest(self, traded: Coalition, tmp_path: Path) -> None:
        path = written(traded, traded.close("2027-01"), tmp_path, "hledger")
        hledger(path, "check", "--strict", "ordereddates", "assertions", "commodities", "accounts")

    def test_what_is_not_paid_yet_is_pending(self, traded: Coalition, tmp_path: Path) -> None:
        window = traded.close("2027-01")
        path = written(traded, window, tmp_path, "hledger")
        net = ("Income", "Liabilities:Net", "Liabilities:Float")
        assert of(hledger_balances(path, "--cleared"), *net) == money_of_the_books(traded, window)
        traded.settle(window)
        path = written(traded, window, tmp_path, "hledger")
        assert hledger_balances(path, "--cleared") == hledger_balances(path)

    def test_finds_a_point_that_was_changed(self, traded: Coalition, tmp_path: Path) -> None:
        path = written(traded, traded.close("2027-01"), tmp_path, "hledger")
        text = path.read_text("utf-8")
        # Both sides of the accrual, so that it still balances.
        path.write_text(text.replace("1500 POINTS", "1501 POINTS", 2), "utf-8")
        with pytest.raises(AssertionError, match="balance assertion"):
            hledger(path, "check")


class TestBeancount:
    def test_bean_check_takes_it(self, traded: Coalition, tmp_path: Path) -> None:
        path = written(traded, traded.close("2027-01"), tmp_path, "beancount")
        program = Path(sys.executable).with_name("bean-check")
        done = subprocess.run([program, path], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_finds_a_point_that_was_changed(self, traded: Coalition, tmp_path: Path) -> None:
        path = written(traded, traded.close("2027-01"), tmp_path, "beancount")
        text = path.read_text("utf-8")
        path.write_text(text.replace("1500 POINTS", "1501 POINTS", 2), "utf-8")
        _, errors, _ = loader.load_file(str(path))
        assert {type(error).__name__ for error in errors} == {"BalanceError"}

    def test_links_what_is_undone(self, traded: Coalition, tmp_path: Path) -> None:
        text = written(traded, traded.close("2027-01"), tmp_path, "beancount").read_text("utf-8")
        assert re.search(r'\* "refund of Fuel" \^jrn_\w+ \^jrn_\w+\n', text)


class TestExport:
    def test_begins_where_the_window_before_ended(self, traded: Coalition, tmp_path: Path) -> None:
        text = written(traded, traded.close("2027-01"), tmp_path, "hledger").read_text("utf-8")
        opening = text.split("opening balances\n")[1].split("\n\n")[0]
        assert opening.split() == [
            *("Equity:Issued:Market", "5000", "POINTS"),
            *("Liabilities:Points:Market", "-5000", "POINTS"),
        ]

    def test_counts_what_it_wrote(self, traded: Coalition) -> None:
        window = traded.close("2027-01")
        with traded.database.transaction() as session:
            found = export.export(session, window, str, form="hledger", level="journal")
        journals = traded.books.rows(
            "SELECT count(*) AS n FROM exchange.journal WHERE window_id = %s", traded.id(window)
        )
        assert found.points_entries == journals[0].n
        assert found.money_entries > 0 < found.assertions

    def test_an_empty_window_is_a_file_too(self, coalition: Coalition, tmp_path: Path) -> None:
        path = written(coalition, coalition.close("2026-12"), tmp_path, "beancount")
        assert beancount_balances(path) == {}

    def test_refuses_a_window_that_is_not_closed(self, coalition: Coalition) -> None:
        def refused(window: str, why: type[Refusal]) -> None:
            with coalition.database.transaction() as session, pytest.raises(why):
                export.export(session, window, str, form="hledger", level="day")

        refused("no such", WindowNotFound)
        refused(coalition.window, WindowNotClosed)
        window = coalition.begin("2026-12")
        refused(window, WindowNotClosed)
        coalition.resume(window)


class TestFiguresInForce:
    def test_a_revised_window_has_those_of_its_revision(
        self, traded: Coalition, tmp_path: Path
    ) -> None:
        window = traded.close("2027-01")
        first = money_of_the_books(traded, window)
        covers = {traded.parties["market"]: -70, traded.parties["fuel"]: 70}
        revisions.revise(
            traded.database,
            window=window,
            reason="covered",
            by="mei",
            now=NOW,
            signer=traded.signer,
            covers=covers,
        )
        path = written(traded, window, tmp_path, "beancount")
        assert money_of_the_books(traded, window) != first
        assert '"cover of a default"' in path.read_text("utf-8")
        found = beancount_balances(path)
        assert of(found, "Liabilities:Owed", "Liabilities:Net", "Equity:Residue") == {}
        assert of(found, "Income") == of(money_of_the_books(traded, window), "Income")
        with traded.database.transaction() as session:
            report = finance.read_trial_balance(session, at=None, now=NOW, currency="CNY")
        assert report.agrees

    def test_an_aborted_one_has_points_alone(self, traded: Coalition, tmp_path: Path) -> None:
        window = traded.close("2027-01")
        with traded.database.transaction() as session:
            closing.abort(session, window, NOW, by="mei, li", because=uuid7())
        found = beancount_balances(written(traded, window, tmp_path, "beancount"))
        assert found == points_of_the_books(traded)


class TestNames:
    def test_a_partner_may_be_called_hub(self) -> None:
        assert party_names({1: "hub", 2: "float", 3: "hub", 4: "aurora"}) == {
            1: "Hub",
            2: "Float",
            3: "Hub-3",
            4: "Aurora",
        }


@needs_hledger
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amount=st.integers(-(10**15), 10**15), digits=st.sampled_from([0, 2, 3]))
def test_amounts_come_back_as_they_went(tmp_path: Path, amount: int, digits: int) -> None:
    """Whatever the sign and the digits, in both dialects: 1000. is not 1,000.000."""
    day = date(2026, 11, 30)
    legs = [Leg("Assets:Bank:A", amount, "CNY"), Leg("Equity:Issued:B", -amount, "CNY")]
    for form, dialect in DIALECTS.items():
        text = dialect.head("A test", {"CNY": digits}, day)
        text += "".join(dialect.account(leg.account, day) for leg in legs) + "\n"
        text += dialect.entry(Entry(day=day, text="a test", legs=legs), {"CNY": digits})
        text += dialect.balances(day, legs, {"CNY": digits})
        path = tmp_path / form
        path.write_text(text, "utf-8")
        expected = Decimal(amount).scaleb(-digits)
        assert READ[form](path).get(("Assets:Bank:A", "CNY"), 0) == expected
