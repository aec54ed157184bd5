"""What follows from what: an exchange as states, what the partner is asked, what the books do.

    quoted → reserved → asked → done → undoing → undone
                             ↘ returned    ↘ done (a partner may refuse to take back)
                             ↘ returning → returned (it said done, but the books no longer could)

Nothing here reads a clock, a table or a socket. An answer that is not known, `maybe`, changes
nothing: the partner is asked the same again.
"""

from dataclasses import dataclass
from typing import Final, Literal

Direction = Literal["import", "export"]
State = Literal["quoted", "reserved", "asked", "returning", "returned", "done", "undoing", "undone"]
Act = Literal["credit", "debit", "take-back", "give-back"]
Said = Literal["done", "refused", "maybe"]
Deed = Literal["capture", "void", "import", "refund"]

OPEN: Final[frozenset[State]] = frozenset({"reserved", "asked", "returning", "undoing"})

LONGEST_PAUSE: Final = 3600


@dataclass(frozen=True, slots=True)
class Move:
    """What the books do first, if anything, and the state then; `instead` when they refuse."""

    to: State
    deed: Deed | None = None
    instead: State | None = None


_ACTS: Final[dict[tuple[Direction, State], Act]] = {
    ("export", "reserved"): "credit",
    ("export", "asked"): "credit",
    ("export", "returning"): "take-back",
    ("export", "undoing"): "take-back",
    ("import", "reserved"): "debit",
    ("import", "asked"): "debit",
    ("import", "returning"): "give-back",
    ("import", "undoing"): "give-back",
}

_MOVES: Final[dict[tuple[Direction, State, Said], Move]] = {
    ("export", "asked", "done"): Move("done", "capture", instead="returning"),
    ("export", "asked", "refused"): Move("returned", "void", instead="returned"),
    ("export", "returning", "done"): Move("returned"),
    ("export", "undoing", "done"): Move("undone", "refund", instead="undone"),
    ("export", "undoing", "refused"): Move("done"),
    ("import", "asked", "done"): Move("done", "import", instead="returning"),
    ("import", "asked", "refused"): Move("returned"),
    ("import", "returning", "done"): Move("returned"),
    ("import", "undoing", "done"): Move("undone"),
    # No partner may refuse to set right what came to nothing: that is asked again.
}


def act(direction: Direction, state: State) -> Act | None:
    """What the partner is asked in this state; None when nothing is."""
    return _ACTS.get((direction, state))


def asking(state: State) -> State:
    """The state while the partner is being asked."""
    return "asked" if state == "reserved" else state


def move(direction: Direction, state: State, said: Said) -> Move | None:
    """What an answer leads to; None when the exchange stays as it is."""
    return _MOVES.get((direction, state, said))


def pause(tries: int) -> int:
    """Seconds to wait after the partner was asked so many times: 10, 20, 40 … up to an hour."""
    return min(LONGEST_PAUSE, 10 * 2 ** min(tries - 1, 9))
