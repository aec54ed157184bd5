"""Exchanges that two people settle: as the partner's own answer would have, once, no other way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from kit.errors import Refusal
from partners.exchanges import by_hand
from partners.exchanges.errors import (
    ExchangeJustAsked,
    ExchangeNotFound,
    ExchangeNotWaiting,
    ExchangeSettlesNothing,
    ExchangeWaits,
)
from partners.exchanges.machine import Direction, Said
from tests.partners.exchanges.conftest import Trade

Balance = tuple[int, int]


def silent(trade: Trade, direction: Direction) -> UUID:
    """Asked, and nobody knows what the partner did; the last call is long over."""
    trade.programme.mood = "500"
    exchange = trade.begun(direction, 600 if direction == "export" else 30)
    trade.advance(exchange)
    assert trade.row(exchange)["state"] == "asked"
    trade.clock.ahead += timedelta(minutes=2)
    return exchange


def settle(trade: Trade, exchange: UUID, said: Said) -> str:
    with trade.database.transaction() as session:
        content = by_hand.content(session, exchange, said, trade.clock())
    with trade.database.transaction() as session:
        return by_hand.settle(session, content, trade.clock())[1]


@pytest.mark.parametrize(
    ("direction", "said", "state", "balance"),
    [
        ("export", "done", "done", (4_401, 0)),
        ("export", "refused", "returned", (5_000, 0)),
        ("import", "done", "done", (5_100, 0)),
        ("import", "refused", "returned", (5_000, 0)),
    ],
)
def test_the_books_do_as_if_the_partner_had_said_it(
    trade: Trade, direction: Direction, said: Said, state: str, balance: Balance
) -> None:
    exchange = silent(trade, direction)
    assert settle(trade, exchange, said) == state
    assert trade.row(exchange)["state"] == state
    assert trade.balance() == balance
    asked = len(trade.programme.calls)
    trade.programme.mood = "done"
    trade.later(days=1)
    assert len(trade.programme.calls) == asked  # The asking has ended.
    assert trade.balance() == balance


@pytest.mark.parametrize("said", ["done", "refused"])
def test_an_undo_of_an_export_that_nobody_answers(trade: Trade, said: Said) -> None:
    exchange = trade.done("export", 600)
    trade.undo(exchange)
    trade.programme.mood = "500"
    trade.advance(exchange)
    trade.clock.ahead += timedelta(minutes=2)
    state = {"done": "undone", "refused": "done"}[said]
    assert settle(trade, exchange, said) == state
    assert trade.balance() == ((5_000, 0) if said == "done" else (4_401, 0))


def test_what_may_not_be_refused_is_set_right_or_waits(trade: Trade) -> None:
    """The partner debited, the books could no longer bring the points in, nobody gives back."""
    trade.programme.moods = ["done"]
    trade.programme.mood = "500"
    exchange = trade.begun("import", 30)
    trade.owner.execute("UPDATE exchange.link SET active = false")
    trade.advance(exchange)
    trade.clock.ahead += timedelta(minutes=2)
    trade.advance(exchange)
    trade.clock.ahead += timedelta(minutes=2)
    assert trade.row(exchange)["state"] == "returning"
    with pytest.raises(ExchangeSettlesNothing):
        settle(trade, exchange, "refused")
    assert settle(trade, exchange, "done") == "returned"
    assert trade.balance() == (5_000, 0)


def test_not_before_it_was_asked_nor_just_after(trade: Trade) -> None:
    exchange = trade.begun("export", 600)
    with pytest.raises(ExchangeNotWaiting):
        settle(trade, exchange, "done")
    trade.programme.mood = "500"
    trade.advance(exchange)
    with pytest.raises(ExchangeJustAsked) as refused:
        settle(trade, exchange, "done")
    assert 50 < refused.value.facts["seconds"] <= 61
    assert trade.balance() == (4_401, 599)


def test_not_what_is_over_or_was_never_there(trade: Trade) -> None:
    exchange = trade.done("export", 600)
    for said in ("done", "refused"):
        with pytest.raises(ExchangeNotWaiting):
            settle(trade, exchange, said)
    with pytest.raises(ExchangeNotFound):
        settle(trade, uuid4(), "done")


def test_an_answer_to_another_question_settles_nothing(trade: Trade) -> None:
    """Proposed while it was credited; by the time of the approval it is taken back."""
    exchange = silent(trade, "export")
    with trade.database.transaction() as session:
        content = by_hand.content(session, exchange, "done", trade.clock())
    trade.programme.mood = "done"
    trade.later(hours=2)
    trade.undo(exchange)
    trade.programme.mood = "500"
    trade.advance(exchange)
    trade.clock.ahead += timedelta(minutes=2)
    assert trade.row(exchange)["state"] == "undoing"
    with pytest.raises(ExchangeNotWaiting), trade.database.transaction() as session:
        by_hand.settle(session, content, trade.clock())
    assert trade.balance() == (4_401, 0)


def test_waits_while_the_books_cannot_take_the_points(trade: Trade) -> None:
    exchange = silent(trade, "export")
    trade.owner.execute("UPDATE partners.partner SET state = 'suspended' WHERE slug = 'airline'")
    trade.owner.execute(
        "UPDATE exchange.party SET state = 'suspended' WHERE id = %s", (trade.airline.party,)
    )
    with pytest.raises(ExchangeWaits):
        settle(trade, exchange, "done")
    assert trade.row(exchange)["state"] == "asked"
    assert trade.balance() == (4_401, 599)


def test_two_who_say_otherwise_at_once_are_heard_once(trade: Trade) -> None:
    for _ in range(8):  # As many as there are points for, should each be captured.
        exchange, before = silent(trade, "export"), trade.balance()[0]
        with trade.database.transaction() as session:
            contents = [
                by_hand.content(session, exchange, said, trade.clock())
                for said in by_hand.answers(trade.row(exchange))
            ]

        def say(content: dict[str, object]) -> str | None:
            try:
                with trade.database.transaction() as session:
                    return by_hand.settle(session, content, trade.clock())[1]
            except Refusal:
                return None

        with ThreadPoolExecutor(2) as threads:
            said = list(threads.map(say, contents))
        assert sum(each is not None for each in said) == 1
        back = 599 if "returned" in said else 0
        assert trade.balance() == (before + back, 0)
