"""What must be true of members at any time (see `exchange.invariants`)."""

import members.giving.invariants
import members.notices.invariants
import members.people.invariants
import members.trust.invariants
from exchange.invariants import Invariant

INVARIANTS: list[Invariant] = [
    *members.people.invariants.INVARIANTS,
    *members.giving.invariants.INVARIANTS,
    *members.notices.invariants.INVARIANTS,
    *members.trust.invariants.INVARIANTS,
]
