"""Which payment code a member shows, and online spends that a partner asks to be approved."""

from alembic import op

from migrations import script

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0014_approvals.sql"))


def downgrade() -> None:
    op.execute("DROP TABLE partners.approval, partners.return_origin, members.shown_code")
