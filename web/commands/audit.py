"""The audit log: who did what, one entry, and the proof that it is sealed."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

import click

import exchange.store
from kit import ids, periods
from settlement.sealing import entry_proofs
from staff.audit import reading
from staff.audit.reading import Entry, Wanted
from staff.audit.words import WHAT
from web.commands.context import Context, json_option, pass_context

ENTRY = click.argument("entry", metavar="ENTRY")


@click.group()
def audit() -> None:
    """The audit log: who did what, from where, before and after."""


@audit.command(name="list")
@click.option("--who", default="", help="One person's acts.")
@click.option("--what", type=click.Choice(sorted(WHAT)), default=None, help="Acts of one kind.")
@click.option("--object", "object_", default="", help="As 'window 2026-10', 'partner fuel', prp_…")
@click.option("--period", help="As 2026-10, 2026-Q3, 2026-11-01..15.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
@pass_context
def list_(
    context: Context, who: str, what: str | None, object_: str, period: str | None, limit: int
) -> None:
    """Entries, the newest first."""
    with context.database.transaction() as session:
        begins = ends = None
        if period is not None:
            found = periods.read(period)
            if found is None:
                raise click.BadParameter(f"{period} is no period such as 2026-10 or 2026-Q3")
            begins, ends = found.moments(exchange.store.zone(session))
        wanted = Wanted(who=who, what=what or "", object=object_, begins=begins, ends=ends)
        entries = reading.newest(session, wanted, limit=limit)
    context.emit(map(_facts, entries), title="Audit log", empty="Nothing matches.")


@audit.command()
@ENTRY
@json_option
@pass_context
def show(context: Context, entry: str) -> None:
    """One entry, and whether it stands as it was sealed; exits 1 if it does not."""
    id_, settings = _id(entry), context.settings
    with context.database.transaction() as session:
        found = reading.get(session, id_)
        standing = entry_proofs.standing(session, id_, context.signer, settings.public_keys)
    sealed = {
        "leaf": standing.index,
        "head": None if standing.head is None else standing.head.size,
        "verified": standing.holds,
        "wrong": standing.wrong or None,
    }
    context.emit_one(_facts(found) | sealed)
    if standing.wrong:
        context.say(f"[bold red]It is not as it was sealed: {standing.wrong}.[/]")
        raise SystemExit(1)


@audit.command()
@ENTRY
@click.option("--kept", type=int, help="The size of a head that you kept: the proof leads there.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Else to the screen.")
@pass_context
def proof(context: Context, entry: str, kept: int | None, out: Path | None) -> None:
    """The proof that an entry is sealed, for bin/verify-statement."""
    with context.database.transaction() as session:
        facts = entry_proofs.prove(session, _id(entry), context.settings.secret, kept=kept)
    text = json.dumps(facts, ensure_ascii=False, indent=2)
    if out is None:
        click.echo(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")


def _facts(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "id": entry.name}


def _id(text: str) -> UUID:
    found = ids.from_text("aud", text)
    if found is None:
        raise click.BadParameter(f"{text} is no entry's id")
    return found
