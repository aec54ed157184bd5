"""What must be true of `members.giving` at any time."""

from exchange.invariants import Invariant

INVARIANTS: list[Invariant] = []
