-- What waits for a second person: withdrawn, expired, rejected with a reason; once for each object.
ALTER TABLE staff.proposal
    ADD COLUMN object text,
    ADD COLUMN proposer integer,
    ADD COLUMN decider integer,
    ADD COLUMN decided_because text,
    ADD COLUMN effect text,
    ADD CONSTRAINT proposal_proposer_fk FOREIGN KEY (proposer) REFERENCES staff.operator (id),
    ADD CONSTRAINT proposal_decider_fk FOREIGN KEY (decider) REFERENCES staff.operator (id),
    DROP CONSTRAINT proposal_state_known,
    DROP CONSTRAINT proposal_decided_by_somebody,
    DROP CONSTRAINT proposal_decided_by_another;

-- What was proposed before counts as about itself alone.
UPDATE staff.proposal SET object = id::text,
    proposer = (SELECT id FROM staff.operator WHERE name = proposed_by),
    decider = (SELECT id FROM staff.operator WHERE name = decided_by);

ALTER TABLE staff.proposal
    ALTER COLUMN object SET NOT NULL,
    ADD CONSTRAINT proposal_state_known
        CHECK (state IN ('waiting', 'approved', 'rejected', 'withdrawn', 'expired')),
    ADD CONSTRAINT proposal_decided_by_somebody CHECK (
        (state IN ('waiting', 'expired')) = (decided_by IS NULL)
        AND (state IN ('waiting', 'expired')) = (decided_at IS NULL)),
    -- By name and by number: whoever is renamed is still the same person.
    ADD CONSTRAINT proposal_decided_by_another
        CHECK (state = 'withdrawn' OR (decided_by <> proposed_by AND decider <> proposer)),
    ADD CONSTRAINT proposal_withdrawn_by_its_proposer
        CHECK (state <> 'withdrawn' OR decider = proposer);

DROP INDEX staff.proposal_waiting;
CREATE INDEX proposal_waiting ON staff.proposal (expires_at, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX proposal_waits_once ON staff.proposal (kind, object) WHERE state = 'waiting';
CREATE INDEX proposal_by_object ON staff.proposal (object, proposed_at, id);
CREATE INDEX proposal_by_proposer ON staff.proposal (proposer, proposed_at, id);
CREATE INDEX proposal_by_time ON staff.proposal (proposed_at, id);

-- What was proposed is never edited; only how it ended is written.
REVOKE UPDATE ON staff.proposal FROM hub_app;
GRANT UPDATE (state, decided_by, decider, decided_hash, decided_at, decided_because, effect)
    ON staff.proposal TO hub_app;

-- What two people agreed to, when a window was approved and when its money was sent, and of which
-- figures: worked out again after that, they are agreed to again.
ALTER TABLE settlement.settlement
    ADD COLUMN approval uuid,
    ADD COLUMN payment uuid,
    ADD COLUMN paid_revision integer,
    ADD CONSTRAINT settlement_approval_fk FOREIGN KEY (approval) REFERENCES staff.proposal (id),
    ADD CONSTRAINT settlement_payment_fk FOREIGN KEY (payment) REFERENCES staff.proposal (id);
