"""The frame of every page: type, spacing, colour, parts, words in both languages."""
