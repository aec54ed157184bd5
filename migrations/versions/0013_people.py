"""Persons with sealed names and numbers, their sessions and passkeys."""

from alembic import op

from migrations import script

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0013_people.sql"))


def downgrade() -> None:
    op.execute(
        "DROP TABLE members.bucket, members.challenge, members.passkey, members.sign_in_link,"
        " members.sign_in_code, members.device, members.session, members.person"
    )
