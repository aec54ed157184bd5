"""Contested lines: what there is, what was said and put, and what the hub decides."""

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from kit.ids import from_text, to_text
from settlement import revisions
from settlement import store as windows
from settlement.disputes import proposing, store
from settlement.disputes.errors import DisputeNotFound, EvidenceNotFound
from web.commands.context import Context, json_option, pass_context
from web.commands.proposing import AS, REASON, check_operator, propose

DISPUTE = click.argument("dispute")


@click.group()
def disputes() -> None:
    """Contested lines."""


@disputes.command(name="list")
@click.option("--window", help="Of this window alone.")
@click.option(
    "--state", type=click.Choice(["opened", "answered", "escalated", "resolved"]), default=None
)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@json_option
@pass_context
def list_(context: Context, window: str | None, state: str | None, limit: int) -> None:
    """Disputes, newest first."""
    with context.database.transaction() as session:
        of = None if window is None else windows.get_window(session, window).id
        rows = store.page(session, party=None, window=of, state=state, before=None, limit=limit)
        names = {party: name for party, (_, name) in windows.names(session).items()}
    context.emit(
        (_brief(row, names) for row in rows[:limit]),
        title="Disputes",
        empty="No line is contested.",
    )


@disputes.command()
@DISPUTE
@click.option(
    "--evidence",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files that were put into this folder.",
)
@json_option
@pass_context
def show(context: Context, dispute: str, folder: Path | None) -> None:
    """One dispute, with all that was said and put."""
    with context.database.transaction() as session:
        id_ = _id(dispute)
        row = store.find(session, id_)
        if row is None:
            raise DisputeNotFound
        names = {party: name for party, (_, name) in windows.names(session).items()}
        said = store.steps(session, id_)
        put = store.evidence_list(session, id_)
        left = store.not_given_back(session, row["journal_id"], row["issuer_id"])
        files = [_file(session, id_, each["id"]) for each in put] if folder else []
    context.emit_one(
        {
            **_brief(row, names),
            "journal": to_text("jrn", row["journal_id"]),
            "opened by": names[row["opened_by"]],
            "reference": row["reference"],
            "reason": row["reason"],
            "left": left,
            "correction": row["correction"] and to_text("jrn", row["correction"]),
            "steps": [
                f"{each['at']:%Y-%m-%d %H:%M} {each['step']}, "
                f"{names.get(each['party_id'], 'the hub')}: {each['words'] or '—'}"
                for each in said
            ],
            "evidence": [
                f"{each['name']} ({each['size']:,} bytes, SHA-256 {bytes(each['digest']).hex()})"
                for each in put
            ],
        }
    )
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for number, (name, content) in enumerate(files, start=1):
            # The name is a partner's: the number keeps two alike apart, and none leaves the folder.
            (folder / f"{number:02d}-{name}").write_bytes(content)
        context.say(f"{len(files)} files written to {folder}")


@disputes.command()
@DISPUTE
@click.option("--uphold/--reject", required=True, help="Give the points back, or let it stand.")
@click.option("--points", type=click.IntRange(1), help="So many of them; left out, all.")
@AS
@REASON
@json_option
@pass_context
def resolve(
    context: Context, dispute: str, uphold: bool, points: int | None, by: str, reason: str
) -> None:
    """Propose how an escalated dispute ends; a second person approves."""
    with context.database.transaction() as session:
        id_ = _id(dispute)
        row = store.find(session, id_)
        if row is None:
            raise DisputeNotFound
        content = proposing.decided(session, row, uphold=uphold, points=points)
        propose(context, session, "dispute-resolution", content, by, reason)


@disputes.command()
@DISPUTE
@AS
@REASON
@json_option
@pass_context
def carry(context: Context, dispute: str, by: str, reason: str) -> None:
    """Propose that a dispute goes on in the open window; a second person approves."""
    with context.database.transaction() as session:
        id_ = _id(dispute)
        row = store.find(session, id_)
        if row is None:
            raise DisputeNotFound
        content = proposing.carried(session, row)
        propose(context, session, "dispute-resolution", content, by, reason)


@disputes.command()
@click.argument("window")
@AS
@json_option
@pass_context
def revise(context: Context, window: str, by: str) -> None:
    """Work a closed window out again without what is contested; revised statements are issued."""
    with context.database.transaction() as session:
        check_operator(session, by)
    number = revisions.revise(
        context.database,
        window=window,
        reason="dispute",
        by=by,
        now=context.clock(),
        signer=context.signer,
    )
    context.emit_one({"window": window, "revision": number})


def _id(text: str) -> UUID:
    found = from_text("dsp", text)
    if found is None:
        raise click.BadParameter(f"{text} is no dispute's id")
    return found


def _file(session: Any, dispute: UUID, evidence: UUID) -> tuple[str, bytes]:
    found = store.evidence(session, dispute, evidence)
    if found is None:
        raise EvidenceNotFound
    return found["name"], bytes(found["content"])


def _brief(row: store.Row, names: dict[int, str]) -> dict[str, Any]:
    return {
        "id": to_text("dsp", row["id"]),
        "window": row["window_name"],
        "issuer": names[row["issuer_id"]],
        "acceptor": names[row["acceptor_id"]],
        "points": row["points"],
        "state": row["state"],
        "due": row["due_at"],
        "outcome": row["outcome"],
    }
