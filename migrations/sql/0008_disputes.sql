-- Contested lines: a line is a journal with one issuer's share of its points. Contested once, for
-- good: what was decided is not decided again.
CREATE TABLE settlement.dispute (
    id uuid NOT NULL,
    window_id integer NOT NULL,
    journal_id uuid NOT NULL,
    issuer_id integer NOT NULL,
    acceptor_id integer NOT NULL,
    points bigint NOT NULL,
    opened_by integer NOT NULL,
    reason text NOT NULL,
    state text NOT NULL DEFAULT 'opened',
    opened_at timestamptz NOT NULL,
    due_at timestamptz,  -- By when the next step must be taken; none once it is for the hub.
    deferral_id uuid,
    outcome text,
    upheld_points bigint NOT NULL DEFAULT 0,
    correction uuid,
    approval_id uuid,
    resolved_at timestamptz,
    CONSTRAINT dispute_pk PRIMARY KEY (id),
    CONSTRAINT dispute_window_fk FOREIGN KEY (window_id) REFERENCES exchange."window" (id),
    CONSTRAINT dispute_journal_fk FOREIGN KEY (journal_id) REFERENCES exchange.journal (id),
    CONSTRAINT dispute_issuer_fk FOREIGN KEY (issuer_id) REFERENCES exchange.party (id),
    CONSTRAINT dispute_acceptor_fk FOREIGN KEY (acceptor_id) REFERENCES exchange.party (id),
    CONSTRAINT dispute_once UNIQUE (journal_id, issuer_id),
    CONSTRAINT dispute_opened_by_a_side CHECK (opened_by IN (issuer_id, acceptor_id)),
    CONSTRAINT dispute_between_two CHECK (issuer_id <> acceptor_id),
    CONSTRAINT dispute_reason_known
        CHECK (reason IN ('not-ours', 'wrong-points', 'duplicate', 'returned', 'other')),
    CONSTRAINT dispute_state_known
        CHECK (state IN ('opened', 'answered', 'escalated', 'resolved')),
    CONSTRAINT dispute_outcome_known CHECK (outcome IN ('upheld', 'rejected', 'withdrawn')),
    CONSTRAINT dispute_resolved_somehow CHECK ((state = 'resolved') = (outcome IS NOT NULL)
        AND (state = 'resolved') = (resolved_at IS NOT NULL)),
    CONSTRAINT dispute_upheld_is_corrected
        CHECK ((coalesce(outcome, '') = 'upheld') = (correction IS NOT NULL)
            AND (upheld_points > 0) = (correction IS NOT NULL) AND upheld_points <= points)
);
CREATE INDEX dispute_by_issuer ON settlement.dispute (issuer_id, state, id);
CREATE INDEX dispute_by_acceptor ON settlement.dispute (acceptor_id, state, id);
CREATE INDEX dispute_open ON settlement.dispute (due_at) WHERE state <> 'resolved';

-- What was said and done, in order; never changed.
CREATE TABLE settlement.dispute_step (
    dispute_id uuid NOT NULL,
    number integer NOT NULL,
    step text NOT NULL,
    party_id integer,      -- Who took it; none is the hub: its finance, or time.
    words text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT dispute_step_pk PRIMARY KEY (dispute_id, number),
    CONSTRAINT dispute_step_dispute_fk FOREIGN KEY (dispute_id) REFERENCES settlement.dispute (id)
);

CREATE TABLE settlement.dispute_evidence (
    id uuid NOT NULL,
    dispute_id uuid NOT NULL,
    party_id integer NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    digest bytea NOT NULL,
    content bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT dispute_evidence_pk PRIMARY KEY (id),
    CONSTRAINT dispute_evidence_dispute_fk
        FOREIGN KEY (dispute_id) REFERENCES settlement.dispute (id),
    CONSTRAINT dispute_evidence_once UNIQUE (dispute_id, digest),
    CONSTRAINT dispute_evidence_digest CHECK (digest = sha256(content))
);

GRANT SELECT, INSERT ON settlement.dispute, settlement.dispute_step, settlement.dispute_evidence
    TO hub_app;
GRANT UPDATE (state, due_at, deferral_id, outcome, upheld_points, correction, approval_id,
    resolved_at) ON settlement.dispute TO hub_app;
