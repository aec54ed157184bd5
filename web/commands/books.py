"""The books of finance."""

import click


@click.group()
def books() -> None:
    """The books of finance."""
