-- The sealed log: a leaf for each journal and each entry of the audit log, in the order of (xid,
-- journals before entries, id), and the heads of the tree over them. Rows are only ever added; no
-- row of the books is touched.
CREATE TABLE settlement.leaf (
    index bigint NOT NULL,
    journal_id uuid,
    window_id integer,
    xid bigint NOT NULL,
    hash bytea NOT NULL,
    audit_id uuid,
    CONSTRAINT leaf_pk PRIMARY KEY (index),
    CONSTRAINT leaf_journal_once UNIQUE (window_id, journal_id),
    CONSTRAINT leaf_of_one CHECK (
        num_nonnulls(journal_id, audit_id) = 1 AND num_nonnulls(window_id, audit_id) = 1),
    CONSTRAINT leaf_index_not_negative CHECK (index >= 0)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE UNIQUE INDEX leaf_audit_once ON settlement.leaf (audit_id) WHERE audit_id IS NOT NULL;

-- The roots of full subtrees of 256, 256², 256³… leaves (level 1, 2, 3…), so that a proof reads a
-- few neighbouring rows of each level.
CREATE TABLE settlement.node (
    level smallint NOT NULL,
    index bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT node_pk PRIMARY KEY (level, index)
);

CREATE TABLE settlement.head (
    size bigint NOT NULL,
    root bytea NOT NULL,
    at timestamptz NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT head_pk PRIMARY KEY (size)
);

GRANT SELECT, INSERT ON settlement.leaf, settlement.node, settlement.head TO hub_app;
