"""Gifts and family purses."""

from alembic import op

from migrations import script

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0016_giving.sql"))


def downgrade() -> None:
    op.execute(
        "DROP TABLE members.purse_move, members.purse_invitation, members.purse_member,"
        " members.purse, members.gift"
    )
