"""A closed window whose payments the hub's bank sees, and a desk that types commands about them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from click.testing import CliRunner, Result

from demo.bank import Transaction, statement
from settlement import fx_rates
from settlement.bank import dues
from settlement.bank.dues import Due
from settlement.calendar import agreeing
from settlement.calendar.agreeing import NewCalendar
from settlement.fx import Rate
from tests.factories import build_operator
from tests.settlement import steps
from tests.settlement.coalition import NOW, Coalition
from web.commands.bank import bank
from web.commands.context import Context
from web.commands.proposals import proposals
from web.commands.windows import windows

OURS = "6222020200112233445"  # The hub's account at its bank, in yuan…
OURS_IN_YEN = "JP-0099887766"  # …and in yen.
MARKETS = "DE89370400440532013000"
FUELS = "1234567"
TEAS = "8888877777"


def today() -> date:
    return datetime.now(UTC).date()


class Desk:
    """Market owes the hub yuan, and the hub owes Fuel yen, for a window that closed."""

    def __init__(self, coalition: Coalition, folder: Path) -> None:
        self.coalition = coalition
        self.folder = folder
        self.files = 0
        with coalition.database.transaction() as session:
            build_operator(session, name="ann")
            build_operator(session, name="ben")

    # --- commands ---

    def run(self, *words: str) -> Result:
        context = Context()
        context.__dict__["database"] = self.coalition.database
        context.__dict__["settings"] = SimpleNamespace(
            currency="CNY", key=self.coalition.signer, sealer=self.coalition.signer
        )
        group = {"bank": bank, "proposals": proposals, "windows": windows}[words[0]]
        result = CliRunner().invoke(group, words[1:], obj=context)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *words: str) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def agree(self, *words: str) -> Any:
        """Ann proposes, Ben approves: the effect."""
        proposal = self.json(*words, "--as", "ann", "--reason", "because")["id"]
        return self.json("proposals", "approve", proposal, "--as", "ben")["effect"]

    def agree_account(self, slug: str, account: str, currency: str = "CNY", *more: str) -> None:
        self.agree(
            "bank", "account", "propose", slug, "--name", f"{slug.title()} 有限公司",
            "--account", account, "--bank", "工商银行", "--bank-code", "102100099996",
            "--currency", currency, "--from", "2020-01-01", *more,
        )  # fmt: skip

    # --- the scene ---

    def trade(self, *, accounts: bool = True, mandate: bool = True) -> str:
        """Market's points spent at Fuel, closed and approved: the window."""
        hub = self.coalition
        hub.close("2026-11")  # The first one has a name that no reference can hold.
        if accounts:
            self.agree_account("hub", OURS)
            self.agree_account("hub", OURS_IN_YEN, "JPY")
        hub.partner("market", name="丰禾超市")
        hub.partner("fuel", currency="JPY", accept_price=900_000)
        if accounts:
            given = ("--mandate", "M-77", "--mandate-on", "2026-01-05") if mandate else ()
            self.agree_account("market", MARKETS, "CNY", "--bic", "COBADEFFXXX", *given)
            self.agree_account("fuel", FUELS, "JPY")
        wallet = hub.wallet()
        hub.issue("market", wallet, 100_000)
        hub.spend("fuel", wallet, 60_000)
        with hub.database.transaction() as session:
            yen = Rate(base="CNY", quote="JPY", numerator=201, denominator=10)
            fx_rates.add(session, yen, valid_from=date(2020, 1, 1))
        return self.close("2026-12")

    def trade_directly(self, *, accept_price: int = 1_000_000) -> str:
        """Market owes Tea yuan that the hub's bank never sees, by the route `direct`.

        At a lower price for accepting it owes the hub the spread, as a second payment.
        """
        calendar = NewCalendar(
            every="month", cut_off=time(0), zone="UTC", advice_days=1, call_days=7, dispute_days=7,
            route="direct", first_day=date(2020, 1, 1),
        )  # fmt: skip
        with self.coalition.database.transaction() as session:
            agreeing.enact(session, calendar, now=datetime(2020, 1, 1, tzinfo=UTC))
        self.agree_account("hub", OURS)
        self.coalition.partner("market")
        self.coalition.partner("tea", accept_price=accept_price)
        self.agree_account("tea", TEAS)
        wallet = self.coalition.wallet()
        self.coalition.issue("market", wallet, 5_000)
        self.coalition.spend("tea", wallet, 3_000)
        return self.close("2026-12")

    def pay(self, window: str) -> None:
        with self.coalition.database.transaction() as session:
            steps.start_paying(session, window, NOW, by="li")

    def close(self, next_name: str) -> str:
        """Close and approve."""
        window = self.coalition.close(next_name)
        with self.coalition.database.transaction() as session:
            steps.approve(session, window, NOW, by="li")
        return window

    def dues(self, window: str) -> list[Due]:
        with self.coalition.database.transaction() as session:
            return dues.of_window(session, self.coalition.id(window))

    def due(self, window: str, way: str) -> Due:
        (found,) = [each for each in self.dues(window) if each.way == way]
        return found

    # --- the bank ---

    def says(
        self,
        *transactions: Transaction,
        account: str = OURS,
        currency: str = "CNY",
        on: date | None = None,
        batches: Sequence[Sequence[Transaction]] = (),
    ) -> Any:
        """The bank sends a statement of these, which is imported: what came of it."""
        self.files += 1
        document = statement(
            transactions,
            number=f"S-{self.files}",
            account=account,
            currency=currency,
            on=on or today(),
            batches=batches,
        )
        return self.imports(document)

    def imports(self, document: bytes) -> Any:
        file = self.folder / "camt.xml"
        file.write_bytes(document)
        return self.json("bank", "import", str(file), "--as", "ann")

    def states(self, window: str) -> dict[str, tuple[str, int, bool]]:
        """State, what was received, and whether it was late, by payment."""
        return {
            row["payment"]: (row["state"], row["received"], row["late"])
            for row in self.json("bank", "show", window)["payments"]
        }


def paying(due: Due, **fields: Any) -> Transaction:
    """The entry that pays this payment exactly."""
    way = "out" if due.way == "out" else "in"
    exact = Transaction(direction=way, amount=due.amount, end_to_end=due.end_to_end)
    return replace(exact, **fields)


def after(due: Due, days: int) -> date:
    return due.window.call_on + timedelta(days=days)
