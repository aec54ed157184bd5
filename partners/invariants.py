"""What must be true of partners' asking and exchanging at any time (see `exchange.invariants`)."""

import partners.asking.invariants
import partners.exchanges.invariants
from exchange.invariants import Invariant

INVARIANTS: list[Invariant] = [
    *partners.asking.invariants.INVARIANTS,
    *partners.exchanges.invariants.INVARIANTS,
]
