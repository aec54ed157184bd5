"""Stored balances are the sums of what moved: wallets, lots, holds, debts, and all together."""

from exchange.invariants.checking import Invariant

WALLET_OF_POSTINGS = Invariant(
    "wallet-is-the-sum-of-its-postings",
    "A wallet's points, available and held together, are what went in less what went out.",
    """
    SELECT w.id, coalesce(p.points, 0), w.available + w.held
    FROM exchange.wallet w
    LEFT JOIN (SELECT account, sum(points) AS points
               FROM (SELECT credit AS account, points FROM exchange.posting
                     UNION ALL SELECT debit, -points FROM exchange.posting) m
               GROUP BY account) p ON p.account = w.id
    WHERE w.available + w.held <> coalesce(p.points, 0)
    """,
)

WALLET_OF_LOTS = Invariant(
    "lots-sum-to-the-wallet",
    "A wallet's available and held points are those of its lots; every lot has a wallet.",
    """
    SELECT coalesce(w.id, l.wallet_id),
           format('%s, held %s', coalesce(l.available, 0), coalesce(l.held, 0)),
           coalesce(format('%s, held %s', w.available, w.held), 'no such wallet')
    FROM exchange.wallet w
    FULL JOIN (SELECT wallet_id, sum(available) AS available, sum(held) AS held
               FROM exchange.lot GROUP BY wallet_id) l ON l.wallet_id = w.id
    WHERE w.available IS DISTINCT FROM coalesce(l.available, 0)
        OR w.held IS DISTINCT FROM coalesce(l.held, 0)
    """,
)

LOT_OF_POSTINGS = Invariant(
    "lot-is-the-sum-of-its-postings",
    "A lot's points are what was issued, refunded and moved into it, less what was spent, clawed"
    " back, moved out and expired; and every such posting names a lot of its wallet.",
    """
    SELECT format('wallet %s, lot %s', coalesce(l.wallet_id, m.wallet_id),
                  coalesce(l.id, m.lot_id)),
           coalesce(m.points, 0), coalesce((l.available + l.held)::text, 'no such lot')
    FROM exchange.lot l
    FULL JOIN (
        SELECT wallet_id, lot_id, sum(points) AS points
        FROM (SELECT CASE WHEN movement IN ('issued', 'refunded') THEN credit ELSE debit END
                         AS wallet_id,
                     lot_id,
                     CASE WHEN movement IN ('issued', 'refunded') THEN points ELSE -points END
                         AS points
              FROM exchange.posting
              WHERE movement IN ('issued', 'refunded', 'spent', 'clawed_back', 'expired', 'moved')
              UNION ALL
              SELECT credit, to_lot_id, points FROM exchange.posting WHERE movement = 'moved') p
        GROUP BY wallet_id, lot_id) m ON m.wallet_id = l.wallet_id AND m.lot_id = l.id
    WHERE l.id IS NULL OR l.available + l.held <> coalesce(m.points, 0)
    """,
)

HELD_OF_HOLDS = Invariant(
    "holds-sum-to-held",
    "A lot's held points are those of its open holds.",
    """
    SELECT format('wallet %s, lot %s', coalesce(l.wallet_id, h.wallet_id),
                  coalesce(l.id, h.lot_id)),
           coalesce(h.points, 0), coalesce(l.held::text, 'no such lot')
    FROM (SELECT * FROM exchange.lot WHERE held <> 0) l
    FULL JOIN (SELECT hl.wallet_id, hl.lot_id, sum(hl.points) AS points
               FROM exchange.hold_lot hl JOIN exchange.hold h ON h.id = hl.hold_id
               WHERE h.state = 'held' GROUP BY hl.wallet_id, hl.lot_id) h
        ON h.wallet_id = l.wallet_id AND h.lot_id = l.id
    WHERE coalesce(l.held, 0) <> coalesce(h.points, 0)
    """,
)

HOLD_OF_LOTS = Invariant(
    "hold-is-the-sum-of-its-lots",
    "A hold reserves as many points as its lines name, all of them in its own wallet.",
    """
    SELECT h.id, h.points, coalesce(hl.points, 0)
    FROM exchange.hold h
    LEFT JOIN (SELECT hold_id, sum(points) AS points, min(wallet_id) AS first,
                      max(wallet_id) AS last
               FROM exchange.hold_lot GROUP BY hold_id) hl ON hl.hold_id = h.id
    WHERE h.points <> coalesce(hl.points, 0) OR h.wallet_id <> hl.first OR h.wallet_id <> hl.last
    """,
)

