"""Every line moves what its journal is about, between the accounts that this takes."""

from exchange.invariants.checking import Invariant

ACCOUNTS = Invariant(
    "line-moves-what-its-journal-is-about",
    "Each kind of journal has its movements, and each movement its two accounts: of the journal's"
    " wallet, of the issuer, of the party at whose till it was.",
    """
    SELECT p.journal_id || '/' || p.line,
           format('%s between accounts of %s', j.kind, p.issuer_id),
           format('%s from %s to %s', p.movement, p.debit, p.credit)
    FROM exchange.posting p
    JOIN exchange.journal j ON j.id = p.journal_id
    LEFT JOIN exchange.party i ON i.id = p.issuer_id
    LEFT JOIN exchange.party a ON a.id = p.party_id
    WHERE CASE p.movement
        WHEN 'issued' THEN j.kind IN ('accrual', 'import', 'adjustment')
            AND p.debit = i.issuing_account AND p.credit = j.wallet_id
            AND p.party_id = p.issuer_id AND j.party_id = p.issuer_id
        WHEN 'repaid' THEN j.kind IN ('accrual', 'import', 'adjustment')
            AND p.debit = i.issuing_account AND p.credit = i.receivable_account
            AND p.party_id = p.issuer_id AND j.party_id = p.issuer_id
        WHEN 'spent' THEN j.kind IN ('redemption', 'capture')
            AND p.debit = j.wallet_id AND p.credit = a.accepting_account
            AND p.party_id = j.party_id
        WHEN 'refunded' THEN j.kind = 'refund'
            AND p.debit = a.accepting_account AND p.credit = j.wallet_id
            AND p.party_id = j.party_id
        WHEN 'clawed_back' THEN j.kind IN ('clawback', 'adjustment')
            AND p.debit = j.wallet_id AND p.credit = i.issuing_account
            AND p.party_id = p.issuer_id AND j.party_id = p.issuer_id
        WHEN 'owed_back' THEN j.kind = 'clawback'
            AND p.debit = i.receivable_account AND p.credit = i.issuing_account
            AND p.party_id = p.issuer_id AND j.party_id = p.issuer_id
        WHEN 'forgiven' THEN j.kind = 'clawback'
            AND p.debit = i.breakage_account AND p.credit = i.issuing_account
            AND p.party_id = p.issuer_id AND j.party_id = p.issuer_id
        WHEN 'expired' THEN j.kind = 'expiry'
            AND p.debit = j.wallet_id AND p.credit = i.breakage_account
            AND p.party_id = p.issuer_id
        WHEN 'moved' THEN j.kind = 'transfer'
            AND p.debit = j.wallet_id AND p.credit = j.to_wallet_id AND p.party_id IS NULL
        END IS NOT TRUE
    """,
)

LOTS = Invariant(
    "line-carries-its-lot",
    "A line's issuer and expiry date are those of the lot it names: that is who pays.",
    """
    SELECT p.journal_id || '/' || p.line, format('%s until %s', l.issuer_id, l.expires_on),
           format('%s until %s', p.issuer_id, p.expires_on)
    FROM (SELECT journal_id, line, issuer_id, expires_on, lot_id,
                 CASE WHEN movement IN ('issued', 'refunded') THEN credit ELSE debit END AS wallet
          FROM exchange.posting
          WHERE movement NOT IN ('owed_back', 'repaid', 'forgiven')
          UNION ALL
          SELECT journal_id, line, issuer_id, expires_on, to_lot_id, credit
          FROM exchange.posting WHERE movement = 'moved') p
    JOIN exchange.lot l ON l.wallet_id = p.wallet AND l.id = p.lot_id
    WHERE l.issuer_id <> p.issuer_id OR l.expires_on IS DISTINCT FROM p.expires_on
    """,
)

TERMS = Invariant(
    "moved-points-keep-their-terms",
    "What one wallet got from another lies there under the terms it was issued under, which price"
    " it.",
    """
    SELECT p.journal_id || '/' || p.line, format('terms %s', f.terms), format('terms %s', t.terms)
    FROM exchange.posting p
    JOIN exchange.lot f ON f.wallet_id = p.debit AND f.id = p.lot_id
    JOIN exchange.lot t ON t.wallet_id = p.credit AND t.id = p.to_lot_id
    WHERE p.movement = 'moved' AND f.terms <> t.terms
    """,
)

