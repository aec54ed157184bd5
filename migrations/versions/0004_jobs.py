"""The job queue's own tables, as the library ships them, in a schema of their own."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    connection.execute("CREATE SCHEMA jobs")
    connection.execute("SET LOCAL search_path TO jobs")
    connection.execute(SchemaManager.get_schema())
    connection.execute("SET LOCAL search_path TO DEFAULT")
    connection.execute(
        "GRANT USAGE ON SCHEMA jobs TO hub_app; "
        "GRANT ALL ON ALL TABLES IN SCHEMA jobs TO hub_app; "
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA jobs TO hub_app"
    )


def downgrade() -> None:
    op.execute("DROP SCHEMA jobs CASCADE")
