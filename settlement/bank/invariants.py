"""What must be true of money in and out at any time (see `exchange.invariants`)."""

from exchange.invariants import Invariant

ACCOUNTS = Invariant(
    "bank-account-was-agreed",
    "Two people agreed to every bank account, to the letter, and to every match and confirmation"
    " made by hand.",
    """
    WITH made AS (
        SELECT id::text AS id, proposal, 'bank-account' AS kind,
               jsonb_build_object('party', party_id, 'currency', currency, 'account', account,
                                  'name', name, 'bank_code', bank_code) AS content
        FROM settlement.bank_account
        UNION ALL
        SELECT entry_id::text, proposal, 'bank-match', jsonb_build_object('entry', entry_id)
        FROM settlement.bank_match WHERE proposal IS NOT NULL
        UNION ALL
        SELECT format('payment %s of window %s', number, window_id), proposal,
               'payment-confirmation', jsonb_build_object('received_on', received_on)
        FROM settlement.payment_confirmation)
    SELECT m.id, format('approved: %s %s', m.kind, m.content),
           format('%s: %s %s', p.state, p.kind, p.content)
    FROM made m JOIN staff.proposal p ON p.id = m.proposal
    WHERE p.state <> 'approved' OR p.kind <> m.kind OR NOT p.content @> m.content
    """,
)

STATEMENTS = Invariant(
    "bank-statement-adds-up",
    "A bank statement's opening balance and its entries come to its closing balance.",
    """
    SELECT format('%s of %s', s.number, s.account), s.closing,
           s.opening + coalesce(e.came, 0)
    FROM settlement.bank_statement s
    LEFT JOIN (SELECT statement,
                      sum(CASE direction WHEN 'in' THEN amount ELSE -amount END) AS came
               FROM settlement.bank_entry GROUP BY statement) e ON e.statement = s.id
    WHERE s.closing <> s.opening + coalesce(e.came, 0)
    """,
)

MATCHES = Invariant(
    "bank-match-is-its-entry",
    "A match counts its whole entry, towards a payment that the hub's account takes part in and"
    " in the way that the money went. Party 1 is the hub, 2 the float.",
    """
    SELECT m.entry_id, CASE WHEN (e.direction = 'out') = (p.payer IN (1, 2)) THEN e.amount
                            ELSE -e.amount END, m.amount
    FROM settlement.bank_match m
    JOIN settlement.bank_entry e ON e.id = m.entry_id
    LEFT JOIN settlement.payment p ON p.window_id = m.window_id AND p.revision = m.revision
        AND p.number = m.number
    WHERE p.number IS NULL OR (p.payer IN (1, 2)) = (p.payee IN (1, 2))
        OR m.amount <> CASE WHEN (e.direction = 'out') = (p.payer IN (1, 2)) THEN e.amount
                            ELSE -e.amount END
    """,
)

PAPERS = Invariant(
    "bank-papers-are-as-made",
    "An invoice or payment file has the digest of its bytes, and an invoice says what was kept"
    " of it.",
    """
    SELECT number, encode(sha256(document), 'hex'), encode(digest, 'hex')
    FROM settlement.invoice WHERE sha256(document) <> digest
    UNION ALL
    SELECT message_id, encode(sha256(document), 'hex'), encode(digest, 'hex')
    FROM settlement.payment_file WHERE sha256(document) <> digest
    UNION ALL
    SELECT encode(digest, 'hex'), encode(sha256(document), 'hex'), encode(digest, 'hex')
    FROM settlement.bank_file WHERE sha256(document) <> digest
    UNION ALL
    SELECT number, format('%s %s of party %s', amount, currency, party_id),
           format('%s %s of party %s', d ->> 'amount', d ->> 'currency', d ->> 'party')
    FROM (SELECT *, convert_from(document, 'UTF8')::jsonb AS d FROM settlement.invoice) i
    WHERE (d ->> 'number', d ->> 'amount', d ->> 'currency', d ->> 'party')
        IS DISTINCT FROM (number, amount::text, currency, party_id::text)
    """,
)

ASKED = Invariant(
    "invoices-and-files-ask-for-the-payments",
    "What a partner was invoiced is what its payments of that revision come to; what the files for"
    " the bank come to, the hub pays or may collect.",
    """
    SELECT i.number, coalesce(p.amount, 0), i.amount
    FROM settlement.invoice i
    LEFT JOIN (SELECT window_id, revision, payer, sum(amount) AS amount
               FROM settlement.payment GROUP BY window_id, revision, payer) p
        ON p.window_id = i.window_id AND p.revision = i.revision AND p.payer = i.party_id
    WHERE i.kind = 'invoice' AND i.amount IS DISTINCT FROM p.amount
    UNION ALL
    SELECT format('window %s', f.window_id), p.amount, f.total
    FROM (SELECT window_id, revision, sum(total) AS total
          FROM settlement.payment_file WHERE kind = 'pain.001' GROUP BY 1, 2) f
    LEFT JOIN (SELECT window_id, revision, sum(amount) AS amount FROM settlement.payment
               WHERE payer IN (1, 2) AND payee NOT IN (1, 2) GROUP BY 1, 2) p
        ON p.window_id = f.window_id AND p.revision = f.revision
    WHERE f.total IS DISTINCT FROM p.amount
    """,
)

AGREEMENT = Invariant(
    "settled-window-agrees-with-the-bank",
    "Every payment of a settled window was received in full when it was settled, or two people"
    " said why not. (Money may go back after that: what is returned later is not counted here.)",
    """
    SELECT format('window %s, payment %s', p.window_id, p.number), p.amount,
           coalesce(m.amount, 0)
    FROM settlement.settlement s
    JOIN settlement.payment p ON p.window_id = s.window_id AND p.revision = s.revision
    LEFT JOIN settlement.payment_confirmation c ON c.window_id = p.window_id
        AND c.revision = p.revision AND c.number = p.number
    LEFT JOIN (SELECT m.window_id, m.revision, m.number, sum(m.amount) AS amount
               FROM settlement.bank_match m
               JOIN settlement.settlement s ON s.window_id = m.window_id
                   AND m.matched_at <= s.settled_at
               GROUP BY 1, 2, 3) m
        ON m.window_id = p.window_id AND m.revision = p.revision AND m.number = p.number
    LEFT JOIN staff.proposal a ON a.id = s.settled_regardless AND a.state = 'approved'
        AND a.kind = 'settle-regardless'
    WHERE s.state = 'settled' AND a.id IS NULL AND c.number IS NULL
        AND NOT (p.payer IN (1, 2) AND p.payee IN (1, 2))
        AND coalesce(m.amount, 0) <> p.amount
    """,
)

INVARIANTS: list[Invariant] = [ACCOUNTS, STATEMENTS, MATCHES, PAPERS, ASKED, AGREEMENT]
