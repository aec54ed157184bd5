"""What must be true of settled windows at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

EVERY_WINDOW = Invariant(
    "no-window-is-left-unsettled",
    "A settlement closed with its window; no closed window before it was passed over.",
    """
    SELECT w.name, coalesce(w.closed_at::text, 'open'), coalesce(s.closed_at::text, 'not settled')
    FROM exchange."window" w
    LEFT JOIN settlement.settlement s ON s.window_id = w.id
    WHERE s.closed_at IS DISTINCT FROM w.closed_at
        AND w.id <= (SELECT max(window_id) FROM settlement.settlement)
    """,
)

POSITION = Invariant(
    "position-is-the-sum-of-its-obligations",
    "What a party receives and pays is the sum of the obligations it is creditor and debtor of,"
    " a negative one turned round: both sides of a -> b see the same.",
    """
    WITH side AS (
        SELECT window_id, CASE WHEN amount < 0 THEN debtor ELSE creditor END AS party_id,
               abs(amount) AS receives, 0 AS pays
        FROM settlement.obligation
        UNION ALL
        SELECT window_id, CASE WHEN amount < 0 THEN creditor ELSE debtor END, 0, abs(amount)
        FROM settlement.obligation)
    SELECT format('window %s, party %s', coalesce(p.window_id, o.window_id),
                  coalesce(p.party_id, o.party_id)),
           format('receives %s, pays %s', coalesce(o.receives, 0), coalesce(o.pays, 0)),
           format('receives %s, pays %s', p.receives, p.pays)
    FROM settlement.position p
    FULL JOIN (SELECT window_id, party_id, sum(receives) AS receives, sum(pays) AS pays
               FROM side GROUP BY window_id, party_id) o
        ON o.window_id = p.window_id AND o.party_id = p.party_id
    WHERE p.receives IS DISTINCT FROM coalesce(o.receives, 0)
        OR p.pays IS DISTINCT FROM coalesce(o.pays, 0) OR p.net <> p.receives - p.pays
    """,
)

NETS_TO_ZERO = Invariant(
    "nets-sum-to-zero",
    "A window's net positions, the hub's and the float's with them, come to nothing together.",
    """
    SELECT format('window %s', window_id), 0, sum(net)
    FROM settlement.position GROUP BY window_id HAVING sum(net) <> 0
    """,
)

PAYMENTS = Invariant(
    "payments-settle-the-nets",
    "A window's payments bring every partner exactly what it settles for, which is its net where"
    " it settles in the hub's currency. (The hub takes the other side of what is left.)",
    """
    SELECT format('window %s, party %s', p.window_id, p.party_id),
           CASE WHEN p.currency = s.currency THEN p.net ELSE p.settles END,
           format('%s, paid %s', p.settles, coalesce(sum(m.amount), 0))
    FROM settlement.position p
    JOIN settlement.settlement s ON s.window_id = p.window_id
    JOIN exchange.party x ON x.id = p.party_id AND x.kind <> 'hub'
    LEFT JOIN (SELECT window_id, payee AS party_id, amount FROM settlement.payment
               UNION ALL SELECT window_id, payer, -amount FROM settlement.payment) m
        ON m.window_id = p.window_id AND m.party_id = p.party_id
    GROUP BY p.window_id, p.party_id, s.currency
    HAVING p.settles <> coalesce(sum(m.amount), 0)
        OR (p.currency = s.currency AND p.settles <> p.net)
    """,
)

STATEMENTS = Invariant(
    "one-statement-per-partner-and-window",
    "Every partner with a position in a closed window has its statement, and nobody else.",
    """
    SELECT format('window %s, party %s', coalesce(p.window_id, t.window_id),
                  coalesce(p.party_id, t.party_id)),
           CASE WHEN p.party_id IS NULL THEN 'none' ELSE 'a statement' END,
           coalesce(t.number, 'none')
    FROM (SELECT p.window_id, p.party_id FROM settlement.position p
          JOIN exchange.party x ON x.id = p.party_id AND x.kind = 'partner') p
    FULL JOIN settlement.statement t ON t.window_id = p.window_id AND t.party_id = p.party_id
    WHERE p.party_id IS NULL OR t.party_id IS NULL
    """,
)

RELEASE = Invariant(
    "release-is-what-the-issuer-owes",
    "Closing a window released an issuer's points into what it owes as an issuer, fees apart and"
    " never below nothing; it counts until the window is settled.",
    """
    SELECT format('window %s, party %s', r.window_id, r.party_id),
           format('%s, %s', greatest(0, coalesce(o.owed, 0)), s.state),
           format('%s, settled %s', r.owed, r.settled_at)
    FROM exchange.exposure_release r
    LEFT JOIN settlement.settlement s ON s.window_id = r.window_id
    LEFT JOIN (SELECT window_id, debtor, sum(amount) AS owed FROM settlement.obligation
               WHERE kind <> 'fee' GROUP BY window_id, debtor) o
        ON o.window_id = r.window_id AND o.debtor = r.party_id
    WHERE s.state IS NULL OR r.owed <> greatest(0, coalesce(o.owed, 0))
        OR (s.state = 'settled') <> (r.settled_at IS NOT NULL)
    """,
)

# `settlement.obligations`, written a second time and in another language: prices are in millionths,
# and so are shares, so a sum here is in 10^-18 of the minor unit. Party 1 is the hub, 2 the float.
OBLIGATIONS = Invariant(
    "obligations-are-those-of-the-postings",
    "Worked out from the postings again, a closed window's obligations are those that were kept.",
    """
    WITH moved AS (
        SELECT p.window_id, p.movement, p.issuer_id AS issuer, till.party AS acceptor,
               issue.id AS issue_terms, valued.id AS valued_terms, accepted.id AS accepted_terms,
               sum(CASE WHEN p.movement IN ('clawed_back', 'refunded') THEN -p.points
                        ELSE p.points END) AS points
        FROM exchange.posting p
        JOIN settlement.settlement s ON s.window_id = p.window_id AND s.state <> 'closing'
        CROSS JOIN LATERAL (SELECT CASE WHEN p.movement IN ('spent', 'refunded')
                                        THEN p.party_id END AS party) till
        LEFT JOIN partners.terms issue
            ON issue.party_id = p.issuer_id AND issue.valid @> p.issued_at
        LEFT JOIN partners.terms valued
            ON valued.party_id = p.issuer_id AND valued.valid @> p.valued_at
        LEFT JOIN partners.terms accepted
            ON accepted.party_id = till.party AND accepted.valid @> p.valued_at
        WHERE p.movement IN ('issued', 'clawed_back', 'spent', 'refunded', 'expired')
        GROUP BY 1, 2, 3, 4, 5, 6, 7),
    priced AS (
        SELECT m.*, issue.issue_price::numeric AS then_price, valued.issue_price::numeric AS price,
               accepted.accept_price::numeric AS taken, accepted.fee_ppm AS fee,
               issue.prefunded_ppm AS prepaid, 1000000 - issue.prefunded_ppm AS unpaid,
               issue.breakage_hub_ppm AS hubs,
               CASE WHEN m.acceptor = m.issuer THEN 'own' WHEN m.acceptor IS NOT NULL THEN 'sale'
                    WHEN m.movement = 'expired' THEN 'expired' ELSE 'issue' END AS event
        FROM moved m
        LEFT JOIN partners.terms issue ON issue.id = m.issue_terms
        LEFT JOIN partners.terms valued ON valued.id = m.valued_terms
        LEFT JOIN partners.terms accepted ON accepted.id = m.accepted_terms),
    flow AS (
        SELECT p.window_id, f.debtor, f.creditor, f.kind, sum(f.way * p.points) AS points,
               sum(f.way * p.points * f.exact) AS exact
        FROM priced p CROSS JOIN LATERAL (VALUES
            ('sale', unpaid, issuer, acceptor, 'spent', 1, taken * unpaid * 1000000),
            ('sale', unpaid, issuer, 1, 'spread', 1, (price - taken) * unpaid * 1000000),
            ('sale', prepaid, 2, acceptor, 'spent', 1, taken * prepaid * 1000000),
            ('sale', prepaid, 2, 1, 'spread', 1, (then_price - taken) * prepaid * 1000000),
            ('sale', 1, acceptor, 1, 'fee', 1, taken * fee * 1000000),
            ('own', prepaid, issuer, 2, 'prefunded', -1, then_price * prepaid * 1000000),
            ('issue', prepaid, issuer, 2, 'prefunded', 1, then_price * prepaid * 1000000),
            ('expired', unpaid, issuer, 1, 'breakage', 1, then_price * unpaid * hubs),
            ('expired', prepaid, 2, 1, 'breakage', 1, then_price * prepaid * hubs),
            ('expired', prepaid, 2, issuer, 'breakage', 1, then_price * prepaid * (1000000 - hubs))
        ) f (event, share, debtor, creditor, kind, way, exact)
        WHERE f.event = p.event AND f.share > 0
        GROUP BY 1, 2, 3, 4),
    owed AS (
        SELECT window_id, debtor, creditor, kind, points,
               CASE WHEN debtor <> 2 AND creditor IN (1, 2) THEN ceil(exact / 1e18)
                    ELSE floor(exact / 1e18) END AS amount
        FROM flow)
    SELECT format('window %s, %s to %s, %s', coalesce(k.window_id, o.window_id),
                  coalesce(k.debtor, o.debtor), coalesce(k.creditor, o.creditor),
                  coalesce(k.kind, o.kind)),
           format('%s for %s points', coalesce(o.amount, 0), coalesce(o.points, 0)),
           format('%s for %s points', coalesce(k.amount, 0), coalesce(k.points, 0))
    FROM settlement.obligation k
    FULL JOIN (SELECT * FROM owed WHERE points <> 0 OR amount <> 0) o
        ON o.window_id = k.window_id AND o.debtor = k.debtor AND o.creditor = k.creditor
            AND o.kind = k.kind
    WHERE k.amount IS DISTINCT FROM o.amount OR k.points IS DISTINCT FROM o.points
    """,
)

STATEMENT_FIGURES = Invariant(
    "statement-adds-up",
    "A statement's digest is that of its bytes; its points, obligations and payments come to the"
    " figures it names, and those to the position that was kept.",
    """
    WITH said AS (
        SELECT t.*, convert_from(document, 'UTF8')::jsonb AS d FROM settlement.statement t)
    SELECT s.number, c.expected, c.found
    FROM said s
    JOIN settlement.position p ON p.window_id = s.window_id AND p.party_id = s.party_id
    CROSS JOIN LATERAL (SELECT
        (SELECT coalesce(sum((e ->> 'amount')::bigint), 0)
         FROM jsonb_array_elements(d -> 'owed') e) AS owed,
        (SELECT coalesce(sum((e ->> 'amount')::bigint), 0)
         FROM jsonb_array_elements(d -> 'owes') e) AS owes,
        (SELECT coalesce(sum((e ->> 'amount')::bigint), 0)
         FROM jsonb_array_elements(d -> 'collect') e) AS collect,
        (SELECT coalesce(sum((e ->> 'amount')::bigint), 0)
         FROM jsonb_array_elements(d -> 'pay') e) AS pay,
        (SELECT coalesce(sum((e ->> 'spent')::bigint - (e ->> 'refunded')::bigint), 0)
         FROM jsonb_array_elements(d -> 'spent') e) AS spent) sums
    CROSS JOIN LATERAL (VALUES
        ('digest ' || encode(sha256(s.document), 'hex'), 'digest ' || encode(s.digest, 'hex')),
        (format('number %s', s.number), format('number %s', d ->> 'number')),
        (format('party %s', s.party_id), format('party %s', d ->> 'party')),
        (format('net %s', p.net), format('net %s', d ->> 'net')),
        (format('net %s', p.net), format('net %s', owed - owes)),
        (format('settled %s', p.settles), format('settled %s', d ->> 'settled')),
        (format('settled %s', p.settles), format('settled %s', collect - pay)),
        (format('closing %s', d ->> 'closing'),
         format('closing %s', (d ->> 'opening')::bigint + (d ->> 'issued')::bigint
                - (d ->> 'clawed_back')::bigint - spent - (d ->> 'expired')::bigint))
    ) c (expected, found)
    WHERE c.expected <> c.found
    """,
)

BOTH_SIDES = Invariant(
    "both-sides-see-the-same",
    "What a's statement says of its points spent at b, b's statement says of the points it"
    " accepted from a.",
    """
    WITH trade AS (
        SELECT t.window_id, t.party_id AS me, side.name AS side, (e ->> 'party')::integer AS other,
               (e ->> 'spent')::bigint AS spent, (e ->> 'refunded')::bigint AS refunded,
               (e ->> 'amount')::bigint AS amount
        FROM settlement.statement t
        CROSS JOIN (VALUES ('spent'), ('accepted')) side (name)
        CROSS JOIN LATERAL jsonb_array_elements(
            convert_from(t.document, 'UTF8')::jsonb -> side.name) e)
    SELECT format('window %s, %s at %s', coalesce(i.window_id, a.window_id),
                  coalesce(i.me, a.other), coalesce(i.other, a.me)),
           format('the issuer says %s, %s, %s', i.spent, i.refunded, i.amount),
           format('the acceptor says %s, %s, %s', a.spent, a.refunded, a.amount)
    FROM (SELECT * FROM trade WHERE side = 'spent') i
    FULL JOIN (SELECT * FROM trade WHERE side = 'accepted') a
        ON a.window_id = i.window_id AND a.me = i.other AND a.other = i.me
    WHERE (i.spent, i.refunded, i.amount) IS DISTINCT FROM (a.spent, a.refunded, a.amount)
    """,
)

STATEMENTS_JOIN = Invariant(
    "statements-join",
    "A partner's statement opens with the points outstanding that its last one closed with.",
    """
    SELECT number, before, opening
    FROM (SELECT number, window_id, (d ->> 'opening')::bigint AS opening,
                 lag((d ->> 'closing')::bigint, 1, 0::bigint)
                     OVER (PARTITION BY party_id ORDER BY window_id) AS before
          FROM (SELECT number, party_id, window_id,
                       convert_from(document, 'UTF8')::jsonb - 'till_lines' AS d
                FROM settlement.statement) s) joined
    WHERE opening <> before
        AND NOT EXISTS (SELECT FROM settlement.settlement c
                        WHERE c.state = 'closing' AND c.window_id < joined.window_id)
    """,
)

INVARIANTS = [
    EVERY_WINDOW,
    OBLIGATIONS,
    POSITION,
    NETS_TO_ZERO,
    PAYMENTS,
    STATEMENTS,
    STATEMENT_FIGURES,
    BOTH_SIDES,
    STATEMENTS_JOIN,
    RELEASE,
]
