-- What a closed window came to: obligations, net positions, payments, statements.
CREATE SCHEMA settlement;

CREATE TABLE settlement.fx_rate (
    base text NOT NULL,
    quote text NOT NULL,
    valid_from date NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    CONSTRAINT fx_rate_pk PRIMARY KEY (base, quote, valid_from),
    CONSTRAINT fx_rate_is_positive CHECK (numerator > 0 AND denominator > 0)
);

CREATE TABLE settlement.settlement (
    window_id integer NOT NULL,
    state text NOT NULL,
    currency text NOT NULL,
    closed_at timestamptz NOT NULL,
    approved_at timestamptz,
    settled_at timestamptz,
    CONSTRAINT settlement_pk PRIMARY KEY (window_id),
    CONSTRAINT settlement_window_fk FOREIGN KEY (window_id) REFERENCES exchange."window" (id),
    CONSTRAINT settlement_state_known
        CHECK (state IN ('closing', 'closed', 'approved', 'paying', 'settled', 'aborted'))
);

CREATE TABLE settlement.obligation (
    window_id integer NOT NULL,
    debtor integer NOT NULL,
    creditor integer NOT NULL,
    kind text NOT NULL,
    points bigint NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT obligation_pk PRIMARY KEY (window_id, debtor, creditor, kind),
    CONSTRAINT obligation_settlement_fk
        FOREIGN KEY (window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT obligation_debtor_fk FOREIGN KEY (debtor) REFERENCES exchange.party (id),
    CONSTRAINT obligation_creditor_fk FOREIGN KEY (creditor) REFERENCES exchange.party (id),
    CONSTRAINT obligation_is_to_another CHECK (debtor <> creditor),
    CONSTRAINT obligation_kind_known
        CHECK (kind IN ('spent', 'spread', 'fee', 'prefunded', 'breakage'))
);

CREATE TABLE settlement.position (
    window_id integer NOT NULL,
    party_id integer NOT NULL,
    receives bigint NOT NULL,
    pays bigint NOT NULL,
    net bigint NOT NULL,
    currency text NOT NULL,
    fx_numerator bigint NOT NULL,
    fx_denominator bigint NOT NULL,
    settles bigint NOT NULL,
    CONSTRAINT position_pk PRIMARY KEY (window_id, party_id),
    CONSTRAINT position_settlement_fk
        FOREIGN KEY (window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT position_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT position_adds_up CHECK (net = receives - pays)
);

CREATE TABLE settlement.payment (
    window_id integer NOT NULL,
    number integer NOT NULL,
    payer integer NOT NULL,
    payee integer NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT payment_pk PRIMARY KEY (window_id, number),
    CONSTRAINT payment_settlement_fk
        FOREIGN KEY (window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT payment_payer_fk FOREIGN KEY (payer) REFERENCES exchange.party (id),
    CONSTRAINT payment_payee_fk FOREIGN KEY (payee) REFERENCES exchange.party (id),
    CONSTRAINT payment_amount_positive CHECK (amount > 0),
    CONSTRAINT payment_is_to_another CHECK (payer <> payee)
);

CREATE TABLE settlement.statement (
    number text NOT NULL,
    window_id integer NOT NULL,
    party_id integer NOT NULL,
    document bytea NOT NULL,
    csv bytea NOT NULL,
    digest bytea NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    CONSTRAINT statement_pk PRIMARY KEY (number),
    CONSTRAINT statement_settlement_fk
        FOREIGN KEY (window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT statement_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT statement_once UNIQUE (party_id, window_id)
);

-- The open window's movements so far, and up to which transaction, under which terms, they are
-- summed. They can be summed again at any time: nothing but speed depends on them.
CREATE TABLE settlement.movement (
    window_id integer NOT NULL,
    kind text NOT NULL,
    issuer integer NOT NULL,
    acceptor integer NOT NULL,
    issue_terms integer NOT NULL,
    valued_terms integer NOT NULL,
    acceptor_terms integer NOT NULL,
    points bigint NOT NULL,
    issued_at timestamptz NOT NULL,
    valued_at timestamptz NOT NULL,
    CONSTRAINT movement_pk PRIMARY KEY
        (window_id, kind, issuer, acceptor, issue_terms, valued_terms, acceptor_terms)
);
CREATE TABLE settlement.watermark (
    window_id integer NOT NULL,
    xid bigint NOT NULL,
    agreed text NOT NULL,
    CONSTRAINT watermark_pk PRIMARY KEY (window_id),
    CONSTRAINT watermark_window_fk FOREIGN KEY (window_id) REFERENCES exchange."window" (id)
);

GRANT USAGE ON SCHEMA settlement TO hub_app;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA settlement TO hub_app;
GRANT UPDATE ON settlement.settlement, settlement.fx_rate, settlement.movement,
    settlement.watermark TO hub_app;
GRANT DELETE ON settlement.movement, settlement.watermark TO hub_app;
