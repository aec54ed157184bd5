"""Collateral, the mutual fund, and partners that did not fund."""

from alembic import op

from migrations import script

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0009_defaults.sql"))


def downgrade() -> None:
    op.execute(
        "DROP TABLE settlement.security, settlement.recovery_share, settlement.recovery,"
        " settlement.shortfall_share, settlement.shortfall"
    )
