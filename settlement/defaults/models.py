"""The tables of `settlement.defaults`."""
