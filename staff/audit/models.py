"""The table of the audit log; its rows are only ever added."""

from typing import Any
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Big, Moment, Word
from kit.database import Base

SCHEMA = {"schema": "staff"}


class Entry(Base):
    """One act of somebody at the hub. `place` is from where: an address, and how they came in."""

    __tablename__ = "audit"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="audit_pk"),
        Index("audit_by_time", "at", "id"),
        Index("audit_by_object", "object", "at", "id"),
        Index("audit_by_who", "who", "at", "id"),
        Index("audit_by_what", "what", "at", "id"),
        Index("audit_by_xid", "xid", "id"),
        SCHEMA,
    )

    id: Mapped[UUID]
    xid: Mapped[Big] = mapped_column(server_default=text("((pg_current_xact_id())::text)::bigint"))
    at: Mapped[Moment]
    who: Mapped[Word]
    what: Mapped[Word]
    object: Mapped[Word]
    place: Mapped[Word]
    reason: Mapped[Word]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
