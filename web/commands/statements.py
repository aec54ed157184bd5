"""Statements as files."""

import click


@click.group()
def statements() -> None:
    """Statements as files."""
