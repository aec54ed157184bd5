"""The tables of `members.giving`."""
