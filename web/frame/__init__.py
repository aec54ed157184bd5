"""The frame of every page: type, spacing, colour, parts, words in both languages."""

from web.frame.wiring import install

__all__ = ["install"]
