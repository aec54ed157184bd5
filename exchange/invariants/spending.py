"""Points were spent in their time and in their order, from what was held, with consent."""

from exchange.invariants.checking import Invariant

IN_TIME = Invariant(
    "spent-in-its-time",
    "Points are spent or moved neither before their lot is spendable nor after it expired; a"
    " captured hold is judged by the day on which it was made.",
    """
    SELECT p.journal_id || '/' || p.line, format('%s to %s', l.spendable_from, l.expires_on),
           (coalesce(h.held_at, j.at) AT TIME ZONE s.zone)::date
    FROM exchange.posting p
    JOIN exchange.journal j ON j.id = p.journal_id
    JOIN exchange.lot l ON l.wallet_id = p.debit AND l.id = p.lot_id
    LEFT JOIN exchange.hold h ON h.id = j.hold_id
    CROSS JOIN exchange.setting s
    WHERE p.movement IN ('spent', 'moved')
        AND (coalesce(h.held_at, j.at) AT TIME ZONE s.zone)::date
            NOT BETWEEN l.spendable_from AND l.expires_on
    """,
)

IN_ORDER = Invariant(
    "spent-in-the-order-of-expiry",
    "The lines of one spend go from the lot that expires first to the one that expires last, the"
    " older first among equals.",
    """
    SELECT b.journal_id || '/' || b.line, format('after %s, lot %s', a.expires_on, a.lot_id),
           format('%s, lot %s', b.expires_on, b.lot_id)
    FROM exchange.posting b
    JOIN exchange.posting a ON a.journal_id = b.journal_id AND a.line = b.line - 1
    WHERE b.line > 1 AND b.movement IN ('spent', 'moved')
        AND (a.expires_on, a.lot_id) >= (b.expires_on, b.lot_id)
    """,
)

NONE_PASSED_OVER = Invariant(
    "no-points-passed-over",
    "Points that have lain available in a lot since before the last spend from a lot that expires"
    " later should have been taken first. This sees only points that are still there: once they"
    " are gone, the books cannot tell whether they were there then. Spends within a minute of the"
    " lot's last income are given the benefit of the doubt, for their order is not on record; so"
    " are captures, whose lots were picked by the hold.",
    """
    WITH income AS (
        SELECT l.wallet_id, l.id, max(j.at) AS at, max(j.xid) AS xid
        FROM exchange.lot l
        JOIN exchange.posting p ON p.credit = l.wallet_id
            AND coalesce(p.to_lot_id, p.lot_id) = l.id
        JOIN exchange.journal j ON j.id = p.journal_id
        WHERE l.available > 0 AND p.movement IN ('issued', 'refunded', 'moved')
        GROUP BY l.wallet_id, l.id),
    released AS (
        SELECT hl.wallet_id, hl.lot_id, max(h.ended_at) AS at
        FROM exchange.hold_lot hl JOIN exchange.hold h ON h.id = hl.hold_id
        WHERE h.released > 0 GROUP BY hl.wallet_id, hl.lot_id),
    lying AS (
        SELECT l.wallet_id, l.id, l.expires_on, l.spendable_from, i.xid,
               greatest(i.at, r.at) + interval '1 minute' AS since
        FROM exchange.lot l
        JOIN income i ON i.wallet_id = l.wallet_id AND i.id = l.id
        LEFT JOIN released r ON r.wallet_id = l.wallet_id AND r.lot_id = l.id
        WHERE l.available > 0),
    spend AS (
        SELECT p.debit AS wallet_id, p.lot_id, p.expires_on, max(j.at) AS at, max(j.xid) AS xid
        FROM exchange.posting p JOIN exchange.journal j ON j.id = p.journal_id
        WHERE j.kind IN ('redemption', 'transfer')
        GROUP BY p.debit, p.lot_id, p.expires_on)
    SELECT format('wallet %s, lot %s', l.wallet_id, l.id),
           format('lot %s until %s before any other', l.id, l.expires_on),
           format('lot %s until %s at %s', s.lot_id, s.expires_on, s.at)
    FROM lying l
    JOIN spend s ON s.wallet_id = l.wallet_id
    CROSS JOIN exchange.setting z
    WHERE (s.expires_on, s.lot_id) > (l.expires_on, l.id) AND s.at > l.since AND s.xid > l.xid
        AND (s.at AT TIME ZONE z.zone)::date BETWEEN l.spendable_from AND l.expires_on
    """,
)

