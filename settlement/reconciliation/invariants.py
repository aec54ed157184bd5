"""What must be true of reconciliations at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

NOTHING_LOST = Invariant(
    "reconciliation-finds-every-line-once",
    "A matched record's lines and points are those of its outcomes, and those of its parts.",
    """
    SELECT r.id, format('%s lines, %s points', p.lines, p.points),
           format('%s lines, %s points', o.lines, o.points)
    FROM settlement.reconciliation r
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(lines), 0) AS lines, coalesce(sum(points), 0) AS points
        FROM settlement.reconciliation_part WHERE reconciliation_id = r.id) p
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(their_lines), 0) AS lines, coalesce(sum(their_points), 0) AS points
        FROM settlement.reconciliation_outcome WHERE reconciliation_id = r.id) o
    WHERE r.matched_at IS NOT NULL AND (p.lines <> o.lines OR p.points <> o.points)
    """,
)

CLOSED = Invariant(
    "a-reconciliation-is-closed-when-all-agrees",
    "A matched record is closed if all its findings agree, and only then.",
    """
    SELECT r.id, CASE WHEN o.differ THEN 'differs' ELSE 'closed' END, r.state
    FROM settlement.reconciliation r
    CROSS JOIN LATERAL (
        SELECT coalesce(bool_or(outcome <> 'matched'), false) AS differ
        FROM settlement.reconciliation_outcome WHERE reconciliation_id = r.id) o
    WHERE r.matched_at IS NOT NULL AND o.differ <> (r.state = 'differs')
    """,
)

ANSWERED = Invariant(
    "a-record-counts-its-answers",
    "What a record says is unanswered is its differences less the answers to them.",
    """
    SELECT r.id, format('%s of %s', f.findings - a.answers, f.findings), format('%s', r.unanswered)
    FROM settlement.reconciliation r
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(findings), 0) AS findings FROM settlement.reconciliation_outcome
        WHERE reconciliation_id = r.id AND outcome <> 'matched') f
    CROSS JOIN LATERAL (
        SELECT count(*) AS answers FROM settlement.reconciliation_answer
        WHERE reconciliation_id = r.id) a
    WHERE f.findings - a.answers <> r.unanswered
    """,
)

INVARIANTS: list[Invariant] = [NOTHING_LOST, CLOSED, ANSWERED]
