"""Back to what the migrations insert, without the price of building it again."""

import psycopg
from psycopg import sql

import exchange.models
import members.giving.models
import members.models
import members.notices.models
import members.people.models
import members.trust.models
import partners.asking.models
import partners.exchanges.models
import partners.models
import settlement.bank.models
import settlement.book_checks.models
import settlement.calendar.models
import settlement.defaults.models
import settlement.disputes.models
import settlement.documents.models
import settlement.finance.models
import settlement.models
import settlement.reconciliation.models
import settlement.sealing.models
import staff.audit.models
import staff.models
import staff.people.models
import staff.watch.models
from kit.database import Base

MODELS = (
    exchange.models,
    members.models,
    members.people.models,
    members.giving.models,
    members.notices.models,
    members.trust.models,
    partners.models,
    partners.asking.models,
    partners.exchanges.models,
    settlement.models,
    settlement.sealing.models,
    settlement.bank.models,
    settlement.book_checks.models,
    settlement.finance.models,
    settlement.calendar.models,
    settlement.reconciliation.models,
    settlement.disputes.models,
    settlement.defaults.models,
    settlement.documents.models,
    staff.models,
    staff.people.models,
    staff.audit.models,
    staff.watch.models,
)

JOBS = ("procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs")
KEEP = {"exchange.party": "id > 2", "exchange.account": "party_id IS NULL OR party_id > 2"}


def wipe(owner: psycopg.Connection) -> None:
    """Delete every row that a test could have made; sequences go on counting.

    Most tables are empty after most tests: a look costs microseconds, a TRUNCATE milliseconds.
    """
    owner.execute("SET synchronous_commit = off")
    owner.execute(_statement())
    owner.execute("RESET synchronous_commit")


_cache: list[sql.Composed] = []


def _statement() -> sql.Composed:
    if not _cache:
        steps = []
        tables = [("jobs", name) for name in JOBS]
        tables += [(t.schema or "public", t.name) for t in reversed(Base.metadata.sorted_tables)]
        for schema, name in tables:
            table = sql.Identifier(schema, name)
            keep = sql.SQL(KEEP.get(f"{schema}.{name}", "true"))
            steps.append(
                sql.SQL(
                    "IF EXISTS (SELECT FROM {t} WHERE {k}) THEN DELETE FROM {t} WHERE {k}; END IF;"
                ).format(t=table, k=keep)
            )
        steps.append(
            sql.SQL(
                "INSERT INTO exchange.setting DEFAULT VALUES;"
                "INSERT INTO exchange.watermark (xid) VALUES (0);"
                "UPDATE exchange.party SET state = 'open' WHERE state <> 'open';"
            )
        )
        body = sql.SQL("BEGIN ") + sql.SQL("\n").join(steps) + sql.SQL(" END")
        _cache.append(sql.SQL("DO {}").format(sql.Literal(body.as_string())))
    return _cache[0]
