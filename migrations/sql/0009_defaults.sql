-- What partners left as security, and those that did not fund: who paid for them, and was repaid.
CREATE TABLE settlement.shortfall (
    id uuid NOT NULL,
    window_id integer NOT NULL,
    party_id integer NOT NULL,
    method text NOT NULL,
    amount bigint NOT NULL,
    revision integer NOT NULL,
    proposal_id uuid NOT NULL,
    at timestamptz NOT NULL,
    cured_at timestamptz,
    CONSTRAINT shortfall_pk PRIMARY KEY (id),
    CONSTRAINT shortfall_settlement_fk
        FOREIGN KEY (window_id) REFERENCES settlement.settlement (window_id),
    CONSTRAINT shortfall_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT shortfall_proposal_fk FOREIGN KEY (proposal_id) REFERENCES staff.proposal (id),
    CONSTRAINT shortfall_once UNIQUE (window_id, party_id),
    CONSTRAINT shortfall_method_known CHECK (method IN ('without', 'cover')),
    CONSTRAINT shortfall_is_something CHECK (amount > 0)
);

-- What each gave to cover one.
CREATE TABLE settlement.shortfall_share (
    shortfall_id uuid NOT NULL,
    step text NOT NULL,
    party_id integer NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT shortfall_share_pk PRIMARY KEY (shortfall_id, step, party_id),
    CONSTRAINT shortfall_share_shortfall_fk
        FOREIGN KEY (shortfall_id) REFERENCES settlement.shortfall (id),
    CONSTRAINT shortfall_share_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT shortfall_share_step_known
        CHECK (step IN ('collateral', 'own-contribution', 'mutual-fund', 'loss')),
    CONSTRAINT shortfall_share_is_something CHECK (amount > 0)
);

-- What came after all, and to whom it went back.
CREATE TABLE settlement.recovery (
    id uuid NOT NULL,
    shortfall_id uuid NOT NULL,
    amount bigint NOT NULL,
    proposal_id uuid NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT recovery_pk PRIMARY KEY (id),
    CONSTRAINT recovery_shortfall_fk
        FOREIGN KEY (shortfall_id) REFERENCES settlement.shortfall (id),
    CONSTRAINT recovery_proposal_fk FOREIGN KEY (proposal_id) REFERENCES staff.proposal (id),
    CONSTRAINT recovery_is_something CHECK (amount > 0)
);
CREATE TABLE settlement.recovery_share (
    recovery_id uuid NOT NULL,
    step text NOT NULL,
    party_id integer NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT recovery_share_pk PRIMARY KEY (recovery_id, step, party_id),
    CONSTRAINT recovery_share_recovery_fk
        FOREIGN KEY (recovery_id) REFERENCES settlement.recovery (id),
    CONSTRAINT recovery_share_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT recovery_share_is_something CHECK (amount > 0)
);

-- Collateral and the mutual fund, in minor units of the hub's currency: a balance is a sum.
CREATE TABLE settlement.security (
    id integer GENERATED ALWAYS AS IDENTITY,
    party_id integer NOT NULL,
    account text NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    proposal_id uuid NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT security_pk PRIMARY KEY (id),
    CONSTRAINT security_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT security_proposal_fk FOREIGN KEY (proposal_id) REFERENCES staff.proposal (id),
    CONSTRAINT security_account_known CHECK (account IN ('collateral', 'fund')),
    CONSTRAINT security_kind_and_sign
        CHECK (kind IN ('deposit', 'recovery') AND amount > 0
            OR kind IN ('withdrawal', 'use') AND amount < 0)
);

GRANT SELECT, INSERT ON settlement.shortfall, settlement.shortfall_share, settlement.recovery,
    settlement.recovery_share, settlement.security TO hub_app;
GRANT UPDATE (cured_at) ON settlement.shortfall TO hub_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA settlement TO hub_app;
