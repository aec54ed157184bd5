"""When the books were checked last; reports of finance that are kept."""

from alembic import op

from migrations import script

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0021_book_checks.sql"))


def downgrade() -> None:
    op.execute("DROP TABLE settlement.kept_report, settlement.book_check")
