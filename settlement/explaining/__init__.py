"""From a net figure down to the signed requests behind it; and what other terms had made of it."""
