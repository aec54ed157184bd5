"""The books of finance: what issuers stand for, what is earned of it, and the ledger as a file."""

from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table as Grid

from settlement.finance import books as finance
from settlement.finance import export, exposure_picture, files
from settlement.finance.plain_text import DIALECTS
from settlement.finance.reports import Cell, Column, Report, Table
from settlement.report import WIDTH, money, whole
from web.commands.context import Context, json_option, pass_context

_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


class _Day(click.ParamType):
    name = "date"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            self.fail(f"{value!r} is no day, as 2026-11-30 is", param, ctx)


class _Factor(click.ParamType):
    name = "factor"

    def convert(self, value: Any, param: Any, ctx: Any) -> Fraction:
        try:
            factor = Fraction(value)
        except (ValueError, ZeroDivisionError):
            factor = Fraction(0)
        if factor < 1:
            self.fail(f"{value!r} is no factor of at least 1, as 1.05 is", param, ctx)
        return factor


FROM = click.argument("since", metavar="FROM", type=_Day())
TO = click.argument("to", metavar="TO", type=_Day())
AT = click.option("--at", type=_Day(), help="The end of this day instead of now.")
ISSUER = click.option("--issuer", metavar="SLUG", help="This issuer alone.")
CURVES = click.option(
    "--curves",
    type=click.Choice(["pooled", "own"]),
    default="pooled",
    show_default=True,
    help="One curve of redemption for all issuers, or one for each that shows enough.",
)
TAIL = click.option(
    "--tail", type=_Factor(), help="The development after the oldest age seen, instead of a fit."
)


