"""The sealed log."""

from alembic import op

from migrations import script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0005_sealed_log.sql"))


def downgrade() -> None:
    op.execute("DROP TABLE settlement.head, settlement.node, settlement.leaf")
