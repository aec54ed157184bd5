"""Notices to members, and what is still to be sent."""

from alembic import op

from migrations import script

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0017_notices.sql"))


def downgrade() -> None:
    op.execute("DROP TABLE members.told, members.standing, members.notice_choice, members.notice")
