-- When the books were checked last, and what came of it.
CREATE TABLE settlement.book_check (
    id uuid NOT NULL,
    depth text NOT NULL,
    at timestamptz NOT NULL,
    took_ms integer NOT NULL,
    asked integer NOT NULL,
    failed jsonb NOT NULL,
    reached bigint NOT NULL,
    asked_by text NOT NULL,
    CONSTRAINT book_check_pk PRIMARY KEY (id),
    CONSTRAINT book_check_depth_known CHECK (depth IN ('quick', 'full')),
    CONSTRAINT book_check_was_one CHECK (took_ms >= 0 AND asked > 0),
    CONSTRAINT book_check_failed_is_a_list CHECK (jsonb_typeof(failed) = 'array')
);
CREATE INDEX book_check_by_time ON settlement.book_check (depth, at);

-- Reports of finance that are too long for a page: asked for, then made by a job, then kept. What
-- ends before a report was made does not change any more; one of today is made again.
CREATE TABLE settlement.kept_report (
    name text NOT NULL,
    since date NOT NULL,
    at date NOT NULL,
    asked_at timestamptz NOT NULL,
    made_at timestamptz,
    took_ms integer,
    report jsonb,
    CONSTRAINT kept_report_pk PRIMARY KEY (name, since, at),
    CONSTRAINT kept_report_name_known CHECK (name IN ('liability', 'lots', 'breakage',
        'roll-forward', 'trial-balance', 'disclosure', 'exposure')),
    CONSTRAINT kept_report_days_in_order CHECK (since <= at),
    CONSTRAINT kept_report_made_whole
        CHECK ((made_at IS NULL) = (report IS NULL) AND (made_at IS NULL) = (took_ms IS NULL))
);
CREATE INDEX kept_report_asked ON settlement.kept_report (asked_at)
    WHERE made_at IS NULL OR made_at < asked_at;

GRANT SELECT, INSERT, DELETE ON settlement.book_check TO hub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON settlement.kept_report TO hub_app;
