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

-- How far the money of a window has come. `revision` is the one whose figures are in force: none
-- while the window is in `closing`.
CREATE TABLE settlement.settlement (
    window_id integer NOT NULL,
    state text NOT NULL,
    revision integer NOT NULL DEFAULT 0,
    currency text NOT NULL,
    route text NOT NULL,
    advice_on date NOT NULL,
    call_on date NOT NULL,
    disputes_until date NOT NULL,
    closed_at timestamptz NOT NULL,
    closed_by text NOT NULL,
    approved_at timestamptz,
    approved_by text,
    paid_at timestamptz,
    paid_by text,
    settled_at timestamptz,
    settled_by text,
    settled_regardless uuid,  -- What two people approved, where the bank did not agree.
    aborted_at timestamptz,
    aborted_by text,
    CONSTRAINT settlement_pk PRIMARY KEY (window_id),
    CONSTRAINT settlement_window_fk FOREIGN KEY (window_id) REFERENCES exchange."window" (id),
    CONSTRAINT settlement_state_known
        CHECK (state IN ('closing', 'closed', 'approved', 'paying', 'settled', 'aborted')),
    CONSTRAINT settlement_route_known CHECK (route IN ('hub', 'direct')),
    CONSTRAINT settlement_has_figures_once_closed CHECK ((state = 'closing') = (revision = 0)),
    CONSTRAINT settlement_approved_by_another CHECK (approved_by <> closed_by)
);

