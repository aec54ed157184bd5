"""Conversions that others offer, kept so that no rate of ours makes a gaining loop with them."""

from dataclasses import asdict
from typing import Any

import click
from sqlalchemy.orm import Session

import exchange.store
import partners.store
from exchange import outside_rates
from partners import registry
from web.commands.context import Context, json_option, pass_context
from web.commands.proposing import AS, REASON, WHEN, in_utc, propose

SHARED = "points"


@click.group()
def outside() -> None:
    """Conversions that others offer, between partners' own points, money and ours."""


@outside.command(name="propose")
@click.argument("source")
@click.argument("target")
@click.option("--gives", type=click.IntRange(1), required=True, help="So many of SOURCE …")
@click.option("--gets", type=click.IntRange(1), required=True, help="… are so many of TARGET.")
@click.option("--minimum", type=click.IntRange(1), default=1, help="Least of SOURCE at a time.")
@click.option("--step", type=click.IntRange(1), default=1, help="Multiples of SOURCE.")
@click.option("--from", "valid_from", type=WHEN, required=True, help="Since when; UTC.")
@click.option("--to", "valid_to", type=WHEN, help="Until when; left out, for good.")
@AS
@REASON
@json_option
@pass_context
def propose_outside(
    context: Context, source: str, target: str, by: str, reason: str, **values: Any
) -> None:
    """Propose to count with a conversion that others offer.

    SOURCE and TARGET are partners (their own points), money as CNY (in minor units), or `points`.
    """
    with context.database.transaction() as session:
        kinds = _kind(session, "source", source) | _kind(session, "target", target)
        rate = outside_rates.NewOutsideRate(**kinds, **in_utc(values, "valid_from", "valid_to"))
        outside_rates.check(session, rate)
        propose(context, session, "outside-rate", asdict(rate), by, reason)


@outside.command(name="list")
@json_option
@pass_context
def list_outside(context: Context) -> None:
    """Every conversion of others that is known, newest first."""
    with context.database.transaction() as session:
        slugs = {row["party_id"]: row["slug"] for row in partners.store.partners(session)}
        rows = [
            {
                "id": f"out_{row['id']:06d}",
                "source": slugs.get(row["source_party"]) or row["source_money"] or SHARED,
                "target": slugs.get(row["target_party"]) or row["target_money"] or SHARED,
                **{name: row[name] for name in ("gives", "gets", "minimum", "step")},
                **{name: row[name] for name in ("valid_from", "valid_to")},
            }
            for row in exchange.store.outside_rates(session)
        ]
    context.emit(rows, title="Conversions of others")


def _kind(session: Session, side: str, word: str) -> dict[str, Any]:
    """Money when it is written in capitals."""
    money = word if word.isupper() else None
    party = None if money or word == SHARED else registry.find(session, word).party
    return {f"{side}_party": party, f"{side}_money": money}
