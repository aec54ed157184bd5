"""An explanation and a simulation as a finance person reads them on a terminal."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from partners.agreement import MILLION
from settlement.explaining.explanation import Explanation
from settlement.explaining.reasons import Cause, Reason, in_minor_units
from settlement.explaining.simulation import Outcome
from settlement.report import money, whole
from settlement.store import Window

Names = Mapping[int, str]

_WORDS = {
    "spent": "points spent",
    "spread": "the issue price above what acceptors get",
    "fee": "the hub's fee",
    "prefunded": "points paid for when issued",
    "breakage": "expired points",
}


def explanation_tree(window: Window, found: Explanation, names: Names) -> RenderableType:
    """From the net figure down to the movements, each at its price."""
    figures, base = found.figures, found.base
    revision = f", revision {window.revision}" if window.revision > 1 else ""
    tree = Tree(
        Text(
            f"{names[found.party]}, window {window.name}{revision}: "
            f"{_net(figures.net, base)} = {money(figures.receives, base)} received"
            f" − {money(figures.pays, base)} paid"
            + (f" + {money(figures.cover, base)} cover" if figures.cover else ""),
            style="bold",
        )
    )
    netting = found.netting
    tree.add(
        f"netting: {money(netting.gross, base)} owed both ways,"
        f" {money(netting.bilateral, base)} once each pair has set off,"
        f" {money(netting.to_move, base)} moves"
    )
    if figures.rate is not None:
        rate = figures.rate
        tree.add(
            f"in {rate.quote} at {rate.numerator}/{rate.denominator} for 1 {rate.base}:"
            f" {money(figures.settles, rate.quote)}, and {money(found.residue, base)} that"
            " converting rounded away is the hub's"
        )
    for payment in found.payments:
        tree.add(
            f"{names[payment.payer]} pays {names[payment.payee]}"
            f" {money(payment.amount, figures.currency)} {figures.currency}"
        )
    for other in found.across:
        branch = tree.add(
            Text(
                f"{names[other.party]}: {_net(other.left, base)}"
                f" = {money(other.receives, base)} − {money(other.pays, base)}",
                style="bold",
            )
        )
        _add(branch, _between(found.reasons, other.party), found, names)
    for title, some in (
        ("left out of this settlement", found.left_out),
        ("brought in from earlier windows, counted above", found.brought_in),
    ):
        if some:
            _add(tree.add(Text(title, style="bold")), some, found, names)
    return tree


def simulation_table(window: str, outcomes: Sequence[Outcome], base: str, names: Names) -> Table:
    """Who would have paid what, and what of it is other than it was."""
    table = Table(
        title=f"Window {window}: as it was, and as it would have been",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("party")
    for column in (f"net, {base}", "would be", "difference", "settles", "would be"):
        table.add_column(column, justify="right", no_wrap=True)
    for each in outcomes:
        before, after = each.before, each.after
        table.add_row(
            names[each.party],
            money(before.net, base),
            money(after.net, base),
            f"{'+' if each.net_change > 0 else ''}{money(each.net_change, base)}",
            f"{money(before.settles, before.currency)} {before.currency}",
            f"{money(after.settles, after.currency)} {after.currency}",
        )
    table.add_section()
    table.add_row(
        "sum",
        money(sum(each.before.net for each in outcomes), base),
        money(sum(each.after.net for each in outcomes), base),
        money(sum(each.net_change for each in outcomes), base),
    )
    return table


def _add(branch: Tree, some: Sequence[Reason], found: Explanation, names: Names) -> None:
    for each in some:
        owes = each.debtor == found.party
        how = {"exact": "", "up": ", rounded up", "down": ", rounded down"}[each.rounding]
        line = branch.add(
            f"{'owes' if owes else 'is owed'} {money(each.amount, found.base)} for"
            f" {_WORDS[each.kind]} ({in_minor_units(each.exact)} exactly{how})"
        )
        for cause in each.causes:
            line.add(_cause(cause, names))


def _cause(cause: Cause, names: Names) -> str:
    at = f" at {names[cause.acceptor]}" if cause.acceptor is not None else ""
    price = in_minor_units(cause.price * MILLION * MILLION)
    shares = [
        f" × {share / 10_000:g} %"
        for share in (cause.share_ppm, cause.part_ppm)
        if share != MILLION
    ]
    return (
        f"{whole(cause.points)} {cause.kind.replace('_', ' ')}, of {names[cause.issuer]}{at}"
        f" × {price}{''.join(shares)} (terms T-{cause.terms}) = {in_minor_units(cause.exact)}"
    )


def _between(some: Sequence[Reason], other: int) -> list[Reason]:
    return [each for each in some if other in (each.debtor, each.creditor)]


def _net(amount: int, base: str) -> str:
    word = "even" if amount == 0 else "receives" if amount > 0 else "pays"
    return f"{word} {money(abs(amount), base)} {base}"
