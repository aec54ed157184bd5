"""Accounts, invoices, payment files and the bank's answers."""

from alembic import op

from migrations import script

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(script("0006_bank.sql"))


def downgrade() -> None:
    op.execute(
        "DROP TABLE settlement.payment_confirmation, settlement.bank_match, settlement.bank_entry,"
        " settlement.bank_statement, settlement.bank_file, settlement.payment_file,"
        " settlement.invoice, settlement.bank_account"
    )
