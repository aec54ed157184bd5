"""The tables of `settlement.reconciliation`."""