-- The figures of a window, as they were worked out, and why they were worked out again. Whatever
-- stands under a revision is never changed.
CREATE TABLE settlement.revision (
    window_id integer NOT NULL,
    number integer NOT NULL,
    reason text NOT NULL,
    because uuid,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT revision_pk PRIMARY KEY (window_id, number),
    CONSTRAINT revision_settlement_fk
        FOREIGN KEY (window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT revision_reason_known CHECK (reason IN ('closing', 'dispute', 'without', 'covered')),
    CONSTRAINT revision_first_is_the_closing CHECK ((number = 1) = (reason = 'closing'))
);

-- A closed window's points, summed by what prices them: what every figure is worked out from.
CREATE TABLE settlement.moved (
    window_id integer NOT NULL,
    kind text NOT NULL,
    issuer integer NOT NULL,
    acceptor integer NOT NULL,
    issue_terms integer NOT NULL,
    valued_terms integer NOT NULL,
    acceptor_terms integer NOT NULL,
    points bigint NOT NULL,
    CONSTRAINT moved_pk PRIMARY KEY
        (window_id, kind, issuer, acceptor, issue_terms, valued_terms, acceptor_terms),
    CONSTRAINT moved_settlement_fk
        FOREIGN KEY (window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT moved_points_positive CHECK (points > 0)
);

-- What a window's settlement leaves out: a contested line, all that one party has part in, or
-- everything. Once released it belongs to the next settlement that closes.
CREATE TABLE settlement.deferral (
    id uuid NOT NULL,
    window_id integer NOT NULL,
    kind text NOT NULL,
    journal_id uuid,
    issuer_id integer,
    party_id integer,
    because uuid NOT NULL,
    at timestamptz NOT NULL,
    revision integer,  -- The first that counts it; none yet.
    released_at timestamptz,
    settled_window_id integer,
    CONSTRAINT deferral_pk PRIMARY KEY (id),
    CONSTRAINT deferral_window_fk FOREIGN KEY (window_id) REFERENCES exchange."window" (id),
    CONSTRAINT deferral_settled_window_fk
        FOREIGN KEY (settled_window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT deferral_is_of_something CHECK (
        (kind = 'line' AND journal_id IS NOT NULL AND issuer_id IS NOT NULL AND party_id IS NULL)
        OR (kind = 'party' AND party_id IS NOT NULL AND journal_id IS NULL AND issuer_id IS NULL)
        OR (kind = 'window' AND party_id IS NULL AND journal_id IS NULL AND issuer_id IS NULL)),
    CONSTRAINT deferral_settled_once_released
        CHECK (settled_window_id IS NULL OR released_at IS NOT NULL),
    CONSTRAINT deferral_line_once UNIQUE (journal_id, issuer_id)
);
CREATE UNIQUE INDEX deferral_party_once ON settlement.deferral (window_id, party_id)
    WHERE kind = 'party';
CREATE UNIQUE INDEX deferral_window_once ON settlement.deferral (window_id) WHERE kind = 'window';
CREATE INDEX deferral_by_window ON settlement.deferral (window_id);
CREATE INDEX deferral_by_settled_window ON settlement.deferral (settled_window_id);

CREATE TABLE settlement.obligation (
    window_id integer NOT NULL,
    revision integer NOT NULL,
    debtor integer NOT NULL,
    creditor integer NOT NULL,
    kind text NOT NULL,
    points bigint NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT obligation_pk PRIMARY KEY (window_id, revision, debtor, creditor, kind),
    CONSTRAINT obligation_revision_fk
        FOREIGN KEY (window_id, revision) REFERENCES settlement.revision (window_id, number),
    CONSTRAINT obligation_debtor_fk FOREIGN KEY (debtor) REFERENCES exchange.party (id),
    CONSTRAINT obligation_creditor_fk FOREIGN KEY (creditor) REFERENCES exchange.party (id),
    CONSTRAINT obligation_is_to_another CHECK (debtor <> creditor),
    CONSTRAINT obligation_kind_known
        CHECK (kind IN ('spent', 'spread', 'fee', 'prefunded', 'breakage'))
);

-- `cover` is what others' security and losses make good for a party that did not fund, or take
-- from one that bears it: together they are nought.
CREATE TABLE settlement.position (
    window_id integer NOT NULL,
    revision integer NOT NULL,
    party_id integer NOT NULL,
    receives bigint NOT NULL,
    pays bigint NOT NULL,
    cover bigint NOT NULL DEFAULT 0,
    net bigint NOT NULL,
    currency text NOT NULL,
    fx_numerator bigint NOT NULL,
    fx_denominator bigint NOT NULL,
    settles bigint NOT NULL,
    CONSTRAINT position_pk PRIMARY KEY (window_id, revision, party_id),
    CONSTRAINT position_revision_fk
        FOREIGN KEY (window_id, revision) REFERENCES settlement.revision (window_id, number),
    CONSTRAINT position_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT position_adds_up CHECK (net = receives - pays + cover)
);

CREATE TABLE settlement.payment (
    window_id integer NOT NULL,
    revision integer NOT NULL,
    number integer NOT NULL,
    payer integer NOT NULL,
    payee integer NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT payment_pk PRIMARY KEY (window_id, revision, number),
    CONSTRAINT payment_revision_fk
        FOREIGN KEY (window_id, revision) REFERENCES settlement.revision (window_id, number),
    CONSTRAINT payment_payer_fk FOREIGN KEY (payer) REFERENCES exchange.party (id),
    CONSTRAINT payment_payee_fk FOREIGN KEY (payee) REFERENCES exchange.party (id),
    CONSTRAINT payment_amount_positive CHECK (amount > 0),
    CONSTRAINT payment_is_to_another CHECK (payer <> payee)
);

-- One for each partner and revision in which its figures changed; the last one is in force.
CREATE TABLE settlement.statement (
    number text NOT NULL,
    window_id integer NOT NULL,
    revision integer NOT NULL,
    party_id integer NOT NULL,
    document bytea NOT NULL,
    csv bytea NOT NULL,
    digest bytea NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    CONSTRAINT statement_pk PRIMARY KEY (number),
    CONSTRAINT statement_revision_fk
        FOREIGN KEY (window_id, revision) REFERENCES settlement.revision (window_id, number),
    CONSTRAINT statement_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT statement_once UNIQUE (party_id, window_id, revision)
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
GRANT UPDATE (revision, released_at, settled_window_id) ON settlement.deferral TO hub_app;
GRANT DELETE ON settlement.movement, settlement.watermark TO hub_app;
