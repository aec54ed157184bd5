"""A window as a finance person reads it on a terminal: tables that fit a hundred columns."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from rich import box
from rich.cells import cell_len, chop_cells
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from settlement.fx import exponent
from settlement.views import HubWindow

WIDTH = 100
PARTIES_IN_MATRIX = 11  # Nine partners, the hub and the float; more make a list of pairs.
PAIRS = 20
SHORT = 12  # Cells of a shortened name; a Chinese character takes two.
OWN, NONE = "—", "·"

_SYMBOLS = {"CNY": "¥", "JPY": "¥", "EUR": "€", "USD": "$", "GBP": "£", "KRW": "₩", "HKD": "$"}


def window_report(view: HubWindow) -> list[RenderableType]:
    """Everything about one window, to be printed one after another."""
    parts: list[RenderableType] = [heading(view), issuers(view), *owed(view), positions(view)]
    parts += [payments(view), compression(view)]
    return [part for each in parts for part in (each, Text())]


def heading(view: HubWindow) -> Text:
    """The window's name, state and period; and a warning while its figures may still change."""
    window = view.window
    text = Text(f"Window {window.name}: {window.state}", style="bold")
    closed = f" to {window.closed_at:%Y-%m-%d %H:%M}" if window.closed_at else ", still open"
    text.append(f"  {window.opened_at:%Y-%m-%d %H:%M}{closed} UTC", style="not bold")
    if view.provisional:
        text.append("\nProvisional: as if the window closed now.", style="not bold yellow")
    return text


def issuers(view: HubWindow) -> Table:
    """What became of each issuer's points."""
    table = _table(
        "Points by issuer",
        "issuer",
        *("issued", "clawed back", "spent elsewhere", "refunded", "at own till", "expired"),
        "outstanding",
    )
    rows = []
    for row in view.issuers:
        points = row.points
        figures = (
            points.issued,
            -points.clawed_back,
            -points.spent_elsewhere,
            points.refunded_elsewhere,
            points.refunded_here - points.spent_here,
            -points.expired,
            row.outstanding,
        )
        if any(figures):
            rows.append(figures)
            table.add_row(_fit(view.names[row.party], 18), *map(whole, figures))
    if rows:
        table.add_section()
        table.add_row("all issuers", *(whole(sum(column)) for column in zip(*rows, strict=True)))
    return table


def owed(view: HubWindow) -> list[RenderableType]:
    """Who owes whom before netting: a matrix when it fits, else the largest pairs."""
    parties = view.matrix.parties
    if not parties:
        return [Text("Nobody owes anybody anything for this window.")]
    if len(parties) <= PARTIES_IN_MATRIX:
        for symbols in (True, False):
            table = _matrix(view, symbols=symbols)
            if _width(table) <= WIDTH:
                legend = f"{OWN} the party itself   {NONE} nothing owed that way"
                return [table, Text(legend, style="dim")]
    return [_pairs(view)]


def positions(view: HubWindow) -> Table:
    """What everybody nets to, and the proof that nothing was lost."""
    currency = view.currency
    table = _table(
        "Net positions",
        "party",
        *(f"is owed, {currency}", f"owes, {currency}", f"net, {currency}", "", "settles"),
    )
    for row in view.positions:
        table.add_row(
            _fit(view.names[row.party], 22),
            money(row.receives, currency),
            money(row.pays, currency),
            money(row.net, currency),
            _word(row.settles),
            f"{money(abs(row.settles), row.currency)} {row.currency}" if row.settles else NONE,
        )
    table.add_section()
    net = sum(row.net for row in view.positions)
    table.add_row(
        "sum",
        money(sum(row.receives for row in view.positions), currency),
        money(sum(row.pays for row in view.positions), currency),
        f"{money(net, currency)} {'✓' if net == 0 else '✗'}",
        "",
        "",
    )
    return table


def payments(view: HubWindow) -> RenderableType:
    """The few payments that settle the window."""
    if not view.payments:
        return Text("No payment is needed.")
    plural = "payment settles" if len(view.payments) == 1 else "payments settle"
    table = _table(f"{len(view.payments)} {plural} the window", "payer", "amount", "", "payee")
    table.columns[3].justify = "left"
    for row in view.payments:
        table.add_row(
            _fit(view.names[row.payer], 28),
            f"{money(row.amount, row.currency)} {row.currency}",
            "→",
            _fit(view.names[row.payee], 28),
        )
    return table