NOT_NEGATIVE = Invariant(
    "no-balance-is-negative",
    "No wallet, lot or debt is below zero.",
    """
    SELECT format('wallet %s', id), '>= 0', format('%s, held %s', available, held)
    FROM exchange.wallet WHERE available < 0 OR held < 0
    UNION ALL
    SELECT format('lot %s', id), '>= 0', format('%s, held %s', available, held)
    FROM exchange.lot WHERE available < 0 OR held < 0
    UNION ALL
    SELECT format('debt of %s', wallet_id), '>= 0', points::text
    FROM exchange.receivable WHERE points < 0
    """,
)

JOURNAL_OF_POSTINGS = Invariant(
    "journal-is-the-sum-of-its-postings",
    "A journal's points are those of its lines; there is no journal without lines.",
    """
    SELECT j.id, j.points, coalesce(p.points, 0)
    FROM exchange.journal j
    LEFT JOIN (SELECT journal_id, sum(points) AS points FROM exchange.posting
               GROUP BY journal_id) p ON p.journal_id = j.id
    WHERE j.points <> coalesce(p.points, 0)
    """,
)

OUTSTANDING = Invariant(
    "outstanding-is-what-was-issued-and-not-ended",
    "Per issuer: issued - spent + refunded - expired - clawed back = the points in all lots.",
    """
    SELECT format('issuer %s', coalesce(l.issuer_id, p.issuer_id)), coalesce(p.points, 0),
           coalesce(l.points, 0)
    FROM (SELECT issuer_id, sum(available + held) AS points FROM exchange.lot
          GROUP BY issuer_id) l
    FULL JOIN (SELECT issuer_id, sum(CASE WHEN movement IN ('issued', 'refunded')
                                          THEN points ELSE -points END) AS points
               FROM exchange.posting
               WHERE movement IN ('issued', 'refunded', 'spent', 'expired', 'clawed_back')
               GROUP BY issuer_id) p ON p.issuer_id = l.issuer_id
    WHERE coalesce(l.points, 0) <> coalesce(p.points, 0)
    """,
)

ALL_ACCOUNTS = Invariant(
    "all-accounts-sum-to-zero",
    "Per issuer: what lies in lots, less what members owe, and the balances of all parties'"
    " issuing, accepting and breakage accounts come to nothing together.",
    """
    WITH booked AS (
        SELECT issuer_id, account, sum(points) AS points
        FROM (SELECT issuer_id, credit AS account, points FROM exchange.posting
              UNION ALL SELECT issuer_id, debit, -points FROM exchange.posting) m
        GROUP BY issuer_id, account)
    SELECT format('issuer %s', issuer_id), 0, sum(points)
    FROM (SELECT b.issuer_id, b.points FROM booked b
          JOIN exchange.account a ON a.id = b.account
          WHERE a.kind IN ('issuing', 'accepting', 'breakage')
          UNION ALL SELECT issuer_id, available + held FROM exchange.lot
          UNION ALL SELECT issuer_id, -points FROM exchange.receivable) every
    GROUP BY issuer_id HAVING sum(points) <> 0
    """,
)

RECEIVABLE = Invariant(
    "debt-is-what-was-owed-and-not-repaid",
    "What a member owes an issuer is what clawbacks could not take, less what accruals repaid.",
    """
    SELECT format('wallet %s, issuer %s', coalesce(r.wallet_id, p.wallet_id),
                  coalesce(r.issuer_id, p.issuer_id)),
           coalesce(p.points, 0), coalesce(r.points, 0)
    FROM exchange.receivable r
    FULL JOIN (SELECT j.wallet_id, x.issuer_id,
                      sum(CASE x.movement WHEN 'owed_back' THEN x.points ELSE -x.points END)
                          AS points
               FROM exchange.posting x JOIN exchange.journal j ON j.id = x.journal_id
               WHERE x.movement IN ('owed_back', 'repaid')
               GROUP BY j.wallet_id, x.issuer_id) p
        ON p.wallet_id = r.wallet_id AND p.issuer_id = r.issuer_id
    WHERE coalesce(r.points, 0) <> coalesce(p.points, 0)
    """,
)

INVARIANTS = [
    WALLET_OF_POSTINGS,
    WALLET_OF_LOTS,
    LOT_OF_POSTINGS,
    HELD_OF_HOLDS,
    HOLD_OF_LOTS,
    NOT_NEGATIVE,
    JOURNAL_OF_POSTINGS,
    OUTSTANDING,
    ALL_ACCOUNTS,
    RECEIVABLE,
]
