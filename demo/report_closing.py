"""What the month's end came to: the dispute, the proofs, the bank, the explanation, the files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from demo.brands import BY_SLUG
from demo.contesting import ISSUER, TILL, Contested
from demo.explaining import Told
from demo.exporting import Book
from demo.money import amount, money
from demo.proving import Verdict
from demo.report_trade import table
from demo.waiting import Waiting


def contested(found: Contested, next_window: str) -> str:
    """What became of the line, and where its correction is."""
    return (
        f"  {BY_SLUG[TILL].name}: the {found.points:,} points of receipt {found.reference}"
        f" were never given back.\n  Left out of the net in revision {found.revision};"
        f" {BY_SLUG[ISSUER].name} agrees ({found.outcome}).\n"
        f"  Given back in {next_window} by {found.correction}.\n"
    )


def verdicts(found: Sequence[Verdict]) -> Table:
    """The offline verifier's verdict on each brand's files."""
    drawn = table(
        "The verdicts of bin/verify-statement",
        "brand",
        "lines",
        "verified",
        "verdict",
    )
    for each in found:
        verdict = "[green]ok[/]" if each.good else f"[red]{escape(' '.join(each.said[-1:]))}[/]"
        name = BY_SLUG[each.slug].name
        drawn.add_row(name, f"{each.lines:,}", f"{each.verified:,}", verdict)
    lines, verified = (sum(getattr(each, name) for each in found) for name in ("lines", "verified"))
    drawn.add_section()
    drawn.add_row("together", f"{lines:,}", f"{verified:,}", f"{verified:,} of {lines:,}")
    return drawn


def kept_head(size: int) -> str:
    """What consistency with the older head says."""
    return f"  The log still begins with the {size:,} journals of the head kept in mid-month.\n"


def payments(shown: Mapping[str, Any]) -> Table:
    """Who pays whom, and what the bank says of it."""
    found = shown["payments"]
    drawn = table(
        f"{len(found)} payments settle the window", "payer", "", "payee", "amount", "bank", left=3
    )
    for each in found:
        cells = (each["payer"], "pays", each["payee"], money(each["amount"], each["currency"]))
        drawn.add_row(*cells, each["state"])
    return drawn


def explanation(name: str, told: Told) -> str:
    """From the net down to one signed request, a line each."""
    currency, reason, line = told.currency, told.reason, told.line
    return "\n".join(
        (
            f"  {name}: net {money(told.net, currency)} = {amount(told.receives, currency)} owed to"
            f" it − {amount(told.pays, currency)} it owes",
            f"  └ most to {reason['party']['name']}: {money(reason['amount'], currency)}"
            f" for {reason['points']:,} points spent there",
            f"    └ one of them: {line['points']:,} points at receipt {line['reference']},"
            f" {line['id']}",
            f"      └ {_request(told.evidence)}",
        )
    )


def _request(evidence: Mapping[str, Any]) -> str:
    request = evidence["request"]
    asked = f"{request['operation']} {escape(request['body'])}"
    verdict = "verifies" if request["verified"] else "[red]does NOT verify[/]"
    return f"{asked}, signed with {request['key_id']}: the signature {verdict}"


def simulation(name: str, outcome: Mapping[str, Any], currency: str) -> str:
    """One line: as it was, and as it would have been."""
    before, after = (money(outcome[side]["net"], currency) for side in ("before", "after"))
    return f"  Had {name} settled on issuance: net {after}, not {before}.\n"


def book(found: Book) -> str:
    """What the tool says of the file, or how to have it checked."""
    name = found.check.split()[0]
    if found.agrees is None:
        return f"  {found.file.name}: check it with {escape(found.check)}"
    verdict = f"[green]{name} accepts it[/]" if found.agrees else f"[red]{name} refuses it[/]"
    return f"  {found.file.name}: {verdict}"


def left(found: Waiting) -> str:
    """What waits at the desk."""
    return (
        f"  A dispute waits for an answer; {found.differences} lines of a record for a person,"
        f" {len(found.proposals)} proposals for a second one.\n"
    )


def files(home: Path, window: str) -> Table:
    """Where everything is."""
    drawn = Table(title=f"In {home}", title_justify="left", title_style="bold", box=None)
    drawn.padding = (0, 2, 0, 0)
    drawn.show_header = False
    for folder, what in (
        ("statements", "every statement: JSON, CSV, and in Chinese and English XLSX, PDF, SVG"),
        ("proofs", "by brand, what bin/verify-statement read beside its statement"),
        ("bank", "invoices, pain.001 and pain.008, and the bank's camt.053"),
        ("books", f"{window}.journal for hledger, {window}.beancount"),
    ):
        count = sum(1 for each in (home / folder).rglob("*") if each.is_file())
        drawn.add_row(f"  {folder}/", f"{count} files", what)
    return drawn
