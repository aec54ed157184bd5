"""The checker finds what was changed of gifts and purses behind the hub's back."""

from datetime import UTC, datetime

import pytest

from exchange.invariants import check
from members.giving import joining
from members.giving.invariants import INVARIANTS
from tests.members.giving.people import People


@pytest.fixture
def lived(people: People) -> People:
    """Gifts in every state, one of them partly expired; an open purse, a closed and a left one."""
    giver, recipient, child = people.person(5000), people.person(), people.person(500)
    people.books.issue(people.issuer, giver.wallet, 50, expires_on="2097-01-31")
    short = people.give(giver, recipient, 90)
    people.books.post(
        "lot-expiry", wallet=people.escrow(short), moment=datetime(2097, 3, 1, tzinfo=UTC)
    ).unwrap()
    people.accept(short, recipient)
    people.decline(people.give(giver, recipient, 20), recipient)
    people.take_back(people.give(giver, recipient, 30), giver)
    people.give(giver, people.number(), 40)
    people.bring_back()
    people.give(giver, people.number(), 50)
    closed, left = people.purse(giver), people.purse(giver)
    people.contribute(closed, giver, 60)
    people.invite(closed, giver, recipient)
    people.close(closed, giver)
    people.join(left, giver, child)
    people.contribute(left, child, 70)
    code = people.books.payment_code(people.purse_wallet(left))
    people.books.post("redemption", party=people.books.party(), code=code, points=10).unwrap()
    with people.transaction() as session:
        joining.leave(session, left, person=child.id, now=people.now())
    people.join(left, giver, child)
    gone = people.person(100)
    people.give(gone, people.number(), 10)
    people.erase(gone)
    return people


def violated(people: People) -> set[str]:
    with people.database.engine.connect() as connection:
        results = check(connection, INVARIANTS)
    return {result.name for result in results if result.count}


def test_hold_after_a_bit_of_everything(lived: People) -> None:
    assert violated(lived) == set()


def _without(table: str, *constraints: str) -> list[str]:
    return [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name in constraints]


CORRUPTIONS = [
    ("a-waiting-gift-holds-its-points", ["UPDATE members.gift SET points = points + 1"
                                         " WHERE state = 'waiting'"]),
    ("a-waiting-gift-holds-its-points", ["UPDATE members.gift SET moved = moved - 1"
                                         " WHERE state = 'accepted'"]),
    ("a-waiting-gift-holds-its-points", ["UPDATE exchange.wallet SET available = 1 WHERE id IN"
     " (SELECT escrow_id FROM members.gift WHERE state = 'lapsed')"]),
    ("a-waiting-gift-holds-its-points", [
        *_without("members.gift", "gift_waits_or_has_ended"),
        "UPDATE members.gift SET phone_index = NULL WHERE state = 'waiting'"]),
    ("a-waiting-gift-holds-its-points", [
        "UPDATE members.gift SET state = 'taken_back', moved = points, ended_at = now(),"
        " phone_index = NULL WHERE state = 'waiting'"]),
    ("a-gift-goes-to-its-recipient-or-back", ["UPDATE members.gift SET state = 'taken_back',"
                                              " recipient_id = NULL WHERE state = 'accepted'"]),
    ("a-gift-goes-to-its-recipient-or-back", ["UPDATE members.gift SET state = 'accepted'"
                                              " WHERE state = 'declined'"]),
    ("a-gift-goes-to-its-recipient-or-back", ["UPDATE members.gift SET journal_id = id"]),
    ("a-gift-goes-to-its-recipient-or-back", [
        *_without("members.gift", "gift_not_to_oneself"),
        "UPDATE members.gift SET recipient_id = giver_id WHERE state = 'declined'"]),
    ("a-purse-holds-what-was-put-in", ["UPDATE members.purse_move SET points = points + 1"
                                       " WHERE kind = 'contributed'"]),
    ("a-purse-holds-what-was-put-in", ["DELETE FROM members.purse_move"
                                       " WHERE kind = 'paid_back'"]),
    ("what-a-purse-got-is-in-the-books", ["DELETE FROM members.purse_move"
                                          " WHERE kind = 'paid_back'"]),
    ("what-a-purse-got-is-in-the-books", ["UPDATE members.purse_move SET journal_id = id"]),
    ("what-a-purse-got-is-in-the-books", [
        "UPDATE members.purse_move m SET person_id = (SELECT person_id FROM members.purse_member r"
        " WHERE r.person_id <> m.person_id AND r.daily_limit IS NOT NULL LIMIT 1)"
        " WHERE kind = 'paid_back'"]),
    ("nobody-is-in-a-purse-twice", ["UPDATE members.purse_member SET left_at = now() + interval"
                                    " '1 day' WHERE left_at IS NOT NULL"]),
    ("nobody-is-in-a-purse-twice", [
        "DROP INDEX members.purse_member_once",
        "UPDATE members.purse_member SET left_at = NULL"]),
    ("an-open-purse-has-its-opener", ["UPDATE members.purse_member SET daily_limit = 1"]),
    ("an-open-purse-has-its-opener", ["UPDATE members.purse SET closed_at = now()"
                                      " WHERE closed_at IS NULL"]),
    ("an-open-purse-has-its-opener", ["UPDATE members.purse SET closed_at = NULL"]),
    ("giving-forgets-the-erased", ["UPDATE members.gift SET sealed = '{}'"]),
    ("giving-forgets-the-erased", ["UPDATE members.person SET erased_at = now(),"
                                   " phone_index = NULL, sealed = NULL, wrapped_key = NULL"]),
]  # fmt: skip


@pytest.mark.corrupts_books
@pytest.mark.parametrize(("found", "corruption"), CORRUPTIONS)
def test_find_what_was_changed(lived: People, corruption: list[str], found: str) -> None:
    with lived.books.owner.transaction(force_rollback=True):
        for statement in corruption:
            lived.books.owner.execute(statement)
        assert found in _violated_here(lived)


def _violated_here(people: People) -> set[str]:
    """In the transaction of the corruption, so that what it dropped comes back."""
    return {one.name for one in INVARIANTS if people.books.owner.execute(one.query).fetchone()}


def test_each_has_a_case() -> None:
    assert {name for name, _ in CORRUPTIONS} == {one.name for one in INVARIANTS}
