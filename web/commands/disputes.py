"""Contested lines."""

import click


@click.group()
def disputes() -> None:
    """Contested lines."""
