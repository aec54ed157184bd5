"""Earning on goods, spending the points, and bringing the goods back (T20)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.server import Coalition, Partner


@pytest.fixture
def shop(coalition: Coalition) -> Partner:
    """Gives points that are the member's after the 14 days in which goods may come back."""
    return coalition.partner(pending_days=14)


def clawback(partner: Partner, transaction: str, points: int, reference: str):
    return partner.call(
        "POST",
        f"/v1/accruals/{transaction}/clawbacks",
        {"points": points, "reference": reference},
    )


def balance(partner: Partner, member: str) -> dict:
    return partner.call("GET", f"/v1/members/{member}/balance?points=1").body


def test_points_of_goods_that_may_come_back_cannot_be_spent(shop: Partner) -> None:
    member = shop.enrol(shares_balance=True)
    earned = shop.accrue(member, 300).body["id"]
    refused = shop.redeem(member, 300)
    assert (refused.status, refused.body["code"]) == (422, "insufficient-points")
    assert balance(shop, member)["pending"] == 300
    taken = clawback(shop, earned, 300, "back-1").body
    assert (taken["taken"], taken["owed"]) == (300, 0)
    assert balance(shop, member)["pending"] == 0


def test_what_was_spent_before_is_owed_and_the_wallet_is_never_negative(
    coalition: Coalition,
) -> None:
    shop, diner = coalition.partner(), coalition.partner()
    member = shop.enrol(shares_balance=True)
    earned = shop.accrue(member, 300).body["id"]
    assert diner.redeem(diner.link(shop, member), 250).status == 201
    taken = clawback(shop, earned, 300, "back-1").body
    assert (taken["taken"], taken["owed"]) == (50, 250)
    assert balance(shop, member)["available"] == 0
    shop.accrue(member, 260)  # Pays the debt first.
    assert balance(shop, member)["available"] == 10


def test_one_receipt_comes_back_once_and_never_for_more(coalition: Coalition) -> None:
    shop = coalition.partner()
    member = shop.enrol(shares_balance=True)
    earned = shop.accrue(member, 300).body["id"]
    assert clawback(shop, earned, 200, "back-1").status == 201
    twice = clawback(shop, earned, 100, "back-1")
    assert (twice.status, twice.body["code"]) == (409, "duplicate-reference")
    more = clawback(shop, earned, 101, "back-2")
    assert (more.status, more.body["code"]) == (422, "exceeds-accrued")
    assert balance(shop, member)["available"] == 100


def test_of_many_who_bring_it_back_at_once_one_is_believed(coalition: Coalition) -> None:
    shop = coalition.partner()
    member = shop.enrol(shares_balance=True)
    earned = shop.accrue(member, 300).body["id"]
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda n: clawback(shop, earned, 300, f"back-{n}").status, range(8)))
    assert sorted(said) == [201] + [422] * 7
    assert balance(shop, member)["available"] == 0
