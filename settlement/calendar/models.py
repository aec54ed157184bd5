"""The tables of `settlement.calendar`."""
