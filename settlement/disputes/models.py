"""The tables of `settlement.disputes`."""
