-- The audit log: rows are only ever added, and sealed as journals are.
CREATE TABLE staff.audit (
    id uuid NOT NULL,
    xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    at timestamptz NOT NULL,
    who text NOT NULL,
    what text NOT NULL,
    object text NOT NULL,
    place text NOT NULL,
    reason text NOT NULL,
    before jsonb,
    after jsonb,
    CONSTRAINT audit_pk PRIMARY KEY (id)
);
CREATE INDEX audit_by_time ON staff.audit (at, id);
CREATE INDEX audit_by_object ON staff.audit (object, at, id);
CREATE INDEX audit_by_who ON staff.audit (who, at, id);
CREATE INDEX audit_by_what ON staff.audit (what, at, id);
CREATE INDEX audit_by_xid ON staff.audit (xid, id);

-- Not xid: nobody writes under another transaction's number, so nothing can be slipped in.
GRANT SELECT ON staff.audit TO hub_app;
GRANT INSERT (id, at, who, what, object, place, reason, before, after) ON staff.audit TO hub_app;
