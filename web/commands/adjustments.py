"""Corrections by hand, which two people must agree on."""

import click
from sqlalchemy import text

from kit.ids import from_text
from partners import registry
from web.commands.context import Context, json_option, pass_context
from web.commands.proposing import AS, REASON, propose


@click.group()
def adjustments() -> None:
    """Corrections by hand, which two people must agree on."""


@adjustments.command(name="propose")
@click.argument("slug")
@click.option("--member", required=True, help="The partner's id of the member, mbr_…")
@click.option("--points", type=click.IntRange(1), required=True)
@click.option("--direction", type=click.Choice(["credit", "debit"]), required=True)
@AS
@REASON
@json_option
@pass_context
def propose_adjustment(
    context: Context, slug: str, member: str, points: int, direction: str, by: str, reason: str
) -> None:
    """Propose to credit or debit a member with points of one issuer."""
    link = from_text("mbr", member)
    with context.database.transaction() as session:
        party = registry.find(session, slug).party
        row = session.execute(
            text("SELECT wallet_id FROM exchange.link WHERE id = :id AND party_id = :party"),
            {"id": link, "party": party},
        ).first()
        if row is None:
            raise click.BadParameter(f"{member} is no member of {slug}")
        content = {
            "party": party, "wallet": row[0], "points": points, "direction": direction,
        }  # fmt: skip
        propose(context, session, "adjustment", content, by, reason)
