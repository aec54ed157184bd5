"""Every invariant there is, of all packages: what a full check asks."""

import exchange.invariants
import members.invariants
import partners.invariants
import settlement.invariants
import staff.invariants
from exchange.invariants import Invariant

EVERY: list[Invariant] = [
    *exchange.invariants.INVARIANTS,
    *members.invariants.INVARIANTS,
    *staff.invariants.INVARIANTS,
    *partners.invariants.INVARIANTS,
    *settlement.invariants.INVARIANTS,
]
