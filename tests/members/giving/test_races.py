"""Gifts and purses under threads that start together: exactly one of them wins."""

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from kit.errors import Refusal
from kit.ids import uuid7
from members.giving import gifts
from members.giving.errors import GiftNotFound, GiftOver, GiveLimit
from tests.members.giving.people import People

ROUNDS = 2000 if os.environ.get("HUB_FULL") else 200


def together(*acts: Callable[[], Any]) -> list[Any]:
    """What each returned, or the refusal it raised; all begin at once."""
    barrier = threading.Barrier(len(acts))
    outcomes: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            outcomes[number] = act()
        except Refusal as refusal:
            outcomes[number] = refusal

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_gift_has_one_end(people: People) -> None:
    """Two acceptances, a refusal, the giver who changes his mind, and the time that is over."""
    giver, recipient = people.person(1_000_000), people.person()
    ends: dict[str, int] = {}
    for _ in range(ROUNDS):
        gift = people.give(giver, recipient, 10)
        had, got = people.available(giver), people.available(recipient)
        outcomes = together(
            partial(people.accept, gift, recipient),
            partial(people.accept, gift, recipient),
            partial(people.decline, gift, recipient),
            partial(people.take_back, gift, giver),
            partial(people.bring_back, after=timedelta(days=4)),
        )
        state = people.gift(gift).state
        ends[state] = ends.get(state, 0) + 1
        for outcome in outcomes[:4]:
            assert outcome == 10 or isinstance(outcome, GiftOver | GiftNotFound), outcome
        won = {
            "accepted": [outcomes[0] == outcomes[1] == 10],
            "declined": [outcomes[2] == 10],
            "taken_back": [outcomes[3] == 10],
            "lapsed": [outcomes[4] == 1],
        }
        assert won.pop(state) == [True]
        assert not any(each[0] for each in won.values())
        accepted = 10 if state == "accepted" else 0
        assert people.available(recipient) == got + accepted
        assert people.available(giver) == had + 10 - accepted
    assert len(ends) > 1, ends


def test_one_page_confirmed_by_many_fingers_gives_once(people: People) -> None:
    giver, recipient = people.person(1_000_000), people.person()
    for number in range(ROUNDS // 10):
        token = uuid7()
        outcomes = together(*[partial(people.give, giver, recipient, 10, id_=token)] * 4)
        assert outcomes == [token] * 4
        assert people.available(giver) == 1_000_000 - 10 * (number + 1)


def test_the_days_limit_holds_for_gifts_and_contributions_at_once(people: People) -> None:
    for _ in range(ROUNDS // 10):
        giver = people.person(1000)
        purse = people.purse(giver)
        give = partial(people.give, giver, people.number(), 60, daily_limit=100)
        contribute = partial(people.contribute, purse, giver, 60, daily_limit=100)
        outcomes = together(give, contribute, give, contribute)
        assert sum(isinstance(outcome, GiveLimit) for outcome in outcomes) == 3
        assert people.available(giver) == 940


def test_a_freeze_and_an_acceptance_are_one_after_the_other(people: People) -> None:
    """Once the freeze has returned, no gift of that wallet reaches anybody."""
    giver, recipient = people.person(1_000_000), people.person()
    for _ in range(ROUNDS // 10):
        gift = people.give(giver, recipient, 10)
        before = people.available(recipient)

        def freeze() -> int:
            with people.transaction() as session:
                session.connection().exec_driver_sql(
                    "UPDATE exchange.wallet SET frozen = true WHERE id = %s", (giver.wallet,)
                )
            return people.available(recipient)

        accepted, then = together(partial(people.accept, gift, recipient), freeze)
        assert people.available(recipient) == before + (10 if accepted == 10 else 0)
        people.books.freeze(giver.wallet, frozen=False)
        if accepted != 10:
            assert then == before
            people.take_back(gift, giver)


def test_two_jobs_bring_a_gift_back_once(people: People) -> None:
    giver = people.person(1_000_000)
    for _ in range(ROUNDS // 10):
        for _ in range(3):
            people.give(giver, people.number(), 10)
        outcomes = together(*[partial(people.bring_back, after=gifts.WAITS)] * 3)
        assert sum(outcomes) == 3
        assert people.available(giver) == 1_000_000
