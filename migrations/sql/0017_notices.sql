-- What members are told. `about` is the journal, exchange or gift: the same is told once.
CREATE TABLE members.notice (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL,
    facts jsonb NOT NULL,
    about uuid,
    at timestamptz NOT NULL,
    inbox boolean NOT NULL,
    read_at timestamptz,
    state text NOT NULL,
    tries smallint NOT NULL DEFAULT 0,
    due_at timestamptz,
    CONSTRAINT notice_pk PRIMARY KEY (id),
    CONSTRAINT notice_state_known CHECK (state IN ('none', 'waiting', 'sent', 'undelivered')),
    CONSTRAINT notice_due_while_waiting CHECK ((state = 'waiting') = (due_at IS NOT NULL)),
    CONSTRAINT notice_tries_not_negative CHECK (tries >= 0),
    CONSTRAINT notice_sent_after_a_try CHECK (state <> 'sent' OR tries > 0),
    CONSTRAINT notice_goes_somewhere CHECK (inbox OR state <> 'none'),
    CONSTRAINT notice_once UNIQUE (person_id, kind, about)
);
CREATE INDEX notice_by_person ON members.notice (person_id, at, id) WHERE inbox;
CREATE INDEX notice_unread ON members.notice (person_id, at, id)
    WHERE inbox AND read_at IS NULL;
CREATE INDEX notice_to_send ON members.notice (due_at) WHERE state = 'waiting';

-- What a person switched off, by topic, and from how many points a spend is an alarm. Who has no
-- row has changed nothing.
CREATE TABLE members.notice_choice (
    person_id uuid NOT NULL,
    no_inbox text[] NOT NULL DEFAULT '{}',
    no_message text[] NOT NULL DEFAULT '{}',
    large_spend bigint NOT NULL DEFAULT 1000,
    CONSTRAINT notice_choice_pk PRIMARY KEY (person_id),
    CONSTRAINT notice_choice_large_spend_positive CHECK (large_spend > 0),
    CONSTRAINT notice_choice_security_stays
        CHECK (NOT no_inbox && ARRAY['large-spends', 'sign-in', 'freezing', 'consent'])
);

GRANT SELECT, INSERT, UPDATE, DELETE ON members.notice, members.notice_choice TO hub_app;

-- How far a person is trusted, as last rated (members/trust/levels.py).
CREATE TABLE members.standing (
    person_id uuid NOT NULL,
    level smallint NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT standing_pk PRIMARY KEY (person_id),
    CONSTRAINT standing_level_known CHECK (level BETWEEN 0 AND 5)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON members.standing TO hub_app;

-- How far notices have followed the books: no transaction before `xid` has anything left to tell,
-- nor any hold a minute before `looked_at`, and lots that expire within 30, 7 or 1 days of `day`
-- are told of.
CREATE TABLE members.told (
    one boolean NOT NULL DEFAULT true,
    xid bigint NOT NULL,
    looked_at timestamptz NOT NULL,
    day date NOT NULL,
    CONSTRAINT told_pk PRIMARY KEY (one),
    CONSTRAINT told_is_one_row CHECK (one)
);

GRANT SELECT, INSERT, UPDATE ON members.told TO hub_app;
