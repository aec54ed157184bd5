"""Contested lines: opened, answered, resolved; the rest settles."""
