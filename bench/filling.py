"""Filling a benchmark's database: members with three lots each, and past sales where wanted.

Rows are computed from a member's number alone, so that SQL and Python can both name them, and are
written in the order of their keys, as years of trade would have left them. They balance: the
checker finds nothing wrong with them.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

LOTS = 3
POINTS = 1_000_000  # in each lot
CHUNK = 25_000  # members in a transaction


@dataclass(frozen=True, slots=True)
class Parties:
    """The tills as the books know them: entry `i` of each list is till `i`'s."""

    parties: list[int]
    issuing: list[int]
    accepting: list[int]
    terms: list[int]


def link_id(member: int, other: int = 0) -> UUID:
    """The link of a member and its own till; `other` is the first wallet's to till `other` + 1."""
    return UUID(int=member << 80 | 0x7000_8000 << 48 | other)


def _uuid(number: str, part: str) -> str:
    """`link_id` in SQL: in the order of `number`, as UUIDs of version 7 are in that of time."""
    return f"(lpad(to_hex({number}), 12, '0') || '70008000' || lpad(to_hex({part}), 12, '0'))::uuid"


# Every statement is about the members `first` … `last`, whose wallets are `base` + n.
_MEMBERS = (
    """INSERT INTO exchange.account (id, kind) OVERRIDING SYSTEM VALUE
       SELECT %(base)s + n, 'wallet' FROM generate_series(%(first)s, %(last)s) n""",
    f"""INSERT INTO exchange.wallet (id, available, opened_at)
        SELECT %(base)s + n, {LOTS * POINTS} - %(sales)s, %(at)s
        FROM generate_series(%(first)s, %(last)s) n""",
    f"""INSERT INTO exchange.link (id, party_id, wallet_id, daily_limit, linked_at)
        SELECT {_uuid("n", "0")}, (%(parties)s::integer[])[1 + n %% %(tills)s], %(base)s + n,
               1000000000, %(at)s
        FROM generate_series(%(first)s, %(last)s) n""",
    f"""INSERT INTO exchange.lot
            (id, wallet_id, issuer_id, expires_on, terms, available, opened_at)
        OVERRIDING SYSTEM VALUE
        SELECT {LOTS} * (n - 1) + k, %(base)s + n,
               (%(parties)s::integer[])[1 + (n + k) %% %(tills)s],
               current_date + 100 * k, (%(terms)s::integer[])[1 + (n + k) %% %(tills)s],
               {POINTS} - CASE WHEN k = 1 THEN %(sales)s ELSE 0 END, %(at)s
        FROM generate_series(%(first)s, %(last)s) n, generate_series(1, {LOTS}) k""",
    f"""INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points, at)
        SELECT {_uuid("n", "k")}, %(window)s, 'accrual',
               (%(parties)s::integer[])[1 + (n + k) %% %(tills)s], %(base)s + n, {POINTS}, %(at)s
        FROM generate_series(%(first)s, %(last)s) n, generate_series(1, {LOTS}) k""",
    f"""INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit,
            credit, points, issuer_id, expires_on, lot_id, issued_at, valued_at)
        SELECT {_uuid("n", "k")}, 1, %(window)s, 'issued', i.party, i.account, %(base)s + n,
               {POINTS}, i.party, current_date + 100 * k, {LOTS} * (n - 1) + k, %(at)s, %(at)s
        FROM generate_series(%(first)s, %(last)s) n, generate_series(1, {LOTS}) k,
             LATERAL (SELECT (%(parties)s::integer[])[1 + (n + k) %% %(tills)s] AS party,
                             (%(issuing)s::bigint[])[1 + (n + k) %% %(tills)s] AS account) i""",
)

# Sales of one point each, out of the first lot; `before` of them were made earlier.
_SALES = (
    f"""INSERT INTO exchange.journal
            (id, window_id, kind, party_id, wallet_id, points, reference, at)
        SELECT {_uuid("n", "k")}, %(window)s, 'redemption',
               (%(parties)s::integer[])[1 + n %% %(tills)s], %(base)s + n, 1,
               'H-' || lpad(n::text, 8, '0') || '-' || k, %(at)s
        FROM generate_series(%(first)s, %(last)s) n,
             generate_series(16 + %(before)s, 15 + %(before)s + %(sales)s) k""",
    f"""INSERT INTO exchange.posting (journal_id, line, window_id, movement, party_id, debit,
            credit, points, issuer_id, expires_on, lot_id, issued_at, valued_at)
        SELECT {_uuid("n", "k")}, 1, %(window)s, 'spent',
               (%(parties)s::integer[])[1 + n %% %(tills)s], %(base)s + n,
               (%(accepting)s::bigint[])[1 + n %% %(tills)s], 1,
               (%(parties)s::integer[])[1 + (n + 1) %% %(tills)s], current_date + 100,
               {LOTS} * (n - 1) + 1, %(at)s, %(at)s
        FROM generate_series(%(first)s, %(last)s) n,
             generate_series(16 + %(before)s, 15 + %(before)s + %(sales)s) k""",
)

