"""Statements as files."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from settlement import store, views
from settlement.documents import folder, pictures
from settlement.documents import store as files
from settlement.documents.figures import LANGUAGES, Language
from settlement.documents.folder import KINDS, Kind, Signed
from settlement.documents.store import Row
from settlement.documents.svg import as_svg
from settlement.documents.whole import whole
from settlement.errors import WindowNotClosed
from web.commands.context import Context, json_option, pass_context

WINDOW = click.argument("window")


@click.group()
def statements() -> None:
    """Statements as files."""


@statements.command(name="list")
@WINDOW
@json_option
@pass_context
def list_(context: Context, window: str) -> None:
    """The statements of a window, and which of them were replaced."""
    context.emit(map(_shown, _of(context, window)), title=f"Statements of {window}")


@statements.command()
@WINDOW
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="A folder, made if it is not there.",
)
@click.option(
    "--language", type=click.Choice([*LANGUAGES, "both"]), default="both", show_default=True
)
@click.option(
    "--format",
    "kinds",
    type=click.Choice(KINDS),
    multiple=True,
    help="Once for each.  [default: all]",
)
@pass_context
def write(context: Context, window: str, to: Path, language: str, kinds: tuple[Kind, ...]) -> None:
    """Write every partner's statement into a folder, and the window's pictures."""
    found = _of(context, window)
    languages: Sequence[Language] = [each for each in LANGUAGES if language in (each, "both")]
    signed = [
        Signed(**{name: row[name] for name in ("number", "document", "csv", "key_id", "signature")})
        for row in found
    ]
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        for _ in bar.track(
            folder.write(to, signed, languages, kinds or KINDS),
            total=len(signed),
            description="Statements",
        ):
            pass
    if "svg" in (kinds or KINDS):
        _draw(context, window, to, languages)
    count = sum(1 for each in to.iterdir() if window in each.name)
    context.say(f"{len(signed)} statements of {window}: {count} files in {to}")


def _of(context: Context, name: str) -> Sequence[Row]:
    with context.database.transaction() as session:
        window = store.get_window(session, name)
        found = files.of_window(session, window.id)
    if not found:
        raise WindowNotClosed(state=window.state)
    return found


def _draw(context: Context, name: str, to: Path, languages: Sequence[Language]) -> None:
    with context.database.transaction() as session:
        found = views.hub_window(session, name, currency=context.settings.currency)
    figures = whole(found)
    for language in languages:
        for picture, draw in (("flow", pictures.flow), ("matrix", pictures.matrix)):
            drawn = as_svg(draw(figures, language), name=picture, language=language)
            (to / f"{name}.{language}.{picture}.svg").write_bytes(drawn)


def _shown(row: Row) -> dict[str, object]:
    facts = json.loads(row["document"])
    return {
        "number": row["number"],
        "partner": facts["name"],
        "revision": facts["revision"],
        "replaces": facts["replaces"],
        "direction": facts["direction"],
        "settled": facts["settled"],
        "currency": facts["settlement_currency"],
        "due_on": facts["due_on"],
    }
