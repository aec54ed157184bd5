"""Nothing is undone twice, and what is undone goes back where it came from."""

from exchange.invariants.checking import Invariant

NOT_MORE = Invariant(
    "undone-not-more-than-done",
    "Refunds undo redemptions and captures, clawbacks accruals and imports, of the same party and"
    " wallet, and together not more than there was.",
    """
    SELECT u.undoes, format('%s of %s', d.kind, coalesce(d.points, 0)),
           format('%s by %s', sum(u.points), string_agg(DISTINCT u.kind, ', '))
    FROM exchange.journal u
    LEFT JOIN exchange.journal d ON d.id = u.undoes
    WHERE u.undoes IS NOT NULL
    GROUP BY u.undoes, d.kind, d.points
    HAVING d.points IS NULL OR sum(u.points) > d.points
        OR NOT bool_and(u.party_id = d.party_id AND u.wallet_id = d.wallet_id
            AND CASE u.kind WHEN 'refund' THEN d.kind IN ('redemption', 'capture')
                            ELSE d.kind IN ('accrual', 'import') END)
    """,
)

KEPT = Invariant(
    "undone-is-what-undid-it",
    "What is noted as undone of a journal is the sum of the journals that undo it.",
    """
    SELECT coalesce(n.journal_id, u.undoes),
           format('%s of %s', coalesce(u.points, 0), d.points),
           format('%s of %s', coalesce(n.undone, 0), n.points)
    FROM exchange.undone n
    FULL JOIN (SELECT undoes, sum(points) AS points FROM exchange.journal
               WHERE undoes IS NOT NULL GROUP BY undoes) u ON u.undoes = n.journal_id
    LEFT JOIN exchange.journal d ON d.id = coalesce(n.journal_id, u.undoes)
    WHERE n.undone IS DISTINCT FROM u.points OR n.points IS DISTINCT FROM d.points
    """,
)

SAME_LOTS = Invariant(
    "refund-goes-back-to-the-same-lots",
    "A refund's line names the line it undoes and keeps its issuer and the date of its price; it"
    " goes to the same lot, or to a later one when that had expired; and no line comes back more"
    " than it went.",
    """
    SELECT format('%s/%s, undone by %s', d.journal_id, d.line, min(r.journal_id::text)),
           format('%s to lot %s of issuer %s', d.points, d.lot_id, d.issuer_id),
           format('%s to lots %s', sum(r.points), string_agg(DISTINCT r.lot_id::text, ', '))
    FROM exchange.posting r
    JOIN exchange.journal u ON u.id = r.journal_id
    LEFT JOIN exchange.posting d ON d.journal_id = u.undoes AND d.line = r.undoes_line
    WHERE r.movement = 'refunded'
    GROUP BY d.journal_id, d.line, d.points, d.lot_id, d.issuer_id
    HAVING d.journal_id IS NULL OR sum(r.points) > d.points
        OR NOT bool_and(r.issuer_id = d.issuer_id AND r.valued_at = d.valued_at
            AND (r.lot_id = d.lot_id OR r.expires_on > d.expires_on))
    """,
)

FORGIVEN = Invariant(
    "forgiven-not-more-than-expired",
    "A clawback forgives of a lot at most what expired of it unspent.",
    """
    SELECT format('lot %s', f.lot_id), coalesce(e.points, 0), f.points
    FROM (SELECT lot_id, sum(points) AS points FROM exchange.posting
          WHERE movement = 'forgiven' GROUP BY lot_id) f
    LEFT JOIN (SELECT lot_id, sum(points) AS points FROM exchange.posting
               WHERE movement = 'expired' GROUP BY lot_id) e ON e.lot_id = f.lot_id
    WHERE f.points > coalesce(e.points, 0)
    """,
)

INVARIANTS = [NOT_MORE, KEPT, SAME_LOTS, FORGIVEN]
