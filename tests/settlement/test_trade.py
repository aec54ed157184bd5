"""Whatever is traded under whatever terms: money is neither made nor lost, prepaid money lasts."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.errors import Refusal
from settlement.postings import outstanding
from tests.settlement.coalition import Coalition

MILLION = 1_000_000
SLUGS = ("alder", "birch", "cedar")
LATER = datetime(2026, 6, 1, tzinfo=UTC)
numbers = count(1)

terms = st.fixed_dictionaries(
    {
        "issue_price": st.integers(0, 3 * MILLION),
        "accept_price": st.integers(0, 3 * MILLION),
        "fee_ppm": st.sampled_from([0, 1, 20_000, MILLION]),
        "prefunded_ppm": st.sampled_from([0, 1, 333_333, MILLION]),
        "breakage_hub_ppm": st.sampled_from([0, 123_456, MILLION]),
    }
)
acts = st.lists(
    st.tuples(
        st.sampled_from(["issue", "issue stale", "spend", "refund", "claw back", "expire"]),
        st.sampled_from(SLUGS),
        st.integers(0, 1),
        st.integers(1, 997),
    ),
    max_size=14,
)


@given(agreed=st.tuples(terms, terms, terms), first=acts, second=acts)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_two_windows_of_any_trade(
    coalition: Coalition,
    agreed: tuple[dict[str, int], ...],
    first: list[Any],
    second: list[Any],
) -> None:
    example = next(numbers)
    slugs = {slug: f"{slug}-{example}" for slug in SLUGS}
    for slug, fields in zip(slugs.values(), agreed, strict=True):
        coalition.partner(slug, **fields)
    trader = Trader(coalition, slugs)
    windows = []
    for month, part in enumerate((first, second)):
        for act in part:
            trader.do(*act)
        windows.append(coalition.close(f"w-{example}-{month}"))
    nets = [coalition.nets(window) for window in windows]
    assert [sum(each.values()) for each in nets] == [0, 0]
    for window in windows:
        paid = dict.fromkeys(nets[0], 0)
        for payer, payee, amount, _ in coalition.payments(window):
            paid[payer] = paid.get(payer, 0) - amount
            paid[payee] = paid.get(payee, 0) + amount
        assert {slug: net for slug, net in coalition.nets(window).items() if net} == {
            slug: amount for slug, amount in paid.items() if amount
        }
    # What the float holds pays for the prepaid share of every point still out.
    held = sum(each["float"] for each in nets)
    assert held >= promised(coalition, windows[-1], dict(zip(slugs.values(), agreed, strict=True)))


def promised(coalition: Coalition, window: str, agreed: dict[str, dict[str, int]]) -> int:
    """The prepaid money behind the points outstanding, rounded down."""
    with coalition.database.transaction() as session:
        out = outstanding(session, coalition.id(window))
    return sum(
        out.get(coalition.parties[slug], 0) * fields["issue_price"] * fields["prefunded_ppm"]
        for slug, fields in agreed.items()
    ) // (MILLION * MILLION)


class Trader:
    """Does what can be done of random trade; what the books refuse is left out."""

    def __init__(self, coalition: Coalition, slugs: dict[str, str]) -> None:
        self.coalition = coalition
        self.slugs = slugs
        self.wallets = [coalition.wallet(), coalition.wallet()]
        self.sales: list[tuple[str, str]] = []
        self.accruals: list[tuple[str, str]] = []

    def do(self, act: str, slug: str, wallet: int, points: int) -> None:
        acts: dict[str, Callable[[str, int, int], None]] = {
            "issue": self.issue,
            "issue stale": self.issue_stale,
            "spend": self.spend,
            "refund": self.refund,
            "claw back": self.claw_back,
            "expire": self.expire,
        }
        with suppress(Refusal):
            acts[act](self.slugs[slug], self.wallets[wallet], points)

    def issue(self, slug: str, wallet: int, points: int) -> None:
        self.accruals.append((slug, self.coalition.issue(slug, wallet, points)))

    def issue_stale(self, slug: str, wallet: int, points: int) -> None:
        day = date(2026, 5, 1)
        self.accruals.append((slug, self.coalition.issue(slug, wallet, points, expires_on=day)))

    def spend(self, slug: str, wallet: int, points: int) -> None:
        self.sales.append((slug, self.coalition.spend(slug, wallet, points)))

    def refund(self, slug: str, wallet: int, points: int) -> None:
        if self.sales:
            acceptor, sale = self.sales[points % len(self.sales)]
            self.coalition.refund(acceptor, sale, points)

    def claw_back(self, slug: str, wallet: int, points: int) -> None:
        if self.accruals:
            issuer, accrual = self.accruals[points % len(self.accruals)]
            self.coalition.claw_back(issuer, accrual, points)

    def expire(self, slug: str, wallet: int, points: int) -> None:
        self.coalition.expire(wallet, on=LATER)
