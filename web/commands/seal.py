"""The sealed log: seal journals, publish heads, verify them."""

import click


@click.group()
def seal() -> None:
    """The sealed log: seal journals, publish heads, verify them."""
