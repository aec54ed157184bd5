"""Tables of the trade: the coalition's terms, what was asked of the hub, what became of points."""

from rich import box
from rich.table import Table

from demo.brands import BRANDS, HOME_CURRENCY
from demo.figures import Figures, points_of
from demo.money import amount, price, share
from demo.tally import Tally

_ACTS = {
    "enrol": "members enrolled",
    "link": "links to a further brand, each by a token the member carried there",
    "accrual": "accruals: a basket's points from one brand",
    "accrual repeat": "  of them sent twice, as after a lost answer, and booked once",
    "import": "imports of a brand's own points",
    "import quote": "  of them at a firm quote",
    "spend mandate": "spends at once, on the member's daily mandate",
    "spend code": "spends at once, with a payment code",
    "spend capture": "spends authorised, then captured",
    "spend void": "spends authorised, then voided",
    "spend overdraw": "spends of more than there was: refused, as they should be",
    "refund": "refunds: the goods came back, the points went back",
    "clawback": "clawbacks: the goods came back, their points were taken back",
}


def table(title: str, *columns: str, left: int = 1) -> Table:
    """A table in the demonstration's dress: words to the left, figures to the right."""
    drawn = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    drawn.padding = (0, 1, 0, 0)
    drawn.pad_edge = False
    for index, name in enumerate(columns):
        drawn.add_column(name, justify="left" if index < left else "right", no_wrap=True)
    return drawn


def coalition() -> Table:
    """What each brand agreed to."""
    drawn = table(
        f"The coalition: what a thousand points cost, and the cap, in {HOME_CURRENCY}",
        "brand",
        "pays",
        "issue",
        "accept",
        "fee",
        "in",
        "cap",
        "imports",
        left=2,
    )
    for brand in BRANDS:
        rate = brand.imports
        drawn.add_row(
            brand.name,
            brand.policy,
            price(brand.issue_price, HOME_CURRENCY),
            price(brand.accept_price, HOME_CURRENCY),
            share(brand.fee_ppm),
            brand.currency,
            amount(brand.cap, HOME_CURRENCY),
            f"{rate.theirs} for {rate.ours}" if rate else "",
        )
    return drawn


def requests(tally: Tally) -> Table:
    """What the brands' computers asked, and what came back."""
    drawn = table("What was asked of the hub", "", "times")
    for act, words in _ACTS.items():
        drawn.add_row(words, f"{tally.acts[act]:,}")
    drawn.add_section()
    drawn.add_row("signed requests answered", f"{tally.answers + tally.unverified:,}")
    drawn.add_row("answers whose hub signature verified", f"{tally.answers:,}")
    drawn.add_row("seconds", f"{tally.seconds:,.1f}")
    drawn.add_row("requests per second", f"{tally.answers / max(tally.seconds, 0.001):,.0f}")
    return drawn


def points(figures: Figures) -> Table:
    """What became of every issuer's points."""
    drawn = table(
        "Points by issuer, as the signed statements tell",
        "issuer",
        "issued",
        "clawed back",
        "spent",
        "refunded",
        "expired",
        "outstanding",
    )
    sums = [0] * 6
    for brand in BRANDS:
        of = points_of(figures.statements[brand.slug])
        row = [of.issued, -of.clawed_back, -of.spent, of.refunded, -of.expired, of.outstanding]
        sums = [total + each for total, each in zip(sums, row, strict=True)]
        drawn.add_row(brand.name, *(f"{each:,}" for each in row))
    drawn.add_section()
    drawn.add_row("together", *(f"{each:,}" for each in sums))
    return drawn
