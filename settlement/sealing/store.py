"""All SQL of the sealed log: leaves, nodes and heads; and what the leaves were made of."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from settlement.sealing import leaf as leaves
from settlement.sealing.leaf import Kind, Row
from settlement.statements import TreeHead

LOCK = 7209072  # Of whoever adds to the log: one at a time, and never anybody who posts.
FETCHED = 2000  # rows at a time, whatever the result
FOR_EVER = 2**63 - 1  # No transaction has this number.
TILE = 256  # leaves under a node of level 1, nodes of one level under one of the next

_JOURNAL = (*leaves.JOURNAL_SHOWN, *leaves.JOURNAL_REST)
_POSTING = (*leaves.POSTING_SHOWN, *leaves.POSTING_REST)
_COLUMNS = ", ".join((*(f"j.{name}" for name in _JOURNAL), *(f"p.{name}" for name in _POSTING)))
# What changed is sealed as the database writes it: to the last digit, and nothing is not `null`.
_ENTRY = ", ".join(
    f"a.{name}::text" if name in ("before", "after") else f"a.{name}"
    for name in leaves.ENTRY_COLUMNS
)


@dataclass(frozen=True, slots=True)
class Happened:
    """What a leaf is made of: a journal with its postings, or an entry of the audit log."""

    kind: Kind
    row: Row
    postings: list[Row]

    @property
    def place(self) -> tuple[int, bool, UUID]:
        """In the log: by transaction, in it journals before entries, then by id."""
        return self.row["xid"], self.kind == "audit", self.row["id"]


def lock(session: Session) -> bool:
    """Be the one who adds to the log until this transaction ends; false while another is."""
    held: bool = session.execute(text(f"SELECT pg_try_advisory_xact_lock({LOCK})")).scalar_one()
    return held


def oldest_running(session: Session) -> int:
    """The number of the oldest transaction still running: all before it have ended."""
    found: int = session.execute(
        text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    ).scalar_one()
    return found


def end(session: Session) -> tuple[int, int]:
    """How many leaves there are, and the transaction after that of the last one."""
    row = session.execute(
        text("SELECT index + 1, xid + 1 FROM settlement.leaf ORDER BY index DESC LIMIT 1")
    ).one_or_none()
    return (0, 0) if row is None else (row[0], row[1])


def window_names(session: Session) -> dict[int, str]:
    rows = session.execute(text('SELECT id, name FROM exchange."window"'))
    return {row.id: row.name for row in rows}


# Transactions are named as numbers and not as parameters: see `exchange.rollup`.


def count_postings(session: Session, low: int, high: int, *, window: int | None = None) -> int:
    """Those of these transactions; with `window`, those among them that went into it."""
    sql = f"SELECT count(*) FROM exchange.posting WHERE xid >= {low:d} AND xid < {high:d}"  # noqa: S608
    if window is not None:
        sql += f" AND window_id = {window:d}"
    found: int = session.execute(text(sql)).scalar_one()
    return found


def count_entries(session: Session, low: int, high: int) -> int:
    """Those of the audit log, of these transactions."""
    found: int = session.execute(
        text(f"SELECT count(*) FROM staff.audit WHERE xid >= {low:d} AND xid < {high:d}")  # noqa: S608
    ).scalar_one()
    return found


def happened(session: Session, low: int, high: int) -> Iterator[Happened]:
    """All that is to be sealed of these transactions, in the order of the log."""
    return merge(
        _journals(session, low, high), _entries(session, low, high), key=lambda each: each.place
    )


def _journals(session: Session, low: int, high: int) -> Iterator[Happened]:
    with session.execute(
        text(
            f"SELECT {_COLUMNS} FROM exchange.posting p"  # noqa: S608
            " JOIN exchange.journal j ON j.id = p.journal_id"
            f" WHERE p.xid >= {low:d} AND p.xid < {high:d} ORDER BY p.xid, j.id, p.line"
        ),
        execution_options={"yield_per": FETCHED},
    ) as rows:
        for journal, postings in grouped(rows):
            yield Happened("journal", journal, postings)


def _entries(session: Session, low: int, high: int) -> Iterator[Happened]:
    with session.execute(
        text(
            f"SELECT {_ENTRY} FROM staff.audit a"  # noqa: S608
            f" WHERE a.xid >= {low:d} AND a.xid < {high:d} ORDER BY a.xid, a.id"
        ),
        execution_options={"yield_per": FETCHED},
    ) as rows:
        for row in rows:
            yield Happened("audit", _entry(row), [])


def entry(session: Session, id_: UUID) -> tuple[Row, RowMapping | None] | None:
    """An entry of the audit log and its leaf (`index`, `hash`), None until it is sealed."""
    row = session.execute(
        text(f"SELECT {_ENTRY} FROM staff.audit a WHERE a.id = :id"),  # noqa: S608
        {"id": id_},
    ).one_or_none()
    if row is None:
        return None
    leaf = session.execute(
        text("SELECT index, hash FROM settlement.leaf WHERE audit_id = :id"), {"id": id_}
    )
    return _entry(row), leaf.mappings().one_or_none()


def some_journals(session: Session, ids: Sequence[UUID]) -> Iterator[tuple[Row, list[Row]]]:
    """These journals with their postings, in the order of their ids."""
    rows = session.execute(
        text(
            f"SELECT {_COLUMNS} FROM exchange.journal j"  # noqa: S608
            " JOIN exchange.posting p ON p.journal_id = j.id"
            " WHERE j.id = ANY(:ids) ORDER BY j.id, p.line"
        ),
        {"ids": list(ids)},
    )
    return grouped(rows)


def indices(session: Session, journals_: Iterable[tuple[int, UUID]]) -> dict[UUID, int]:
    """Where each journal of a window stands in the log."""
    windows, ids = zip(*journals_, strict=True) if journals_ else ((), ())
    rows = session.execute(
        text(
            "SELECT l.journal_id, l.index AS number FROM settlement.leaf l"
            " WHERE l.window_id = ANY(:windows) AND l.journal_id = ANY(:ids)"
        ),
        {"windows": sorted(set(windows)), "ids": list(ids)},
    )
    return {row.journal_id: row.number for row in rows}


def journal_leaf(session: Session, window: int, journal: UUID) -> RowMapping | None:
    """A journal's leaf: `index` and `hash`; None until it is sealed."""
    return (
        session.execute(
            text(
                "SELECT index, hash FROM settlement.leaf"
                " WHERE window_id = :window AND journal_id = :journal"
            ),
            {"window": window, "journal": journal},
        )
        .mappings()
        .one_or_none()
    )