# The first wallet is known to every till.
_SHARED = f"""INSERT INTO exchange.link (id, party_id, wallet_id, daily_limit, linked_at)
    SELECT {_uuid("1", "k")}, (%(parties)s::integer[])[1 + (1 + k) %% %(tills)s], %(base)s + 1,
           1000000000, %(at)s
    FROM generate_series(1, %(tills)s - 1) k"""

_EXPOSURE = """UPDATE exchange.exposure e SET points = s.points, price = 1000000
    FROM (SELECT issuer_id, sum(points) AS points FROM exchange.posting
          WHERE movement = 'issued' GROUP BY issuer_id) s
    WHERE s.issuer_id = e.party_id"""

_SEQUENCES = """SELECT setval(pg_get_serial_sequence('exchange.account', 'id'),
                              (SELECT max(id) FROM exchange.account)),
                       setval(pg_get_serial_sequence('exchange.lot', 'id'),
                              (SELECT max(id) FROM exchange.lot))"""

Progress = Callable[[int], None]  # told how many members are done


def fill(
    url: str,
    parties: Parties,
    members: int,
    sales: int,
    progress: Progress,
    at: datetime | None = None,
    later: int = 0,
) -> None:
    """Members 1 … `members` with three lots each, and `sales` past sales of each: all of `at`,
    which is now unless another moment is given. `later` more are taken off their lots already, for
    `sell` to post.

    `url` is a superuser's: these rows refer to each other by construction, and checking 25 million
    foreign keys one by one would take longer than writing them.
    """
    with _connect(url, autocommit=True) as connection:
        values = _values(connection, parties, at) | {"sales": sales, "before": 0}
        _in_chunks(url, _MEMBERS, values | {"sales": sales + later}, members, progress)
        if sales:
            _in_chunks(url, _SALES, values, members, lambda _: None)
        connection.execute(_SHARED, values)
        connection.execute(_EXPOSURE)
        connection.execute(_SEQUENCES)
        connection.execute("VACUUM (ANALYZE)")


def sell(
    url: str,
    parties: Parties,
    members: int,
    sales: int,
    before: int,
    at: datetime | None = None,
    *,
    taken: bool = False,
) -> None:
    """`sales` more sales of every member in the open window, after `before` earlier ones; their
    points are `taken` off the lots when the members were filled in with so many for later."""
    with _connect(url, autocommit=True) as connection:
        values = _values(connection, parties, at) | {"sales": sales, "before": before}
        # The wallets are not the highest accounts any more; the first lot's is the first wallet.
        row = connection.execute("SELECT wallet_id - 1 FROM exchange.lot WHERE id = 1").fetchone()
        values["base"] = row[0] if row else 0
        _in_chunks(url, _SALES, values, members, lambda _: None)
        if taken:
            connection.execute("ANALYZE exchange.posting")
            return
        connection.execute(
            "UPDATE exchange.lot SET available = available - %(sales)s"
            f" WHERE id %% {LOTS} = 1 AND id <= {LOTS} * %(members)s::bigint",
            values | {"members": members},
        )
        connection.execute(
            "UPDATE exchange.wallet SET available = available - %(sales)s"
            " WHERE id BETWEEN %(base)s + 1 AND %(base)s + %(members)s",
            values | {"members": members},
        )
        connection.execute("VACUUM (ANALYZE) exchange.lot, exchange.wallet, exchange.posting")


def _connect(url: str, **options: Any) -> psycopg.Connection:
    """The client writes the values in: the server would take small numbers for smallint."""
    return psycopg.connect(url, cursor_factory=psycopg.ClientCursor, **options)


def _values(
    connection: psycopg.Connection, parties: Parties, at: datetime | None
) -> dict[str, object]:
    row = connection.execute(
        'SELECT (SELECT max(id) FROM exchange.account), id FROM exchange."window"'
        " WHERE closed_at IS NULL"
    ).fetchone()
    if row is None:
        raise RuntimeError("no window is open")
    return asdict(parties) | {
        "tills": len(parties.parties),
        "base": row[0],
        "window": row[1],
        "at": at or datetime.now(UTC),
    }


def _in_chunks(
    url: str,
    statements: tuple[str, ...],
    values: dict[str, object],
    members: int,
    progress: Progress,
) -> None:
    def chunk(first: int) -> None:
        last = min(first + CHUNK - 1, members)
        with _connect(url, options="-c session_replication_role=replica") as connection:
            for statement in statements:
                connection.execute(statement, values | {"first": first, "last": last})
        progress(last - first + 1)

    with ThreadPoolExecutor(2) as both:
        for _ in both.map(chunk, range(1, members + 1, CHUNK)):
            pass
