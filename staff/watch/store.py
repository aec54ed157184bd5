"""All SQL of runs and faults."""

from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session


def ran(session: Session, name: str, *, started: datetime, ended: datetime, done: int) -> None:
    """A job came to its end; how it failed before is kept."""
    session.execute(
        text(
            "INSERT INTO staff.job_run AS r (name, started_at, ended_at, done)"
            " VALUES (:name, :started, :ended, :done) ON CONFLICT (name) DO UPDATE"
            " SET started_at = :started, ended_at = :ended, done = :done"
        ),
        {"name": name, "started": started, "ended": max(started, ended), "done": done},
    )


def failed(session: Session, name: str, *, started: datetime, at: datetime, kind: str) -> None:
    session.execute(
        text(
            "INSERT INTO staff.job_run AS r (name, started_at, ended_at, done, failed_at, fault)"
            " VALUES (:name, :started, :at, 0, :at, :kind) ON CONFLICT (name) DO UPDATE"
            " SET started_at = :started, ended_at = :at, done = 0, failed_at = :at, fault = :kind"
        ),
        {"name": name, "started": started, "at": max(started, at), "kind": kind},
    )


def runs(session: Session) -> dict[str, RowMapping]:
    """How each job ran last, by its name."""
    rows = session.execute(text("SELECT * FROM staff.job_run")).mappings()
    return {row["name"]: row for row in rows}


def insert_fault(session: Session, incident: str, at: datetime, place: str, kind: str) -> None:
    session.execute(
        text("INSERT INTO staff.fault VALUES (:incident, :at, :place, :kind)"),
        {"incident": incident, "at": at, "place": place, "kind": kind},
    )


def faults(session: Session, limit: int) -> list[RowMapping]:
    """The newest first."""
    sql = "SELECT * FROM staff.fault ORDER BY at DESC LIMIT :limit"
    return list(session.execute(text(sql), {"limit": limit}).mappings())


def forget(session: Session, before: datetime) -> None:
    session.execute(text("DELETE FROM staff.fault WHERE at < :before"), {"before": before})