def grouped(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Row, list[Row]]]:
    """Rows of a journal and a posting each, as journals with their postings."""
    for _, found in groupby(rows, key=itemgetter(0)):
        some = list(found)
        yield _journal(some[0]), [_posting(row) for row in some]


def _journal(row: Sequence[Any]) -> Row:
    return dict(zip(_JOURNAL, row, strict=False))


def _posting(row: Sequence[Any]) -> Row:
    return dict(zip(_POSTING, row[len(_JOURNAL) :], strict=False))


def _entry(row: Sequence[Any]) -> Row:
    return dict(zip(leaves.ENTRY_COLUMNS, row, strict=False))


def insert_leaves(session: Session, first: int, made: Sequence[tuple[Happened, bytes]]) -> None:
    """What each is of, and its hash, from the index `first` on."""
    session.execute(
        text(
            "INSERT INTO settlement.leaf (index, journal_id, window_id, xid, hash, audit_id)"
            " SELECT :first + n - 1, journal_id, window_id, xid, hash, audit_id FROM unnest("
            "CAST(:journals AS uuid[]), CAST(:windows AS integer[]), CAST(:xids AS bigint[]),"
            " CAST(:hashes AS bytea[]), CAST(:entries AS uuid[]))"
            " WITH ORDINALITY AS made (journal_id, window_id, xid, hash, audit_id, n)"
        ),
        {
            "first": first,
            "journals": [each.row["id"] if each.kind == "journal" else None for each, _ in made],
            "windows": [each.row.get("window_id") for each, _ in made],
            "xids": [each.row["xid"] for each, _ in made],
            "hashes": [hash_ for _, hash_ in made],
            "entries": [each.row["id"] if each.kind == "audit" else None for each, _ in made],
        },
    )


