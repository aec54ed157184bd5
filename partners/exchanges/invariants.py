"""What must be true of `partners.exchanges` at any time."""

from exchange.invariants import Invariant

INVARIANTS: list[Invariant] = []
