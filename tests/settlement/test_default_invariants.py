"""The checker finds what was changed of a default behind the hub's back."""

import pytest

from exchange.invariants import check
from settlement import invariants
from tests.settlement.coalition import Coalition
from tests.web.desk import Desk


@pytest.fixture
def covered(coalition: Coalition) -> Coalition:
    """Market failed to pay Fuel 300, covered by collateral, fund and loss; half of it is back."""
    coalition.partner("market")
    coalition.partner("fuel")
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 500)
    coalition.spend("fuel", wallet, 300)
    coalition.close("2026-12")
    desk = Desk(coalition.database, coalition.signer)
    for slug, account, amount in (
        ("market", "collateral", "100"),
        ("market", "fund", "50"),
        ("fuel", "fund", "30"),
    ):
        desk.agree("defaults", "deposit", slug, account, amount)
    desk.agree("defaults", "propose", "window 1", "market", "--method", "cover")
    desk.agree("defaults", "cure", "window 1", "market", "--amount", "150")
    return coalition


def violated(coalition: Coalition) -> set[str]:
    with coalition.database.engine.connect() as connection:
        results = check(connection, invariants.INVARIANTS)
    return {result.name for result in results if result.count}


def test_hold_after_a_default(covered: Coalition) -> None:
    assert violated(covered) == set()


@pytest.mark.corrupts_books
@pytest.mark.parametrize(
    ("corruption", "found"),
    [
        (
            "UPDATE settlement.security SET amount = amount - 1 WHERE kind = 'use'",
            "what-was-drawn-is-what-was-shared",
        ),
        (
            "DELETE FROM settlement.security WHERE kind = 'deposit' AND account = 'collateral'",
            "security-is-never-negative",
        ),
        (
            "UPDATE settlement.shortfall_share SET amount = amount + 1 WHERE step = 'loss'",
            "shortfall-is-met-to-the-unit",
        ),
        (
            "UPDATE settlement.shortfall SET method = 'without'",
            "shortfall-is-met-to-the-unit",
        ),
        ("UPDATE settlement.shortfall SET amount = amount + 1", "default-takes-a-net-to-zero"),
        ("UPDATE settlement.shortfall SET revision = 1", "default-takes-a-net-to-zero"),
        ("UPDATE settlement.recovery_share SET amount = 999", "what-came-back-was-given"),
        ("UPDATE settlement.recovery SET amount = amount + 1", "what-came-back-was-given"),
        ("UPDATE settlement.shortfall SET cured_at = now()", "what-came-back-was-given"),
    ],
)
def test_find_what_was_changed(covered: Coalition, corruption: str, found: str) -> None:
    covered.books.owner.execute(corruption)
    assert found in violated(covered)
