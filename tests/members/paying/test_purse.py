"""Paying from a family purse: the code says who showed it, and each has a limit a day."""

import re

import pytest

from kit.ids import to_text, uuid7
from members.giving import purses
from tests.members.paying.conftest import Paying, digits
from tests.members.visitor import SECRETS, SignedIn, Visitor


@pytest.fixture
def purse(paying: Paying) -> str:
    """A purse of the member's with 10,000 points in it, and its public id."""
    id_ = uuid7()
    with paying.coalition.database.transaction() as session:
        purses.open_(
            session,
            id_=id_,
            person=paying.member.person,
            name="Home",
            secrets_=SECRETS,
            now=paying.site.clock(),
        )
        purses.contribute(
            session,
            id_=uuid7(),
            purse=id_,
            person=paying.member.person,
            wallet=paying.member.wallet,
            points=4_000,
            daily_limit=10_000,
            now=paying.site.clock(),
        )
    return to_text("prs", id_)


def child_of(paying: Paying, daily_limit: int) -> tuple[Visitor, SignedIn]:
    """Somebody else in the purse."""
    child, signed = paying.someone(points=0)
    paying.coalition.books.owner.execute(
        "INSERT INTO members.purse_member (purse_id, person_id, daily_limit, joined_at)"
        " SELECT id, %s, %s, now() FROM members.purse",
        (signed.person, daily_limit),
    )
    return child, signed


def test_pays_from_the_purse_and_says_who(paying: Paying, purse: str) -> None:
    page = paying.visitor.get("/pay")
    assert re.search(r"My wallet\s+Home", page.words)
    page = paying.visitor.get(f"/pay?purse={purse}")
    assert "Available 4,000" in page.words
    assert paying.spend(digits(page), 100).status == 201
    row = paying.coalition.books.owner.execute(
        "SELECT spender FROM exchange.payment_code WHERE used_at IS NOT NULL"
    ).fetchone()
    assert row == (paying.member.person,)


def test_each_has_a_code_of_their_own(paying: Paying, purse: str) -> None:
    child, _ = child_of(paying, 300)
    mine, theirs = (
        digits(visitor.get(f"/pay?purse={purse}")) for visitor in (paying.visitor, child)
    )
    own = digits(paying.visitor.get("/pay"))
    for code in (mine, theirs, own):
        assert paying.spend(code, 10).status == 201


def test_no_more_than_the_days_limit(paying: Paying, purse: str) -> None:
    child, _ = child_of(paying, 300)
    page = child.get(f"/pay?purse={purse}")
    assert "This code: up to 300 points" in page.words
    assert paying.spend(digits(page), 250).status == 201
    page = child.get(f"/pay?purse={purse}")
    assert "This code: up to 50 points" in page.words
    older = digits(page)
    again = digits(child.get(f"/pay?purse={purse}"))
    assert paying.spend(older, 50).body["code"] == "payment-code-invalid"
    assert paying.spend(again, 50).status == 201
    over = child.get(f"/pay?purse={purse}")
    assert "You have paid your share of this purse today." in over.words
    assert "data-left" not in over.text


def test_anothers_purse_is_a_missing_one(paying: Paying, purse: str) -> None:
    stranger, _ = paying.someone()
    for path in ("/pay", "/pay/limit"):
        for named in (purse, "prs_" + "0" * 26, "x"):
            assert stranger.get(f"{path}?purse={named}").status == 404
