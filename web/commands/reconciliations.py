"""Partners' own records against the books."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import click
from rich.console import Console
from rich.progress import open as open_with_bar

from kit import ids
from partners import registry
from partners.api.operations import File
from settlement.reconciliation import files, findings, receiving, records, store
from settlement.reconciliation.api import MAX_PART
from settlement.reconciliation.errors import ReconciliationNotFound, RecordMalformed
from settlement.reconciliation.matching import OUTCOMES
from settlement.store import take_time
from web.commands.context import Context, json_option, pass_context

SHOWN = 20  # findings
OUT = click.Path(path_type=Path, dir_okay=False)
SIDE = click.Choice(records.SIDES)


@click.group()
def reconciliations() -> None:
    """Partners' own records against the books."""


@reconciliations.command(name="list")
@click.option("--partner", "slug", help="Of this partner alone.")
@click.option("--limit", type=click.IntRange(1, 1000), default=24, show_default=True)
@json_option
@pass_context
def list_(context: Context, slug: str | None, limit: int) -> None:
    """The latest, newest first."""
    with context.database.transaction() as session:
        party = registry.find(session, slug).party if slug else None
        slugs = {each.party: each.slug for each in registry.listed(session)}
        found = store.listed(session, party, before=None, limit=limit)[:limit]
    context.emit(
        (
            {
                "id": ids.to_text("rec", each.id),
                "partner": slugs.get(each.party, ""),
                "window": each.window,
                "side": each.side,
                "state": each.state,
                "lines": each.lines,
                "points": each.points,
                "created_at": each.created_at,
            }
            for each in found
        ),
        title="Reconciliations",
        empty="None yet: bin/hub reconciliations run FILE --partner SLUG --window NAME",
    )


@reconciliations.command()
@click.argument("id_", metavar="ID")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Else all that does not agree.")
@click.option("--csv", "as_csv", type=OUT, help="Write the findings to this file.")
@click.option("--xlsx", "as_xlsx", type=OUT, help="Write the findings to this file.")
@json_option
@pass_context
def show(
    context: Context, id_: str, outcome: str | None, as_csv: Path | None, as_xlsx: Path | None
) -> None:
    """What one came to, and its first findings."""
    found = ids.from_text("rec", id_)
    if found is None:
        raise ReconciliationNotFound
    _show(context, found, [outcome] if outcome else list(findings.OPEN), as_csv, as_xlsx)


@reconciliations.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--partner", "slug", required=True)
@click.option("--window", required=True, help="One that has closed.")
@click.option("--side", type=SIDE, default="accepted", show_default=True)
@click.option(
    "--tolerance", type=click.IntRange(0), default=300, show_default=True, help="Seconds."
)
@click.option("--many", is_flag=True, help="One line may stand for several transactions.")
@click.option("--charset", default="utf-8", show_default=True, help="Of the file, as gbk.")
@click.option("--csv", "as_csv", type=OUT, help="Write what does not agree to this file.")
@click.option("--xlsx", "as_xlsx", type=OUT, help="Write what does not agree to this file.")
@json_option
@pass_context
def run(
    context: Context,
    file: Path,
    slug: str,
    window: str,
    side: records.Side,
    tolerance: int,
    many: bool,
    charset: str,
    as_csv: Path | None,
    as_xlsx: Path | None,
) -> None:
    """Match a partner's record, CSV or NDJSON by its name, with one side of a window."""
    media_type = records.NDJSON if file.suffix in (".ndjson", ".jsonl") else records.CSV
    now, lines = context.clock(), 0
    with context.database.transaction() as session:  # All of the file, or nothing.
        party = registry.find(session, slug).party
        record = receiving.begin(
            session,
            party=party,
            window=window,
            side=side,
            tolerance=tolerance,
            many=many,
            now=now,
        )
        bar = Console(stderr=True)
        with open_with_bar(file, "rb", description=f"Reading {file.name}", console=bar) as opened:
            for number, (before, body) in enumerate(_parts(opened, media_type), 1):
                part = File(body, media_type, charset.lower())
                with _lines_from(before):
                    row = receiving.receive(session, record.id, number, part, party=party, now=now)
                lines += row["lines"]
    with context.database.transaction() as session:
        receiving.ask(session, record.id, lines=lines, party=party, now=now)
    with bar.status("Matching"):
        while receiving.match_next(context.database, now):
            pass
    _show(context, record.id, list(findings.OPEN), as_csv, as_xlsx)


def _parts(file: BinaryIO, media_type: str) -> Iterator[tuple[int, bytes]]:
    """A file as parts that are files themselves: CSV with its head again.

    With each, how far its own numbers of lines are behind those of the whole file.
    """
    head = file.readline() if media_type == records.CSV else b""
    own = 1 if head else 0
    begun = read = own
    part, size = [head], len(head)
    for row in file:
        if size + len(row) > MAX_PART:
            yield begun - own, b"".join(part)
            begun, part, size = read, [head], len(head)
        part.append(row)
        size += len(row)
        read += 1
    yield begun - own, b"".join(part)


@contextmanager
def _lines_from(before: int) -> Iterator[None]:
    """Tell errors by the lines of the whole file."""
    try:
        yield
    except RecordMalformed as refused:
        errors = [{**one, "line": one["line"] + before} for one in refused.facts["errors"]]
        first = f"line {errors[0]['line']}: {errors[0]['detail']}"
        raise RecordMalformed(f"{refused.title}: {first}", errors=errors) from refused


def _show(
    context: Context, id_: UUID, outcomes: list[str], as_csv: Path | None, as_xlsx: Path | None
) -> None:
    with context.database.transaction() as session:
        record = receiving.get(session, id_)
        facts = findings.summary(session, record)
        shown: list[findings.Facts] = []
        if record.matched_at is not None:
            shown, _ = findings.page(session, record, outcomes, cursor=None, limit=SHOWN)
        facts["id"] = ids.to_text("rec", record.id)
        if as_csv or as_xlsx:
            findings.check_matched(record)
            take_time(session)
        if as_csv is not None:
            with as_csv.open("w", encoding="utf-8", newline="") as file:
                files.write_csv(findings.every(session, record, outcomes), file)
        if as_xlsx is not None:
            files.write_xlsx(findings.every(session, record, outcomes), as_xlsx)
    if context.as_json:
        context.emit_one({**facts, "findings": shown})
        return
    by_outcome = [
        {**each, "outcome": each["outcome"].replace("_", " ")} for each in facts.pop("outcomes", [])
    ]
    context.emit_one(facts)
    context.emit(by_outcome, title="Outcomes", empty="Not matched yet.")
    if shown:
        context.emit(map(_line, shown), title=f"The first {len(shown)}")


def _line(finding: findings.Facts) -> findings.Facts:
    """One finding in a table: theirs beside ours."""
    theirs, ours = finding["theirs"] or {}, finding["ours"] or {}
    return {
        "outcome": finding["outcome"].replace("_", " "),
        "differs": " ".join(finding["differs"]),
        "lines": " ".join(theirs.get("lines", ())),
        "their_reference": theirs.get("reference"),
        "theirs": theirs.get("points"),
        "our_reference": ours.get("reference"),
        "ours": ours.get("points"),
    }
