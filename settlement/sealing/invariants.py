"""What must be true of the sealed log at any time (see `exchange.invariants`).

These only count; `settlement.sealing.checking` computes every hash again.
"""

from exchange.invariants import Invariant

SEALED_ONCE = Invariant(
    "every-journal-is-sealed-once",
    "A journal of a transaction that the log has passed has one leaf, of its own window.",
    """
    SELECT j.id, 'one leaf', count(l.index)
    FROM exchange.journal j
    LEFT JOIN settlement.leaf l ON l.journal_id = j.id
    WHERE j.xid <= (SELECT xid FROM settlement.leaf ORDER BY index DESC LIMIT 1)
    GROUP BY j.id
    HAVING count(l.index) <> 1 OR min(l.window_id) <> j.window_id
    """,
)

ENTRIES_SEALED_ONCE = Invariant(
    "every-audit-entry-is-sealed-once",
    "An entry of the audit log of a transaction that the sealed log has passed has one leaf.",
    """
    SELECT a.id, 'one leaf', count(l.index)
    FROM staff.audit a
    LEFT JOIN settlement.leaf l ON l.audit_id = a.id
    WHERE a.xid <= (SELECT xid FROM settlement.leaf ORDER BY index DESC LIMIT 1)
    GROUP BY a.id
    HAVING count(l.index) <> 1
    """,
)

STILL_THERE = Invariant(
    "what-was-sealed-is-still-there",
    "A leaf's journal is in the books and its entry in the audit log, under the same transaction.",
    """
    SELECT l.index, coalesce(j.xid, a.xid)::text, l.xid
    FROM settlement.leaf l
    LEFT JOIN exchange.journal j ON j.id = l.journal_id AND j.window_id = l.window_id
    LEFT JOIN staff.audit a ON a.id = l.audit_id
    WHERE coalesce(j.xid, a.xid) IS DISTINCT FROM l.xid
    """,
)

TREE = Invariant(
    "tree-is-as-large-as-its-leaves",
    "Leaves are numbered without a gap, every 256 of them have a node, and no head covers more.",
    """
    WITH leaves AS (SELECT count(*) AS n, coalesce(max(index) + 1, 0) AS size FROM settlement.leaf)
    SELECT 'leaves', size::text, n::text FROM leaves WHERE n <> size
    UNION ALL
    SELECT 'nodes', (n / 256)::text, found::text
    FROM leaves CROSS JOIN (SELECT count(*) AS found FROM settlement.node WHERE level = 1) f
    WHERE n / 256 <> found
    UNION ALL
    SELECT 'head', 'at most ' || n, h.size::text
    FROM leaves JOIN settlement.head h ON h.size > n
    """,
)

INVARIANTS: list[Invariant] = [SEALED_ONCE, ENTRIES_SEALED_ONCE, STILL_THERE, TREE]
