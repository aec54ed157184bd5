"""The machine, as the table that it is."""

from typing import get_args

import pytest

from partners.exchanges import machine
from partners.exchanges.machine import Direction, Move, Said, State

TABLE = [
    ("export", "asked", "done", Move("done", "capture", "returning")),
    ("export", "asked", "refused", Move("returned", "void", "returned")),
    ("export", "returning", "done", Move("returned")),
    ("export", "returning", "refused", None),
    ("export", "undoing", "done", Move("undone", "refund", "undone")),
    ("export", "undoing", "refused", Move("done")),
    ("import", "asked", "done", Move("done", "import", "returning")),
    ("import", "asked", "refused", Move("returned")),
    ("import", "returning", "done", Move("returned")),
    ("import", "returning", "refused", None),
    ("import", "undoing", "done", Move("undone")),
    ("import", "undoing", "refused", None),
]


@pytest.mark.parametrize(("direction", "state", "said", "then"), TABLE)
def test_what_an_answer_leads_to(
    direction: Direction, state: State, said: Said, then: Move | None
) -> None:
    assert machine.move(direction, state, said) == then


def test_maybe_changes_nothing_and_what_is_over_asks_nobody() -> None:
    for direction in get_args(Direction):
        for state in get_args(State):
            assert machine.move(direction, state, "maybe") is None
            assert (machine.act(direction, state) is not None) == (state in machine.OPEN)


def test_every_exchange_can_end() -> None:
    """From each open state, answers lead to one where nothing is asked."""
    for direction in get_args(Direction):
        for state in machine.OPEN:
            reached: set[State] = {machine.asking(state)}
            for _ in get_args(State):
                for each in list(reached):
                    if (step := machine.move(direction, each, "done")) is not None:
                        reached |= {step.to} | ({step.instead} if step.instead else set())
            assert reached - machine.OPEN


def test_pauses() -> None:
    assert [machine.pause(tries) for tries in (1, 2, 3, 9, 10, 10**9)] == [
        10, 20, 40, 2560, 3600, 3600,
    ]  # fmt: skip
