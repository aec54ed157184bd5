"""Partners: add, activate, suspend, restore, close, list."""

from dataclasses import asdict

import click

from partners import keys, registry
from partners.errors import PartnerStateRefused
from web.commands.context import Context, json_option, pass_context
from web.commands.noting import note
from web.commands.proposing import AS, REASON, propose


@click.group()
def partners() -> None:
    """The merchants of the coalition."""


@partners.command()
@click.argument("slug")
@click.option("--name", required=True, help="The name people know, in any script.")
@json_option
@pass_context
def add(context: Context, slug: str, name: str) -> None:
    """Register an applicant; it may do nothing until it is activated."""
    with context.database.transaction() as session:
        partner = registry.apply(session, slug=slug, name=name, now=context.clock())
        note(context, session, "partner-registered", f"partner {slug}", after={"name": name})
    context.emit_one(_shown(partner))


@partners.command(name="list")
@json_option
@pass_context
def list_(context: Context) -> None:
    """Every partner."""
    with context.database.transaction() as session:
        context.emit(
            map(_shown, registry.listed(session)),
            title="Partners",
            empty="No partners yet: bin/hub partners add SLUG --name NAME",
        )


def _step(name: str, to: str, what: str, says: str) -> None:
    @partners.command(name=name, help=says)
    @click.argument("slug")
    @json_option
    @pass_context
    def step(context: Context, slug: str) -> None:
        with context.database.transaction() as session:
            before = registry.find(session, slug).state
            if (before, to) == ("suspended", "active"):
                raise click.UsageError(f"{slug} is suspended: bin/hub partners restore {slug}")
            partner = registry.move(session, slug=slug, to=to, now=context.clock())
            note(
                context,
                session,
                what,
                f"partner {slug}",
                before={"state": before},
                after={"state": to},
            )
        context.emit_one(_shown(partner))


_step("activate", "active", "partner-activated", "Let an applicant trade from now on.")
_step(
    *("suspend", "suspended", "partner-suspended"),
    "Stop a partner at once; it may still void, refund and claw back.",
)
_step("close", "closed", "partner-closed", "End a partner for good: its keys stop working.")


@partners.command()
@click.argument("slug")
@AS
@REASON
@json_option
@pass_context
def restore(context: Context, slug: str, by: str, reason: str) -> None:
    """Propose to let a suspended partner trade again."""
    with context.database.transaction() as session:
        state = registry.find(session, slug).state
        if state != "suspended":
            raise PartnerStateRefused(state=state, asked="active")
        propose(context, session, "partner-restoration", {"partner": slug}, by, reason)


def _shown(partner: registry.Partner) -> dict[str, object]:
    return {**asdict(partner), "id": keys.public_id(partner.id)}