CAPTURED = Invariant(
    "captured-once-and-not-more-than-held",
    "A captured hold has one capture, made before the hold expired and for as many points as the"
    " hold says, of the same party and wallet; other holds have none.",
    """
    SELECT h.id, format('%s of %s', h.captured, h.points),
           format('%s in %s captures', coalesce(j.points, 0), coalesce(j.n, 0))
    FROM exchange.hold h
    LEFT JOIN (SELECT hold_id, count(*) AS n, sum(points) AS points, max(at) AS at,
                      max(party_id) AS party_id, max(wallet_id) AS wallet_id
               FROM exchange.journal WHERE kind = 'capture' GROUP BY hold_id) j
        ON j.hold_id = h.id
    WHERE h.captured > h.points OR h.captured <> coalesce(j.points, 0)
        OR coalesce(j.n, 0) <> (h.state = 'captured')::integer
        OR j.at >= h.expires_at OR j.at <> h.ended_at
        OR j.party_id <> h.party_id OR j.wallet_id <> h.wallet_id
    """,
)

CAPTURED_LOTS = Invariant(
    "captured-from-what-was-held",
    "A capture spends the lots that its hold reserved, and no more of each.",
    """
    SELECT p.journal_id || '/' || p.line, coalesce(hl.points, 0), p.points
    FROM exchange.journal j
    JOIN exchange.posting p ON p.journal_id = j.id
    LEFT JOIN exchange.hold_lot hl ON hl.hold_id = j.hold_id AND hl.lot_id = p.lot_id
    WHERE j.kind = 'capture' AND p.points > coalesce(hl.points, 0)
    """,
)

MANDATE = Invariant(
    "mandate-not-exceeded",
    "What a link has spent on its last day is the sum of that day's redemptions and holds without"
    " a payment code, and since it was last agreed not more than the member's daily limit. (Of"
    " today: before that it no longer decides anything, and used codes are kept for two days.)",
    """
    WITH mandated AS MATERIALIZED (
        SELECT e.* FROM (
            SELECT id, party_id, wallet_id, points, at FROM exchange.journal
            WHERE kind = 'redemption' AND at >= current_date - 2
            UNION ALL
            SELECT id, party_id, wallet_id, points, held_at FROM exchange.hold
            WHERE held_at >= current_date - 2) e
        WHERE NOT EXISTS (SELECT FROM exchange.payment_code c WHERE c.used_for = e.id))
    SELECT l.id, format('%s, at most %s', coalesce(sum(c.points), 0), l.daily_limit), l.spent
    FROM exchange.link l
    CROSS JOIN exchange.setting s
    LEFT JOIN mandated c ON c.wallet_id = l.wallet_id AND c.party_id = l.party_id
        AND c.at >= l.spent_on::timestamp AT TIME ZONE s.zone
        AND c.at < (l.spent_on + 1)::timestamp AT TIME ZONE s.zone
    WHERE l.spent > 0 AND l.spent_on >= (clock_timestamp() AT TIME ZONE s.zone)::date
    GROUP BY l.id
    HAVING l.spent <> coalesce(sum(c.points), 0)
        OR (l.active AND sum(c.points) FILTER (
            WHERE c.at >= greatest(l.linked_at, l.changed_at)) > l.daily_limit)
    """,
)

PAYMENT_CODE = Invariant(
    "payment-code-used-once",
    "A used code was in date, for that party, and belongs to one redemption or hold of its wallet"
    " in that moment, of the points that it says and no more than it allowed.",
    """
    SELECT format('wallet %s at %s', c.wallet_id, c.used_at),
           format('%s of %s', c.points, c.max_points),
           coalesce(format('%s points', e.points), 'nothing')
    FROM (SELECT *, count(*) OVER (PARTITION BY used_for) AS n
          FROM exchange.payment_code WHERE used_at IS NOT NULL) c
    LEFT JOIN (SELECT id, wallet_id, party_id, at, points FROM exchange.journal
               WHERE kind = 'redemption'
               UNION ALL
               SELECT id, wallet_id, party_id, held_at, points FROM exchange.hold) e
        ON e.id = c.used_for AND e.wallet_id = c.wallet_id AND e.party_id = c.used_by
           AND e.at = c.used_at AND e.points = c.points
    WHERE e.id IS NULL OR c.n > 1 OR c.points > c.max_points OR c.used_at >= c.expires_at
        OR c.party_id <> c.used_by
    """,
)

