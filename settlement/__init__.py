"""Obligations, netting, windows and statements."""
