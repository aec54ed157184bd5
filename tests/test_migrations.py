"""The models say what the migrations made; and every migration goes down and up again."""

import os

import psycopg
import pytest
from sqlalchemy import create_engine, make_url

from kit import database
from kit.database import Base
from tests import wiping
from tests.cluster import empty_database

SCHEMAS = ["exchange", "members", "staff", "partners", "settlement"]

COLUMNS = """
    SELECT c.oid::regclass || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
           a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = ANY(%s::regnamespace[]) AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition
"""
# The partitions are made by the calendar, not by the models.
# NOT NULL is a constraint with a name of its own since PostgreSQL 18: the columns tell of it.
CONSTRAINTS = """
    SELECT c.conrelid::regclass || '.' || c.conname, pg_get_constraintdef(c.oid)
    FROM pg_constraint c
    WHERE c.connamespace = ANY(%s::regnamespace[]) AND c.contype <> 'n'
        AND c.conrelid IN (SELECT oid FROM pg_class WHERE NOT relispartition)
"""
INDEXES = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = ANY(%s::regnamespace[]) AND NOT c.relispartition
"""
RIGHTS = """
    SELECT c.oid::regclass::text, c.relacl::text FROM pg_class c
    WHERE c.relnamespace = ANY(%s::regnamespace[]) AND NOT c.relispartition
    UNION ALL
    SELECT p.oid::regprocedure::text, p.proacl::text || pg_get_functiondef(p.oid) FROM pg_proc p
    WHERE p.pronamespace = ANY(%s::regnamespace[])
"""


def tables(url):
    with psycopg.connect(url) as connection:
        return {
            row[0]: row[1:]
            for query in (COLUMNS, CONSTRAINTS, INDEXES)
            for row in connection.execute(query, (SCHEMAS,))
        }


def rights(url):
    with psycopg.connect(url) as connection:
        return dict(connection.execute(RIGHTS, (SCHEMAS, SCHEMAS)).fetchall())


@pytest.fixture
def empty(cluster):
    with empty_database(cluster, f"run_{os.getpid()}_migrations") as address:
        yield address.owner


def make_from_models(url):
    assert wiping.MODELS  # All of them are imported, so the metadata is whole.
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE EXTENSION btree_gist")
        for schema in SCHEMAS:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        Base.metadata.create_all(connection)
    engine.dispose()


class TestModels:
    def test_say_what_the_migrations_made(self, address, empty):
        make_from_models(empty)
        migrated, modelled = tables(address.owner), tables(empty)
        assert len(migrated) > 300
        assert modelled == migrated


class TestMigrations:
    def test_down_leaves_nothing_and_up_again_makes_the_same(self, address, empty):
        database.migrate(empty)
        made = tables(empty) | rights(empty)
        assert made == tables(address.owner) | rights(address.owner)
        database.migrate(empty, "base")
        with psycopg.connect(empty) as connection:
            left = connection.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", ([*SCHEMAS, "jobs"],)
            ).fetchall()
        assert left == []
        database.migrate(empty)
        assert tables(empty) | rights(empty) == made

    def test_a_database_of_the_migrations_is_fit_for_a_ledger(self, address):
        database.refuse_unsafe(address.application)

    def test_the_owner_may_change_postings_and_so_may_not_serve(self, address):
        with pytest.raises(database.UnsafeDatabase, match="may change postings"):
            database.refuse_unsafe(address.owner)
