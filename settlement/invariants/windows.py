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

MOVED = Invariant(
    "moved-is-what-the-postings-say",
    "What is kept of a closed window's points is the sum of its postings, by what prices them.",
    """
    SELECT format('window %s, %s of %s at %s', coalesce(m.window_id, p.window_id),
                  coalesce(m.kind, p.kind), coalesce(m.issuer, p.issuer),
                  coalesce(m.acceptor, p.acceptor)),
           coalesce(p.points, 0), coalesce(m.points, 0)
    FROM (SELECT * FROM settlement.moved m JOIN settlement.settlement s USING (window_id)
          WHERE s.state <> 'closing') m
    FULL JOIN (
        SELECT p.window_id, p.movement AS kind, p.issuer_id AS issuer, till.party AS acceptor,
               issue.id AS issue_terms,
               CASE WHEN till.party = 0 THEN issue.id ELSE valued.id END AS valued_terms,
               coalesce(accepted.id, 0) AS acceptor_terms, sum(p.points) AS points
        FROM exchange.posting p
        JOIN settlement.settlement s ON s.window_id = p.window_id AND s.state <> 'closing'
        CROSS JOIN LATERAL (SELECT CASE WHEN p.movement IN ('spent', 'refunded')
                                        THEN p.party_id ELSE 0 END AS party) till
        LEFT JOIN partners.terms issue
            ON issue.party_id = p.issuer_id AND issue.valid @> p.issued_at
        LEFT JOIN partners.terms valued ON till.party > 0
            AND valued.party_id = p.issuer_id AND valued.valid @> p.valued_at
        LEFT JOIN partners.terms accepted
            ON accepted.party_id = till.party AND accepted.valid @> p.valued_at
        WHERE p.movement IN ('issued', 'clawed_back', 'spent', 'refunded', 'expired')
        GROUP BY 1, 2, 3, 4, 5, 6, 7) p
        ON p.window_id = m.window_id AND p.kind = m.kind AND p.issuer = m.issuer
            AND p.acceptor = m.acceptor AND p.issue_terms = m.issue_terms
            AND p.valued_terms = m.valued_terms AND p.acceptor_terms = m.acceptor_terms
    WHERE m.points IS DISTINCT FROM p.points
    """,
)

POSITION = Invariant(
    "position-is-the-sum-of-its-obligations",
    "What a party receives and pays is the sum of the obligations it is creditor and debtor of,"
    " a negative one turned round: both sides of a -> b see the same. In every revision.",
    """
    WITH side AS (
        SELECT window_id, revision, CASE WHEN amount < 0 THEN debtor ELSE creditor END AS party_id,
               abs(amount) AS receives, 0 AS pays
        FROM settlement.obligation
        UNION ALL
        SELECT window_id, revision, CASE WHEN amount < 0 THEN creditor ELSE debtor END, 0,
               abs(amount)
        FROM settlement.obligation)
    SELECT format('window %s, party %s', coalesce(p.window_id, o.window_id),
                  coalesce(p.party_id, o.party_id)),
           format('receives %s, pays %s', coalesce(o.receives, 0), coalesce(o.pays, 0)),
           format('receives %s, pays %s', p.receives, p.pays)
    FROM settlement.position p
    FULL JOIN (SELECT window_id, revision, party_id, sum(receives) AS receives, sum(pays) AS pays
               FROM side GROUP BY window_id, revision, party_id) o
        ON o.window_id = p.window_id AND o.revision = p.revision AND o.party_id = p.party_id
    WHERE p.receives IS DISTINCT FROM coalesce(o.receives, 0)
        OR p.pays IS DISTINCT FROM coalesce(o.pays, 0) OR p.net <> p.receives - p.pays + p.cover
    """,
)

NETS_TO_ZERO = Invariant(
    "nets-sum-to-zero",
    "A window's net positions, the hub's and the float's with them, come to nothing together; so"
    " do the covers of a default. In every revision.",
    """
    SELECT format('window %s, revision %s', window_id, revision), '0, covers 0',
           format('%s, covers %s', sum(net), sum(cover))
    FROM settlement.position GROUP BY window_id, revision HAVING sum(net) <> 0 OR sum(cover) <> 0
    """,
)