def _outputs(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`, `--csv` and `--xlsx` on a report."""
    command = click.option("--xlsx", type=_FILE, help="Write a workbook, too.")(command)
    command = click.option("--csv", type=_FILE, help="Write the tables as CSV, too.")(command)
    return json_option(command)


@click.group()
def books() -> None:
    """The books of finance; each report says whether it agrees with the ledger (1 if not)."""


@books.command()
@AT
@_outputs
@pass_context
def liability(context: Context, at: date | None, csv: Path | None, xlsx: Path | None) -> None:
    """Points outstanding and their price, by issuer, age and expiry."""
    with context.database.transaction() as session:
        report = finance.read_liability(
            session, at=at, now=context.clock(), currency=context.settings.currency
        )
    _deliver(context, report, csv, xlsx)


@books.command()
@AT
@CURVES
@TAIL
@_outputs
@pass_context
def deferred(
    context: Context,
    at: date | None,
    curves: finance.Curves,
    tail: Fraction | None,
    csv: Path | None,
    xlsx: Path | None,
) -> None:
    """Deferred revenue and the breakage to expect, by month of issue."""
    with context.database.transaction() as session:
        report = finance.read_deferred(
            session,
            at=at,
            now=context.clock(),
            currency=context.settings.currency,
            curves=curves,
            tail=tail,
        )
    _deliver(context, report, csv, xlsx)


@books.command(name="roll-forward")
@FROM
@TO
@ISSUER
@_outputs
@pass_context
def roll_forward(
    context: Context,
    since: date,
    to: date,
    issuer: str | None,
    csv: Path | None,
    xlsx: Path | None,
) -> None:
    """From the points outstanding before FROM to those after TO."""
    _check_days(since, to)
    with context.database.transaction() as session:
        report = finance.read_roll_forward(
            session, since=since, at=to, currency=context.settings.currency, issuer=issuer
        )
    _deliver(context, report, csv, xlsx)


@books.command(name="trial-balance")
@AT
@_outputs
@pass_context
def trial_balance(context: Context, at: date | None, csv: Path | None, xlsx: Path | None) -> None:
    """Every account of points: debits, credits, balance."""
    with context.database.transaction() as session:
        report = finance.read_trial_balance(
            session, at=at, now=context.clock(), currency=context.settings.currency
        )
    _deliver(context, report, csv, xlsx)


@books.command()
@FROM
@TO
@CURVES
@TAIL
@_outputs
@pass_context
def disclosure(
    context: Context,
    since: date,
    to: date,
    curves: finance.Curves,
    tail: Fraction | None,
    csv: Path | None,
    xlsx: Path | None,
) -> None:
    """What IFRS 15 asks for: the contract liability from FROM to TO, and when it is earned."""
    _check_days(since, to)
    with context.database.transaction() as session:
        report = finance.read_disclosure(
            session,
            since=since,
            at=to,
            currency=context.settings.currency,
            curves=curves,
            tail=tail,
        )
    _deliver(context, report, csv, xlsx)


@books.command()
@FROM
@click.option("--to", type=_Day(), help="Up to this day instead of today.")
@ISSUER
@click.option("--svg", type=_FILE, help="Draw it, too.")
@_outputs
@pass_context
def exposure(
    context: Context,
    since: date,
    to: date | None,
    issuer: str | None,
    svg: Path | None,
    csv: Path | None,
    xlsx: Path | None,
) -> None:
    """Each issuer's exposure against its cap, day by day from FROM on."""
    _check_days(since, to or since)
    currency = context.settings.currency
    with context.database.transaction() as session:
        found = finance.read_exposure(
            session, since=since, at=to, now=context.clock(), currency=currency, issuer=issuer
        )
    if svg:
        picture = exposure_picture.svg(found.days, names=found.names, currency=currency)
        svg.write_text(picture, "utf-8")
        context.say(f"Drawn: {svg}")
    _deliver(context, found.report, csv, xlsx)


@books.command(name="export")
@click.option("--window", required=True, help="A closed window.")
@click.option("--format", "form", type=click.Choice(list(DIALECTS)), required=True)
@click.option("--to", type=_FILE, required=True, help="The file to write.")
@click.option(
    "--by",
    type=click.Choice(["journal", "day"]),
    default="journal",
    show_default=True,
    help="An entry for each journal, or for each day.",
)
@json_option
@pass_context
def export_(context: Context, window: str, form: Any, to: Path, by: Any) -> None:
    """A closed window for plain-text accounting: its points, its money, and what must come of it.

    Written beside the file first, so that a file that is there is whole.
    """
    part = to.with_name(f"{to.name}.part")
    try:
        with (
            part.open("w", encoding="utf-8") as file,
            context.database.transaction() as session,
            Progress(console=Console(stderr=True), transient=True) as bar,
        ):
            task = bar.add_task("Writing", total=None)
            written = export.export(
                session,
                window,
                file.write,
                form=form,
                level=by,
                progress=lambda done, of: bar.update(task, completed=done, total=of),
            )
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    context.emit_one(written, title=f"Written: {to}")


def _check_days(since: date, to: date) -> None:
    if to < since:
        raise click.UsageError("the days end before they begin")


def _deliver(context: Context, report: Report, csv: Path | None, xlsx: Path | None) -> None:
    if csv:
        csv.write_bytes(files.as_csv(report))
    if xlsx:
        xlsx.write_bytes(files.as_xlsx(report))
    if context.as_json:
        context.emit_one(files.as_values(report))
    else:
        _print(context, report)
    if not report.agrees:
        raise SystemExit(1)


def _print(context: Context, report: Report) -> None:
    console = context.console if context.console.is_terminal else Console(width=WIDTH + 40)
    console.print(report.title, style="bold", highlight=False)
    for table in report.tables:
        console.print(_grid(table, report))
    for note in report.notes:
        console.print(note, style="dim", highlight=False)
    wrong = [check for check in report.checks if not check.agrees]
    for check in wrong:
        reported, booked = whole(check.reported), whole(check.booked)
        console.print(f"✗ {check.says}: {reported}, but {booked}", style="red", highlight=False)
    if not wrong:
        console.print(
            f"✓ Agrees with the ledger to the unit: {len(report.checks)} figures compared.",
            highlight=False,
        )


def _grid(table: Table, report: Report) -> Grid:
    currency = table.currency or report.currency
    grid = Grid(title=table.title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    grid.padding = (0, 1, 0, 0)
    for column in table.columns:
        left = column.unit in ("text", "day")
        heading = files.heading(column, table, report)
        grid.add_column(heading, justify="left" if left else "right", no_wrap=left)
    for row in table.rows:
        grid.add_row(*_cells(row, table.columns, currency))
    if table.total:
        grid.add_section()
        grid.add_row(*_cells(table.total, table.columns, currency))
    return grid


def _cells(row: tuple[Cell, ...], columns: tuple[Column, ...], currency: str) -> list[str]:
    return [_cell(cell, column, currency) for cell, column in zip(row, columns, strict=True)]


def _cell(cell: Cell, column: Column, currency: str) -> str:
    if not isinstance(cell, int):
        return "" if cell is None else str(cell)
    if column.unit == "money":
        return money(cell, currency, symbol=False)
    return f"{cell / 1_000_000:.3f}" if column.unit == "ppm" else whole(cell)
