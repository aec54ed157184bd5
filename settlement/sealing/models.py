"""The tables of the sealed log; their rows are only ever added."""

from uuid import UUID

from sqlalchemy import CheckConstraint, PrimaryKeyConstraint, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Big, Moment, Word
from kit.database import Base

SCHEMA = {"schema": "settlement"}


class Leaf(Base):
    """A sealed journal: its place in the tree, and the hash of what was sealed of it."""

    __tablename__ = "leaf"
    __table_args__ = (
        PrimaryKeyConstraint("index", name="leaf_pk"),
        UniqueConstraint("window_id", "journal_id", name="leaf_journal_once"),
        CheckConstraint("index >= 0", name="leaf_index_not_negative"),
        SCHEMA,
    )

    index: Mapped[Big] = mapped_column(autoincrement=False)
    journal_id: Mapped[UUID]
    window_id: Mapped[int]
    xid: Mapped[Big]
    hash: Mapped[bytes]


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
