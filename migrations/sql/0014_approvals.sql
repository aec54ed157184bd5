-- Which payment code a member shows, and online spends that a partner asks a member to approve.

-- The one live code of a wallet and of the person who shows it, with the limit they chose last.
-- `id` names it to their own page; the code itself is nowhere.
CREATE TABLE members.shown_code (
    wallet_id bigint NOT NULL,
    person_id uuid NOT NULL,
    id uuid NOT NULL,
    digest bytea NOT NULL,
    chosen_limit bigint NOT NULL,
    shown_at timestamptz NOT NULL,
    CONSTRAINT shown_code_pk PRIMARY KEY (wallet_id, person_id),
    CONSTRAINT shown_code_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id),
    CONSTRAINT shown_code_person_fk FOREIGN KEY (person_id) REFERENCES members.person (id),
    CONSTRAINT shown_code_id_once UNIQUE (id),
    CONSTRAINT shown_code_limit_positive CHECK (chosen_limit > 0)
);

-- Where a partner's own pages are: a member is sent back to no other place.
CREATE TABLE partners.return_origin (
    party_id integer NOT NULL,
    origin text NOT NULL,
    registered_at timestamptz NOT NULL,
    CONSTRAINT return_origin_pk PRIMARY KEY (party_id, origin),
    CONSTRAINT return_origin_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT return_origin_is_plain CHECK (origin ~ '^https?://[a-z0-9.-]+(:[0-9]{1,5})?$')
);

-- `wallet_id` is that of the member it names, or else of whoever decided it.
CREATE TABLE partners.approval (
    id uuid NOT NULL,
    party_id integer NOT NULL,
    link_id uuid,
    wallet_id bigint,
    points bigint NOT NULL,
    reference text NOT NULL,
    description text NOT NULL,
    return_url text NOT NULL,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'asked',
    decided_by uuid,
    decided_at timestamptz,
    code_digest bytea,
    CONSTRAINT approval_pk PRIMARY KEY (id),
    CONSTRAINT approval_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT approval_link_fk FOREIGN KEY (link_id) REFERENCES exchange.link (id),
    CONSTRAINT approval_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id),
    CONSTRAINT approval_decided_by_fk FOREIGN KEY (decided_by) REFERENCES members.member (id),
    CONSTRAINT approval_code_once UNIQUE (code_digest),
    CONSTRAINT approval_points_positive CHECK (points > 0),
    CONSTRAINT approval_state_known CHECK (state IN ('asked', 'approved', 'refused')),
    CONSTRAINT approval_decided_by_somebody CHECK ((state = 'asked') = (decided_by IS NULL)
        AND (state = 'asked') = (decided_at IS NULL)),
    CONSTRAINT approval_has_a_code_once_approved
        CHECK ((state = 'approved') = (code_digest IS NOT NULL))
);
CREATE INDEX approval_asked ON partners.approval (party_id, expires_at) WHERE state = 'asked';
CREATE INDEX approval_by_expiry ON partners.approval (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON members.shown_code, partners.return_origin,
    partners.approval TO hub_app;
