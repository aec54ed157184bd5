"""A statement's spreadsheet and its printed page: made once, and the same ever after."""

import hashlib
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from kit.database import Database
from settlement import views
from settlement.documents import store
from settlement.documents.figures import LANGUAGES, Language
from settlement.documents.loading import from_json
from settlement.documents.page import as_pdf
from settlement.documents.sheet import as_xlsx
from settlement.statements import Statement

Form = Literal["xlsx", "pdf"]

AT_ONCE = 10  # Statements a run of the job draws: about two seconds of one processor.

_MADE = {"xlsx": as_xlsx, "pdf": as_pdf}


def make(statement: Statement, form: Form, language: Language) -> bytes:
    return _MADE[form](statement, language)


def file(
    session: Session, party: int, number: str, form: Form, language: Language, now: datetime
) -> bytes:
    """The partner's statement as such a file, made now unless it was made before.

    Another partner's is not found, just as one that does not exist. Raises StatementNotFound.
    """
    found = views.statement(session, party, number)
    kept = store.find(session, number, form, language)
    return kept or _keep(session, number, found.document, form, language, now)


def make_ahead(database: Database, now: datetime) -> int:
    """Draw some statements that nobody has asked for yet, so that nobody waits; how many."""
    with database.transaction() as session:
        found = store.without_files(session, len(_MADE) * len(LANGUAGES), AT_ONCE)
    for row in found:
        with database.transaction() as session:
            for form in ("xlsx", "pdf"):
                for language in LANGUAGES:
                    _keep(session, row["number"], row["document"], form, language, now)
    return len(found)


def _keep(
    session: Session, number: str, document: bytes, form: Form, language: Language, now: datetime
) -> bytes:
    made = make(from_json(document), form, language)
    values = {"number": number, "format": form, "language": language, "content": made}
    store.keep(session, values | {"digest": hashlib.sha256(made).digest(), "made_at": now})
    return store.find(session, number, form, language) or made
