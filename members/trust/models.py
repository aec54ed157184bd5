"""The tables of `members.trust`."""
