"""The tables of `settlement.sealing`."""
