-- Roles of hub personnel, how they sign in, and where they are signed in.
ALTER TABLE staff.operator
    ADD COLUMN roles text[] NOT NULL DEFAULT '{}',
    ADD COLUMN language text,
    ADD COLUMN theme text,
    ADD COLUMN accepted boolean NOT NULL DEFAULT true,
    ADD COLUMN email text,
    ADD COLUMN issuer text,
    ADD COLUMN subject text,
    ADD CONSTRAINT operator_email_once UNIQUE (email),
    ADD CONSTRAINT operator_subject_once UNIQUE (issuer, subject),
    ADD CONSTRAINT operator_subject_of_an_issuer CHECK ((issuer IS NULL) = (subject IS NULL)),
    ADD CONSTRAINT operator_accepted_before_active CHECK (accepted OR NOT active),
    ADD CONSTRAINT operator_roles_known CHECK (roles <@ ARRAY['operations', 'finance', 'approver',
        'risk', 'auditor', 'administrator']),
    ADD CONSTRAINT operator_language_known CHECK (language IN ('en', 'zh')),
    ADD CONSTRAINT operator_theme_known CHECK (theme IN ('auto', 'light', 'dark'));

CREATE TABLE staff.session (
    id uuid NOT NULL,
    operator_id integer NOT NULL,
    digest bytea NOT NULL,
    how text NOT NULL,
    device text NOT NULL,
    address text NOT NULL,
    opened_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    proved_at timestamptz,
    CONSTRAINT session_pk PRIMARY KEY (id),
    CONSTRAINT session_operator_fk FOREIGN KEY (operator_id) REFERENCES staff.operator (id),
    CONSTRAINT session_digest_once UNIQUE (digest),
    CONSTRAINT session_digest_is_a_digest CHECK (octet_length(digest) = 32),
    CONSTRAINT session_how_known CHECK (how IN ('password', 'passkey', 'provider', 'link')),
    CONSTRAINT session_seen_since_it_opened CHECK (seen_at >= opened_at)
);
CREATE INDEX session_by_operator ON staff.session (operator_id);
CREATE INDEX session_by_visit ON staff.session (seen_at);

-- Somebody who may come in and has not yet. The link is known by a digest alone; without one it is
-- still to be made, by mail or by whoever approved.
CREATE TABLE staff.invitation (
    operator_id integer NOT NULL,
    approved_by text NOT NULL,
    approved_at timestamptz NOT NULL,
    digest bytea,
    made_at timestamptz,
    mailed boolean NOT NULL DEFAULT false,
    CONSTRAINT invitation_pk PRIMARY KEY (operator_id),
    CONSTRAINT invitation_operator_fk FOREIGN KEY (operator_id) REFERENCES staff.operator (id),
    CONSTRAINT invitation_digest_once UNIQUE (digest),
    CONSTRAINT invitation_digest_is_a_digest CHECK (octet_length(digest) = 32),
    CONSTRAINT invitation_made_at_a_time CHECK ((digest IS NULL) = (made_at IS NULL))
);

CREATE TABLE staff.sign_in_link (
    digest bytea NOT NULL,
    operator_id integer NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT sign_in_link_pk PRIMARY KEY (digest),
    CONSTRAINT sign_in_link_operator_fk FOREIGN KEY (operator_id) REFERENCES staff.operator (id)
);

CREATE TABLE staff.password (
    operator_id integer NOT NULL,
    hash text NOT NULL,
    set_at timestamptz NOT NULL,
    CONSTRAINT password_pk PRIMARY KEY (operator_id),
    CONSTRAINT password_operator_fk FOREIGN KEY (operator_id) REFERENCES staff.operator (id)
);

-- The app of the second step. `last_step` is the newest half minute whose code was used.
CREATE TABLE staff.totp (
    operator_id integer NOT NULL,
    sealed text NOT NULL,
    last_step bigint NOT NULL,
    set_at timestamptz NOT NULL,
    CONSTRAINT totp_pk PRIMARY KEY (operator_id),
    CONSTRAINT totp_operator_fk FOREIGN KEY (operator_id) REFERENCES staff.operator (id)
);

CREATE TABLE staff.recovery_code (
    digest bytea NOT NULL,
    operator_id integer NOT NULL,
    used_at timestamptz,
    CONSTRAINT recovery_code_pk PRIMARY KEY (digest),
    CONSTRAINT recovery_code_operator_fk FOREIGN KEY (operator_id) REFERENCES staff.operator (id)
);
CREATE INDEX recovery_code_by_operator ON staff.recovery_code (operator_id);

CREATE TABLE staff.passkey (
    id uuid NOT NULL,
    operator_id integer NOT NULL,
    credential bytea NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    name text NOT NULL,
    added_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT passkey_pk PRIMARY KEY (id),
    CONSTRAINT passkey_operator_fk FOREIGN KEY (operator_id) REFERENCES staff.operator (id),
    CONSTRAINT passkey_credential_once UNIQUE (credential)
);
CREATE INDEX passkey_by_operator ON staff.passkey (operator_id);

-- What a browser is to sign, once: for an act, and for a session or an invitation (`holder`).
CREATE TABLE staff.challenge (
    digest bytea NOT NULL,
    purpose text NOT NULL,
    holder text NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT challenge_pk PRIMARY KEY (digest),
    CONSTRAINT challenge_purpose_known CHECK (purpose IN ('sign-in', 'prove', 'add'))
);
CREATE INDEX challenge_by_expiry ON staff.challenge (expires_at);

-- How often something was done, by a keyed digest of who did it: `full_at` is when the bucket is
-- full again, which says how much is in it.
CREATE TABLE staff.bucket (
    digest bytea NOT NULL,
    full_at timestamptz NOT NULL,
    CONSTRAINT bucket_pk PRIMARY KEY (digest)
);
CREATE INDEX bucket_by_full_at ON staff.bucket (full_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON staff.session, staff.invitation, staff.sign_in_link,
    staff.password, staff.totp, staff.recovery_code, staff.passkey, staff.challenge, staff.bucket
    TO hub_app;
