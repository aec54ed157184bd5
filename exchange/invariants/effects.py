"""One request, one saved answer, one effect."""

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
        OR (c.code IS NULL AND c.operation <> 'batch' AND ((c.facts ->> 'id')::uuid <> e.id
                                OR (c.facts ->> 'points')::bigint <> e.points))
    """,
)

ONCE = Invariant(
    "one-claim-per-key",
    "No idempotency key of a party was claimed twice.",
    """
    SELECT format('party %s, key %s', party_id, key), '1', count(*)::text
    FROM exchange.claim GROUP BY party_id, key HAVING count(*) > 1
    """,
)

BATCH = Invariant(
    "batch-has-its-effects",
    "A saved answer to a part of a batch has one journal, hold or void for each line that it says"
    " was done, with the points that it tells.",
    """
    WITH line AS (
        SELECT t.* FROM exchange.told t
        JOIN exchange.claim c ON c.party_id = t.party_id AND c.key = t.key AND c.at = t.at
        WHERE c.operation = 'batch'),
    told AS (
        SELECT party_id, key, operation AS kind,
               coalesce(facts ->> 'id', facts ->> 'authorization')::uuid AS id,
               coalesce(facts ->> 'captured', facts ->> 'points')::bigint AS points
        FROM line WHERE operation <> 'void'),
    made AS (
        SELECT c.party_id, c.key, e.kind, e.id, e.points
        FROM (SELECT id, kind, party_id, request_key, points FROM exchange.journal
              UNION ALL
              SELECT id, 'authorisation', party_id, request_key, points FROM exchange.hold) e
        JOIN exchange.claim c ON c.party_id = e.party_id AND c.key = e.request_key
        WHERE c.operation = 'batch')
    SELECT format('party %s, key %s, %s', coalesce(t.party_id, m.party_id),
                  coalesce(t.key, m.key), coalesce(t.id, m.id)),
           coalesce(format('%s %s', t.points, t.kind), 'no line'),
           coalesce(format('%s %s', m.points, m.kind), 'no effect')
    FROM told t FULL JOIN made m ON m.id = t.id
    WHERE t.id IS NULL OR m.id IS NULL OR t.points <> m.points OR t.kind <> m.kind
        OR t.key <> m.key
    UNION ALL
    SELECT format('party %s, key %s', l.party_id, l.key), 'voided', h.state
    FROM line l LEFT JOIN exchange.hold h ON h.id = (l.facts ->> 'authorization')::uuid
        AND h.party_id = l.party_id
    WHERE l.operation = 'void' AND h.state IS DISTINCT FROM 'voided'
    """,
)

INVARIANTS = [ANSWER, EFFECT, ONCE, BATCH]
