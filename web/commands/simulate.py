"""What other terms would have made of a window."""

import click


@click.command()
def simulate() -> None:
    """Replay closed windows under other terms."""
