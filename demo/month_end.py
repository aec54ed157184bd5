"""The month's end, as finance goes through it: closed, contested, proven, paid, explained."""

from collections.abc import Container, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape

from demo import banking, months, report_closing, report_money, report_trade, waiting
from demo.brands import BY_SLUG
from demo.console import progress, working
from demo.contesting import contest
from demo.explaining import explain, simulate
from demo.exporting import export
from demo.figures import Figures, told_otherwise
from demo.hub import Hub, HubFailed
from demo.keyring import Keyring
from demo.operator_desk import OperatorDesk
from demo.proving import Verdict, keep_proofs, verify
from demo.settling import close, fetch_statements, file_of, folder_of, read_figures
from demo.tally import Tally

Facts = dict[str, Any]
WINDOW = months.month_of(datetime.now(UTC))
NEXT_WINDOW = months.following(WINDOW)
EXPLAINED = "harvest"


class MonthEnd:
    """`close`, `contest`, `prove`, `pay`, `explain`, `export`, then `check`, which judges all."""

    def __init__(
        self, console: Console, hub: Hub, desk: OperatorDesk, keyring: Keyring, tally: Tally
    ) -> None:
        self._console = console
        self._hub = hub
        self._desk = desk
        self._keyring = keyring
        self._tally = tally
        self._statements: dict[str, Facts] = {}
        self._wrong: list[str] = []

    def close(self) -> None:
        """The window's figures, held against what the brands' own computers counted."""
        with working(self._console, f"Closing the window {WINDOW} and opening {NEXT_WINDOW}"):
            shown = close(self._desk, WINDOW, NEXT_WINDOW)
        with working(self._console, "Fetching every statement under its brand's key, verifying it"):
            self._fetch()
            figures = read_figures(shown, self._statements)
        self._wrong += told_otherwise(self._statements, self._tally.points)
        self._print(figures)

    def contest(self, undone: Container[str]) -> None:
        """Two lines are left out of the net, one is given back, of the other nothing is heard.

        `undone` are receipts that came back.
        """
        with working(self._console, "Contesting two lines, and issuing revised statements"):
            waiting.contest(self._keyring, self._statements, self._tally)
            found = contest(
                self._desk, self._keyring, WINDOW, self._statements, undone, self._tally
            )
            self._fetch()
        self._console.print(report_closing.contested(found, NEXT_WINDOW))

    def prove(self, head: Mapping[str, Any]) -> None:
        """Every line of every brand with its proof, and the offline verifier's verdict.

        `head` is the log's, kept in the middle of the month.
        """
        with (
            working(self._console, "Fetching every brand's lines, each with its proof", spin=False),
            progress(self._console, "Brands", len(self._statements)) as advance,
        ):
            lines = keep_proofs(
                self._hub, self._keyring, self._statements, head, self._tally, advance
            )
        verdicts: list[Verdict] = []
        with (
            working(self._console, "Verifying them offline: bin/verify-statement", spin=False),
            progress(self._console, "Brands", len(lines)) as advance,
        ):
            for slug, count in lines.items():
                file = file_of(self._hub, slug, self._statements[slug]["number"])
                verdicts.append(verify(self._hub, slug, file, count))
                advance(1)
        self._wrong += [f"{each.slug}: {each.said[-1:]}" for each in verdicts if not each.good]
        self._console.print(report_closing.verdicts(verdicts))
        if all(each.good for each in verdicts):
            self._console.print(report_closing.kept_head(head["size"]))

    def pay(self) -> None:
        """Statements for people; invoices, files for the bank, its answer; settled."""
        with working(self._console, "Drawing the statements: PDF, XLSX, SVG, Chinese and English"):
            kinds = [word for kind in ("xlsx", "pdf", "svg") for word in ("--format", kind)]
            folder = folder_of(self._hub)
            self._desk.run("statements", "write", WINDOW, "--to", folder, *kinds)
        with working(self._console, "Approving, invoicing, and having the bank pay and collect"):
            banking.collect_and_pay(
                self._desk, WINDOW, self._hub.home / "bank", datetime.now(UTC).date()
            )
            shown = banking.settle(self._desk, WINDOW)
        self._console.print(report_closing.payments(shown))
        agrees = sum(1 for each in shown["payments"] if each["state"] != "missing")
        self._console.print(
            f"  {WINDOW} is [bold green]settled, the bank agrees[/]:"
            f" {agrees} of {len(shown['payments'])} payments.\n"
        )

    def explain(self) -> None:
        """One net figure down to a signed request, and what another policy had made of it."""
        name = BY_SLUG[EXPLAINED].name
        with working(self._console, f"Explaining what {name} pays, and simulating other terms"):
            told = explain(self._desk, WINDOW, EXPLAINED)
            outcome = simulate(self._desk, WINDOW, EXPLAINED, name, "issuance")
        self._console.print(report_closing.explanation(name, told))
        self._console.print(report_closing.simulation(name, outcome, told.currency))

    def export(self) -> None:
        """The month as plain-text accounting."""
        with working(self._console, "Exporting the month for hledger and beancount"):
            books = export(self._desk, WINDOW, self._hub.home / "books")
        for book in books:
            self._console.print(report_closing.book(book))
            if book.agrees is False:
                self._wrong.append(f"{book.check}: {book.said[-500:]}")

    def leave_work(self) -> None:
        """What the hub's people find at the desk the next morning."""
        with working(self._console, "Leaving the desk something to do"):
            self._fetch()
            left = waiting.leave(
                self._desk,
                self._keyring,
                WINDOW,
                self._statements,
                self._hub.home / "records",
                f"{NEXT_WINDOW}-01",
                self._tally,
            )
        self._console.print(report_closing.left(left))

    def check(self) -> bool:
        """The whole of the books and of the log; True when all done before is right, too."""
        failed = []
        for words, what in (
            (("check",), "Checking the whole of the books: bin/hub check"),
            (("seal", "verify"), "Computing the sealed log again: bin/hub seal verify"),
        ):
            with working(self._console, what):
                status, told = self._hub.tell(*words)
            if status != 0:
                failed.append(words[0])
                self._console.print(f"[red]✗[/] bin/hub {' '.join(words)} says:\n{escape(told)}")
        wrong = self._tally.surprises + self._wrong
        for each in wrong[:10]:
            self._console.print(f"[red]✗[/] {escape(each)}")
        if len(wrong) > 10:
            self._console.print(f"[red]✗[/] … and {len(wrong) - 10} more")
        verified = f"{self._tally.answers:,} of {self._tally.answers + self._tally.unverified:,}"
        self._console.print(f"  Hub signatures verified: {verified} answers")
        balance = "[red]books do NOT balance[/]" if failed else "[green]books balance[/]"
        self._console.print(f"  {WINDOW}: [bold]{balance}[/]; the net positions sum to zero\n")
        self._console.print(report_closing.files(self._hub.home, WINDOW))
        return not failed and not wrong and self._tally.clean

    def _fetch(self) -> None:
        self._statements = fetch_statements(self._hub, self._keyring, WINDOW, self._tally)

    def _print(self, figures: Figures) -> None:
        if sum(position.net for position in figures.positions):
            raise HubFailed("The net positions do not sum to zero.")
        self._console.print(report_trade.points(figures))
        self._console.print(report_money.obligations(figures))
        self._console.print(report_money.positions(figures))
        self._console.print(f"  {report_money.compression(figures)}\n")
