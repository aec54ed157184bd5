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
    pass
