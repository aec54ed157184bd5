"""One request, one saved answer, one effect, one event."""

from exchange.invariants.checking import Invariant

ANSWER = Invariant(
    "answer-has-its-effect",
    "A saved answer that says done has exactly one journal or hold made by its request, or the"
    " hold it voided; an answer that refused has none.",
    """
    SELECT format('party %s, key %s', c.party_id, c.key),
           CASE WHEN c.code IS NULL THEN '1' ELSE '0' END || ' ' || c.operation,
           coalesce(e.n, 0)::text
    FROM exchange.claim c
    LEFT JOIN (SELECT party_id, request_key, count(*) AS n
               FROM (SELECT party_id, request_key FROM exchange.journal
                     WHERE request_key IS NOT NULL
                     UNION ALL
                     SELECT party_id, request_key FROM exchange.hold
                     WHERE request_key IS NOT NULL) each
               GROUP BY party_id, request_key) e
        ON e.party_id = c.party_id AND e.request_key = c.key
    WHERE c.facts IS NOT NULL AND coalesce(e.n, 0) <> (c.code IS NULL)::integer
        AND c.operation IN ('accrual', 'import', 'authorisation', 'capture', 'redemption',
                            'refund', 'clawback')
    UNION ALL
    SELECT format('party %s, key %s', c.party_id, c.key), 'voided', h.state
    FROM exchange.claim c
    LEFT JOIN exchange.hold h ON h.id = (c.facts ->> 'authorization')::uuid
        AND h.party_id = c.party_id
    WHERE c.operation = 'void' AND c.code IS NULL AND c.facts IS NOT NULL
        AND h.state IS DISTINCT FROM 'voided'
    """,
)

EFFECT = Invariant(
    "effect-has-its-answer",
    "A journal or hold that a request made has that request's answer saved, for as long as"
    " answers are kept; and its points are those that the answer tells.",
    """
    SELECT format('%s %s', e.kind, e.id), format('%s by key %s', e.points, e.request_key),
           coalesce(c.facts ->> 'points', 'no answer')
    FROM (SELECT id, kind, party_id, request_key, points, at FROM exchange.journal
          WHERE request_key IS NOT NULL AND kind <> 'capture'
          UNION ALL
          SELECT id, 'authorisation', party_id, request_key, points, held_at FROM exchange.hold
          WHERE request_key IS NOT NULL) e
    LEFT JOIN exchange.claim c ON c.party_id = e.party_id AND c.key = e.request_key
    WHERE (c.key IS NULL AND e.at > now() - interval '390 days')
        OR (c.code IS NULL AND ((c.facts ->> 'id')::uuid <> e.id
                                OR (c.facts ->> 'points')::bigint <> e.points))
    """,
)

EVENT = Invariant(
    "one-event-per-effect",
    "Every journal, every hold and every end of a hold has one event that tells of it, and no"
    " such event tells of nothing.",
    """
    WITH effect AS (
        SELECT CASE kind WHEN 'capture' THEN hold_id ELSE id END AS subject,
               CASE kind WHEN 'expiry' THEN 'lot-expiry' ELSE kind END AS kind
        FROM exchange.journal
        UNION ALL SELECT id, 'authorisation' FROM exchange.hold
        UNION ALL SELECT id, 'void' FROM exchange.hold WHERE state = 'voided'
        UNION ALL SELECT id, 'hold-expiry' FROM exchange.hold WHERE state = 'expired')
    SELECT format('%s %s', coalesce(e.kind, v.kind), coalesce(e.subject, v.subject)),
           CASE WHEN e.subject IS NULL THEN 'no event' ELSE 'an event' END,
           CASE WHEN v.subject IS NULL THEN 'no event' ELSE 'an event' END
    FROM effect e
    FULL JOIN (SELECT subject, kind FROM exchange.event
               WHERE kind IN ('accrual', 'import', 'authorisation', 'capture', 'void',
                   'hold-expiry', 'redemption', 'refund', 'clawback', 'lot-expiry', 'transfer',
                   'adjustment')) v
        ON v.subject = e.subject AND v.kind = e.kind
    WHERE e.subject IS NULL OR v.subject IS NULL
    """,
)

INVARIANTS = [ANSWER, EFFECT, EVENT]
