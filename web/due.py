"""Jobs that somebody must look after: what hangs, and a worker that is not there."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.due import MOST, Due

LATE = timedelta(minutes=10)  # Most jobs come every few seconds.
LONG = timedelta(minutes=60)  # What a night's work may take.

# Jobs that are done are deleted: these tables have what waits and what is being done.
_HANGING = """
    SELECT j.task_name AS job, max(e.at) AS since
    FROM jobs.procrastinate_jobs j JOIN jobs.procrastinate_events e ON e.job_id = j.id
    WHERE j.status IN ('todo', 'doing')
    GROUP BY j.id, j.task_name, j.status
    HAVING max(e.at) < CASE j.status WHEN 'doing' THEN CAST(:long AS timestamptz)
                                     ELSE CAST(:late AS timestamptz) END
    ORDER BY since LIMIT :most
"""
_LAST = "SELECT to_timestamp(max(defer_timestamp)) FROM jobs.procrastinate_periodic_defers"


def due(session: Session, now: datetime) -> list[Due]:
    """Nothing while no worker ever ran here."""
    last = session.execute(text(_LAST)).scalar_one()
    if last is not None and now - last > LATE:
        return [Due(urgency="stuck", kind="worker", at=last)]
    values = {"late": now - LATE, "long": now - LONG, "most": MOST}
    return [
        Due(urgency="stuck", kind="job", at=row["since"], names={"job": row["job"]})
        for row in session.execute(text(_HANGING), values).mappings()
    ]
