"""All SQL of trust: what persons are judged by, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from members.trust.levels import Facts

NOBODY = UUID(int=0)

# A charge-back is an earning taken back after its points were gone: it left a debt. The journals
# of one wallet are found by an index that holds clawbacks and expiries alone.
_FACTS = """
    SELECT p.id, CAST(:now AS timestamptz)::date - p.opened_at::date AS age_days,
           p.phone_verified_at IS NOT NULL AS phone_verified,
           EXISTS (SELECT FROM members.passkey k WHERE k.person_id = p.id) AS passkey,
           extract(year FROM clean)::integer * 12 + extract(month FROM clean)::integer
               AS clean_months,
           c.recent AS charge_backs
    FROM members.person p JOIN members.member m ON m.id = p.member_id,
    LATERAL (SELECT max(j.at) AS last,
                    count(*) FILTER (WHERE j.at > CAST(:now AS timestamptz) - interval '1 year')
                        AS recent
             FROM exchange.journal j
             WHERE j.wallet_id = m.wallet_id AND j.kind = 'clawback'
                 AND EXISTS (SELECT FROM exchange.posting o
                             WHERE o.journal_id = j.id AND o.movement = 'owed_back')) c,
    LATERAL age(CAST(:now AS timestamptz), greatest(p.opened_at, c.last)) clean
    WHERE p.id = ANY(:persons) AND p.erased_at IS NULL
"""

# Wallets before persons, as whoever erases a person locks them.
_LOCK = """
    SELECT FROM unnest(CAST(:persons AS uuid[]), CAST(:unapproved AS bigint[]))
        AS r (id, unapproved)
    JOIN members.person p ON p.id = r.id AND p.erased_at IS NULL
    JOIN members.member m ON m.id = p.member_id
    JOIN exchange.wallet w ON w.id = m.wallet_id
    WHERE w.unapproved_limit IS DISTINCT FROM r.unapproved
    ORDER BY w.id FOR UPDATE OF w
"""

_RATE = """
    WITH rated AS (
        SELECT p.id, m.wallet_id, r.level, r.unapproved
        FROM unnest(CAST(:persons AS uuid[]), CAST(:levels AS smallint[]),
                    CAST(:unapproved AS bigint[])) AS r (id, level, unapproved)
        JOIN members.person p ON p.id = r.id AND p.erased_at IS NULL
        JOIN members.member m ON m.id = p.member_id
        FOR SHARE OF p),
    stands AS (
        INSERT INTO members.standing AS s (person_id, level, since)
        SELECT id, level, :now FROM rated
        ON CONFLICT ON CONSTRAINT standing_pk DO UPDATE
            SET level = excluded.level, since = excluded.since WHERE s.level <> excluded.level)
    UPDATE exchange.wallet w SET unapproved_limit = r.unapproved FROM rated r
    WHERE w.id = r.wallet_id AND w.unapproved_limit IS DISTINCT FROM r.unapproved
"""


def facts_of(session: Session, persons: Sequence[UUID], now: datetime) -> dict[UUID, Facts]:
    """What each living one of these persons is judged by."""
    rows = session.execute(text(_FACTS), {"persons": list(persons), "now": now}).mappings()
    return {row["id"]: Facts(**{k: row[k] for k in row if k != "id"}) for row in rows}


def rate(session: Session, rated: Sequence[tuple[UUID, int, int]], now: datetime) -> None:
    """Write down levels and what they let brands spend, where that is news."""
    persons, levels, unapproved = zip(*rated, strict=True)
    values: dict[str, Any] = {
        "persons": list(persons),
        "levels": list(levels),
        "unapproved": list(unapproved),
        "now": now,
    }
    session.execute(text(_LOCK), values)
    session.execute(text(_RATE), values)


def level_of(session: Session, person: UUID) -> int | None:
    found: int | None = session.execute(
        text("SELECT level FROM members.standing WHERE person_id = :person"), {"person": person}
    ).scalar_one_or_none()
    return found


def persons_after(session: Session, person: UUID, limit: int) -> list[UUID]:
    """The next living persons, in the order of their ids."""
    rows = session.execute(
        text(
            "SELECT id FROM members.person WHERE id > :person AND erased_at IS NULL"
            " ORDER BY id LIMIT :limit"
        ),
        {"person": person, "limit": limit},
    )
    return [row.id for row in rows]


def forget(session: Session, person: UUID) -> None:
    session.execute(
        text("DELETE FROM members.standing WHERE person_id = :person"), {"person": person}
    )
