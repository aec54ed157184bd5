"""The sealed log: seal what happened, publish heads, verify them."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from settlement.sealing import checking, heads, store
from settlement.sealing.seal import seal as seal_all
from web.commands.context import Context, json_option, pass_context


@click.group()
def seal() -> None:
    """The sealed log: seal what happened, publish heads, verify them."""


@seal.command()
@json_option
@pass_context
def now(context: Context) -> None:
    """Seal what has ended and publish a head; the worker does so every ten seconds."""
    count = seal_all(context.database, context.signer, context.clock())
    context.say(f"{count:,} journals and entries of the audit log sealed.")
    with context.database.transaction() as session:
        head = store.latest_head(session)
    if head is not None:
        context.emit_one(heads.as_facts(head), title="Head")


@seal.command(name="heads")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@json_option
@pass_context
def heads_(context: Context, limit: int) -> None:
    """The latest heads, the largest first."""
    with context.database.transaction() as session:
        found = store.heads(session, before=None, limit=limit)[:limit]
    context.emit(map(heads.as_facts, found), title="Heads")


@seal.command()
@click.option(
    "--from",
    "kept",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Heads kept outside the database; else those of HUB_HEADS_FILE.",
)
@json_option
@pass_context
def verify(context: Context, kept: Path | None) -> None:
    """Compute every leaf, node and head again, and name what disagrees; exits 1 on anything."""
    settings = context.settings
    with context.database.transaction() as session:
        leaves = store.count_leaves(session)
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Leaves", total=leaves)
        found = list(
            checking.check(
                context.database,
                settings.secret,
                settings.public_keys,
                kept or settings.heads,
                lambda done: bar.update(task, completed=done),
            )
        )
    context.emit(
        ({"leaf": each.index, "of": each.name, "what": each.says} for each in found),
        title="What disagrees",
        empty="",
    )
    if found:
        context.say("[bold red]The log is not what was sealed.[/]")
        raise SystemExit(1)
    context.say(f"[bold green]{leaves:,} leaves, and the heads over them, are as sealed.[/]")
