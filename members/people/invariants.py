"""What must be true of `members.people` at any time."""

from exchange.invariants import Invariant

INVARIANTS: list[Invariant] = []