FROZEN = Invariant(
    "nothing-held-in-a-frozen-wallet",
    "A wallet that its member froze holds nothing but what is firm.",
    """
    SELECT format('hold %s', h.id), 'let go', format('%s held', h.points)
    FROM exchange.wallet w JOIN exchange.hold h ON h.wallet_id = w.id
    WHERE w.frozen AND h.state = 'held' AND NOT h.firm
    """,
)

UNAPPROVED = Invariant(
    "unapproved-is-what-mandates-spent",
    "A wallet was spent from without asking, on the day it says, by as much as all mandates say"
    " together; a limit that came later may be less.",
    """
    SELECT format('wallet %s', w.id), l.spent, w.unapproved
    FROM exchange.wallet w
    JOIN (SELECT wallet_id, spent_on, sum(spent) AS spent FROM exchange.link
          WHERE spent_on IS NOT NULL GROUP BY wallet_id, spent_on) l
        ON l.wallet_id = w.id AND l.spent_on = w.unapproved_on
    WHERE l.spent <> w.unapproved
    """,
)

MONTHS = Invariant(
    "months-are-what-happened",
    "The kept months of a wallet are its journals, up to the moment to which they were summed.",
    """
    SELECT format('wallet %s, %s', wallet_id, month),
           format('+%s −%s', coalesce(e.earned, 0), coalesce(e.spent, 0)),
           format('+%s −%s', coalesce(k.earned, 0), coalesce(k.spent, 0))
    FROM exchange.wallet_month k
    FULL JOIN (
        SELECT j.wallet_id, date_trunc('month', j.at AT TIME ZONE z.zone)::date AS month,
               sum(j.points) FILTER (WHERE j.kind IN ('accrual', 'import')) AS earned,
               sum(j.points) FILTER (WHERE j.kind IN ('redemption', 'capture')) AS spent
        FROM exchange.wallet_summed s
        JOIN exchange.journal j ON j.wallet_id = s.wallet_id AND j.at <= s.until
        CROSS JOIN exchange.setting z
        GROUP BY 1, 2) e USING (wallet_id, month)
    WHERE (coalesce(k.earned, 0), coalesce(k.spent, 0))
        <> (coalesce(e.earned, 0), coalesce(e.spent, 0))
    """,
)

USES = Invariant(
    "last-use-is-the-last",
    "What is kept of when a party last moved points of a wallet is the moment of that journal.",
    """
    SELECT format('wallet %s, party %s', wallet_id, party_id), e.last_at, u.last_at
    FROM exchange.wallet_use u
    FULL JOIN (
        SELECT j.wallet_id, j.party_id, max(j.at) AS last_at
        FROM exchange.wallet_summed s
        JOIN exchange.journal j ON j.wallet_id = s.wallet_id AND j.at <= s.until
        WHERE j.party_id IS NOT NULL
        GROUP BY 1, 2) e USING (wallet_id, party_id)
    WHERE u.last_at IS DISTINCT FROM e.last_at
    """,
)

LIVE_CODE = Invariant(
    "one-live-code",
    "Of a wallet, nobody shows two payment codes that a till would take.",
    """
    SELECT format('wallet %s', wallet_id), 1, count(*)
    FROM exchange.payment_code
    WHERE used_at IS NULL AND party_id IS NULL AND asked_by IS NULL
        AND expires_at > clock_timestamp()
    GROUP BY wallet_id, spender HAVING count(*) > 1
    """,
)

INVARIANTS = [
    IN_TIME,
    IN_ORDER,
    NONE_PASSED_OVER,
    CAPTURED,
    CAPTURED_LOTS,
    MANDATE,
    PAYMENT_CODE,
    FROZEN,
    UNAPPROVED,
    MONTHS,
    USES,
    LIVE_CODE,
]
