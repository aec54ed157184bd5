"""The tables of `partners.exchanges`."""
