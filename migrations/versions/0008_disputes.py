"""Contested lines."""

from alembic import op

from migrations import script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0008_disputes.sql"))


def downgrade() -> None:
    for table in ("dispute_evidence", "dispute_step", "dispute"):
        op.execute(f"DROP TABLE settlement.{table}")
