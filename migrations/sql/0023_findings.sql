-- What a person said of a finding that does not agree. Findings go when their time has come, what
-- was said of them stays. `unanswered` is kept with the record: lists are ordered by it.
ALTER TABLE settlement.reconciliation
    ADD COLUMN unanswered integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT reconciliation_unanswered_not_negative CHECK (unanswered >= 0);
UPDATE settlement.reconciliation r SET unanswered = o.findings
FROM (SELECT reconciliation_id, sum(findings)::integer AS findings
      FROM settlement.reconciliation_outcome WHERE outcome <> 'matched' GROUP BY 1) o
WHERE o.reconciliation_id = r.id;
CREATE INDEX reconciliation_for_a_person ON settlement.reconciliation (id) WHERE unanswered > 0;

CREATE TABLE settlement.reconciliation_answer (
    reconciliation_id uuid NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    resolution text NOT NULL,
    dispute_id uuid,
    words text NOT NULL,
    said_by text NOT NULL,  -- An operator, or `partner:` and its number.
    at timestamptz NOT NULL,
    CONSTRAINT reconciliation_answer_pk PRIMARY KEY (reconciliation_id, outcome, number),
    CONSTRAINT reconciliation_answer_of_one FOREIGN KEY (reconciliation_id)
        REFERENCES settlement.reconciliation (id),
    CONSTRAINT reconciliation_answer_dispute_fk FOREIGN KEY (dispute_id)
        REFERENCES settlement.dispute (id),
    CONSTRAINT reconciliation_answer_to_a_difference CHECK (outcome <> 'matched'),
    CONSTRAINT reconciliation_answer_known
        CHECK (resolution IN ('explained', 'accepted', 'correction', 'disputed')),
    CONSTRAINT reconciliation_answer_disputed
        CHECK ((resolution = 'disputed') = (dispute_id IS NOT NULL))
);
GRANT SELECT, INSERT ON settlement.reconciliation_answer TO hub_app;

-- A dispute that nobody decided in time goes on in a later window, and each step of two people
-- names what they approved.
ALTER TABLE settlement.dispute
    ADD COLUMN carried_into integer,
    ADD CONSTRAINT dispute_carried_into_fk
        FOREIGN KEY (carried_into) REFERENCES exchange."window" (id),
    ADD CONSTRAINT dispute_carried_onwards CHECK (carried_into > window_id);
ALTER TABLE settlement.dispute_step ADD COLUMN approval_id uuid;
UPDATE settlement.dispute_step s SET approval_id = d.approval_id
FROM settlement.dispute d WHERE d.id = s.dispute_id AND s.step IN ('uphold', 'dismiss');
-- What waits for the hub has a day now, as every other step has.
UPDATE settlement.dispute d SET due_at = now() + interval '7 days'
WHERE d.state = 'escalated' AND d.due_at IS NULL;
GRANT UPDATE (carried_into) ON settlement.dispute TO hub_app;
