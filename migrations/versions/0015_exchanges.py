"""Exchanges between partners' own points and the shared ones, step by step."""

from alembic import op

from migrations import script

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0015_exchanges.sql"))


def downgrade() -> None:
    op.execute("DROP TABLE partners.exchange, partners.exchange_endpoint")
