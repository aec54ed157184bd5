-- Members and consent, hub personnel and approvals, partners with keys and terms.
CREATE SCHEMA members;
CREATE SCHEMA staff;
CREATE SCHEMA partners;

CREATE TABLE members.member (
    id uuid NOT NULL,
    wallet_id bigint NOT NULL,
    enrolled_by integer NOT NULL,
    enrolled_at timestamptz NOT NULL,
    CONSTRAINT member_pk PRIMARY KEY (id),
    CONSTRAINT member_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id),
    CONSTRAINT member_enrolled_by_fk FOREIGN KEY (enrolled_by) REFERENCES exchange.party (id),
    CONSTRAINT member_wallet_once UNIQUE (wallet_id)
);

-- A partner's own number for a customer, so that enrolling the same one twice is refused.
CREATE TABLE members.customer (
    party_id integer NOT NULL,
    reference text NOT NULL,
    member_id uuid NOT NULL,
    link_id uuid NOT NULL,
    CONSTRAINT customer_pk PRIMARY KEY (party_id, reference),
    CONSTRAINT customer_member_fk FOREIGN KEY (member_id) REFERENCES members.member (id),
    CONSTRAINT customer_link_fk FOREIGN KEY (link_id) REFERENCES exchange.link (id),
    CONSTRAINT customer_link_once UNIQUE (link_id)
);

-- What a member carries from one partner to another to be recognised there.
CREATE TABLE members.link_token (
    digest bytea NOT NULL,
    member_id uuid NOT NULL,
    issued_to integer,  -- null when the member herself asked for it, and said what it lets do
    sees text,
    daily_limit bigint,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_by integer,
    CONSTRAINT link_token_pk PRIMARY KEY (digest),
    CONSTRAINT link_token_member_fk FOREIGN KEY (member_id) REFERENCES members.member (id),
    CONSTRAINT link_token_issued_to_fk FOREIGN KEY (issued_to) REFERENCES exchange.party (id),
    CONSTRAINT link_token_sees_known CHECK (sees IN ('nothing', 'answers', 'balance')),
    CONSTRAINT link_token_daily_limit_not_negative CHECK (daily_limit >= 0),
    CONSTRAINT link_token_own_says_consent CHECK (
        (issued_to IS NULL) = (sees IS NOT NULL) AND (issued_to IS NULL) = (daily_limit IS NOT NULL)
    ),
    CONSTRAINT link_token_used_by_somebody CHECK ((used_at IS NULL) = (used_by IS NULL))
);
CREATE INDEX link_token_by_expiry ON members.link_token (expires_at);
-- A member's own token is one at a time: the next one takes its place.
CREATE UNIQUE INDEX link_token_own_once ON members.link_token (member_id) WHERE issued_to IS NULL;

CREATE TABLE staff.operator (
    id integer GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    CONSTRAINT operator_pk PRIMARY KEY (id),
    CONSTRAINT operator_name_once UNIQUE (name)
);

CREATE TABLE staff.proposal (
    id uuid NOT NULL,
    kind text NOT NULL,
    content jsonb NOT NULL,
    content_hash bytea NOT NULL,
    reason text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    decided_by text,
    decided_hash bytea,
    decided_at timestamptz,
    CONSTRAINT proposal_pk PRIMARY KEY (id),
    CONSTRAINT proposal_state_known CHECK (state IN ('waiting', 'approved', 'rejected')),
    CONSTRAINT proposal_decided_by_somebody
        CHECK ((state = 'waiting') = (decided_by IS NULL) AND (state = 'waiting') = (decided_at IS NULL)),
    CONSTRAINT proposal_decided_by_another CHECK (decided_by <> proposed_by),
    CONSTRAINT proposal_decided_on_same_content
        CHECK (state <> 'approved' OR decided_hash = content_hash)
);
CREATE INDEX proposal_waiting ON staff.proposal (proposed_at) WHERE state = 'waiting';

CREATE TABLE partners.partner (
    id uuid NOT NULL,
    party_id integer NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'applied',
    applied_at timestamptz NOT NULL,
    activated_at timestamptz,
    closed_at timestamptz,
    CONSTRAINT partner_pk PRIMARY KEY (id),
    CONSTRAINT partner_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT partner_party_once UNIQUE (party_id),
    CONSTRAINT partner_slug_once UNIQUE (slug),
    CONSTRAINT partner_slug_is_plain CHECK (slug ~ '^[a-z0-9][a-z0-9-]{1,30}$'),
    CONSTRAINT partner_state_known CHECK (state IN ('applied', 'active', 'suspended', 'closed'))
);

CREATE TABLE partners.key (
    id text NOT NULL,
    partner_id uuid NOT NULL,
    algorithm text NOT NULL,
    public text NOT NULL,
    scopes text[] NOT NULL,
    proof bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT key_pk PRIMARY KEY (id),
    CONSTRAINT key_partner_fk FOREIGN KEY (partner_id) REFERENCES partners.partner (id),
    CONSTRAINT key_algorithm_known CHECK (algorithm IN ('ed25519', 'ecdsa-p256-sha256')),
    CONSTRAINT key_scopes_known
        CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['till', 'issue', 'settle', 'admin']),
    CONSTRAINT key_public_once UNIQUE (public)
);
CREATE INDEX key_by_partner ON partners.key (partner_id);

CREATE TABLE partners.terms (
    id integer GENERATED ALWAYS AS IDENTITY,
    party_id integer NOT NULL,
    issue_price bigint NOT NULL,
    accept_price bigint NOT NULL,
    fee_ppm integer NOT NULL,
    prefunded_ppm integer NOT NULL,
    breakage_hub_ppm integer NOT NULL,
    currency text NOT NULL,
    cap bigint,
    expiry_months integer NOT NULL,
    pending_days integer NOT NULL,
    collateral bigint NOT NULL DEFAULT 0,
    fund_share bigint NOT NULL DEFAULT 0,
    valid tstzrange NOT NULL,
    CONSTRAINT terms_pk PRIMARY KEY (id),
    CONSTRAINT terms_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT terms_prices_not_negative CHECK (issue_price >= 0 AND accept_price >= 0),
    CONSTRAINT terms_shares_are_shares CHECK (fee_ppm BETWEEN 0 AND 1000000
        AND prefunded_ppm BETWEEN 0 AND 1000000 AND breakage_hub_ppm BETWEEN 0 AND 1000000),
    CONSTRAINT terms_currency_is_iso CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT terms_cap_not_negative CHECK (cap >= 0),
    CONSTRAINT terms_security_not_negative CHECK (collateral >= 0 AND fund_share >= 0),
    CONSTRAINT terms_expiry_is_in_the_future CHECK (expiry_months BETWEEN 1 AND 120),
    CONSTRAINT terms_pending_not_negative CHECK (pending_days BETWEEN 0 AND 366),
    CONSTRAINT terms_period_not_empty CHECK (NOT isempty(valid)),
    CONSTRAINT terms_periods_do_not_overlap EXCLUDE USING gist (party_id WITH =, valid WITH &&)
);

GRANT USAGE ON SCHEMA members, staff, partners TO hub_app;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA members, staff, partners TO hub_app;
GRANT DELETE ON members.link_token, members.customer TO hub_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA members, staff, partners TO hub_app;
