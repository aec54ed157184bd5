-- The books. Accounts, wallets and lots hold points; journals and postings say how they came there.
-- Postings, journals and holds carry no foreign keys to parties, accounts and windows: each key
-- check would lock the one row that a whole Saturday shares. Lots have none to the wallet, which
-- the posting function has locked by then. It looks these rows up anyway, the application's role
-- cannot change postings, and the checker looks for orphans.

CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE SCHEMA exchange;

CREATE TABLE exchange.setting (
    one boolean NOT NULL DEFAULT true,
    zone text NOT NULL DEFAULT 'UTC',
    till_hold interval NOT NULL DEFAULT '15 minutes',
    online_hold interval NOT NULL DEFAULT '7 days',
    refund_grace_days integer NOT NULL DEFAULT 30,
    code_failures_a_minute integer NOT NULL DEFAULT 20,
    CONSTRAINT setting_pk PRIMARY KEY (one),
    CONSTRAINT setting_is_one_row CHECK (one),
    CONSTRAINT setting_grace_not_negative CHECK (refund_grace_days >= 0)
);
INSERT INTO exchange.setting DEFAULT VALUES;

CREATE TABLE exchange."window" (
    id integer GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT window_pk PRIMARY KEY (id),
    CONSTRAINT window_name_once UNIQUE (name),
    CONSTRAINT window_closes_after_it_opens CHECK (closed_at >= opened_at)
);
CREATE UNIQUE INDEX window_one_is_open ON exchange."window" ((true)) WHERE closed_at IS NULL;

CREATE TABLE exchange.account (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    party_id integer,
    CONSTRAINT account_pk PRIMARY KEY (id),
    CONSTRAINT account_kind_known
        CHECK (kind IN ('wallet', 'issuing', 'accepting', 'breakage', 'receivable')),
    CONSTRAINT account_belongs CHECK ((kind = 'wallet') = (party_id IS NULL)),
    CONSTRAINT account_party_once UNIQUE (party_id, kind)
);

-- Who issues and accepts. The books know a partner by this number alone; 1 and 2 are the hub's own.
CREATE TABLE exchange.party (
    id integer GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL DEFAULT 'partner',
    state text NOT NULL DEFAULT 'open',
    issuing_account bigint NOT NULL,
    accepting_account bigint NOT NULL,
    breakage_account bigint NOT NULL,
    receivable_account bigint NOT NULL,
    CONSTRAINT party_pk PRIMARY KEY (id),
    CONSTRAINT party_kind_known CHECK (kind IN ('partner', 'hub', 'float')),
    CONSTRAINT party_state_known CHECK (state IN ('open', 'suspended', 'closed'))
);

-- What an issuer stands for: points not yet turned into money, and money of closed windows not yet
-- paid. Only issuing reads it to decide, so only issuing waits for it.
CREATE TABLE exchange.exposure (
    party_id integer NOT NULL,
    points bigint NOT NULL DEFAULT 0,
    owed bigint NOT NULL DEFAULT 0,
    price bigint NOT NULL DEFAULT 0,
    cap bigint,
    CONSTRAINT exposure_pk PRIMARY KEY (party_id),
    CONSTRAINT exposure_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT exposure_cap_not_negative CHECK (cap >= 0),
    CONSTRAINT exposure_price_not_negative CHECK (price >= 0)
) WITH (fillfactor = 50);

-- One row per issuer and closed window: what the closing moved from points into money.
CREATE TABLE exchange.exposure_release (
    window_id integer NOT NULL,
    party_id integer NOT NULL,
    points bigint NOT NULL,
    owed bigint NOT NULL,
    settled_at timestamptz,
    CONSTRAINT exposure_release_pk PRIMARY KEY (window_id, party_id),
    CONSTRAINT exposure_release_window_fk FOREIGN KEY (window_id) REFERENCES exchange."window" (id),
    CONSTRAINT exposure_release_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id)
);

