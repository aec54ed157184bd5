"""What a closed window came to: obligations, net positions, payments, statements."""

from alembic import op

from migrations import script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0003_settlement.sql"))


def downgrade() -> None:
    op.execute("DROP SCHEMA settlement CASCADE")
