"""Tables of the settlement: who owes whom, what it nets to, and the payments that end it."""

from rich.table import Table

from demo.brands import BRANDS
from demo.figures import Figures, Position
from demo.money import amount, money
from demo.report_trade import table


def obligations(figures: Figures) -> Table:
    """The gross matrix: the row owes, the column is owed."""
    parties = [position.party for position in figures.positions]
    short = {party: _short(figures.names[party]) for party in parties}
    drawn = table(
        f"Obligations before netting, in {figures.currency}: the row owes the column",
        "owes ╲ owed",
        *(short[party] for party in parties),
    )
    drawn.padding = 0
    owed = {(debt.debtor, debt.creditor): debt.amount for debt in figures.debts}
    for debtor in parties:
        cells = [owed.get((debtor, creditor), 0) for creditor in parties]
        drawn.add_row(
            short[debtor], *(amount(cell, figures.currency) if cell else "·" for cell in cells)
        )
    return drawn


def positions(figures: Figures) -> Table:
    """What everybody nets to, in words and in the currency it settles in."""
    drawn = table(
        f"Net positions, in {figures.currency}",
        "party",
        "owed to it",
        "owes",
        "net",
        "settles",
        "",
    )
    for position in figures.positions:
        drawn.add_row(
            figures.names[position.party],
            amount(position.receives, figures.currency),
            amount(-position.pays, figures.currency),
            amount(position.net, figures.currency),
            _verb(position),
            money(position.settles, position.currency),
        )
    drawn.add_section()
    totals = (
        sum(position.receives for position in figures.positions),
        -sum(position.pays for position in figures.positions),
        sum(position.net for position in figures.positions),
    )
    drawn.add_row("together", *(amount(total, figures.currency) for total in totals), "", "")
    return drawn


def payments(figures: Figures) -> Table:
    """The fewest payments that settle the window."""
    drawn = table(
        f"{len(figures.payments)} payments settle the window",
        "payer",
        "",
        "payee",
        "amount",
        left=3,
    )
    for payment in figures.payments:
        drawn.add_row(
            figures.names[payment.payer],
            "pays",
            figures.names[payment.payee],
            money(payment.amount, payment.currency),
        )
    return drawn


def compression(figures: Figures) -> str:
    """One line: how much less the nets are than what was owed."""
    gross = sum(abs(debt.amount) for debt in figures.debts)
    moved = sum(position.net for position in figures.positions if position.net > 0)
    saved = (gross - moved) * 1000 // gross if gross else 0
    return (
        f"{len(figures.debts)} obligations of {money(gross, figures.currency)} net to "
        f"{money(moved, figures.currency)}: {saved / 10:.1f} % less."
    )


def _short(name: str) -> str:
    return next((brand.slug.title() for brand in BRANDS if brand.name == name), name)


def _verb(position: Position) -> str:
    if position.settles == 0:
        return "even"
    return "receives" if position.settles > 0 else "pays"