CREATE TABLE exchange.wallet (
    id bigint NOT NULL,
    available bigint NOT NULL DEFAULT 0,
    held bigint NOT NULL DEFAULT 0,
    frozen boolean NOT NULL DEFAULT false,
    unapproved_limit bigint,  -- a day, by all mandates together; null is none but their own
    unapproved_on date,
    unapproved bigint NOT NULL DEFAULT 0,
    opened_at timestamptz NOT NULL,
    CONSTRAINT wallet_pk PRIMARY KEY (id),
    CONSTRAINT wallet_account_fk FOREIGN KEY (id) REFERENCES exchange.account (id),
    CONSTRAINT wallet_available_not_negative CHECK (available >= 0),
    CONSTRAINT wallet_held_not_negative CHECK (held >= 0),
    CONSTRAINT wallet_unapproved_not_negative CHECK (unapproved >= 0 AND unapproved_limit >= 0)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE exchange.lot (
    id bigint GENERATED ALWAYS AS IDENTITY,
    wallet_id bigint NOT NULL,
    issuer_id integer NOT NULL,
    expires_on date NOT NULL,
    spendable_from date NOT NULL DEFAULT '2000-01-01',  -- a day long past: not pending
    terms integer NOT NULL DEFAULT 0,  -- under which it was issued: they price it for life
    available bigint NOT NULL,
    held bigint NOT NULL DEFAULT 0,
    opened_at timestamptz NOT NULL,
    -- A column, not a predicate: an index on the amounts themselves would be touched by every sale.
    live boolean GENERATED ALWAYS AS (available > 0 OR held > 0) STORED,
    CONSTRAINT lot_pk PRIMARY KEY (wallet_id, id),
    CONSTRAINT lot_once UNIQUE (wallet_id, expires_on, issuer_id, spendable_from, terms),
    CONSTRAINT lot_available_not_negative CHECK (available >= 0),
    CONSTRAINT lot_held_not_negative CHECK (held >= 0)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX lot_live ON exchange.lot (wallet_id, expires_on, id) WHERE live;
CREATE INDEX lot_by_expiry ON exchange.lot (expires_on) WHERE live;

-- What a member owes an issuer after a clawback of points already spent.
CREATE TABLE exchange.receivable (
    wallet_id bigint NOT NULL,
    issuer_id integer NOT NULL,
    points bigint NOT NULL,
    CONSTRAINT receivable_pk PRIMARY KEY (wallet_id, issuer_id),
    CONSTRAINT receivable_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id),
    CONSTRAINT receivable_not_negative CHECK (points >= 0)
);

-- A party's name for a wallet, unlike every other party's, and what it may do with it.
CREATE TABLE exchange.link (
    id uuid NOT NULL,
    party_id integer NOT NULL,
    wallet_id bigint NOT NULL,
    active boolean NOT NULL DEFAULT true,
    shares_balance boolean NOT NULL DEFAULT false,
    answers boolean NOT NULL DEFAULT true,  -- whether the wallet can pay so many points
    daily_limit bigint NOT NULL DEFAULT 0,
    spent_on date,
    spent bigint NOT NULL DEFAULT 0,
    linked_at timestamptz NOT NULL,
    changed_at timestamptz,  -- when the member last said anew what it may do
    CONSTRAINT link_pk PRIMARY KEY (id),
    CONSTRAINT link_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT link_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id),
    CONSTRAINT link_once UNIQUE (party_id, wallet_id),
    CONSTRAINT link_daily_limit_not_negative CHECK (daily_limit >= 0),
    CONSTRAINT link_spent_not_negative CHECK (spent >= 0)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE exchange.payment_code (
    digest bytea NOT NULL,
    wallet_id bigint NOT NULL,
    max_points bigint NOT NULL,
    party_id integer,
    asked_by integer,  -- the partner that asked for it on the member's behalf
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_by integer,
    used_for uuid,  -- the hold or the journal
    points bigint,  -- held or spent with it
    spender uuid,  -- of a wallet that several share: who showed it
    CONSTRAINT payment_code_pk PRIMARY KEY (digest),
    CONSTRAINT payment_code_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id),
    CONSTRAINT payment_code_max_positive CHECK (max_points > 0),
    CONSTRAINT payment_code_used_by_somebody CHECK ((used_at IS NULL) = (used_by IS NULL)),
    CONSTRAINT payment_code_used_for_something CHECK ((used_at IS NULL) = (used_for IS NULL)
        AND (used_at IS NULL) = (points IS NULL)),
    CONSTRAINT payment_code_within_its_limit CHECK (points <= max_points)
);
CREATE INDEX payment_code_by_wallet ON exchange.payment_code (wallet_id, spender);
CREATE INDEX payment_code_by_expiry ON exchange.payment_code (expires_at);

