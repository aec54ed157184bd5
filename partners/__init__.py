"""Merchants: registry, keys, signing, terms, and the signed API."""
