"""Why a settlement's figures are what they are."""

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from sqlalchemy.orm import Session

from kit.ids import from_text, to_text
from partners import registry
from settlement import store, views
from settlement.explaining.evidence import evidence as evidence_of
from settlement.explaining.explaining import explained, lines_behind
from settlement.explaining.facts import facts
from settlement.explaining.report import explanation_tree
from settlement.explaining.schemas import KINDS
from settlement.reckoning import FLOAT, HUB
from settlement.report import WIDTH
from web.commands.context import Context, json_option, pass_context

OWN = {"hub": HUB, "float": FLOAT}


@click.group()
def settlement() -> None:
    """Explain a closed window, down to the signed requests behind it."""


@settlement.command()
@click.argument("window")
@click.argument("partner")
@json_option
@pass_context
def explain(context: Context, window: str, partner: str) -> None:
    """Take a partner's net apart: by party, kind, movement and price."""
    with context.database.transaction() as session:
        party = _party(session, partner)
        kept, found = explained(session, window, party)
        names = views.named(session)
    if context.as_json:
        named = {each: asdict(name) for each, name in names.items()}
        head = {"window": kept.name, "revision": kept.revision, "partner": partner}
        context.emit_one(head | facts(found, named))  # type: ignore[arg-type]
        return
    tree = explanation_tree(kept, found, {each: name.name for each, name in names.items()})
    console = context.console if context.console.is_terminal else Console(width=WIDTH)
    console.print(tree, highlight=False)
    context.say(f"Its journals: bin/hub settlement lines {window} {partner}")


@settlement.command()
@click.argument("window")
@click.argument("partner")
@click.option("--kind", type=click.Choice(KINDS), help="Of obligation; else every kind.")
@click.option("--owes/--owed", default=None, help="What it owes, what it is owed; else both.")
@click.option("--with", "counterparty", help="A partner, `hub` or `float`; else everybody.")
@click.option("--after", help="The journal that the last page ended with.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@json_option
@pass_context
def lines(
    context: Context, window: str, partner: str, counterparty: str | None, **asked: Any
) -> None:
    """The journals behind what a partner owes and is owed."""
    after = None if asked["after"] is None else _journal(asked["after"])
    with context.database.transaction() as session:
        found, following = lines_behind(
            session,
            window,
            _party(session, partner),
            kind=asked["kind"],
            owes=asked["owes"],
            counterparty=None if counterparty is None else _party(session, counterparty),
            after=after,
            limit=asked["limit"],
            to_hub=True,
        )
        names = {party: name for party, (_, name) in store.names(session).items()}
    context.emit(
        (
            {
                "id": to_text("jrn", each.journal),
                "at": each.at,
                "movement": each.kind,
                "reference": each.reference,
                "issuer": names[each.issuer],
                "acceptor": None if each.acceptor is None else names[each.acceptor],
                "points": each.points,
                "left_out": each.left_out,
            }
            for each in found
        ),
        title=f"Journals behind the figures of {partner}",
    )
    if following is not None:
        context.say(f"There may be more: --after {to_text('jrn', following)}")


@settlement.command()
@click.argument("journal")
@json_option
@pass_context
def evidence(context: Context, journal: str) -> None:
    """The signed request, or the approval by two people, behind a JOURNAL."""
    with context.database.transaction() as session:
        found = evidence_of(session, _journal(journal))
    context.emit_one({**asdict(found), "journal": journal})


def _party(session: Session, slug: str) -> int:
    return OWN.get(slug) or registry.find(session, slug).party


def _journal(text: str) -> Any:
    found = from_text("jrn", text)
    if found is None:
        raise click.BadParameter(f"{text} is no journal's id")
    return found
