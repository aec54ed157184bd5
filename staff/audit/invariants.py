"""What must be true of the audit log at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

PROPOSALS = Invariant(
    "every-proposal-is-in-the-audit-log",
    "A proposal was written down when it was made, and again when somebody ended it.",
    """
    SELECT p.id, format('%s, proposed by %s', p.state, p.proposed_by),
           coalesce('only ' || string_agg(a.what, ', '), 'no entry')
    FROM staff.proposal p
    LEFT JOIN staff.audit o ON o.what = 'proposed' AND o.after->>'id' = p.id::text
    LEFT JOIN staff.audit a ON a.object = o.object AND a.what IN ('proposed', p.state)
    GROUP BY p.id
    HAVING count(DISTINCT a.what)
        <> CASE WHEN p.state IN ('approved', 'rejected', 'withdrawn') THEN 2 ELSE 1 END
    """,
)

INVARIANTS = [PROPOSALS]
