"""What a member does to a wallet while tills are at it: freezing, consent, giving. Each under the
wallet's lock, so one is before the other, and what is before counts."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from exchange import freezing, ledger, links, purses, transfers
from exchange.errors import HoldNotOpen, InsufficientPoints, Refusal
from exchange.ledger import Outcome
from kit.clock import system_clock
from tests.books import Books
from tests.races.volleys import rounds

TILLS = 6


@pytest.fixture
def together(books: Books) -> Callable[..., list[Any]]:
    """Do several things at once, each on a connection of its own; what each returned or raised."""

    def run(*things: Callable[[], Any]) -> list[Any]:
        start = threading.Barrier(len(things))
        results: list[Any] = [None] * len(things)

        def one(number: int, thing: Callable[[], Any]) -> None:
            start.wait(30)
            try:
                results[number] = thing()
            except Refusal as refusal:
                results[number] = refusal

        threads = [threading.Thread(target=one, args=each) for each in enumerate(things)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        return results

    return run


def within(books: Books, act: Callable[[Session], Any]) -> Callable[[], Any]:
    """An act of the member, in a transaction of its own."""

    def do() -> Any:
        with books.database.transaction() as session:
            return act(session)

    return do


def posting(books: Books, kind: str, **fields: Any) -> Callable[[], Outcome]:
    order = books.order(kind, **fields)
    return lambda: ledger.post(books.database.hot, [order])[0]


def test_frozen_while_tills_hold_and_capture(books: Books, together: Any) -> None:
    """A hold was captured or is void, none is left; who came after it was told of the freeze."""
    till = books.party()
    for _ in range(rounds(20)):
        wallet = books.wallet(points=100)
        at_till = {"party": till, "link": books.link(till, wallet)}
        holds = [
            books.post("authorisation", points=10, **at_till).unwrap()["id"] for _ in range(TILLS)
        ]
        captures = [posting(books, "capture", party=till, hold=hold) for hold in holds]
        more = [posting(books, "authorisation", points=1, **at_till) for _ in range(TILLS)]
        freeze = within(books, lambda session, wallet=wallet: freezing.freeze(session, wallet))
        ended, *answers = together(freeze, *captures, *more)
        captured = [answer for answer in answers[:TILLS] if answer.code is None]
        late = [answer for answer in answers[:TILLS] if answer.code is not None]
        assert {answer.code for answer in late} <= {HoldNotOpen.code}
        assert {answer.facts["state"] for answer in late} <= {"voided"}
        held = [answer for answer in answers[TILLS:] if answer.code is None]
        assert {answer.code for answer in answers[TILLS:]} <= {None, "wallet-frozen"}
        assert {str(each.hold) for each in ended} == {
            *(hold for hold, answer in zip(holds, answers[:TILLS], strict=True) if answer in late),
            *(answer.facts["id"] for answer in held),
        }
        assert books.balance(wallet) == (100 - 10 * len(captured), 0)
        assert books.post("redemption", points=1, **at_till).code == "wallet-frozen"


def test_frozen_twice_at_once(books: Books, together: Any) -> None:
    """Every hold is ended once, by one of the two."""
    till = books.party()
    for _ in range(rounds(20)):
        wallet = books.wallet(points=100)
        link = books.link(till, wallet)
        for _ in range(3):
            books.post("authorisation", party=till, link=link, points=10).unwrap()
        freeze = within(books, lambda session, wallet=wallet: freezing.freeze(session, wallet))
        assert sorted(len(ended) for ended in together(freeze, freeze)) == [0, 3]
        assert books.balance(wallet) == (100, 0)


@pytest.mark.parametrize("withdrawn", [True, False])
def test_consent_taken_back_while_tills_spend(books: Books, together: Any, withdrawn: bool) -> None:
    """What was spent before is spent, and nothing after."""
    till = books.party()
    for _ in range(rounds(20)):
        wallet = books.wallet(points=100)
        link = books.link(till, wallet)

        def act(session: Session, wallet: int = wallet, link: str = link) -> None:
            if withdrawn:
                links.withdraw(session, party=till, link=link)  # type: ignore[arg-type]
            else:
                links.set_consent(
                    session,
                    wallet=wallet,
                    link=link,  # type: ignore[arg-type]
                    daily_limit=0,
                    shares_balance=False,
                    answers=False,
                )

        sales = [
            posting(books, "redemption", party=till, link=link, points=1) for _ in range(TILLS)
        ]
        _, *answers = together(within(books, act), *sales)
        code = "member-not-found" if withdrawn else "no-mandate"
        assert {answer.code for answer in answers} <= {None, code}
        spent = sum(answer.code is None for answer in answers)
        assert books.balance(wallet) == (100 - spent, 0)
        again = posting(books, "redemption", party=till, link=link, points=1)()
        assert again.code == code


def test_given_while_it_is_spent(books: Books, together: Any) -> None:
    """The full balance goes once: to a till or to a friend."""
    till = books.party()
    for _ in range(rounds(20)):
        wallet, friend = books.wallet(points=50), books.wallet()
        at_till = {"party": till, "link": books.link(till, wallet)}
        gifts = [
            posting(books, "transfer", wallet=wallet, to_wallet=friend, points=50)
            for _ in range(TILLS // 2)
        ]
        sales = [posting(books, "redemption", points=50, **at_till) for _ in range(TILLS // 2)]
        answers = together(*gifts, *sales)
        won = [answer for answer in answers if answer.code is None]
        assert len(won) == 1
        assert {a.code for a in answers if a.code} == {InsufficientPoints.code}
        given = won[0].facts["kind"] == "transfer"
        assert books.balance(wallet) == (0, 0)
        assert books.balance(friend) == (50 if given else 0, 0)


def test_two_friends_give_to_each_other(books: Books, together: Any) -> None:
    """Wallets are locked in one order, so nobody waits for ever, and nothing gets lost."""
    for _ in range(rounds(20)):
        a, b = books.wallet(points=30), books.wallet(points=30)
        moves = [
            posting(books, "transfer", wallet=x, to_wallet=y, points=3)
            for x, y in ((a, b), (b, a)) * (TILLS // 2)
        ]
        assert {answer.code for answer in together(*moves)} == {None}
        assert books.balance(a) == books.balance(b) == (30, 0)


def test_one_gift_is_moved_once_whoever_retries(books: Books, together: Any) -> None:
    """One reference from several hands at once, and not even the wallets are the same."""
    for number in range(rounds(20)):
        with books.database.transaction() as session:
            escrow = purses.open_purse(session, system_clock())
        givers = [books.wallet(points=10) for _ in range(TILLS)]
        moves = []
        for giver in givers:
            order = transfers.transfer(
                wallet=giver, to_wallet=escrow, points=10, reference=f"gift {number}"
            )
            moves.append(lambda order=order: ledger.post(books.database.hot, [order])[0])
        answers = together(*moves)
        won = [answer for answer in answers if answer.code is None]
        lost = [answer for answer in answers if answer.code is not None]
        assert len(won) == 1
        assert {(a.code, a.facts["first"]) for a in lost} == {
            ("duplicate-reference", won[0].facts["id"])
        }
        assert books.balance(escrow) == (10, 0)
        assert sum(books.balance(giver)[0] for giver in givers) == 10 * (TILLS - 1)


def test_all_mandates_together_at_once(books: Books, together: Any) -> None:
    """Tills of several brands; their sum stays within what the member lets go without asking."""
    tills = [books.party() for _ in range(TILLS)]
    for _ in range(rounds(20)):
        wallet = books.wallet(points=100)
        books.owner.execute(
            "UPDATE exchange.wallet SET unapproved_limit = 25 WHERE id = %s", (wallet,)
        )
        sales = [
            posting(books, "redemption", party=till, link=books.link(till, wallet), points=10)
            for till in tills
        ]
        codes = [answer.code for answer in together(*sales)]
        assert codes.count(None) == 2
        assert codes.count("member-limit") == TILLS - 2
        assert books.balance(wallet) == (80, 0)
