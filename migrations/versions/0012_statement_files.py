"""Statements as spreadsheets and printed pages, kept as they were made."""

from alembic import op

from migrations import script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0012_statement_files.sql"))


def downgrade() -> None:
    op.execute("DROP TABLE settlement.statement_file")
