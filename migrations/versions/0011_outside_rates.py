"""Conversions known of outside the hub."""

from alembic import op

from migrations import script

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0011_outside_rates.sql"))


def downgrade() -> None:
    op.execute("DROP TABLE exchange.outside_rate")
