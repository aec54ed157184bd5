"""Partners that do not fund: shown first, then done."""

import click


@click.group()
def defaults() -> None:
    """Partners that do not fund: shown first, then done."""