CREATE TABLE exchange.code_failure (
    party_id integer NOT NULL,
    minute timestamptz NOT NULL,
    failures integer NOT NULL,
    CONSTRAINT code_failure_pk PRIMARY KEY (party_id, minute)
);

CREATE TABLE exchange.rate (
    id integer GENERATED ALWAYS AS IDENTITY,
    party_id integer NOT NULL,
    direction text NOT NULL,
    theirs bigint NOT NULL,
    ours bigint NOT NULL,
    minimum bigint NOT NULL,
    step bigint NOT NULL,
    daily_cap bigint,
    fee_ppm integer NOT NULL,
    undo_days integer NOT NULL DEFAULT 0,
    valid tstzrange NOT NULL,
    CONSTRAINT rate_pk PRIMARY KEY (id),
    CONSTRAINT rate_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT rate_direction_known CHECK (direction IN ('import', 'export')),
    CONSTRAINT rate_is_positive CHECK (theirs > 0 AND ours > 0),
    CONSTRAINT rate_amounts_positive CHECK (minimum > 0 AND step > 0 AND daily_cap > 0),
    CONSTRAINT rate_undo_days_not_negative CHECK (undo_days BETWEEN 0 AND 366),
    CONSTRAINT rate_fee_is_a_share CHECK (fee_ppm >= 0 AND fee_ppm < 1000000),
    CONSTRAINT rate_period_not_empty CHECK (NOT isempty(valid)),
    CONSTRAINT rate_periods_do_not_overlap
        EXCLUDE USING gist (party_id WITH =, direction WITH =, valid WITH &&)
);

CREATE TABLE exchange.rate_use (
    rate_id integer NOT NULL,
    day date NOT NULL,
    theirs bigint NOT NULL,
    CONSTRAINT rate_use_pk PRIMARY KEY (rate_id, day),
    CONSTRAINT rate_use_rate_fk FOREIGN KEY (rate_id) REFERENCES exchange.rate (id)
);

CREATE TABLE exchange.quote (
    id uuid NOT NULL,
    party_id integer NOT NULL,
    link_id uuid NOT NULL,
    rate_id integer NOT NULL,
    theirs bigint NOT NULL,
    points bigint NOT NULL,
    fee bigint NOT NULL,
    quoted_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_by uuid,
    CONSTRAINT quote_pk PRIMARY KEY (id),
    CONSTRAINT quote_link_fk FOREIGN KEY (link_id) REFERENCES exchange.link (id),
    CONSTRAINT quote_rate_fk FOREIGN KEY (rate_id) REFERENCES exchange.rate (id),
    CONSTRAINT quote_amounts_positive CHECK (theirs > 0 AND points > 0 AND fee >= 0)
);

