-- Money in and out: accounts, invoices, payment files, what the bank says, and what that pays.
-- Nothing here is ever changed: an account is followed by another, an invoice is taken back by a
-- credit note, and money that comes back is a match of a negative amount.
CREATE TABLE settlement.bank_account (
    id uuid NOT NULL,
    party_id integer NOT NULL,
    currency text NOT NULL,
    valid_from date NOT NULL,
    name text NOT NULL,
    account text NOT NULL,
    bank text NOT NULL,
    bank_code text NOT NULL,
    bic text,
    mandate text,
    mandate_on date,
    proposal uuid NOT NULL,
    agreed_at timestamptz NOT NULL,
    CONSTRAINT bank_account_pk PRIMARY KEY (id),
    CONSTRAINT bank_account_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT bank_account_proposal_fk FOREIGN KEY (proposal) REFERENCES staff.proposal (id),
    CONSTRAINT bank_account_once UNIQUE (proposal),
    CONSTRAINT bank_account_mandate_dated CHECK ((mandate IS NULL) = (mandate_on IS NULL))
);
CREATE INDEX bank_account_party ON settlement.bank_account (party_id, currency, valid_from);

CREATE TABLE settlement.invoice (
    number text NOT NULL,
    window_id integer NOT NULL,
    revision integer NOT NULL,
    party_id integer NOT NULL,
    kind text NOT NULL,
    cancels text,
    currency text NOT NULL,
    amount bigint NOT NULL,
    due_on date NOT NULL,
    document bytea NOT NULL,
    csv bytea NOT NULL,
    digest bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    CONSTRAINT invoice_pk PRIMARY KEY (number),
    CONSTRAINT invoice_settlement_fk
        FOREIGN KEY (window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT invoice_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT invoice_cancels_fk FOREIGN KEY (cancels) REFERENCES settlement.invoice (number),
    CONSTRAINT invoice_once UNIQUE (window_id, party_id, revision, kind),
    CONSTRAINT invoice_cancelled_once UNIQUE (cancels),
    CONSTRAINT invoice_kind_known CHECK (kind IN ('invoice', 'credit-note')),
    CONSTRAINT invoice_credit_note_cancels CHECK ((kind = 'credit-note') = (cancels IS NOT NULL)),
    CONSTRAINT invoice_amount_positive CHECK (amount > 0)
);
CREATE INDEX invoice_party ON settlement.invoice (party_id, issued_at);

CREATE TABLE settlement.payment_file (
    message_id text NOT NULL,
    window_id integer NOT NULL,
    revision integer NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    payments integer NOT NULL,
    total bigint NOT NULL,
    document bytea NOT NULL,
    digest bytea NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT payment_file_pk PRIMARY KEY (message_id),
    CONSTRAINT payment_file_settlement_fk
        FOREIGN KEY (window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT payment_file_once UNIQUE (window_id, revision, kind, currency),
    CONSTRAINT payment_file_kind_known CHECK (kind IN ('pain.001', 'pain.008'))
);

CREATE TABLE settlement.bank_file (
    digest bytea NOT NULL,
    document bytea NOT NULL,
    imported_by text NOT NULL,
    imported_at timestamptz NOT NULL,
    CONSTRAINT bank_file_pk PRIMARY KEY (digest)
);

CREATE TABLE settlement.bank_statement (
    id uuid NOT NULL,
    file bytea NOT NULL,
    number text NOT NULL,
    account text NOT NULL,
    currency text NOT NULL,
    opening bigint NOT NULL,
    closing bigint NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT bank_statement_pk PRIMARY KEY (id),
    CONSTRAINT bank_statement_file_fk FOREIGN KEY (file) REFERENCES settlement.bank_file (digest),
    CONSTRAINT bank_statement_once UNIQUE (account, currency, number)
);

CREATE TABLE settlement.bank_entry (
    id uuid NOT NULL,
    statement uuid NOT NULL,
    number integer NOT NULL,
    direction text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    booked_on date NOT NULL,
    end_to_end text,
    reference text,
    counterparty text,
    counterparty_account text,
    remittance text,
    returned boolean NOT NULL,
    CONSTRAINT bank_entry_pk PRIMARY KEY (id),
    CONSTRAINT bank_entry_statement_fk
        FOREIGN KEY (statement) REFERENCES settlement.bank_statement (id),
    CONSTRAINT bank_entry_once UNIQUE (statement, number),
    CONSTRAINT bank_entry_direction_known CHECK (direction IN ('in', 'out')),
    CONSTRAINT bank_entry_amount_positive CHECK (amount > 0)
);

CREATE TABLE settlement.bank_match (
    entry_id uuid NOT NULL,
    window_id integer NOT NULL,
    revision integer NOT NULL,
    number integer NOT NULL,
    amount bigint NOT NULL,
    how text NOT NULL,
    proposal uuid,
    matched_at timestamptz NOT NULL,
    CONSTRAINT bank_match_pk PRIMARY KEY (entry_id),
    CONSTRAINT bank_match_entry_fk FOREIGN KEY (entry_id) REFERENCES settlement.bank_entry (id),
    CONSTRAINT bank_match_settlement_fk
        FOREIGN KEY (window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT bank_match_proposal_fk FOREIGN KEY (proposal) REFERENCES staff.proposal (id),
    CONSTRAINT bank_match_how_known CHECK (how IN ('end-to-end', 'reference', 'amount', 'hand')),
    CONSTRAINT bank_match_by_hand_is_agreed CHECK ((how = 'hand') = (proposal IS NOT NULL)),
    CONSTRAINT bank_match_of_something CHECK (amount <> 0)
);
CREATE INDEX bank_match_payment ON settlement.bank_match (window_id, revision, number);

-- Money between two partners, which the hub's bank never sees: two people say that it came.
CREATE TABLE settlement.payment_confirmation (
    window_id integer NOT NULL,
    revision integer NOT NULL,
    number integer NOT NULL,
    received_on date NOT NULL,
    proposal uuid NOT NULL,
    confirmed_at timestamptz NOT NULL,
    CONSTRAINT payment_confirmation_pk PRIMARY KEY (window_id, revision, number),
    CONSTRAINT payment_confirmation_settlement_fk
        FOREIGN KEY (window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT payment_confirmation_proposal_fk
        FOREIGN KEY (proposal) REFERENCES staff.proposal (id)
);

GRANT SELECT, INSERT ON settlement.bank_account, settlement.invoice, settlement.payment_file,
    settlement.bank_file, settlement.bank_statement, settlement.bank_entry, settlement.bank_match,
    settlement.payment_confirmation TO hub_app;
