"""What must be true of it at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

INVARIANTS: list[Invariant] = []
