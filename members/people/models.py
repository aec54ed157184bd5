"""The tables of `members.people`."""