ORPHAN_LINES = Invariant(
    "no-orphan-line",
    "Every line belongs to a journal, in that journal's window and transaction; its accounts and"
    " its issuer exist.",
    """
    SELECT p.journal_id || '/' || p.line,
           format('window %s, transaction %s', j.window_id, j.xid),
           format('window %s, transaction %s, from %s to %s, issuer %s', p.window_id, p.xid,
                  p.debit, p.credit, p.issuer_id)
    FROM exchange.posting p
    LEFT JOIN exchange.journal j ON j.id = p.journal_id
    LEFT JOIN exchange.account d ON d.id = p.debit
    LEFT JOIN exchange.account c ON c.id = p.credit
    LEFT JOIN exchange.party i ON i.id = p.issuer_id
    WHERE j.id IS NULL OR d.id IS NULL OR c.id IS NULL OR i.id IS NULL
        OR p.window_id <> j.window_id OR p.xid <> j.xid
    """,
)

ORPHAN_JOURNALS = Invariant(
    "no-orphan-journal",
    "The party, the wallets, the hold and the rate that a journal names exist.",
    """
    SELECT j.id, 'party, wallets, hold and rate',
           format('party %s, wallet %s, to %s, hold %s, rate %s', j.party_id, j.wallet_id,
                  j.to_wallet_id, j.hold_id, j.rate_id)
    FROM exchange.journal j
    LEFT JOIN exchange.party p ON p.id = j.party_id
    LEFT JOIN exchange.wallet w ON w.id = j.wallet_id
    LEFT JOIN exchange.wallet t ON t.id = j.to_wallet_id
    LEFT JOIN exchange.hold h ON h.id = j.hold_id
    LEFT JOIN exchange.rate r ON r.id = j.rate_id
    WHERE w.id IS NULL OR (j.to_wallet_id IS NOT NULL AND t.id IS NULL)
        OR (j.hold_id IS NOT NULL AND h.id IS NULL) OR (j.rate_id IS NOT NULL AND r.id IS NULL)
        OR (p.id IS NULL AND (j.party_id IS NOT NULL OR j.kind NOT IN ('expiry', 'transfer')))
    """,
)

ORPHAN_HOLDS = Invariant(
    "no-orphan-hold",
    "The party and the wallet of a hold exist, and the hold and the lot of each of its lines.",
    """
    SELECT h.id, 'party and wallet', format('party %s, wallet %s', h.party_id, h.wallet_id)
    FROM exchange.hold h
    LEFT JOIN exchange.party p ON p.id = h.party_id
    LEFT JOIN exchange.wallet w ON w.id = h.wallet_id
    WHERE p.id IS NULL OR w.id IS NULL
    UNION ALL
    SELECT hl.hold_id, 'hold and lot', format('wallet %s, lot %s', hl.wallet_id, hl.lot_id)
    FROM exchange.hold_lot hl
    LEFT JOIN exchange.hold h ON h.id = hl.hold_id
    LEFT JOIN exchange.lot l ON l.wallet_id = hl.wallet_id AND l.id = hl.lot_id
    WHERE h.id IS NULL OR l.id IS NULL
    """,
)

PARTY_ACCOUNTS = Invariant(
    "accounts-belong-to-their-party",
    "A party's four accounts are of their kinds and its own; a wallet's account is of its kind.",
    """
    SELECT format('party %s, account %s', p.id, x.account), format('%s of %s', x.kind, p.id),
           format('%s of %s', a.kind, a.party_id)
    FROM exchange.party p
    CROSS JOIN LATERAL (VALUES ('issuing', p.issuing_account), ('accepting', p.accepting_account),
        ('breakage', p.breakage_account), ('receivable', p.receivable_account)) x(kind, account)
    LEFT JOIN exchange.account a ON a.id = x.account
    WHERE a.kind IS DISTINCT FROM x.kind OR a.party_id IS DISTINCT FROM p.id
    UNION ALL
    SELECT format('wallet %s', w.id), 'wallet', a.kind
    FROM exchange.wallet w LEFT JOIN exchange.account a ON a.id = w.id
    WHERE a.kind IS DISTINCT FROM 'wallet'
    """,
)

INVARIANTS = [ACCOUNTS, LOTS, TERMS, ORPHAN_LINES, ORPHAN_JOURNALS, ORPHAN_HOLDS, PARTY_ACCOUNTS]
