"""The tables of the sealed log; their rows are only ever added."""

from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Big, Moment, Word
from kit.database import Base

SCHEMA = {"schema": "settlement"}


class Leaf(Base):
    """A sealed journal, or a sealed entry of the audit log: its place in the tree, and the hash of
    what was sealed of it."""

    __tablename__ = "leaf"
    __table_args__ = (
        PrimaryKeyConstraint("index", name="leaf_pk"),
        UniqueConstraint("window_id", "journal_id", name="leaf_journal_once"),
        CheckConstraint("index >= 0", name="leaf_index_not_negative"),
        CheckConstraint(
            "num_nonnulls(journal_id, audit_id) = 1 AND num_nonnulls(window_id, audit_id) = 1",
            name="leaf_of_one",
        ),
        Index(
            "leaf_audit_once",
            "audit_id",
            unique=True,
            postgresql_where=text("audit_id IS NOT NULL"),
        ),
        SCHEMA,
    )

    index: Mapped[Big] = mapped_column(autoincrement=False)
    journal_id: Mapped[UUID | None]
    window_id: Mapped[int | None]
    xid: Mapped[Big]
    hash: Mapped[bytes]
    audit_id: Mapped[UUID | None]


class Node(Base):
    """The root of a full subtree of 256 to the power of `level` leaves."""

    __tablename__ = "node"
    __table_args__ = (PrimaryKeyConstraint("level", "index", name="node_pk"), SCHEMA)

    level: Mapped[int] = mapped_column(SmallInteger)
    index: Mapped[Big]
    hash: Mapped[bytes]


class Head(Base):
    """The root over the first `size` leaves, signed by the hub."""

    __tablename__ = "head"
    __table_args__ = (PrimaryKeyConstraint("size", name="head_pk"), SCHEMA)

    size: Mapped[Big] = mapped_column(autoincrement=False)
    root: Mapped[bytes]
    at: Mapped[Moment]
    key_id: Mapped[Word]
    signature: Mapped[bytes]
