"""Issuers stand for what they issued, within their caps; imports gave what their rate says."""

from exchange.invariants.checking import Invariant

EXPOSURE_POINTS = Invariant(
    "exposure-is-what-was-issued-and-not-released",
    "An issuer's exposure in points: issued - clawed back - released by the closing of windows.",
    """
    SELECT format('party %s', coalesce(e.party_id, x.party_id)), coalesce(x.points, 0),
           coalesce(e.points::text, 'no exposure')
    FROM exchange.exposure e
    FULL JOIN (SELECT party_id, sum(points) AS points
               FROM (SELECT issuer_id AS party_id,
                            CASE movement WHEN 'issued' THEN points ELSE -points END AS points
                     FROM exchange.posting WHERE movement IN ('issued', 'clawed_back')
                     UNION ALL
                     SELECT party_id, -points FROM exchange.exposure_release) m
               GROUP BY party_id) x ON x.party_id = e.party_id
    WHERE e.points IS DISTINCT FROM coalesce(x.points, 0)
    """,
)

EXPOSURE_OWED = Invariant(
    "exposure-owed-is-what-is-not-settled",
    "An issuer's exposure in money is what it owes for closed windows that are not settled.",
    """
    SELECT format('party %s', e.party_id), coalesce(r.owed, 0), e.owed
    FROM exchange.exposure e
    LEFT JOIN (SELECT party_id, sum(owed) AS owed FROM exchange.exposure_release
               WHERE settled_at IS NULL GROUP BY party_id) r ON r.party_id = e.party_id
    WHERE e.owed <> coalesce(r.owed, 0)
    """,
)

CAP = Invariant(
    "exposure-within-the-cap",
    "No issuing carried an issuer past its cap, at the price of its last points. What closing a"
    " window adds is not held against it, for no one could refuse it: refunds that outweighed the"
    " window's spends, and amounts owed above the price of the points released.",
    """
    SELECT format('party %s', e.party_id), format('at most %s', e.cap),
           ceil((e.points - coalesce(r.returned, 0))::numeric * e.price / 1000000)
               + coalesce(r.owed, 0)
    FROM exchange.exposure e
    LEFT JOIN LATERAL (
        SELECT sum(greatest(-points, 0)) AS returned,
               sum(CASE WHEN settled_at IS NULL THEN
                   least(owed, ceil(greatest(points, 0)::numeric * e.price / 1000000)) END) AS owed
        FROM exchange.exposure_release WHERE party_id = e.party_id) r ON true
    WHERE ceil((e.points - coalesce(r.returned, 0))::numeric * e.price / 1000000)
        + coalesce(r.owed, 0) > e.cap
    """,
)

IMPORT_RATE = Invariant(
    "import-gives-what-its-rate-says",
    "An import's points are its partner's points at the rate, rounded up, less the fee, rounded"
    " down; the rate is of the same party and of imports.",
    """
    SELECT j.id, format('%s after a fee of %s', g.gross - g.gross * r.fee_ppm / 1000000,
                        g.gross * r.fee_ppm / 1000000),
           format('%s after a fee of %s', j.points, j.fee)
    FROM exchange.journal j
    LEFT JOIN exchange.rate r ON r.id = j.rate_id AND r.party_id = j.party_id
        AND r.direction = 'import'
    CROSS JOIN LATERAL (SELECT (j.theirs * r.ours + r.theirs - 1) / r.theirs AS gross) g
    WHERE j.kind = 'import' AND (
        j.points IS DISTINCT FROM g.gross - g.gross * r.fee_ppm / 1000000
        OR j.fee IS DISTINCT FROM g.gross * r.fee_ppm / 1000000)
    """,
)

EXPORT = Invariant(
    "export-names-what-was-given-for-it",
    "A capture that names a rate is of all that a firm hold had; the rate is of the same party and"
    " of exports, and the party gave something for it. No other capture says so.",
    """
    SELECT j.id, 'exported whole, by a rate for exports',
           format('%s of %s held, rate %s, theirs %s, fee %s', j.points, h.points, j.rate_id,
                  j.theirs, j.fee)
    FROM exchange.journal j
    LEFT JOIN exchange.rate r ON r.id = j.rate_id AND r.party_id = j.party_id
        AND r.direction = 'export'
    LEFT JOIN exchange.hold h ON h.id = j.hold_id
    WHERE j.kind = 'capture' AND CASE WHEN j.rate_id IS NULL
        THEN j.theirs IS NOT NULL OR j.fee IS NOT NULL
        ELSE (r.id IS NOT NULL AND h.firm AND j.points = h.points AND j.theirs > 0
              AND j.fee BETWEEN 0 AND j.points) IS NOT TRUE END
    """,
)

RATE_USE = Invariant(
    "rate-used-within-its-daily-cap",
    "What is counted towards a rate's daily cap is the sum of that day's imports, within the cap.",
    """
    SELECT format('rate %s on %s', coalesce(u.rate_id, j.rate_id), coalesce(u.day, j.day)),
           format('%s of %s', coalesce(j.theirs, 0), r.daily_cap), coalesce(u.theirs, 0)
    FROM exchange.rate_use u
    FULL JOIN (SELECT j.rate_id, (j.at AT TIME ZONE s.zone)::date AS day, sum(j.theirs) AS theirs
               FROM exchange.journal j
               JOIN exchange.rate r ON r.id = j.rate_id AND r.daily_cap IS NOT NULL
               CROSS JOIN exchange.setting s
               WHERE j.kind = 'import'
               GROUP BY 1, 2) j ON j.rate_id = u.rate_id AND j.day = u.day
    LEFT JOIN exchange.rate r ON r.id = coalesce(u.rate_id, j.rate_id)
    WHERE coalesce(u.theirs, 0) <> coalesce(j.theirs, 0) OR u.theirs > r.daily_cap
    """,
)

QUOTE = Invariant(
    "quote-used-once-and-as-quoted",
    "A used quote belongs to one import of its party and wallet, made in time and as quoted; and"
    " an import that was answered as quoted has used its quote.",
    """
    SELECT format('quote %s', q.id), format('%s for %s', q.points, q.theirs),
           format('%s for %s', j.points, j.theirs)
    FROM exchange.quote q
    LEFT JOIN exchange.link l ON l.id = q.link_id
    LEFT JOIN exchange.journal j ON j.id = q.used_by AND j.kind = 'import'
        AND j.party_id = q.party_id AND j.wallet_id = l.wallet_id AND j.rate_id = q.rate_id
    WHERE q.used_by IS NOT NULL AND (
        j.id IS NULL OR j.points <> q.points OR j.theirs <> q.theirs OR j.fee <> q.fee
        OR j.at >= q.expires_at)
    UNION ALL
    SELECT format('import %s', used_by), '1 quote', format('%s quotes', count(*))
    FROM exchange.quote WHERE used_by IS NOT NULL GROUP BY used_by HAVING count(*) > 1
    UNION ALL
    SELECT format('import %s', c.facts ->> 'id'), format('quote %s used', c.facts ->> 'quote'),
           format('used by %s', q.used_by)
    FROM exchange.told c
    LEFT JOIN exchange.quote q ON q.id = (c.facts ->> 'quote')::uuid
    WHERE c.operation = 'import' AND c.facts ? 'quote'
        AND q.used_by IS DISTINCT FROM (c.facts ->> 'id')::uuid
    """,
)

INVARIANTS = [EXPOSURE_POINTS, EXPOSURE_OWED, CAP, IMPORT_RATE, EXPORT, RATE_USE, QUOTE]
