"""What must be true of approvals at any time (see `exchange.invariants`)."""

import staff.audit.invariants
from exchange.invariants import Invariant

SECOND_PERSON = Invariant(
    "decided-by-another-on-the-same-content",
    "A proposal is decided by somebody else than who made it, in its time, and approved on the"
    " very content that was proposed; only who made it withdraws it.",
    """
    SELECT id, 'another person, the same content', format('%s by %s after %s', state, decided_by,
           proposed_by)
    FROM staff.proposal
    WHERE (state IN ('approved', 'rejected')
           AND (decided_by IS NULL OR decided_by = proposed_by OR decider = proposer))
        OR (state = 'withdrawn' AND decider IS DISTINCT FROM proposer)
        OR (state NOT IN ('waiting', 'expired')
            AND (decided_at IS NULL OR decided_at >= expires_at))
        OR (state = 'approved' AND decided_hash IS DISTINCT FROM content_hash)
    """,
)

AS_RECORDED = Invariant(
    "approved-as-it-was-recorded",
    "What was approved is, letter by letter, what the audit log says was proposed, and who decided"
    " on it stands there too.",
    """
    SELECT p.id, format('%s proposed by %s, %s by %s', left(a.after->>'hash', 8), a.who, p.state,
                        coalesce(d.who, 'nobody')),
           format('%s proposed by %s, %s by %s', left(encode(p.content_hash, 'hex'), 8),
                  p.proposed_by, p.state, p.decided_by)
    FROM staff.proposal p
    JOIN staff.audit a ON a.what = 'proposed' AND a.after->>'id' = p.id::text
    LEFT JOIN staff.audit d ON d.object = a.object AND d.what = p.state
    WHERE p.state IN ('approved', 'rejected')
        AND (a.after->'content' <> p.content OR a.after->>'kind' <> p.kind
             OR a.after->>'hash' <> encode(p.content_hash, 'hex') OR a.who <> p.proposed_by
             OR d.who IS DISTINCT FROM p.decided_by)
    """,
)

GIVEN_BACK = Invariant(
    "given-back-by-two",
    "Whoever was given roles, or let in again, and whichever partner was let in again or given a"
    " key by the desk: two people agreed to it, at that very moment.",
    """
    SELECT a.id, format('a proposal about %s, approved by %s', a.object, a.who), a.what
    FROM staff.audit a
    LEFT JOIN staff.proposal p ON p.state = 'approved' AND p.decided_by = a.who
        AND p.decided_at = a.at
        AND (a.what, p.kind) IN (('roles-changed', 'operator-roles'),
                                 ('operator-restored', 'operator-restoration'),
                                 ('partner-restored', 'partner-restoration'),
                                 ('key-registered', 'partner-key'))
        AND a.object IN ('operator ' || (p.content->>'name'), 'partner ' || (p.content->>'partner'))
    WHERE (a.what IN ('roles-changed', 'operator-restored', 'partner-restored')
           OR (a.what = 'key-registered' AND a.who IN (SELECT name FROM staff.operator)))
        AND p.id IS NULL
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

INVARIANTS = [
    SECOND_PERSON,
    AS_RECORDED,
    GIVEN_BACK,
    ADJUSTMENT,
    *staff.audit.invariants.INVARIANTS,
]
