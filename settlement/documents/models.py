"""The tables of `settlement.documents`."""

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from exchange.models import Moment, Word
from kit.database import Base


class StatementFile(Base):
    """A statement as it was first rendered in a format and a language: handed out ever since."""

    __tablename__ = "statement_file"
    __table_args__ = (
        PrimaryKeyConstraint("number", "format", "language", name="statement_file_pk"),
        ForeignKeyConstraint(
            ["number"], ["settlement.statement.number"], name="statement_file_statement_fk"
        ),
        CheckConstraint("format IN ('xlsx', 'pdf')", name="statement_file_format_known"),
        CheckConstraint("language IN ('zh', 'en')", name="statement_file_language_known"),
        CheckConstraint("digest = sha256(content)", name="statement_file_digest_is_its"),
        {"schema": "settlement"},
    )

    number: Mapped[Word]
    format: Mapped[Word]
    language: Mapped[Word]
    content: Mapped[bytes]
    digest: Mapped[bytes]
    made_at: Mapped[Moment]
