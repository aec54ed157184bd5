"""A partner that does not fund: worked out again without it, or covered."""
