-- Roles of hub personnel, and where they are signed in.
ALTER TABLE staff.operator
    ADD COLUMN roles text[] NOT NULL DEFAULT '{}',
    ADD COLUMN language text,
    ADD COLUMN theme text,
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

GRANT SELECT, INSERT, UPDATE, DELETE ON staff.session TO hub_app;

-- Signs somebody in once; made by command, in development alone.
CREATE TABLE staff.sign_in_link (
    digest bytea NOT NULL,
    operator_id integer NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT sign_in_link_pk PRIMARY KEY (digest),
    CONSTRAINT sign_in_link_operator_fk FOREIGN KEY (operator_id) REFERENCES staff.operator (id)
);

GRANT SELECT, INSERT, DELETE ON staff.sign_in_link TO hub_app;
