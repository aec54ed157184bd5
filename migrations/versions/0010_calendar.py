"""When windows close."""

from alembic import op

from migrations import script

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0010_calendar.sql"))


def downgrade() -> None:
    op.execute("DROP TABLE settlement.calendar")
