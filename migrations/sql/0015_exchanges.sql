-- Exchanges between partners' own points and the shared ones, step by step.

-- Where a partner answers the hub's calls about its own points.
CREATE TABLE partners.exchange_endpoint (
    party_id integer NOT NULL,
    url text NOT NULL,
    registered_at timestamptz NOT NULL,
    CONSTRAINT exchange_endpoint_pk PRIMARY KEY (party_id),
    CONSTRAINT exchange_endpoint_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT exchange_endpoint_is_a_url CHECK (url ~ '^https?://[!-~]+$')
);

-- A firm quote, and what became of it: it is used once because it turns into the exchange. An
-- export gives `points` for `theirs`, an import `theirs` for `points`.
CREATE TABLE partners.exchange (
    id uuid NOT NULL,
    party_id integer NOT NULL,
    wallet_id bigint NOT NULL,
    link_id uuid NOT NULL,
    direction text NOT NULL,
    rate_id integer NOT NULL,
    points bigint NOT NULL,
    theirs bigint NOT NULL,
    fee bigint NOT NULL,
    quoted_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'quoted',
    confirmed_at timestamptz,
    hold_id uuid,
    journal_id uuid,
    tries integer NOT NULL DEFAULT 0,
    first_asked_at timestamptz,
    last_asked_at timestamptz,
    ask_at timestamptz,
    reason text,
    done_at timestamptz,
    undo_until timestamptz,
    undo_asked_at timestamptz,
    undo_refused text,
    undo_id uuid,
    ended_at timestamptz,
    CONSTRAINT exchange_pk PRIMARY KEY (id),
    CONSTRAINT exchange_party_fk FOREIGN KEY (party_id) REFERENCES exchange.party (id),
    CONSTRAINT exchange_wallet_fk FOREIGN KEY (wallet_id) REFERENCES exchange.wallet (id),
    CONSTRAINT exchange_link_fk FOREIGN KEY (link_id) REFERENCES exchange.link (id),
    CONSTRAINT exchange_rate_fk FOREIGN KEY (rate_id) REFERENCES exchange.rate (id),
    CONSTRAINT exchange_hold_once UNIQUE (hold_id),
    CONSTRAINT exchange_journal_once UNIQUE (journal_id),
    CONSTRAINT exchange_undo_once UNIQUE (undo_id),
    CONSTRAINT exchange_direction_known CHECK (direction IN ('import', 'export')),
    CONSTRAINT exchange_amounts_positive CHECK (points > 0 AND theirs > 0 AND fee >= 0),
    CONSTRAINT exchange_state_known CHECK (state IN ('quoted', 'reserved', 'asked', 'returning',
        'returned', 'done', 'undoing', 'undone')),
    CONSTRAINT exchange_confirmed CHECK ((state = 'quoted') = (confirmed_at IS NULL)),
    CONSTRAINT exchange_done_by_a_journal CHECK ((journal_id IS NOT NULL)
        = (state IN ('done', 'undoing', 'undone'))),
    CONSTRAINT exchange_asked_again_while_open CHECK ((ask_at IS NOT NULL)
        = (state IN ('reserved', 'asked', 'returning', 'undoing')))
);
CREATE INDEX exchange_by_wallet ON partners.exchange (wallet_id, confirmed_at DESC, id DESC)
    WHERE confirmed_at IS NOT NULL;
CREATE INDEX exchange_by_state ON partners.exchange (party_id, state, id)
    WHERE confirmed_at IS NOT NULL;
CREATE INDEX exchange_by_party ON partners.exchange (party_id, id) WHERE confirmed_at IS NOT NULL;
CREATE INDEX exchange_by_rate ON partners.exchange (rate_id, confirmed_at)
    WHERE confirmed_at IS NOT NULL;
CREATE INDEX exchange_to_ask ON partners.exchange (ask_at) WHERE ask_at IS NOT NULL;
CREATE INDEX exchange_quoted ON partners.exchange (expires_at) WHERE confirmed_at IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON partners.exchange_endpoint, partners.exchange TO hub_app;