# --- everything again, to be compared -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sealed:
    """A leaf as it is kept, with what stands in the books or in the audit log today, if anything.

    `id` is that of the journal or of the entry; None for a leaf that names neither, or both.
    """

    index: int
    kind: Kind
    id: UUID | None
    window_id: int | None
    xid: int
    hash: bytes
    happened: Happened | None

    @property
    def place(self) -> tuple[int, bool, UUID | None]:
        """As `Happened.place`, by what the leaf says."""
        return self.xid, self.kind == "audit", self.id


_LEAF = "l.index, l.journal_id, l.window_id, l.xid, l.hash, l.audit_id"


def everything(session: Session) -> Iterator[Sealed]:
    """All leaves in their order, a few at a time."""
    with session.execute(
        text(
            f"SELECT {_COLUMNS}, {_ENTRY}, {_LEAF}"  # noqa: S608
            " FROM settlement.leaf l LEFT JOIN exchange.journal j ON j.id = l.journal_id"
            " LEFT JOIN exchange.posting p ON p.journal_id = l.journal_id"
            " LEFT JOIN staff.audit a ON a.id = l.audit_id ORDER BY l.index, p.line"
        ),
        execution_options={"yield_per": FETCHED},
    ) as rows:
        for leaf, found in groupby(rows, key=itemgetter(slice(-6, None))):
            yield _sealed(leaf, list(found))


def _sealed(leaf: Sequence[Any], rows: list[Sequence[Any]]) -> Sealed:
    index, journal_id, window_id, xid, hash_, audit_id = leaf
    kind: Kind = "journal" if audit_id is None else "audit"
    id_ = audit_id or journal_id if None in (audit_id, journal_id) else None
    row: Row
    if kind == "journal":
        row = _journal(rows[0])
    else:
        row = _entry(rows[0][len(_JOURNAL) + len(_POSTING) :])
    postings = [posting for each in rows if (posting := _posting(each))["line"] is not None]
    found = None if row["id"] is None else Happened(kind, row, postings)
    return Sealed(index, kind, id_, window_id, xid, hash_, found)


def count_leaves(session: Session) -> int:
    found: int = session.execute(text("SELECT count(*) FROM settlement.leaf")).scalar_one()
    return found


# A place in the log that another transaction's number would have given them.
_UNSEALED = """
    SELECT u.kind, u.id, u.xid,
        (SELECT min(l.index) FROM settlement.leaf l
         WHERE (l.xid, l.audit_id IS NOT NULL, coalesce(l.journal_id, l.audit_id))
             > (u.xid, u.kind = 'audit', u.id)) AS index
    FROM (SELECT 'journal' AS kind, j.id, j.xid FROM exchange.journal j
          LEFT JOIN settlement.leaf l ON l.window_id = j.window_id AND l.journal_id = j.id
          WHERE l.index IS NULL
          UNION ALL
          SELECT 'audit', a.id, a.xid FROM staff.audit a
          LEFT JOIN settlement.leaf l ON l.audit_id = a.id
          WHERE l.index IS NULL) u
    WHERE u.xid < :after OR u.xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    ORDER BY u.xid, u.kind = 'audit', u.id LIMIT :limit
"""


def unsealed(session: Session, after: int, limit: int) -> list[RowMapping]:
    """Journals and entries that the log passed over, or that no transaction can have made yet.

    `index` is that of the leaf before which they stand, None for the end.
    """
    values = {"after": after, "limit": limit}
    return list(session.execute(text(_UNSEALED), values).mappings())


