-- Gifts and family purses. Points of a gift lie in a wallet of its own until somebody takes them;
-- a purse is a wallet that several people pay from. Numbers stand here as blind indexes alone, and
-- only as long as somebody is waited for.
CREATE TABLE members.gift (
    id uuid NOT NULL,
    giver_id uuid NOT NULL,
    wallet_id bigint NOT NULL,  -- where it came from, and goes back to
    escrow_id bigint NOT NULL,
    journal_id uuid NOT NULL,
    points bigint NOT NULL,
    phone_index bytea,  -- whose it is, while it waits
    recipient_id uuid,
    sealed jsonb,  -- the numbers as each side may see them, and the note
    state text NOT NULL DEFAULT 'waiting',
    moved bigint,  -- what was left to take when it ended: lots expire in between
    given_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    announced_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT gift_pk PRIMARY KEY (id),
    CONSTRAINT gift_giver_fk FOREIGN KEY (giver_id) REFERENCES members.person (id),
    CONSTRAINT gift_recipient_fk FOREIGN KEY (recipient_id) REFERENCES members.person (id),
    CONSTRAINT gift_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id),
    CONSTRAINT gift_escrow_fk FOREIGN KEY (escrow_id) REFERENCES exchange.wallet (id),
    CONSTRAINT gift_escrow_once UNIQUE (escrow_id),
    CONSTRAINT gift_points_positive CHECK (points > 0),
    CONSTRAINT gift_not_to_oneself CHECK (recipient_id <> giver_id),
    CONSTRAINT gift_state_known
        CHECK (state IN ('waiting', 'accepted', 'declined', 'taken_back', 'lapsed')),
    CONSTRAINT gift_waits_or_has_ended CHECK (
        (state = 'waiting') = (ended_at IS NULL) AND (state = 'waiting') = (moved IS NULL)
        AND (state = 'waiting') = (phone_index IS NOT NULL)),
    CONSTRAINT gift_moved_is_a_part CHECK (moved BETWEEN 0 AND points),
    CONSTRAINT gift_is_answered_by_somebody
        CHECK ((state IN ('accepted', 'declined')) = (recipient_id IS NOT NULL))
);
CREATE INDEX gift_waiting_by_number ON members.gift (phone_index) WHERE state = 'waiting';
CREATE INDEX gift_waiting_by_expiry ON members.gift (expires_at) WHERE state = 'waiting';
CREATE INDEX gift_by_giver ON members.gift (giver_id, given_at);
CREATE INDEX gift_by_recipient ON members.gift (recipient_id, ended_at)
    WHERE recipient_id IS NOT NULL;

CREATE TABLE members.purse (
    id uuid NOT NULL,
    wallet_id bigint NOT NULL,
    opened_by uuid NOT NULL,
    sealed jsonb,  -- its name
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT purse_pk PRIMARY KEY (id),
    CONSTRAINT purse_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id),
    CONSTRAINT purse_wallet_once UNIQUE (wallet_id),
    CONSTRAINT purse_opened_by_fk FOREIGN KEY (opened_by) REFERENCES members.person (id)
);

-- Who pays from a purse, and when they did.
CREATE TABLE members.purse_member (
    purse_id uuid NOT NULL,
    person_id uuid NOT NULL,
    daily_limit bigint,  -- none for whoever opened it
    joined_at timestamptz NOT NULL,
    left_at timestamptz,
    CONSTRAINT purse_member_pk PRIMARY KEY (purse_id, person_id, joined_at),
    CONSTRAINT purse_member_purse_fk FOREIGN KEY (purse_id) REFERENCES members.purse (id),
    CONSTRAINT purse_member_person_fk FOREIGN KEY (person_id) REFERENCES members.person (id),
    CONSTRAINT purse_member_limit_not_negative CHECK (daily_limit >= 0)
);
CREATE UNIQUE INDEX purse_member_once ON members.purse_member (purse_id, person_id)
    WHERE left_at IS NULL;
CREATE INDEX purse_member_by_person ON members.purse_member (person_id) WHERE left_at IS NULL;

CREATE TABLE members.purse_invitation (
    id uuid NOT NULL,
    purse_id uuid NOT NULL,
    phone_index bytea,  -- whose it is, while it waits
    person_id uuid,
    sealed jsonb,  -- the masked number
    daily_limit bigint NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    invited_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    announced_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT purse_invitation_pk PRIMARY KEY (id),
    CONSTRAINT purse_invitation_purse_fk FOREIGN KEY (purse_id) REFERENCES members.purse (id),
    CONSTRAINT purse_invitation_person_fk FOREIGN KEY (person_id) REFERENCES members.person (id),
    CONSTRAINT purse_invitation_limit_not_negative CHECK (daily_limit >= 0),
    CONSTRAINT purse_invitation_state_known
        CHECK (state IN ('waiting', 'accepted', 'declined', 'withdrawn', 'lapsed')),
    CONSTRAINT purse_invitation_waits_or_has_ended CHECK (
        (state = 'waiting') = (ended_at IS NULL)
        AND (state = 'waiting') = (phone_index IS NOT NULL)),
    CONSTRAINT purse_invitation_is_answered_by_somebody
        CHECK ((state IN ('accepted', 'declined')) = (person_id IS NOT NULL))
);
CREATE UNIQUE INDEX purse_invitation_once ON members.purse_invitation (purse_id, phone_index)
    WHERE state = 'waiting';
CREATE INDEX purse_invitation_by_number ON members.purse_invitation (phone_index)
    WHERE state = 'waiting';

-- What members put into a purse, and what went back when it was closed.
CREATE TABLE members.purse_move (
    id uuid NOT NULL,
    purse_id uuid NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL,
    journal_id uuid NOT NULL,
    points bigint NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT purse_move_pk PRIMARY KEY (id),
    CONSTRAINT purse_move_purse_fk FOREIGN KEY (purse_id) REFERENCES members.purse (id),
    CONSTRAINT purse_move_person_fk FOREIGN KEY (person_id) REFERENCES members.person (id),
    CONSTRAINT purse_move_kind_known CHECK (kind IN ('contributed', 'paid_back')),
    CONSTRAINT purse_move_points_positive CHECK (points > 0),
    CONSTRAINT purse_move_journal_once UNIQUE (journal_id)
);
CREATE INDEX purse_move_by_purse ON members.purse_move (purse_id, at);
CREATE INDEX purse_move_by_person ON members.purse_move (person_id, at);

GRANT SELECT, INSERT, UPDATE ON members.gift, members.purse, members.purse_member,
    members.purse_invitation, members.purse_move TO hub_app;
