"""All SQL of the audit log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


def insert(session: Session, values: Mapping[str, Any]) -> None:
    session.execute(
        text(
            "INSERT INTO staff.audit (id, at, who, what, object, place, reason, before, after)"
            " VALUES (:id, :at, :who, :what, :object, :place, :reason, CAST(:before AS jsonb),"
            " CAST(:after AS jsonb))"
        ),
        values,
    )
