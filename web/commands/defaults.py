"""Partners that do not fund: shown first, then done; and the security held against them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

import click
from sqlalchemy.orm import Session

from partners import registry
from settlement import store as windows
from settlement.defaults import curing, defaulting, security, store
from settlement.defaults.dry_run import Method, Outcome
from settlement.defaults.security import Account
from web.commands.context import Context, json_option, pass_context
from web.commands.proposing import AS, REASON, propose

AMOUNT = click.argument("amount", type=click.IntRange(1, 10**12))
ACCOUNT = click.argument("account", type=click.Choice(get_args(Account)))
METHOD = click.Choice(get_args(Method))


@click.group()
def defaults() -> None:
    """Partners that do not fund: shown first, then done.

    Amounts are minor units of the hub's currency.
    """


@defaults.command(name="dry-run")
@click.argument("window")
@click.argument("slug")
@click.option("--method", type=METHOD, help="One of the two ways; left out, both.")
@json_option
@pass_context
def dry_run(context: Context, window: str, slug: str, method: Method | None) -> None:
    """Show what either way would do to everybody. Nothing is done."""
    with context.database.transaction() as session:
        party = registry.find(session, slug).party
        chosen = [method] if method else get_args(Method)
        outcomes = [defaulting.dry_run(session, window, party, each) for each in chosen]
        names = _names(session)
    if context.as_json:
        context.emit(outcome.content() for outcome in outcomes)
        return
    for outcome in outcomes:
        _show(context, outcome, slug, names)


@defaults.command(name="propose")
@click.argument("window")
@click.argument("slug")
@click.option("--method", type=METHOD, required=True)
@AS
@REASON
@json_option
@pass_context
def propose_default(
    context: Context, window: str, slug: str, method: Method, by: str, reason: str
) -> None:
    """Propose to deal with a default as the dry run shows; a second person approves just that."""
    with context.database.transaction() as session:
        party = registry.find(session, slug).party
        outcome = defaulting.dry_run(session, window, party, method)
        propose(context, session, "default", outcome.content(), by, reason)


@defaults.command()
@click.argument("window")
@click.argument("slug")
@click.option("--amount", type=click.IntRange(1), help="Of a covered one; left out, all of it.")
@AS
@REASON
@json_option
@pass_context
def cure(
    context: Context, window: str, slug: str, amount: int | None, by: str, reason: str
) -> None:
    """Propose to make a default good: the money came after all, or what was left out may return."""
    with context.database.transaction() as session:
        party = registry.find(session, slug).party
        content = curing.content(session, window, party, amount)
        propose(context, session, "default-cure", content, by, reason)


@defaults.command(name="list")
@json_option
@pass_context
def list_(context: Context) -> None:
    """Every default, newest first, with what has not come back yet."""
    with context.database.transaction() as session:
        names = _names(session)
        rows = [
            {
                "window": row["window"],
                "partner": names[row["party_id"]],
                "method": row["method"],
                "amount": row["amount"],
                "missing": row["missing"] if row["method"] == "cover" else None,
                "revision": row["revision"],
                "at": row["at"],
                "cured_at": row["cured_at"],
            }
            for row in store.shortfalls(session)
        ]
    context.emit(rows, title="Defaults", empty="Nobody has defaulted.")


@defaults.command()
@click.argument("window")
@click.argument("slug")
@json_option
@pass_context
def show(context: Context, window: str, slug: str) -> None:
    """Who covered a default, step by step, and what went back to whom."""
    with context.database.transaction() as session:
        party = registry.find(session, slug).party
        names = _names(session)
        rows = [
            {
                "step": share.step,
                "party": names[share.party],
                "gave": share.amount,
                "got_back": back,
            }
            for share, back in curing.shares(session, window, party)
        ]
    context.emit(rows, title=f"{window}, {slug}", empty="Nobody gave: it was left out.")


@defaults.command()
@json_option
@pass_context
def fund(context: Context) -> None:
    """Collateral and mutual fund: what each partner left, beside what its terms ask."""
    with context.database.transaction() as session:
        partners = registry.listed(session)
        found = security.standings(session, [each.party for each in partners], context.clock())
        rows = [
            {"slug": partner.slug} | {k: v for k, v in asdict(each).items() if k != "party"}
            for partner, each in zip(partners, found, strict=True)
        ]
    context.emit(rows, title="Security held, minor units of the hub's currency")
    context.say(f"The mutual fund holds {sum(row['fund'] for row in rows):,}.")


@defaults.command()
@click.argument("slug")
@ACCOUNT
@AMOUNT
@AS
@REASON
@json_option
@pass_context
def deposit(
    context: Context, slug: str, account: Account, amount: int, by: str, reason: str
) -> None:
    """Propose to book security that the hub received."""
    _propose_security(context, "deposit", slug, account, amount, by, reason)


@defaults.command()
@click.argument("slug")
@ACCOUNT
@AMOUNT
@AS
@REASON
@json_option
@pass_context
def withdraw(
    context: Context, slug: str, account: Account, amount: int, by: str, reason: str
) -> None:
    """Propose to give security back."""
    _propose_security(context, "withdrawal", slug, account, amount, by, reason)


def _propose_security(
    context: Context, kind: str, slug: str, account: str, amount: int, by: str, reason: str
) -> None:
    with context.database.transaction() as session:
        party = registry.find(session, slug).party
        content = {"kind": kind, "party": party, "account": account, "amount": amount}
        propose(context, session, "security", content, by, reason)


def _names(session: Session) -> dict[int, str]:
    return {party: name for party, (_, name) in windows.names(session).items()}


def _show(context: Context, outcome: Outcome, slug: str, names: Mapping[int, str]) -> None:
    title = {
        "without": f"{outcome.window} without {slug}: everything with it waits",
        "cover": f"{outcome.window}, {slug} covered",
    }[outcome.method]
    context.say(f"[bold]{title}[/]; it fails to pay {outcome.shortfall:,}.")
    if outcome.shares:
        context.emit(
            (
                {"step": share.step, "from": names[share.party], "amount": share.amount}
                for share in outcome.shares
            ),
            title="Who makes it up",
        )
    context.emit(
        (
            {"party": names[party], "before": before, "after": after, "change": after - before}
            for party, (before, after) in sorted(outcome.nets.items())
        ),
        title="Everybody's net",
    )
    plain: dict[str, Any] = outcome.content()
    context.say(f"Figures {plain['hash'][:16]}: what is approved is exactly this.")
