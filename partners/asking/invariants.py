"""What must be true of `partners.asking` at any time."""

from exchange.invariants import Invariant

INVARIANTS: list[Invariant] = []
