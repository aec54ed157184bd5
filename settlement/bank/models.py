"""The tables of `settlement.bank`."""
