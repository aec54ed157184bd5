"""Who looked at which member."""

from alembic import op

from migrations import script

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0023_member_views.sql"))


def downgrade() -> None:
    pass
