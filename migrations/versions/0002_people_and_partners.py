"""Members and consent, hub personnel and approvals, partners with keys and terms."""

from alembic import op

from migrations import script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0002_people_and_partners.sql"))


def downgrade() -> None:
    op.execute("DROP SCHEMA partners, staff, members CASCADE")
