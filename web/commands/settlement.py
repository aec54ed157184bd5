"""Explain a window's figures."""

import click


@click.group()
def settlement() -> None:
    """Explain a window's figures."""
