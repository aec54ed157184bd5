"""What must be true of `members.notices` at any time."""

from exchange.invariants import Invariant

INVARIANTS: list[Invariant] = []
