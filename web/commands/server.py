"""Running the hub: serve, worker, migrate, check, stop."""

import os
import sys
from datetime import UTC, datetime

import click

from exchange import windows
from exchange.errors import WindowAlreadyOpen
from kit import database, postgres
from settlement import verification
from settlement.book_checks import checking
from web import config, jobs, logs
from web.commands.context import Context, json_option, pass_context

WORKERS = 2  # One for each core that the hub may have to itself.
CHECKER = "bin/hub check"  # Who asked, as the desk has it.
THREADS = 16  # Orders that meet in the funnel share a commit: fewer threads, smaller companies.


@click.command()
@click.option("--workers", default=WORKERS, show_default=True, help="Web processes.")
@click.option("--threads", default=THREADS, show_default=True, help="Threads in each process.")
@click.option("--host", default="127.0.0.1", show_default=True)
@pass_context
def serve(context: Context, workers: int, threads: int, host: str) -> None:
    """Serve the API with Granian, until Ctrl-C."""
    settings = context.settings
    if not settings.production:
        _prepare(context)
    context.say(f"[bold]Tongbao[/] on {settings.origin}   (docs: {settings.origin}/docs)")
    sys.stdout.flush()
    arguments = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host,
        "--port", str(settings.port), "--workers", str(workers),
        "--blocking-threads", str(threads), "--backlog", "512", "--no-log",
        "--respawn-failed-workers", "--workers-kill-timeout", "10", "wsgi:application",
    ]  # fmt: skip
    os.chdir(database.MIGRATIONS.parent)
    os.execv(sys.executable, arguments)  # noqa: S606 - no shell is meant


def _prepare(context: Context) -> None:
    """On a laptop the hub sets itself up: the schema, and a first window named after the month."""
    database.migrate(context.settings.owner_url)
    with context.database.transaction() as session:
        try:
            windows.open_first(session, f"{datetime.now(UTC):%Y-%m}")
        except WindowAlreadyOpen:
            return
        context.say("Opened the first settlement window.")


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
@pass_context
def worker(context: Context, once: bool) -> None:
    """Run the jobs that time brings.

    Expiry of holds and points, roll-up, clearing away, closings that were cut short, notices.
    """
    database.refuse_unsafe(context.settings.app_url)
    if once:
        done = jobs.run_all(context.database, context.settings, context.clock())
        for name, count in done.items():
            context.say(f"{name}: {count:,}")
        return
    logs.configure("INFO")
    context.say("Working; what the jobs do is logged. Stop with Ctrl-C.")
    jobs.work(context.database, context.settings)


@click.command()
@click.option("--to", "revision", default="head", show_default=True, help="A revision, or base.")
@pass_context
def migrate(context: Context, revision: str) -> None:
    """Bring the database's schema up to date."""
    database.migrate(context.settings.owner_url, revision)
    context.say(
        f"The schema is at {database.expected_revision() if revision == 'head' else revision}."
    )


@click.command()
@json_option
@pass_context
def check(context: Context) -> None:
    """Verify every invariant of the books.

    All in one snapshot, and the signatures of all statements; exits 1 on any violation. What came
    of it stands on the desk: while the books do not balance, no window is approved or paid.
    """
    results = checking.check_in_full(context.database, context.clock(), by=CHECKER)
    context.emit(
        (
            {
                "invariant": one.name,
                **({"says": one.says} if context.as_json else {}),
                "violations": one.count,
                "milliseconds": round(one.seconds * 1000),
            }
            for one in results
        ),
        title="The books",
    )
    with context.database.transaction() as session:
        unsigned = verification.unverified(session, context.settings.public_keys)
    wrong = [one for one in results if one.violations]
    for one in wrong:
        for violation in one.violations[:5]:
            context.say(f"[red]{one.name}[/]: {violation}")
    for number in unsigned:
        context.say(f"[red]Statement {number}[/] does not verify under any key of the hub.")
    if unsigned:
        context.say("Was the hub's key changed? Name the old one in HUB_RETIRED_KEYS.")
    if wrong:
        context.say("[bold red]The books do not balance.[/]")
        raise SystemExit(1)
    context.say("[bold green]books balance[/]")
    if unsigned:
        raise SystemExit(1)


@click.command()
@pass_context
def stop(context: Context) -> None:
    """Stop the hub's own database.

    The web processes and the worker end with Ctrl-C.
    """
    # The database need not run to be stopped: no configuration is loaded here.
    context.say("Stopped." if postgres.stop(config.home()) else "No database was running.")