CREATE TABLE exchange.journal (
    id uuid NOT NULL,
    window_id integer NOT NULL,
    kind text NOT NULL,
    party_id integer,
    wallet_id bigint NOT NULL,
    to_wallet_id bigint,
    points bigint NOT NULL,
    reference text,
    request_key text,
    undoes uuid,
    hold_id uuid,
    rate_id integer,
    theirs bigint,
    fee bigint,
    approval_id uuid,
    note text,
    occurred_at timestamptz,
    at timestamptz NOT NULL,
    xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    CONSTRAINT journal_pk PRIMARY KEY (id),
    CONSTRAINT journal_kind_known CHECK (kind IN ('accrual', 'import', 'redemption', 'capture',
        'refund', 'clawback', 'expiry', 'transfer', 'adjustment')),
    CONSTRAINT journal_points_positive CHECK (points > 0),
    CONSTRAINT journal_undoes_what_can_be_undone
        CHECK ((undoes IS NOT NULL) = (kind IN ('refund', 'clawback'))),
    CONSTRAINT journal_adjustment_is_approved CHECK (kind <> 'adjustment' OR approval_id IS NOT NULL),
    CONSTRAINT journal_transfer_goes_somewhere
        CHECK ((to_wallet_id IS NOT NULL) = (kind = 'transfer'))
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE UNIQUE INDEX journal_approval_once ON exchange.journal (approval_id)
    WHERE approval_id IS NOT NULL;
CREATE INDEX journal_by_party ON exchange.journal (party_id, kind, id);
CREATE INDEX journal_by_wallet ON exchange.journal (wallet_id, kind, at, id) INCLUDE (party_id);
CREATE INDEX journal_by_receiver ON exchange.journal (to_wallet_id, at, id)
    WHERE to_wallet_id IS NOT NULL;
CREATE UNIQUE INDEX journal_of_the_hub_once ON exchange.journal (kind, reference)
    WHERE party_id IS NULL AND reference IS NOT NULL;
CREATE INDEX journal_by_undone ON exchange.journal (undoes) WHERE undoes IS NOT NULL;
-- The last of its indexes: of two that seem to cost the same, as all do while the table is empty,
-- the planner takes the younger, and keeps it for long.
ALTER TABLE exchange.journal
    ADD CONSTRAINT journal_reference_once UNIQUE (party_id, kind, reference);

CREATE TABLE exchange.posting (
    journal_id uuid NOT NULL,
    line smallint NOT NULL,
    window_id integer NOT NULL,
    movement text NOT NULL,
    party_id integer,
    debit bigint NOT NULL,
    credit bigint NOT NULL,
    points bigint NOT NULL,
    issuer_id integer NOT NULL,
    expires_on date,
    lot_id bigint,
    to_lot_id bigint,
    undoes_line smallint,
    issued_at timestamptz NOT NULL,
    valued_at timestamptz NOT NULL,
    xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    CONSTRAINT posting_pk PRIMARY KEY (journal_id, line),
    CONSTRAINT posting_points_positive CHECK (points > 0),
    CONSTRAINT posting_moves CHECK (debit <> credit),
    CONSTRAINT posting_movement_known CHECK (movement IN
        ('issued', 'spent', 'refunded', 'clawed_back', 'expired', 'moved', 'owed_back', 'repaid',
         'forgiven'))
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX posting_brin ON exchange.posting USING brin (window_id, xid)
    WITH (pages_per_range = 128, autosummarize = on);

-- How much of a redemption or an accrual has been undone: the row that refunds and clawbacks lock.
CREATE TABLE exchange.undone (
    journal_id uuid NOT NULL,
    points bigint NOT NULL,
    undone bigint NOT NULL DEFAULT 0,
    CONSTRAINT undone_pk PRIMARY KEY (journal_id),
    CONSTRAINT undone_journal_fk FOREIGN KEY (journal_id) REFERENCES exchange.journal (id),
    CONSTRAINT undone_not_more_than_done CHECK (undone BETWEEN 0 AND points)
);

CREATE TABLE exchange.hold (
    id uuid NOT NULL,
    party_id integer NOT NULL,
    wallet_id bigint NOT NULL,
    points bigint NOT NULL,
    captured bigint NOT NULL DEFAULT 0,
    released bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'held',
    firm boolean NOT NULL DEFAULT false,  -- freezing the wallet does not end it: only its maker does
    reference text NOT NULL,
    request_key text,
    held_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT hold_pk PRIMARY KEY (id),
    CONSTRAINT hold_points_positive CHECK (points > 0),
    CONSTRAINT hold_state_known CHECK (state IN ('held', 'captured', 'voided', 'expired')),
    CONSTRAINT hold_adds_up CHECK (
        (state = 'held' AND captured = 0 AND released = 0 AND ended_at IS NULL)
        OR (state <> 'held' AND captured + released = points AND ended_at IS NOT NULL)),
    CONSTRAINT hold_captured_only_when_captured CHECK ((state = 'captured') = (captured > 0)),
    CONSTRAINT hold_released_not_negative CHECK (released >= 0),
    CONSTRAINT hold_reference_once UNIQUE (party_id, reference)
) WITH (fillfactor = 70);
CREATE INDEX hold_open_by_expiry ON exchange.hold (expires_at) WHERE state = 'held';
CREATE INDEX hold_open_by_wallet ON exchange.hold (wallet_id, held_at, id) WHERE state = 'held';

CREATE TABLE exchange.hold_lot (
    hold_id uuid NOT NULL,
    lot_id bigint NOT NULL,
    wallet_id bigint NOT NULL,
    points bigint NOT NULL,
    CONSTRAINT hold_lot_pk PRIMARY KEY (hold_id, lot_id),
    CONSTRAINT hold_lot_points_positive CHECK (points > 0)
);

-- What a wallet earned and spent in a month, and when each party last moved points of it, kept up to
-- a moment: each look adds what came since.
CREATE TABLE exchange.wallet_month (
    wallet_id bigint NOT NULL,
    month date NOT NULL,
    earned bigint NOT NULL DEFAULT 0,
    spent bigint NOT NULL DEFAULT 0,
    CONSTRAINT wallet_month_pk PRIMARY KEY (wallet_id, month),
    CONSTRAINT wallet_month_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id)
);
CREATE TABLE exchange.wallet_use (
    wallet_id bigint NOT NULL,
    party_id integer NOT NULL,
    last_at timestamptz NOT NULL,
    CONSTRAINT wallet_use_pk PRIMARY KEY (wallet_id, party_id),
    CONSTRAINT wallet_use_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id)
);
CREATE TABLE exchange.wallet_summed (
    wallet_id bigint NOT NULL,
    until timestamptz NOT NULL,
    CONSTRAINT wallet_summed_pk PRIMARY KEY (wallet_id),
    CONSTRAINT wallet_summed_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id)
);

