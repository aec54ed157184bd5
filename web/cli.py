"""`bin/hub`: everything an operator does without a page."""

import sys

import click
import psycopg
from sqlalchemy.exc import OperationalError

from kit.database import UnsafeDatabase
from kit.errors import Refusal
from kit.postgres import PostgresError
from web import logs
from web.commands import (
    adjustments,
    audit,
    bank,
    books,
    calendar,
    defaults,
    disputes,
    fx,
    keys,
    members,
    partners,
    proposals,
    rates,
    reconciliations,
    seal,
    server,
    settlement,
    simulate,
    statements,
    terms,
    windows,
)
from web.commands.context import Context
from web.config import UnsafeConfiguration


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.pass_context
def hub(context: click.Context) -> None:
    """Tongbao: a hub for a coalition of merchants who share one points currency."""
    context.ensure_object(Context)
    logs.configure("WARNING")


for command in (
    server.serve,
    server.worker,
    server.migrate,
    server.check,
    server.stop,
    partners.partners,
    keys.keys,
    members.members,
    proposals.operators,
    proposals.proposals,
    terms.terms,
    rates.rates,
    adjustments.adjustments,
    windows.windows,
    fx.fx,
    calendar.calendar,
    settlement.settlement,
    statements.statements,
    seal.seal,
    audit.audit,
    bank.bank,
    reconciliations.reconciliations,
    disputes.disputes,
    defaults.defaults,
    simulate.simulate,
    books.books,
):
    hub.add_command(command)


def main() -> None:
    """Run a command; what is refused is said in one line, and ends with 2."""
    try:
        hub(prog_name="bin/hub")
    except Refusal as refusal:
        facts = ", ".join(f"{name} {value}" for name, value in refusal.facts.items())
        sys.stderr.write(f"Refused ({refusal.code}): {refusal.detail}{facts and f' [{facts}]'}\n")
        sys.exit(2)
    except (OperationalError, psycopg.OperationalError) as error:
        sys.stderr.write(f"The database does not answer: {str(error).splitlines()[0]}\n")
        sys.exit(3)
    except (UnsafeConfiguration, UnsafeDatabase, PostgresError) as reason:
        sys.stderr.write(f"The hub does not start: {reason}\n")
        sys.exit(3)


if __name__ == "__main__":
    main()
