"""Partners' own records against the books."""

import click


@click.group()
def reconciliations() -> None:
    """Partners' own records against the books."""
