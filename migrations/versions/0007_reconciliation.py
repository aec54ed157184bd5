"""Partners' own records."""

from alembic import op

from migrations import script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0007_reconciliation.sql"))


def downgrade() -> None:
    for table in ("outcome", "finding", "line", "part"):
        op.execute(f"DROP TABLE settlement.reconciliation_{table}")
    op.execute("DROP TABLE settlement.reconciliation")
