"""What whoever owns the database could do to it, and the way back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

TABLES = {
    "exchange": ("journal", "posting"),
    "staff": ("audit",),
    "settlement": ("leaf", "node", "head"),
}

# Another value of the same type, whatever the value was.
CHANGES = {
    "uuid": "gen_random_uuid()",
    "integer": "coalesce({}, 0) + 1",
    "bigint": "coalesce({}, 0) + 1",
    "smallint": "coalesce({}, 0) + 7",
    "text": "coalesce({}, '') || 'x'",
    "timestamp with time zone": "coalesce({}, now()) + interval '1 microsecond'",
    "date": "coalesce({}, current_date) + 1",
    "jsonb": "coalesce({}, '{{}}') || '{{\"another\": 1}}'",
}


@contextmanager
def unprotected(owner: psycopg.Connection) -> Iterator[Callable[[], None]]:
    """No constraint is in the way; what is given puts every row back, and so does the end."""
    tables = [f"{schema}.{name}" for schema, names in TABLES.items() for name in names]
    constraints = owner.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = ANY(%s::regclass[]) AND contype = 'c'"
        " OR confrelid = 'exchange.journal'::regclass",
        (tables,),
    ).fetchall()
    for table, name, _ in constraints:
        owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for table in tables:
        owner.execute(f"CREATE TEMP TABLE kept_{table.split('.')[1]} AS TABLE {table}")

    def restore() -> None:
        for table in tables:
            owner.execute(f"DELETE FROM {table}")
            owner.execute(f"INSERT INTO {table} SELECT * FROM kept_{table.split('.')[1]}")

    try:
        yield restore
    finally:
        restore()
        for table, name, definition in constraints:
            owner.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        for table in tables:
            owner.execute(f"DROP TABLE kept_{table.split('.')[1]}")
