"""Four eyes on the command line: operators, proposals and decisions."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy import text

import exchange.store
import partners.store
import staff.store
from exchange import rates as exchange_rates
from kit.ids import from_text, to_text
from partners import registry
from partners import terms as partner_terms
from staff import approvals
from web import enactments
from web.commands.context import Context, json_option, pass_context

AS = click.option("--as", "by", required=True, help="The operator who does this.")
REASON = click.option("--reason", required=True, help="Why; kept with the proposal.")
WHEN = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"])


@click.group()
def operators() -> None:
    """Hub personnel who may propose and approve."""


@operators.command(name="add")
@click.argument("name")
@pass_context
def add_operator(context: Context, name: str) -> None:
    """Add an operator."""
    with context.database.transaction() as session:
        staff.store.insert_operator(session, name, context.clock())
    context.say(f"{name} may propose, and approve what others propose.")


@operators.command(name="list")
@json_option
@pass_context
def list_operators(context: Context) -> None:
    """Every operator."""
    with context.database.transaction() as session:
        context.emit(staff.store.operators(session), title="Operators")


@click.group()
def proposals() -> None:
    """What one person proposed and another must approve."""


@proposals.command(name="list")
@click.option(
    "--state",
    type=click.Choice(["waiting", "approved", "rejected"]),
    default="waiting",
    show_default=True,
)
@click.option("--limit", default=50, show_default=True)
@json_option
@pass_context
def list_proposals(context: Context, state: str, limit: int) -> None:
    """Proposals, newest first."""
    with context.database.transaction() as session:
        found = approvals.listed(session, state=state, limit=limit)
    context.emit((_shown(one) for one in found), title=f"Proposals, {state}")


def _decision(name: str, approve: bool, says: str) -> None:
    @proposals.command(name=name, help=says)
    @click.argument("proposal")
    @AS
    @json_option
    @pass_context
    def decision(context: Context, proposal: str, by: str) -> None:
        id_ = from_text("prp", proposal)
        if id_ is None:
            raise click.BadParameter(f"{proposal} is no proposal's id")
        done = enactments.decide(
            context.database, proposal=id_, by=by, approve=approve, clock=context.clock
        )
        context.emit_one({**done, "id": proposal})


_decision("approve", True, "Approve a proposal that somebody else made, and carry it out.")
_decision("reject", False, "Reject a proposal that somebody else made.")


@click.group()
def rates() -> None:
    """Conversion rates of partners' own points."""


@rates.command(name="propose")
@click.argument("slug")
@click.option("--theirs", type=click.IntRange(1), required=True, help="So many of theirs …")
@click.option("--ours", type=click.IntRange(1), required=True, help="… are so many points.")
@click.option("--direction", type=click.Choice(["import", "export"]), default="import")
@click.option("--minimum", type=click.IntRange(1), default=1, help="Least of theirs at a time.")
@click.option("--step", type=click.IntRange(1), default=1, help="Multiples of theirs.")
@click.option("--daily-cap", type=click.IntRange(1), help="Most of theirs in a day.")
@click.option("--fee-ppm", type=click.IntRange(0, 999_999), default=0, help="Taken from ours.")
@click.option("--from", "valid_from", type=WHEN, required=True, help="Since when; UTC.")
@click.option("--to", "valid_to", type=WHEN, help="Until when; left out, for good.")
@AS
@REASON
@json_option
@pass_context
def propose_rate(context: Context, slug: str, by: str, reason: str, **values: Any) -> None:
    """Propose what a partner's own points are worth."""
    with context.database.transaction() as session:
        rate = exchange_rates.NewRate(
            party=registry.find(session, slug).party, **_in_utc(values, "valid_from", "valid_to")
        )
        exchange_rates.check(session, rate)
        _propose(context, session, "rate", asdict(rate), by, reason)


@rates.command(name="list")
@click.argument("slug")
@json_option
@pass_context
def list_rates(context: Context, slug: str) -> None:
    """Rates of a partner, past, present and agreed."""
    with context.database.transaction() as session:
        party = registry.find(session, slug).party
        context.emit(exchange.store.rates(session, party), title=f"Rates of {slug}")


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
@click.option("--from", "valid_from", type=WHEN, required=True, help="Since when; UTC.")
@AS
@REASON
@json_option
@pass_context
def propose_terms(context: Context, slug: str, by: str, reason: str, **values: Any) -> None:
    """Propose terms from a date on."""
    with context.database.transaction() as session:
        new = partner_terms.NewTerms(
            party=registry.find(session, slug).party, **_in_utc(values, "valid_from")
        )
        partner_terms.check(new)
        _propose(context, session, "terms", asdict(new), by, reason)


@terms.command(name="list")
@click.argument("slug")
@json_option
@pass_context
def list_terms(context: Context, slug: str) -> None:
    """Terms of a partner, oldest first."""
    with context.database.transaction() as session:
        party = registry.find(session, slug).party
        context.emit(partners.store.terms(session, party), title=f"Terms of {slug}")


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
        _propose(context, session, "adjustment", content, by, reason)


def _propose(
    context: Context, session: Any, kind: str, content: dict[str, Any], by: str, reason: str
) -> None:
    if not staff.store.operator_is_active(session, by):
        raise click.BadParameter(f"{by} is no operator: bin/hub operators add {by}")
    plain = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in content.items()
    }
    proposal = approvals.propose(
        session, kind=kind, content=plain, reason=reason, by=by, now=context.clock()
    )
    context.emit_one(
        {"id": to_text("prp", proposal), "state": "waiting", "kind": kind, "content": plain}
    )


def _in_utc(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """Times that name no zone are UTC."""
    for name in names:
        moment = values.get(name)
        if moment is not None and moment.tzinfo is None:
            values[name] = moment.replace(tzinfo=UTC)
    return values


def _shown(proposal: approvals.Proposal) -> dict[str, Any]:
    return {
        "id": to_text("prp", proposal.id),
        "kind": proposal.kind,
        "content": proposal.content,
        "reason": proposal.reason,
        "proposed_by": proposal.proposed_by,
        "expires_at": proposal.expires_at,
        "hash": proposal.hash.hex()[:8],
        "decided_by": proposal.decided_by,
    }
