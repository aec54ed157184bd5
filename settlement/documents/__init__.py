"""Statements as files that people open: spreadsheets, printed pages, pictures."""