-- The idempotency claim of a request, and what came of it: the facts its answer is rendered from.
-- A key is looked for in every partition: the lock on the key, not the primary key, makes it one.
CREATE TABLE exchange.claim (
    party_id integer NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    operation text NOT NULL,
    code text,
    facts jsonb,
    evidence jsonb,
    at timestamptz NOT NULL,
    CONSTRAINT claim_pk PRIMARY KEY (party_id, key, at)
) PARTITION BY RANGE (at);

-- A signature seen once. A copy of it says the same second, so it falls into the same hour.
CREATE TABLE exchange.nonce (
    key_id text NOT NULL,
    nonce text NOT NULL,
    hour integer NOT NULL,  -- since 1970
    CONSTRAINT nonce_pk PRIMARY KEY (key_id, nonce, hour)
) PARTITION BY RANGE (hour);

-- Postings rolled up behind a watermark, so that nobody's total is a row that every sale updates.
CREATE TABLE exchange.total (
    window_id integer NOT NULL,
    issuer_id integer NOT NULL,
    party_id integer NOT NULL,
    movement text NOT NULL,
    points bigint NOT NULL,
    lines bigint NOT NULL,
    CONSTRAINT total_pk PRIMARY KEY (issuer_id, window_id, party_id, movement)
);
CREATE TABLE exchange.watermark (
    one boolean NOT NULL DEFAULT true,
    xid bigint NOT NULL,
    CONSTRAINT watermark_pk PRIMARY KEY (one),
    CONSTRAINT watermark_is_one_row CHECK (one)
);
INSERT INTO exchange.watermark (xid) VALUES (0);
