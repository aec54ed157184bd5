"""What partners agreed: proposed here, agreed by a second person."""

from dataclasses import asdict
from typing import Any

import click

import partners.store
from partners import registry
from partners import terms as partner_terms
from web.commands.context import Context, json_option, pass_context
from web.commands.proposing import AS, REASON, WHEN, in_utc, propose


@click.group()
def terms() -> None:
    """What partners agreed: prices, fees, policy, caps."""


@terms.command(name="propose")
@click.argument("slug")
@click.option("--issue-price", type=int, required=True, help="Millionths of a minor unit a point.")
@click.option("--accept-price", type=int, required=True, help="Millionths of a minor unit a point.")
@click.option("--fee-ppm", type=int, default=0, help="Hub fee, of what it is paid as an acceptor.")
@click.option("--prefunded-ppm", type=int, default=0, help="0: on redemption, 1000000: on issuing.")
@click.option("--breakage-hub-ppm", type=int, default=0, help="The hub's share of breakage.")
@click.option("--currency", default="CNY", show_default=True, help="Of settlement.")
@click.option("--cap", type=int, help="Exposure, in minor units; left out, there is none.")
@click.option(
    "--expiry-months",
    type=int,
    default=24,
    show_default=True,
    help="Life of a point.",
)
@click.option("--pending-days", type=int, default=0, show_default=True, help="Not spendable yet.")
@click.option("--collateral", type=int, default=0, help="To be left with the hub, minor units.")
@click.option("--fund-share", type=int, default=0, help="To be paid into the mutual fund.")
@click.option("--from", "valid_from", type=WHEN, required=True, help="Since when; UTC.")
@AS
@REASON
@json_option
@pass_context
def propose_terms(context: Context, slug: str, by: str, reason: str, **values: Any) -> None:
    """Propose terms from a date on."""
    with context.database.transaction() as session:
        new = partner_terms.NewTerms(
            party=registry.find(session, slug).party, **in_utc(values, "valid_from")
        )
        partner_terms.check(new)
        propose(context, session, "terms", asdict(new), by, reason)


@terms.command(name="list")
@click.argument("slug")
@json_option
@pass_context
def list_terms(context: Context, slug: str) -> None:
    """Terms of a partner, oldest first."""
    with context.database.transaction() as session:
        party = registry.find(session, slug).party
        context.emit(partners.store.terms(session, party), title=f"Terms of {slug}")
