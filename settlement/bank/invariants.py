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
    LEFT JOIN settlement.payment p ON p.window_id = m.window_id AND p.number = m.number
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
    "What a partner was invoiced, and what a file of the bank came to, is what the payments of"
    " that revision come to.",
    """
    SELECT i.number, coalesce(p.amount, 0), i.amount
    FROM settlement.invoice i
    LEFT JOIN (SELECT window_id, payer, sum(amount) AS amount
               FROM settlement.payment GROUP BY window_id, payer) p
        ON p.window_id = i.window_id AND p.payer = i.party_id
    WHERE i.kind = 'invoice' AND i.amount IS DISTINCT FROM p.amount
    """,
)

INVARIANTS: list[Invariant] = [ACCOUNTS, STATEMENTS, MATCHES, PAPERS, ASKED]
