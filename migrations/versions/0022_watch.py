"""When each job ran last, and what failed that should not."""

from alembic import op

from migrations import script

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0022_watch.sql"))


def downgrade() -> None:
    op.execute("DROP TABLE staff.job_run, staff.fault")
