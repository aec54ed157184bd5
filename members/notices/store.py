"""All SQL of notices."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.ids import uuid7

COUNTED = 100

# The person is locked against being erased until this transaction ends.
_INSERT = """
    INSERT INTO members.notice (id, person_id, kind, facts, about, at, inbox, state, due_at)
    SELECT :id, p.id, :kind, CAST(:facts AS jsonb), :about, at, told.inbox,
           CASE WHEN told.message THEN 'waiting' ELSE 'none' END,
           CASE WHEN told.message THEN at END
    FROM (SELECT id FROM members.person
          WHERE id = :person AND erased_at IS NULL FOR SHARE) p
    LEFT JOIN members.notice_choice c ON c.person_id = p.id,
    LATERAL (SELECT coalesce(CAST(:now AS timestamptz), now()) AS at,
                    coalesce(:topic <> ALL (c.no_inbox), true) AS inbox,
                    coalesce(:topic <> ALL (c.no_message), true) AS message) told
    WHERE told.inbox OR told.message
    ON CONFLICT ON CONSTRAINT notice_once DO NOTHING
"""


def insert(session: Session, values: Mapping[str, Any]) -> None:
    session.execute(text(_INSERT), {**values, "facts": json.dumps(values["facts"]), "id": uuid7()})


def count_unread(session: Session, person: UUID) -> int:
    """Up to COUNTED: nobody reads a larger number, and the header is on every page."""
    found: int = session.execute(
        text(
            "SELECT count(*) FROM (SELECT FROM members.notice WHERE person_id = :person"
            " AND inbox AND read_at IS NULL LIMIT :most) counted"
        ),
        {"person": person, "most": COUNTED},
    ).scalar_one()
    return found
