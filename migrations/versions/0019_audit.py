"""The audit log."""

from alembic import op

from migrations import script

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0019_audit.sql"))


def downgrade() -> None:
    op.execute("DROP TABLE staff.audit")
