"""What must be true of the books at any time; `check` reads it all in one snapshot.

Packages above have invariants of their own (`staff.invariants`, `settlement.invariants`): lists
of the same kind, to be joined to this one.
"""

from exchange.invariants import balances, effects, issuing, movements, spending, undoing, windows
from exchange.invariants.checking import Invariant, Result, Violation, check, examine

__all__ = ["INVARIANTS", "Invariant", "Result", "Violation", "check", "examine"]

INVARIANTS: list[Invariant] = [
    *balances.INVARIANTS,
    *movements.INVARIANTS,
    *windows.INVARIANTS,
    *spending.INVARIANTS,
    *undoing.INVARIANTS,
    *issuing.INVARIANTS,
    *effects.INVARIANTS,
]
