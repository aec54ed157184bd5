"""What people did to windows stands in the audit log, under their names."""

from exchange.invariants import Invariant

STEPS = Invariant(
    "every-step-of-a-window-is-in-the-audit-log",
    "Whoever closed, approved, paid, settled or aborted a window is in the audit log with it.",
    """
    SELECT s.window_id, format('%s by %s', step.what, step.who), 'no entry'
    FROM settlement.settlement s
    JOIN exchange."window" w ON w.id = s.window_id
    CROSS JOIN LATERAL (VALUES
        ('window-closed', s.closed_by), ('window-approved', s.approved_by),
        ('window-paying', s.paid_by), ('window-settled', s.settled_by),
        ('window-aborted', s.aborted_by)) AS step (what, who)
    WHERE step.who IS NOT NULL
        AND NOT EXISTS (SELECT FROM staff.audit a WHERE a.object = 'window ' || w.name
                        AND a.what = step.what AND a.who = step.who)
    """,
)

INVARIANTS = [STEPS]
