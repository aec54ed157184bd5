"""A demonstration: one real month of a grocer's trade, lived by a coalition of eight brands."""
