"""The tables of `members.notices`."""