PAYMENTS = Invariant(
    "payments-settle-the-nets",
    "A window's payments bring every partner exactly what it settles for, which is its net where"
    " it settles in the hub's currency. (The hub takes the other side of what is left.)",
    """
    SELECT format('window %s, revision %s, party %s', p.window_id, p.revision, p.party_id),
           CASE WHEN p.currency = s.currency THEN p.net ELSE p.settles END,
           format('%s, paid %s', p.settles, coalesce(sum(m.amount), 0))
    FROM settlement.position p
    JOIN settlement.settlement s ON s.window_id = p.window_id
    JOIN exchange.party x ON x.id = p.party_id AND x.kind <> 'hub'
    LEFT JOIN (SELECT window_id, revision, payee AS party_id, amount FROM settlement.payment
               UNION ALL SELECT window_id, revision, payer, -amount FROM settlement.payment) m
        ON m.window_id = p.window_id AND m.revision = p.revision AND m.party_id = p.party_id
    GROUP BY p.window_id, p.revision, p.party_id, s.currency
    HAVING p.settles <> coalesce(sum(m.amount), 0)
        OR (p.currency = s.currency AND p.settles <> p.net)
    """,
)

STATEMENTS = Invariant(
    "one-statement-per-partner-and-window",
    "Every partner with a position in a window's figures in force has a statement that says so,"
    " and nobody else.",
    """
    SELECT format('window %s, party %s', coalesce(p.window_id, t.window_id),
                  coalesce(p.party_id, t.party_id)),
           CASE WHEN p.party_id IS NULL THEN 'none' ELSE format('net %s', p.net) END,
           coalesce(format('%s, net %s', t.number, t.net), 'none')
    FROM (SELECT p.window_id, p.party_id, p.net FROM settlement.position p
          JOIN settlement.settlement USING (window_id, revision)
          JOIN exchange.party x ON x.id = p.party_id AND x.kind = 'partner') p
    FULL JOIN (SELECT DISTINCT ON (window_id, party_id) window_id, party_id, number,
                      (convert_from(document, 'UTF8')::jsonb ->> 'net')::bigint AS net
               FROM settlement.statement ORDER BY window_id, party_id, revision DESC) t
        ON t.window_id = p.window_id AND t.party_id = p.party_id
    WHERE p.net IS DISTINCT FROM t.net
    """,
)

RELEASE = Invariant(
    "release-is-what-the-issuer-owes",
    "The settlement of a window released an issuer's points into what it owes as an issuer, fees"
    " apart and never below nothing; given up, nothing; it counts until the window is settled.",
    """
    SELECT format('window %s, party %s', r.window_id, r.party_id),
           format('%s, %s', w.owed, s.state), format('%s, settled %s', r.owed, r.settled_at)
    FROM exchange.exposure_release r
    LEFT JOIN settlement.settlement s ON s.window_id = r.window_id
    LEFT JOIN LATERAL (
        SELECT CASE WHEN s.state = 'aborted' THEN 0 ELSE greatest(0, coalesce(sum(o.amount), 0)) END
                   AS owed
        FROM settlement.obligation o
        WHERE o.window_id = r.window_id AND o.revision = s.revision AND o.debtor = r.party_id
            AND o.kind <> 'fee') w ON true
    WHERE s.state IS NULL OR r.owed <> w.owed
        OR (s.state = 'settled') <> (r.settled_at IS NOT NULL)
    """,
)

