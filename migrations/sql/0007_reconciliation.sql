-- Partners' own records of a window, and what came of holding them against the books.
-- Lines and findings have no foreign keys: a million are written at once, by whoever has the row of
-- their reconciliation locked. They go when their time has come; the sums of them stay.

CREATE TABLE settlement.reconciliation (
    id uuid NOT NULL,
    party_id integer NOT NULL,
    window_id integer NOT NULL,
    side text NOT NULL,
    tolerance integer NOT NULL,  -- seconds
    many boolean NOT NULL,
    state text NOT NULL DEFAULT 'loading',
    created_at timestamptz NOT NULL,
    matched_at timestamptz,
    closed_at timestamptz,
    cleared_at timestamptz,
    CONSTRAINT reconciliation_pk PRIMARY KEY (id),
    CONSTRAINT reconciliation_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT reconciliation_window_fk FOREIGN KEY (window_id) REFERENCES exchange."window" (id),
    CONSTRAINT reconciliation_side_known CHECK (side IN ('accepted', 'issued', 'spent')),
    CONSTRAINT reconciliation_state_known
        CHECK (state IN ('loading', 'waiting', 'matching', 'differs', 'closed')),
    CONSTRAINT reconciliation_tolerance_not_negative CHECK (tolerance >= 0),
    CONSTRAINT reconciliation_matched_when_it_says_so
        CHECK ((matched_at IS NOT NULL) = (state IN ('differs', 'closed'))),
    CONSTRAINT reconciliation_closed_when_it_says_so
        CHECK ((closed_at IS NOT NULL) = (state = 'closed'))
);
CREATE INDEX reconciliation_by_party ON settlement.reconciliation (party_id, id);
CREATE INDEX reconciliation_to_match ON settlement.reconciliation (id)
    WHERE state IN ('waiting', 'matching');
CREATE INDEX reconciliation_to_clear ON settlement.reconciliation (created_at)
    WHERE cleared_at IS NULL;

CREATE TABLE settlement.reconciliation_part (
    reconciliation_id uuid NOT NULL,
    part integer NOT NULL,
    lines integer NOT NULL,
    points bigint NOT NULL,
    digest bytea NOT NULL,  -- SHA-256 of the file
    at timestamptz NOT NULL,
    CONSTRAINT reconciliation_part_pk PRIMARY KEY (reconciliation_id, part),
    CONSTRAINT reconciliation_part_of_one FOREIGN KEY (reconciliation_id)
        REFERENCES settlement.reconciliation (id),
    CONSTRAINT reconciliation_part_numbered CHECK (part BETWEEN 1 AND 1000)
);

-- `number` is 10,000,000 × part + the line in it. `reference` is a journal's id, as a UUID, where
-- the partner knows no other.
CREATE TABLE settlement.reconciliation_line (
    reconciliation_id uuid NOT NULL,
    number bigint NOT NULL,
    reference text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    points bigint NOT NULL,
    at timestamptz,
    CONSTRAINT reconciliation_line_pk PRIMARY KEY (reconciliation_id, number),
    CONSTRAINT reconciliation_line_points_positive CHECK (points > 0)
);

-- Their side or ours is empty where the other has nothing.
CREATE TABLE settlement.reconciliation_finding (
    reconciliation_id uuid NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    differs text[] NOT NULL,
    their_lines bigint[],
    their_reference text,
    their_kind text,
    their_points bigint,
    their_at timestamptz,
    our_journals uuid[],
    our_reference text,
    our_kind text,
    our_points bigint,
    our_at timestamptz,
    our_window_id integer,
    CONSTRAINT reconciliation_finding_pk PRIMARY KEY (reconciliation_id, outcome, number),
    CONSTRAINT reconciliation_finding_outcome_known CHECK (outcome IN
        ('matched', 'missing_here', 'missing_there', 'differing', 'duplicate'))
);

CREATE TABLE settlement.reconciliation_outcome (
    reconciliation_id uuid NOT NULL,
    outcome text NOT NULL,
    findings integer NOT NULL,
    their_lines integer NOT NULL,
    their_points bigint NOT NULL,
    our_journals integer NOT NULL,
    our_points bigint NOT NULL,
    CONSTRAINT reconciliation_outcome_pk PRIMARY KEY (reconciliation_id, outcome),
    CONSTRAINT reconciliation_outcome_of_one FOREIGN KEY (reconciliation_id)
        REFERENCES settlement.reconciliation (id)
);

GRANT SELECT, INSERT ON settlement.reconciliation, settlement.reconciliation_part,
    settlement.reconciliation_line, settlement.reconciliation_finding,
    settlement.reconciliation_outcome TO hub_app;
GRANT UPDATE ON settlement.reconciliation TO hub_app;
GRANT DELETE ON settlement.reconciliation_line, settlement.reconciliation_finding TO hub_app;
