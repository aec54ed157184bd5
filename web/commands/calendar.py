"""When windows close."""

import click


@click.group()
def calendar() -> None:
    """When windows close."""
