"""Windows are approved and paid as two people agreed (see `exchange.invariants`)."""

from exchange.invariants import Invariant

APPROVED = Invariant(
    "approved-window-was-agreed-by-two",
    "Whoever approved a window decided on a proposal of somebody else about it, and did not close"
    " it.",
    """
    SELECT format('window %s', w.name), 'approved by another, who did not close it',
           format('%s by %s of %s, closed by %s', coalesce(p.state, 'no proposal'), s.approved_by,
                  coalesce(p.proposed_by, 'nobody'), s.closed_by)
    FROM settlement.settlement s
    JOIN exchange."window" w ON w.id = s.window_id
    LEFT JOIN staff.proposal p ON p.id = s.approval AND p.kind = 'window-approval'
        AND p.content->>'window' = w.name
    WHERE s.approved_at IS NOT NULL
        AND (p.state IS DISTINCT FROM 'approved' OR p.decided_by IS DISTINCT FROM s.approved_by
             OR s.approved_by = s.closed_by)
    """,
)

PAID = Invariant(
    "paid-window-was-agreed-by-two",
    "Money of a window is on its way because two people agreed to pay it, after it was approved.",
    """
    SELECT format('window %s', w.name), 'a proposal to pay it, approved',
           coalesce(p.state, 'no proposal')
    FROM settlement.settlement s
    JOIN exchange."window" w ON w.id = s.window_id
    LEFT JOIN staff.proposal p ON p.id = s.payment AND p.kind = 'window-payment'
        AND p.content->>'window' = w.name
    WHERE s.paid_at IS NOT NULL
        AND (p.state IS DISTINCT FROM 'approved' OR s.approved_at IS NULL)
    """,
)

FILES = Invariant(
    "payment-file-is-what-was-agreed",
    "A file for the bank is kept with the digest that two people agreed to, and none else is.",
    """
    SELECT f.message_id, encode(sha256(f.document), 'hex'),
           coalesce(string_agg(named->>'digest', ', '), 'not agreed')
    FROM settlement.payment_file f
    JOIN exchange."window" w ON w.id = f.window_id
    LEFT JOIN staff.proposal p ON p.kind = 'window-payment' AND p.state = 'approved'
        AND p.content->>'window' = w.name AND p.content->'revision' = to_jsonb(f.revision)
    LEFT JOIN LATERAL jsonb_array_elements(p.content->'files') named
        ON named->>'name' = f.message_id || '.xml'
    GROUP BY f.message_id, f.document, f.digest
    HAVING encode(f.digest, 'hex') IS DISTINCT FROM min(named->>'digest')
        OR sha256(f.document) <> f.digest
    """,
)

INVARIANTS = [APPROVED, PAID, FILES]
