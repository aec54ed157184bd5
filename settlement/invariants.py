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

INVARIANTS = [EVERY_WINDOW, POSITION, NETS_TO_ZERO, PAYMENTS, STATEMENTS, RELEASE]
