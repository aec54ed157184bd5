"""A demonstration: a month of a grocer's trade, lived by a coalition of eight brands."""