# `settlement.obligations`, written a second time and in another language: prices are in millionths,
# and so are shares, so a sum here is in 10^-18 of the minor unit. Party 1 is the hub, 2 the float.
OBLIGATIONS = Invariant(
    "obligations-are-those-of-the-postings",
    "Worked out from the postings again, the obligations of a window's figures in force are those"
    " that were kept: of each posting in the one settlement it belongs to.",
    """
    WITH RECURSIVE line AS (
        SELECT * FROM settlement.deferral WHERE kind = 'line' AND revision IS NOT NULL),
    unit AS (
        SELECT p.window_id, line.id AS deferral, line.settled_window_id AS settled, p.movement,
               p.issuer_id AS issuer, till.party AS acceptor, issue.id AS issue_terms,
               valued.id AS valued_terms, accepted.id AS accepted_terms,
               sum(CASE WHEN p.movement IN ('clawed_back', 'refunded') THEN -p.points
                        ELSE p.points END) AS points
        FROM exchange.posting p
        JOIN settlement.settlement s ON s.window_id = p.window_id AND s.state <> 'closing'
        LEFT JOIN line ON line.journal_id = p.journal_id AND line.issuer_id = p.issuer_id
        CROSS JOIN LATERAL (SELECT CASE WHEN p.movement IN ('spent', 'refunded')
                                        THEN p.party_id END AS party) till
        LEFT JOIN partners.terms issue
            ON issue.party_id = p.issuer_id AND issue.valid @> p.issued_at
        LEFT JOIN partners.terms valued
            ON valued.party_id = p.issuer_id AND valued.valid @> p.valued_at
        LEFT JOIN partners.terms accepted
            ON accepted.party_id = till.party AND accepted.valid @> p.valued_at
        WHERE p.movement IN ('issued', 'clawed_back', 'spent', 'refunded', 'expired')
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9),
    -- Where each belongs: from its own window on, as long as something leaves it out.
    walk AS (
        SELECT CASE WHEN deferral IS NULL THEN window_id ELSE settled END AS at, unit.* FROM unit
        UNION ALL
        SELECT d.settled_window_id, w.window_id, w.deferral, w.settled, w.movement, w.issuer,
               w.acceptor, w.issue_terms, w.valued_terms, w.accepted_terms, w.points
        FROM walk w CROSS JOIN LATERAL (
            SELECT settled_window_id FROM settlement.deferral d
            WHERE d.window_id = w.at AND (d.kind = 'window' OR d.revision IS NOT NULL
                AND d.kind = 'party' AND d.party_id IN (w.issuer, w.acceptor))
            ORDER BY d.kind, d.id LIMIT 1) d),
    moved AS (
        SELECT at AS window_id, movement, issuer, acceptor, issue_terms, valued_terms,
               accepted_terms, sum(points) AS points
        FROM walk x
        -- A settlement that was given up keeps its figures; what it had is in the next, too.
        WHERE at IS NOT NULL AND NOT EXISTS (
            SELECT FROM settlement.deferral d WHERE d.window_id = x.at AND d.kind = 'party'
                AND d.revision IS NOT NULL AND d.party_id IN (x.issuer, x.acceptor))
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
    FROM (SELECT * FROM settlement.obligation
          JOIN settlement.settlement USING (window_id, revision)) k
    FULL JOIN (SELECT owed.* FROM owed JOIN settlement.settlement s USING (window_id)
               WHERE s.state <> 'closing' AND (points <> 0 OR amount <> 0)) o
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
    JOIN settlement.position p ON p.window_id = s.window_id AND p.revision = s.revision
        AND p.party_id = s.party_id
    CROSS JOIN LATERAL (SELECT
        (SELECT coalesce(sum((e ->> 'amount')::bigint), 0)
         FROM jsonb_array_elements(d -> 'owed') e) AS owed,
        (SELECT coalesce(sum((e ->> 'amount')::bigint), 0)
         FROM jsonb_array_elements(d -> 'owes') e) AS owes,
        (SELECT coalesce(sum((e ->> 'amount')::bigint), 0)
         FROM jsonb_array_elements(d -> 'collect') e) AS collect,
        (SELECT coalesce(sum((e ->> 'amount')::bigint), 0)
         FROM jsonb_array_elements(d -> 'pay') e) AS pay,
        (d ->> 'spent_elsewhere')::bigint - (d ->> 'refunded_elsewhere')::bigint
            + (d ->> 'spent_here')::bigint - (d ->> 'refunded_here')::bigint AS spent) sums
    CROSS JOIN LATERAL (VALUES
        ('digest ' || encode(sha256(s.document), 'hex'), 'digest ' || encode(s.digest, 'hex')),
        (format('number %s', s.number), format('number %s', d ->> 'number')),
        (format('party %s', s.party_id), format('party %s', d ->> 'party')),
        (format('net %s', p.net), format('net %s', d ->> 'net')),
        (format('net %s', p.net), format('net %s', owed - owes + (d ->> 'cover')::bigint)),
        (format('cover %s', p.cover), format('cover %s', d ->> 'cover')),
        (format('revision %s', s.revision), format('revision %s', d ->> 'revision')),
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
        FROM (SELECT DISTINCT ON (window_id, party_id) * FROM settlement.statement
              ORDER BY window_id, party_id, revision DESC) t
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
                       convert_from(document, 'UTF8')::jsonb AS d
                FROM (SELECT DISTINCT ON (window_id, party_id) * FROM settlement.statement
                      ORDER BY window_id, party_id, revision DESC) f) s) joined
    WHERE opening <> before
        AND NOT EXISTS (SELECT FROM settlement.settlement c
                        WHERE c.state = 'closing' AND c.window_id < joined.window_id)
    """,
)

INVARIANTS = [
    EVERY_WINDOW,
    MOVED,
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
