"""What must be true of approvals at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

SECOND_PERSON = Invariant(
    "decided-by-another-on-the-same-content",
    "A proposal is decided by somebody else than who made it, in its time, and approved on the"
    " very content that was proposed.",
    """
    SELECT id, 'another person, the same content', format('%s by %s after %s', state, decided_by,
           proposed_by)
    FROM staff.proposal
    WHERE (state <> 'waiting' AND (decided_by IS NULL OR decided_by = proposed_by
                                   OR decided_at IS NULL OR decided_at >= expires_at))
        OR (state = 'approved' AND decided_hash IS DISTINCT FROM content_hash)
    """,
)

ADJUSTMENT = Invariant(
    "adjustment-was-approved",
    "Every adjustment of the books carries out a proposal that was approved before.",
    """
    SELECT j.id, format('proposal %s approved', j.approval_id), coalesce(p.state, 'no proposal')
    FROM exchange.journal j
    LEFT JOIN staff.proposal p ON p.id = j.approval_id
    WHERE j.kind = 'adjustment' AND p.state IS DISTINCT FROM 'approved'
    """,
)

INVARIANTS = [SECOND_PERSON, ADJUSTMENT]