def every_node(session: Session) -> Iterator[tuple[int, int, bytes]]:
    """Level, index and hash of all."""
    with session.execute(
        text("SELECT level, index AS number, hash FROM settlement.node ORDER BY level, index"),
        execution_options={"yield_per": FETCHED},
    ) as rows:
        for row in rows:
            yield row.level, row.number, row.hash


def every_head(session: Session) -> Iterator[TreeHead]:
    """All of them, the smallest first."""
    with session.execute(
        text(_HEAD + " ORDER BY size"), execution_options={"yield_per": FETCHED}
    ) as rows:
        yield from map(_as_head, rows.mappings())


# --- nodes: level 0 is the leaves -----------------------------------------------------------------


def tiles(session: Session, level: int, numbers: Sequence[int]) -> dict[int, list[bytes]]:
    """The hashes of whole tiles of 256 neighbours by number, as far as they are there."""
    table, of = ("leaf", "") if level == 0 else ("node", f"t.level = {level:d} AND ")
    rows = session.execute(
        text(
            "SELECT n, string_agg(t.hash, ''::bytea ORDER BY t.index) AS hashes"  # noqa: S608
            " FROM unnest(CAST(:numbers AS bigint[])) n"
            f" JOIN settlement.{table} t"
            f" ON {of}t.index >= n * {TILE} AND t.index < (n + 1) * {TILE}"
            " GROUP BY n"
        ),
        {"numbers": list(numbers)},
    )
    return {
        row.n: [row.hashes[at : at + 32] for at in range(0, len(row.hashes), 32)] for row in rows
    }


def insert_nodes(session: Session, level: int, nodes: dict[int, bytes]) -> None:
    """Roots of whole tiles, by index."""
    if nodes:
        session.execute(
            text(
                "INSERT INTO settlement.node (level, index, hash)"
                " SELECT :level, *"
                " FROM unnest(CAST(:indices AS bigint[]), CAST(:hashes AS bytea[]))"
            ),
            {"level": level, "indices": list(nodes), "hashes": list(nodes.values())},
        )


# --- heads ----------------------------------------------------------------------------------------

_HEAD = "SELECT size, root, at, key_id, signature FROM settlement.head"


def latest_head(session: Session) -> TreeHead | None:
    return _head(session, _HEAD + " ORDER BY size DESC LIMIT 1")


def find_head(session: Session, size: int) -> TreeHead | None:
    return _head(session, _HEAD + " WHERE size = :size", size=size)


def head_over(session: Session, index: int) -> TreeHead | None:
    """The first head that covers a leaf."""
    return _head(session, _HEAD + " WHERE size > :index ORDER BY size LIMIT 1", index=index)


def heads(session: Session, *, before: int | None, limit: int) -> list[TreeHead]:
    """The largest first; one more than `limit`, when there are more."""
    sql = _HEAD + ("" if before is None else " WHERE size < :before")
    rows = session.execute(
        text(sql + " ORDER BY size DESC LIMIT :limit"), {"before": before, "limit": limit + 1}
    )
    return [_as_head(row) for row in rows.mappings()]


def insert_head(session: Session, head: TreeHead) -> None:
    session.execute(
        text(
            "INSERT INTO settlement.head (size, root, at, key_id, signature)"
            " VALUES (:size, :root, :at, :key_id, :signature)"
        ),
        {
            "size": head.size,
            "root": bytes.fromhex(head.root),
            "at": head.at,
            "key_id": head.key_id,
            "signature": bytes.fromhex(head.signature),
        },
    )


def _head(session: Session, sql: str, **values: Any) -> TreeHead | None:
    row = session.execute(text(sql), values).mappings().one_or_none()
    return None if row is None else _as_head(row)


def _as_head(row: RowMapping) -> TreeHead:
    return TreeHead(**dict(row) | {"root": row["root"].hex(), "signature": row["signature"].hex()})
