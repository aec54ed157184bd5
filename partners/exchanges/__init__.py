"""Exchanges: a partner's own points into shared ones and back, as sagas."""
