-- Persons with sealed names and numbers, how they sign in, and on which devices they are.

-- What a person is called and reached by is sealed with a key of their own (`wrapped_key`, which
-- only the hub's secret unwraps); erasing destroys it. `phone_index` is a keyed digest.
CREATE TABLE members.person (
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    phone_index bytea,
    sealed bytea,
    wrapped_key bytea,
    language text,
    theme text,
    opened_at timestamptz NOT NULL,
    phone_verified_at timestamptz,
    erased_at timestamptz,
    CONSTRAINT person_pk PRIMARY KEY (id),
    CONSTRAINT person_member_fk FOREIGN KEY (member_id) REFERENCES members.member (id),
    CONSTRAINT person_member_once UNIQUE (member_id),
    CONSTRAINT person_phone_once UNIQUE (phone_index),
    CONSTRAINT person_phone_index_is_a_digest CHECK (octet_length(phone_index) = 32),
    CONSTRAINT person_language_known CHECK (language IN ('en', 'zh')),
    CONSTRAINT person_theme_known CHECK (theme IN ('auto', 'light', 'dark')),
    CONSTRAINT person_erased_has_nothing CHECK ((erased_at IS NULL) = (phone_index IS NOT NULL)
        AND (erased_at IS NULL) = (sealed IS NOT NULL)
        AND (erased_at IS NULL) = (wrapped_key IS NOT NULL))
);

-- A browser in which somebody is signed in; only a digest of its cookie is here.
CREATE TABLE members.session (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    digest bytea NOT NULL,
    how text NOT NULL,
    device text NOT NULL,
    opened_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    proved_at timestamptz,
    CONSTRAINT session_pk PRIMARY KEY (id),
    CONSTRAINT session_person_fk FOREIGN KEY (person_id) REFERENCES members.person (id),
    CONSTRAINT session_digest_once UNIQUE (digest),
    CONSTRAINT session_digest_is_a_digest CHECK (octet_length(digest) = 32),
    CONSTRAINT session_how_known CHECK (how IN ('code', 'passkey', 'link')),
    CONSTRAINT session_seen_since_it_opened CHECK (seen_at >= opened_at)
);
CREATE INDEX session_by_person ON members.session (person_id);
CREATE INDEX session_by_age ON members.session (seen_at);

-- Browsers that a person has signed in with before: another one is worth an alert.
CREATE TABLE members.device (
    person_id uuid NOT NULL,
    digest bytea NOT NULL,
    seen_at timestamptz NOT NULL,
    CONSTRAINT device_pk PRIMARY KEY (person_id, digest),
    CONSTRAINT device_person_fk FOREIGN KEY (person_id) REFERENCES members.person (id)
);
CREATE INDEX device_by_age ON members.device (seen_at);

-- One attempt to sign in with a number, or to prove oneself again in a session. The number is
-- sealed with the hub's key; the row is gone once the code is used.
CREATE TABLE members.sign_in_code (
    id uuid NOT NULL,
    phone_index bytea NOT NULL,
    sealed bytea NOT NULL,
    session_id uuid,
    digest bytea NOT NULL,
    tries_left smallint NOT NULL,
    sent_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT sign_in_code_pk PRIMARY KEY (id),
    CONSTRAINT sign_in_code_session_fk FOREIGN KEY (session_id) REFERENCES members.session (id)
        ON DELETE CASCADE,
    CONSTRAINT sign_in_code_tries_not_negative CHECK (tries_left >= 0),
    CONSTRAINT sign_in_code_digests CHECK (octet_length(phone_index) = 32
        AND octet_length(digest) = 32)
);
CREATE INDEX sign_in_code_by_session ON members.sign_in_code (session_id);
CREATE INDEX sign_in_code_by_expiry ON members.sign_in_code (expires_at);

-- A link that signs in once; made by command, in development alone.
CREATE TABLE members.sign_in_link (
    digest bytea NOT NULL,
    person_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT sign_in_link_pk PRIMARY KEY (digest),
    CONSTRAINT sign_in_link_person_fk FOREIGN KEY (person_id) REFERENCES members.person (id)
);
CREATE INDEX sign_in_link_by_person ON members.sign_in_link (person_id);

CREATE TABLE members.passkey (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    credential bytea NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    sealed_name bytea NOT NULL,
    added_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT passkey_pk PRIMARY KEY (id),
    CONSTRAINT passkey_person_fk FOREIGN KEY (person_id) REFERENCES members.person (id),
    CONSTRAINT passkey_credential_once UNIQUE (credential),
    CONSTRAINT passkey_sign_count_not_negative CHECK (sign_count >= 0)
);
CREATE INDEX passkey_by_person ON members.passkey (person_id);

-- What an authenticator is asked to sign; used once. Without a session, it is to sign in.
CREATE TABLE members.challenge (
    digest bytea NOT NULL,
    session_id uuid,
    purpose text NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT challenge_pk PRIMARY KEY (digest),
    CONSTRAINT challenge_session_fk FOREIGN KEY (session_id) REFERENCES members.session (id)
        ON DELETE CASCADE,
    CONSTRAINT challenge_purpose_known CHECK (purpose IN ('sign-in', 'prove', 'add')),
    CONSTRAINT challenge_of_a_session CHECK ((purpose = 'sign-in') = (session_id IS NULL))
);
CREATE INDEX challenge_by_session ON members.challenge (session_id);
CREATE INDEX challenge_by_expiry ON members.challenge (expires_at);

-- How often something was done, by a keyed digest of who did it: `full_at` is when the bucket is
-- full again, which says how much is in it.
CREATE TABLE members.bucket (
    digest bytea NOT NULL,
    full_at timestamptz NOT NULL,
    CONSTRAINT bucket_pk PRIMARY KEY (digest)
);
CREATE INDEX bucket_by_full_at ON members.bucket (full_at);

GRANT SELECT, INSERT, UPDATE ON members.person TO hub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON members.session, members.device, members.sign_in_code,
    members.sign_in_link, members.passkey, members.challenge, members.bucket TO hub_app;
