"""The books: tables, the posting function, the application's role."""

from alembic import op

from migrations import script

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    for name in ("0001_tables.sql", "0001_partitions.sql", "0001_post.sql", "0001_grants.sql"):
        connection.execute(script(name))


def downgrade() -> None:
    # The role belongs to the whole server; other databases may use it.
    op.execute("DROP SCHEMA exchange CASCADE")
