"""What waits for a second person."""

from alembic import op

from migrations import script

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0020_proposals.sql"))


def downgrade() -> None:
    op.execute(
        """
        ALTER TABLE settlement.settlement DROP COLUMN approval, DROP COLUMN payment,
            DROP COLUMN paid_revision;
        REVOKE UPDATE ON staff.proposal FROM hub_app;
        GRANT UPDATE ON staff.proposal TO hub_app;
        DROP INDEX staff.proposal_by_time, staff.proposal_by_proposer, staff.proposal_by_object,
            staff.proposal_waits_once, staff.proposal_waiting;
        DELETE FROM staff.proposal WHERE state IN ('withdrawn', 'expired');
        ALTER TABLE staff.proposal
            DROP CONSTRAINT proposal_withdrawn_by_its_proposer,
            DROP CONSTRAINT proposal_decided_by_another,
            DROP CONSTRAINT proposal_decided_by_somebody,
            DROP CONSTRAINT proposal_state_known,
            DROP COLUMN object, DROP COLUMN proposer, DROP COLUMN decider,
            DROP COLUMN decided_because, DROP COLUMN effect,
            ADD CONSTRAINT proposal_state_known
                CHECK (state IN ('waiting', 'approved', 'rejected')),
            ADD CONSTRAINT proposal_decided_by_somebody CHECK ((state = 'waiting')
                = (decided_by IS NULL) AND (state = 'waiting') = (decided_at IS NULL)),
            ADD CONSTRAINT proposal_decided_by_another CHECK (decided_by <> proposed_by);
        CREATE INDEX proposal_waiting ON staff.proposal (proposed_at) WHERE state = 'waiting';
        """
    )
