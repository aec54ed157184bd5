"""What people said of findings; disputes that are carried over."""

from alembic import op

from migrations import script

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0023_findings.sql"))


def downgrade() -> None:
    op.execute("ALTER TABLE settlement.dispute_step DROP COLUMN approval_id")
    op.execute("ALTER TABLE settlement.dispute DROP COLUMN carried_into")
    op.execute("DROP TABLE settlement.reconciliation_answer")
    op.execute("ALTER TABLE settlement.reconciliation DROP COLUMN unanswered")
