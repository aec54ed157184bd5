"""Members, where somebody develops or shows the hub: nobody signs in for them anywhere else."""

from datetime import datetime
from uuid import UUID

import click
from sqlalchemy.orm import Session

import exchange.store
from kit import ids
from kit.secrets import Secrets
from members.people import persons, sign_in_links
from members.people.numbers import parse
from members.store import member_of_wallet
from web.commands.context import Context, json_option, pass_context


@click.group()
def members() -> None:
    """Members (in development)."""


@members.command("sign-in-link")
@click.argument("number")
@click.option("--name", default="", help="What somebody new is called.")
@click.option("--partner", type=int, help="The party that knows the member of --member.")
@click.option("--member", help="The partner's id of the member whom somebody new is: mbr_…")
@json_option
@pass_context
def sign_in_link(
    context: Context, number: str, name: str, partner: int | None, member: str | None
) -> None:
    """A link that signs in whoever has the phone NUMBER, once, within a day.

    An unknown NUMBER is somebody new: with an empty wallet, or with that of --member.
    """
    settings = context.settings
    if settings.production:
        raise click.UsageError("not in production")
    found = parse(number, settings.phone_region)
    if found is None:
        raise click.BadParameter(f"{number!r} is no mobile number")
    secrets_, now = Secrets(settings.secret), context.clock()
    with context.database.transaction() as session:
        person = persons.find(session, secrets_, found)
        if person is None:
            owned = _member(session, partner, member, now)
            person = persons.open_person(session, secrets_, found, member=owned, name=name, now=now)
        token = sign_in_links.make(session, secrets_, person, now)
    link = f"{settings.origin}/sign-in/link/{token}"
    if context.as_json:
        context.emit_one({"link": link})
    else:
        click.echo(link)


def _member(session: Session, partner: int | None, member: str | None, now: datetime) -> UUID:
    """The member whom a partner knows by this id, else a new one."""
    if member is None:
        return persons.new_member(session, now)
    link = ids.from_text("mbr", member)
    row = link and partner and exchange.store.find_link(session, partner, link)
    if not row:
        raise click.BadParameter(f"party {partner} knows no member {member}")
    return member_of_wallet(session, row["wallet_id"])
