"""Giving: gifts to a mobile number, and purses that several people pay from."""
