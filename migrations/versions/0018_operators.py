"""Roles of hub personnel, and where they are signed in."""

from alembic import op

from migrations import script

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0018_operators.sql"))


def downgrade() -> None:
    op.execute(
        "DROP TABLE staff.bucket, staff.challenge, staff.passkey, staff.recovery_code, staff.totp,"
        " staff.password, staff.sign_in_link, staff.invitation, staff.session"
    )
    op.execute(
        "ALTER TABLE staff.operator DROP COLUMN roles, DROP COLUMN language, DROP COLUMN theme,"
        " DROP COLUMN accepted, DROP COLUMN email, DROP COLUMN issuer, DROP COLUMN subject"
    )