def compression(view: HubWindow) -> Text:
    """How much less money moves for netting."""
    found, currency = view.compression, view.currency
    text = Text(f"Of {money(found.gross, currency)} {currency} owed ")
    text.append(f"({money(found.bilateral, currency)} once each pair has set off), ")
    text.append(f"{money(found.to_move, currency)} really moves: ")
    text.append(f"{found.saved_per_mille / 10:.1f} % less.", style="bold")
    return text


def money(minor: int, currency: str, *, symbol: bool = True) -> str:
    """-3840000 fen are `−¥38,400.00`; a currency without a known symbol goes without one."""
    digits = exponent(currency)
    units, part = divmod(abs(minor), 10**digits)
    sign = "−" if minor < 0 else ""
    sign += _SYMBOLS.get(currency, "") if symbol else ""
    return f"{sign}{units:,}" + (f".{part:0{digits}d}" if digits else "")


def whole(points: int) -> str:
    """-1200 points are `−1,200`."""
    return f"{points:,}".replace("-", "−")


def short_names(names: Mapping[int, str]) -> dict[int, str]:
    """Names of at most SHORT cells, all different: the later of two alike gets a number."""
    taken: dict[str, int] = {}
    for party, name in sorted(names.items()):
        fitting = _fit(name, SHORT)
        numbers = count(2)
        while fitting in taken:
            tail = f" {next(numbers)}"
            fitting = _fit(name, SHORT - len(tail)) + tail
        taken[fitting] = party
    return {party: fitting for fitting, party in taken.items()}


def _matrix(view: HubWindow, *, symbols: bool) -> Table:
    matrix, currency = view.matrix, view.currency
    names = short_names({party: view.names[party] for party in matrix.parties})
    owed_at_all = {(each.debtor, each.creditor) for each in view.obligations}

    def cell(debtor: int, creditor: int) -> str:
        if debtor == creditor:
            return OWN
        amount = matrix.cell(debtor, creditor)
        if amount == 0 and (debtor, creditor) not in owed_at_all:
            return NONE
        return money(amount, currency, symbol=symbols)

    table = _table(
        f"Obligations before netting, in {currency}: the row owes the column",
        "owes ╲ is owed",
        *(names[party] for party in matrix.parties),
        "owes in all",
    )
    for debtor in matrix.parties:
        table.add_row(
            names[debtor],
            *(cell(debtor, creditor) for creditor in matrix.parties),
            money(matrix.pays[debtor], currency, symbol=symbols),
        )
    table.add_section()
    received = [money(matrix.receives[each], currency, symbol=symbols) for each in matrix.parties]
    table.add_row("is owed in all", *received, money(matrix.total, currency, symbol=symbols))
    return table


def _pairs(view: HubWindow) -> Table:
    cells = sorted(view.matrix.cells.items(), key=lambda each: (-each[1], each[0]))
    shown, rest = cells[:PAIRS], cells[PAIRS:]
    table = _table(
        f"Obligations before netting, in {view.currency}: the largest {len(shown)} of {len(cells)}",
        *("debtor", "amount", "", "creditor"),
    )
    table.columns[3].justify = "left"
    for (debtor, creditor), amount in shown:
        table.add_row(
            _fit(view.names[debtor], 28),
            money(amount, view.currency),
            "→",
            _fit(view.names[creditor], 28),
        )
    table.add_section()
    if rest:
        table.add_row(f"{len(rest)} more", money(sum(each for _, each in rest), view.currency))
    table.add_row("all together", money(view.matrix.total, view.currency))
    return table


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.padding = (0, 1, 0, 0)
    table.add_column(first)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=len(columns) < 7)
    return table


def _width(table: Table) -> int:
    """What the table takes when nothing in it wraps."""
    columns: Iterable[Sequence[str]] = (
        [str(column.header), *map(str, column.cells)] for column in table.columns
    )
    return sum(max(map(cell_len, cells)) + 1 for cells in columns) + 2


def _fit(name: str, cells: int) -> str:
    if cell_len(name) <= cells:
        return name
    return chop_cells(name, cells - 1)[0].rstrip() + "…"


def _word(settles: int) -> str:
    if settles == 0:
        return "even"
    return "receives" if settles > 0 else "pays"
