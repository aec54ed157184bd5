"""Telling people of gifts and invitations that wait for their number.

A job does it, and not the page that gives: so that page takes as long for a number that nobody
has as for one that somebody has, and who signs up within the three days is told too.
"""

from datetime import datetime

from kit.database import Database
from members.giving import store
from members.notices import notify

BATCH = 100


def announce(database: Database, now: datetime) -> int:
    """Tell everybody who is here of what came to wait for them; how many were told."""
    done = 0
    with database.transaction() as session:
        for row in store.unannounced(session, now, BATCH):
            if not store.announce(session, row["kind"], row["id"], now):
                continue
            if row["kind"] == "gift":
                notify(
                    session,
                    row["person_id"],
                    "gift-received",
                    now=now,
                    gift=row["id"],
                    points=row["points"],
                    until=row["expires_at"],
                )
            else:
                notify(session, row["person_id"], "family-invitation", now=now)
            done += 1
    return done


def tidy(database: Database, now: datetime) -> int:
    """End the invitations whose time is over; how many."""
    with database.transaction() as session:
        return store.lapse_invitations(session, now)
