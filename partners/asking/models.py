"""The tables of `partners.asking`."""
