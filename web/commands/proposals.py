"""Four eyes on the command line: operators, proposals and decisions."""

from typing import Any
from uuid import UUID

import click

import staff.people.store
import staff.store
from kit.ids import from_text, to_text
from kit.secrets import Secrets
from staff import approvals
from staff.audit.recording import record
from staff.people import invitations, sign_in_links
from staff.people.invitations import EMAIL, is_name
from staff.people.operators import ways_in
from staff.roles import Role
from web import enactments
from web.commands.context import Context, json_option, pass_context
from web.commands.noting import note
from web.commands.proposing import AS, REASON


@click.group()
def operators() -> None:
    """Hub personnel who may propose and approve."""


@operators.command(name="add")
@click.argument("name")
@click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role]),
    multiple=True,
    default=("operations", "finance", "risk", "approver"),
    show_default=True,
    help="What the operator is there for; give it several times.",
)
@click.option("--email", default="", help="Where a provider or an invitation finds them.")
@pass_context
def add_operator(context: Context, name: str, roles: tuple[str, ...], email: str) -> None:
    """Add an operator, who may act here at once; `invitation-link` lets them in at the desk."""
    if not (is_name(name) and (not email or EMAIL.fullmatch(email))):
        raise click.BadParameter("a name of 2 to 40 letters, and an e-mail address or none")
    with context.database.transaction() as session:
        if email:
            invitations.check_email(session, name, email.casefold())
        if not staff.store.insert_operator(session, name, roles, context.clock()):
            raise click.BadParameter(f"somebody is called {name} already")
        row = staff.people.store.operator_named(session, name)
        if row is not None and email:
            staff.people.store.set_email(session, row["id"], email.casefold())
        after = {"roles": list(roles), "email": email.casefold() or None}
        note(context, session, "operator-added", f"operator {name}", after=after)
    context.say(f"{name} may act as {', '.join(roles)}.")
    context.say(f"For the desk: bin/hub operators invitation-link {name}")


@operators.command(name="list")
@json_option
@pass_context
def list_operators(context: Context) -> None:
    """Every operator."""
    with context.database.transaction() as session:
        context.emit(staff.store.operators(session), title="Operators")


@operators.command("sign-in-link")
@click.argument("name")
@json_option
@pass_context
def sign_in_link(context: Context, name: str) -> None:
    """A link that signs NAME in at the desk, once, within a day (in development)."""
    settings = context.settings
    if settings.production:
        raise click.UsageError("not in production")
    with context.database.transaction() as session:
        row = staff.people.store.operator_named(session, name)
        if row is None or not row["active"]:
            raise click.BadParameter(f"{name} is no operator: bin/hub operators add {name}")
        token = sign_in_links.make(session, Secrets(settings.secret), row["id"], context.clock())
    link = f"{settings.origin}/desk/sign-in/link/{token}"
    if context.as_json:
        context.emit_one({"link": link})
    else:
        click.echo(link)


@operators.command("invitation-link")
@click.argument("name")
@json_option
@pass_context
def invitation_link(context: Context, name: str) -> None:
    """A link by which NAME chooses how to sign in at the desk: once, within 48 hours.

    For whoever was added here, or invited, and has no way to sign in yet.
    """
    settings, now = context.settings, context.clock()
    with context.database.transaction() as session:
        row = staff.people.store.operator_named(session, name)
        if row is None or (row["accepted"] and not row["active"]):
            raise click.BadParameter(f"{name} is no operator: bin/hub operators add {name}")
        if ways_in(session, row["id"]):
            raise click.BadParameter(f"{name} can sign in already")
        if staff.people.store.lock_invitation(session, row["id"]) is None:
            staff.people.store.insert_invitation(session, row["id"], "", now)
        token = invitations.make_link(session, Secrets(settings.secret), row["id"], now)
        record(session, who="system", what="invitation-link-made", object_=f"operator {name}",
               now=now)  # fmt: skip
    link = f"{settings.origin}/desk/invitation/{token}"
    if context.as_json:
        context.emit_one({"link": link})
    else:
        click.echo(link)


@click.group()
def proposals() -> None:
    """What one person proposed and another must approve."""


@proposals.command(name="list")
@click.option(
    "--state",
    type=click.Choice(["waiting", "approved", "rejected", "withdrawn", "expired"]),
    default="waiting",
    show_default=True,
)
@click.option("--limit", default=50, show_default=True)
@json_option
@pass_context
def list_proposals(context: Context, state: str, limit: int) -> None:
    """Proposals, newest first."""
    with context.database.transaction() as session:
        found = approvals.listed(session, state=state, limit=limit, now=context.clock())
    context.emit((_shown(one) for one in found), title=f"Proposals, {state}")


PROPOSAL = click.argument("proposal")


@proposals.command()
@PROPOSAL
@AS
@json_option
@pass_context
def approve(context: Context, proposal: str, by: str) -> None:
    """Approve a proposal that somebody else made, and carry it out."""
    _decide(context, proposal, by, approve=True)


@proposals.command()
@PROPOSAL
@AS
@REASON
@json_option
@pass_context
def reject(context: Context, proposal: str, by: str, reason: str) -> None:
    """Reject a proposal that somebody else made."""
    _decide(context, proposal, by, approve=False, because=reason)


@proposals.command()
@PROPOSAL
@AS
@click.option("--reason", default="", help="Why, if it needs saying.")
@json_option
@pass_context
def withdraw(context: Context, proposal: str, by: str, reason: str) -> None:
    """Take your own proposal back."""
    with context.database.transaction() as session:
        done = approvals.withdraw(
            session, proposal=_id(proposal), by=by, now=context.clock(), because=reason
        )
    context.emit_one({"id": proposal, "kind": done.kind, "state": done.state})


def _decide(context: Context, proposal: str, by: str, *, approve: bool, because: str = "") -> None:
    done = enactments.decide(
        context.database,
        proposal=_id(proposal),
        by=by,
        approve=approve,
        clock=context.clock,
        signer=context.signer,
        because=because,
    )
    context.emit_one({**done, "id": proposal})


def _id(proposal: str) -> UUID:
    found = from_text("prp", proposal)
    if found is None:
        raise click.BadParameter(f"{proposal} is no proposal's id")
    return found


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
        "because": proposal.because,
    }
