-- What those who run the hub watch: when each job ran last, and what failed that should not. Neither
-- table has a word of what was asked or of whom.
CREATE TABLE staff.job_run (
    name text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    done bigint NOT NULL,
    failed_at timestamptz,
    fault text,
    CONSTRAINT job_run_pk PRIMARY KEY (name),
    CONSTRAINT job_run_ends_after_it_starts CHECK (ended_at >= started_at),
    CONSTRAINT job_run_failed_somehow CHECK ((failed_at IS NULL) = (fault IS NULL))
) WITH (fillfactor = 50);

CREATE TABLE staff.fault (
    incident text NOT NULL,
    at timestamptz NOT NULL,
    place text NOT NULL,
    kind text NOT NULL,
    CONSTRAINT fault_pk PRIMARY KEY (incident)
);
CREATE INDEX fault_by_time ON staff.fault (at);

GRANT SELECT, INSERT, UPDATE ON staff.job_run TO hub_app;
GRANT SELECT, INSERT, DELETE ON staff.fault TO hub_app;
