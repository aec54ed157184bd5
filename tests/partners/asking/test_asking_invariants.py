"""What is changed behind the hub's back is found: each invariant is made to fail."""

import pytest

from exchange.invariants import check
from partners.asking.invariants import INVARIANTS
from tests.partners.asking.conftest import Asking


@pytest.fixture
def decided(asking_shop: Asking) -> Asking:
    """One approved and used, one approved, one refused, one asked."""
    used, approved, refused, _ = (asking_shop.asked(points=10) for _ in range(4))
    asking_shop.approve(used)
    asking_shop.spend(used, points=10)
    asking_shop.approve(approved)
    asking_shop.refuse(refused)
    return asking_shop


def violated(asked: Asking) -> set[str]:
    with asked.coalition.database.engine.connect() as connection:
        return {result.name for result in check(connection, INVARIANTS) if result.count}


def test_all_hold(decided: Asking) -> None:
    assert violated(decided) == set()


@pytest.mark.corrupts_books
@pytest.mark.parametrize(
    ("corruption", "name"),
    [
        ("UPDATE partners.approval SET points = 9", "approval-is-one-code"),
        ("UPDATE partners.approval SET party_id = 1", "approval-is-one-code"),
        ("DELETE FROM exchange.payment_code WHERE used_at IS NULL", "approval-is-one-code"),
        ("UPDATE exchange.payment_code SET max_points = 11", "approval-is-one-code"),
        ("UPDATE exchange.payment_code SET party_id = NULL", "approval-is-one-code"),
        (
            "UPDATE partners.approval SET decided_at = expires_at WHERE state = 'refused'",
            "approval-decided-in-time-by-its-member",
        ),
        (
            "UPDATE partners.approval SET decided_at = asked_at - interval '1 s'"
            " WHERE state = 'refused'",
            "approval-decided-in-time-by-its-member",
        ),
        (
            "UPDATE partners.approval SET wallet_id = NULL WHERE state = 'refused'",
            "approval-decided-in-time-by-its-member",
        ),
        (
            "UPDATE exchange.payment_code SET used_by = 1 WHERE used_at IS NOT NULL",
            "approval-used-once-as-approved",
        ),
        (
            "UPDATE exchange.payment_code SET used_at = expires_at WHERE used_at IS NOT NULL",
            "approval-used-once-as-approved",
        ),
        ("UPDATE exchange.hold SET points = 11", "approval-used-once-as-approved"),
    ],
)
def test_each_is_found(decided: Asking, corruption: str, name: str) -> None:
    decided.coalition.books.owner.execute(corruption)
    assert name in violated(decided)
