"""What must be true of settlement at any time (see `exchange.invariants`)."""

import settlement.bank.invariants
import settlement.defaults.invariants
import settlement.disputes.invariants
import settlement.finance.invariants
import settlement.reconciliation.invariants
import settlement.sealing.invariants
from exchange.invariants import Invariant
from settlement.invariants import agreed, recorded, windows

INVARIANTS: list[Invariant] = [
    *windows.INVARIANTS,
    *agreed.INVARIANTS,
    *recorded.INVARIANTS,
    *settlement.sealing.invariants.INVARIANTS,
    *settlement.bank.invariants.INVARIANTS,
    *settlement.reconciliation.invariants.INVARIANTS,
    *settlement.disputes.invariants.INVARIANTS,
    *settlement.defaults.invariants.INVARIANTS,
    *settlement.finance.invariants.INVARIANTS,
]
