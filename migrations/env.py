"""Alembic's entry: migrations run on a connection that `kit.database.migrate` made."""

from alembic import context
from sqlalchemy import text

connection = context.config.attributes["connection"]
# A migration that cannot get its lock at once, or runs long, must not queue a whole shop behind it.
connection.execute(text("SET lock_timeout = '5s'"))
connection.execute(text("SET statement_timeout = '60s'"))
context.configure(connection=connection, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
