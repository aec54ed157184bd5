"""Gifts and purses under threads that start together: exactly one of them wins."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from kit.database import Busy
from kit.errors import Refusal
from kit.ids import uuid7
from members import consent
from members.giving import gifts, joining, purses
from members.giving.errors import GiftNotFound, GiftOver, GiveLimit, PurseNotFound
from tests.members.giving.people import People, Person

ROUNDS = 2000 if os.environ.get("HUB_FULL") else 200
YET = object()


def together(*acts: Callable[[], Any], busy: bool = False) -> list[Any]:
    """What each returned, or the refusal it raised; all begin at once.

    Who was kept waiting for too long tries again, as one does: on a busy machine that happens.
    With `busy`, it is an outcome.
    """
    barrier = threading.Barrier(len(acts))
    outcomes: list[Any] = [YET] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        barrier.wait()
        while outcomes[number] is YET:
            try:
                outcomes[number] = act()
            except Busy as refusal:
                outcomes[number] = refusal if busy else YET
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
        assert sum(outcomes) <= 3  # A job that was cut short does not count what it did.
        assert people.available(giver) == 1_000_000


def test_no_number_of_codes_pays_more_than_the_days_limit(people: People) -> None:
    """Codes shown and used as fast as three tills can, of a member who may pay 100 a day."""
    opener, child = people.person(1_000_000), people.person()
    for _ in range(ROUNDS // 20):
        shop = people.books.party()  # A till may bring few wrong codes a minute.
        purse = people.purse(opener)
        people.join(purse, opener, child, 100)
        people.contribute(purse, opener, 1000)
        wallet = people.purse_wallet(purse)

        def pay(points: int, *, hold: bool) -> int:
            """What a till got by codes shown to it until the purse said no."""
            got = 0
            for _ in range(4):
                with suppress(Busy):
                    shown = _show(people, purse, wallet, child)  # noqa: B023
                    if shown is None:
                        break
                    code, most = shown
                    asked = min(points, most)
                    outcome = people.books.post(
                        "authorisation" if hold else "redemption",
                        party=shop,  # noqa: B023
                        code=code,
                        points=asked,
                    )
                    got += asked if outcome.code is None else 0
            return got

        paid = together(
            partial(pay, 60, hold=False), partial(pay, 45, hold=True), partial(pay, 30, hold=False)
        )
        assert sum(paid) <= 100
        assert people.books.balance(wallet) == (1000 - sum(paid), paid[1])
        assert people.allowance(purse, child) == 100 - sum(paid)


def _show(people: People, purse: UUID, wallet: int, person: Person) -> tuple[str, int] | None:
    """A code as the page makes it, as an order has it, and its limit."""
    now = people.now()
    with people.transaction() as session:
        consent.end_shown(session, wallet=wallet, person=person.id)
        most = purses.allowance(session, purse, person.id, now)
        if not most:
            return None
        shown = consent.show(
            session,
            wallet=wallet,
            person=person.id,
            shared=True,
            max_points=most,
            chosen_limit=most,
            secrets_=people.secrets,
            now=now,
        )
    return consent.digest(people.secrets, shown.code), most


def test_who_is_removed_pays_nothing_afterwards(people: People) -> None:
    """A code is made before or after the removal: of one made before, nothing is left."""
    opener, child = people.person(1_000_000), people.person()
    for _ in range(ROUNDS // 20):
        shop = people.books.party()  # A till may bring few wrong codes a minute.
        purse = people.purse(opener)
        people.join(purse, opener, child, 100)
        people.contribute(purse, opener, 1000)
        wallet = people.purse_wallet(purse)

        def remove() -> bool:
            with people.transaction() as session:
                joining.remove(
                    session,
                    purse,  # noqa: B023
                    opener=opener.id,
                    person=child.id,
                    now=people.now(),
                )
            return True

        shown, _ = together(partial(_show, people, purse, wallet, child), remove)
        if isinstance(shown, tuple):
            spend = {"party": shop, "code": shown[0], "points": 10}
            assert people.books.post("redemption", **spend).code == "payment-code-invalid"
        else:
            assert isinstance(shown, PurseNotFound)


def test_erasing_the_giver_and_accepting_wait_for_each_other_in_one_order(people: People) -> None:
    """Neither is undone for the other's sake: nobody is told to try again."""
    recipient = people.person()
    for _ in range(ROUNDS // 20):
        giver = people.person(100)
        gift = people.give(giver, recipient, 10)
        got = people.available(recipient)
        outcomes = together(
            partial(people.accept, gift, recipient), partial(people.erase, giver), busy=True
        )
        assert outcomes == [10, None]
        assert people.available(recipient) == got + 10
