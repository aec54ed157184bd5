"""What must be true of `partners.asking` at any time."""

from exchange.invariants import Invariant

HAS_ITS_CODE = Invariant(
    "approval-is-one-code",
    "An approval is one payment code of the wallet of whoever approved it, for the partner that"
    " asked, of as many points as were asked. (Of the last day: codes are dropped.)",
    """
    SELECT a.id,
           format('party %s, wallet %s, %s points', a.party_id, a.wallet_id, a.points),
           CASE WHEN c.digest IS NULL THEN 'none'
                ELSE format('party %s, wallet %s, %s points', c.party_id, c.wallet_id, c.max_points)
           END
    FROM partners.approval a
    LEFT JOIN exchange.payment_code c ON c.digest = a.code_digest
    WHERE a.state = 'approved' AND a.decided_at > now() - interval '1 day'
        AND (c.digest IS NULL OR c.party_id IS DISTINCT FROM a.party_id
            OR c.wallet_id <> a.wallet_id OR c.max_points <> a.points)
    """,
)

DECIDED = Invariant(
    "approval-decided-in-time-by-its-member",
    "An approval was decided while it was open, by the member whose wallet it is.",
    """
    SELECT a.id, format('wallet %s, %s to %s', a.wallet_id, a.asked_at, a.expires_at),
           format('wallet %s at %s', m.wallet_id, a.decided_at)
    FROM partners.approval a
    JOIN members.member m ON m.id = a.decided_by
    WHERE m.wallet_id IS DISTINCT FROM a.wallet_id
        OR a.decided_at < a.asked_at OR a.decided_at >= a.expires_at
    """,
)

USED = Invariant(
    "approval-used-once-as-approved",
    "What was spent or held by an approval is one sale of the partner that asked, of no more points"
    " than were approved, within the time it was good for.",
    """
    SELECT a.id, format('party %s, %s points', a.party_id, a.points),
           format('party %s, %s points, %s sales', c.used_by, sum(e.points), count(e.points))
    FROM partners.approval a
    JOIN exchange.payment_code c ON c.digest = a.code_digest AND c.used_at IS NOT NULL
    LEFT JOIN (SELECT wallet_id, party_id, at, points FROM exchange.journal
               WHERE kind = 'redemption'
               UNION ALL
               SELECT wallet_id, party_id, held_at, points FROM exchange.hold) e
        ON e.wallet_id = c.wallet_id AND e.party_id = c.used_by AND e.at = c.used_at
    GROUP BY a.id, c.digest
    HAVING c.used_by <> a.party_id OR c.used_at < a.decided_at OR c.used_at >= c.expires_at
        OR count(e.points) = 0 OR min(e.points) > a.points
    """,
)

INVARIANTS: list[Invariant] = [HAS_ITS_CODE, DECIDED, USED]
