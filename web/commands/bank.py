"""Accounts, invoices, payment files, and what the bank says."""

import click


@click.group()
def bank() -> None:
    """Accounts, invoices, payment files, and what the bank says."""
