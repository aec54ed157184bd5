"""All SQL of notices: putting them, showing them, sending them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from kit.ids import uuid7
from kit.language import Language
from members.notices.kinds import KINDS, LARGE_SPEND

COUNTED = 100
MORNING = 9  # o'clock: nobody wants to be woken by points that expire in a month
STALE = timedelta(days=1)  # After which nobody wants a message about it any more.

# In every statement that tells, persons are locked against being erased until it is written.
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


def owner(session: Session, wallet: int) -> UUID | None:
    """The person whose wallet it is."""
    return session.execute(
        text(
            "SELECT p.id FROM members.member m JOIN members.person p ON p.member_id = m.id"
            " WHERE m.wallet_id = :wallet"
        ),
        {"wallet": wallet},
    ).scalar_one_or_none()


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


# ---- following the books -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """Transactions from `low` up to, and without, `high`; `last` when the rest still run."""

    low: int
    high: int
    last: bool


def next_step(session: Session, most: int, now: datetime) -> Step | None:
    """The oldest transactions that are not told yet; None when there are none, or another is at it.

    Whoever asks holds the mark until the transaction ends.
    """
    # However long it was away: a step that is cut short would never catch up.
    session.execute(text("SET LOCAL statement_timeout = '10min'"))
    _begin(session, now)
    mark = session.execute(
        text(
            "SELECT xid AS low, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS high"
            " FROM members.told FOR UPDATE SKIP LOCKED"
        )
    ).one_or_none()
    if mark is None or mark.high <= mark.low:
        return None
    high = min(mark.high, mark.low + most)
    return Step(mark.low, high, high == mark.high)


_TODAY = "(SELECT (CAST(:now AS timestamptz) AT TIME ZONE zone)::date FROM exchange.setting)"

_HOUR = (
    "(SELECT extract(hour FROM CAST(:now AS timestamptz) AT TIME ZONE zone) FROM exchange.setting)"
)

_BEGIN = f"""
    INSERT INTO members.told (xid, looked_at, day)
    SELECT coalesce(min(xid), pg_snapshot_xmin(pg_current_snapshot())::text::bigint), now(),
           {_TODAY} - 1
    FROM exchange.posting
    ON CONFLICT DO NOTHING
"""  # noqa: S608


def _begin(session: Session, now: datetime) -> None:
    """The first look begins with the first posting there is."""
    if session.execute(text("SELECT FROM members.told")).first() is None:
        session.execute(text(_BEGIN), {"now": now})


_TOPICS = ", ".join(f"('{name}', '{kind.topic}')" for name, kind in KINDS.items())

# Transactions are named as numbers and not as parameters: see `exchange.rollup`. Gifts and purses
# move points by transfers, which are told where they are made. What happened before a person came
# is not news to them.
_TELL = """
    WITH fresh AS (
        SELECT DISTINCT journal_id AS id FROM exchange.posting
        WHERE xid >= {low} AND xid < {high}
            AND movement IN ('issued', 'spent', 'refunded', 'clawed_back', 'owed_back', 'repaid')),
    persons AS MATERIALIZED (
        SELECT j.id AS journal_id, j.kind AS posted, j.points, j.party_id, j.hold_id, j.at, p.id,
               coalesce(j.theirs, u.theirs) IS NOT NULL AS exchanged
        FROM fresh JOIN exchange.journal j USING (id)
        LEFT JOIN exchange.journal u ON u.id = j.undoes
        JOIN members.member m ON m.wallet_id = j.wallet_id
        JOIN members.person p ON p.member_id = m.id
        WHERE p.erased_at IS NULL AND j.at >= p.opened_at AND j.party_id IS NOT NULL
        FOR SHARE OF p),
    news AS (
        SELECT n.*, c.no_inbox, c.no_message, CASE
            WHEN posted = 'accrual' THEN 'credit'
            WHEN exchanged AND posted IN ('refund', 'clawback') THEN 'exchange-undone'
            WHEN exchanged THEN 'exchange-done'
            WHEN posted IN ('refund', 'clawback') THEN posted
            ELSE CASE
                WHEN points >= coalesce(c.large_spend, :large) AND NOT EXISTS (
                    SELECT FROM members.notice h WHERE h.person_id = n.id
                        AND h.kind = 'large-hold' AND h.about = n.hold_id) THEN 'large-spend'
                ELSE 'spend' END
            END AS kind,
            (SELECT coalesce(sum(o.points), 0) FROM exchange.posting o
             WHERE posted = 'clawback' AND o.journal_id = n.journal_id
                 AND o.movement = 'owed_back') AS owed
        FROM persons n LEFT JOIN members.notice_choice c ON c.person_id = n.id
        WHERE posted IN ('accrual', 'import', 'redemption', 'capture', 'refund', 'clawback')),
    told AS (
        SELECT n.*, coalesce(t.topic <> ALL (no_inbox), true) AS inbox,
               coalesce(t.topic <> ALL (no_message), true) AND n.at > :stale AS message
        FROM news n JOIN (VALUES {topics}) AS t (kind, topic) USING (kind)),
    put AS (
        INSERT INTO members.notice (id, person_id, kind, facts, about, at, inbox, state, due_at)
        SELECT gen_random_uuid(), id, kind,
               jsonb_build_object('points', points, 'party', party_id, 'journal', journal_id)
               || CASE kind WHEN 'clawback' THEN jsonb_build_object('owed', owed)
                            WHEN 'exchange-done' THEN jsonb_build_object('out', posted <> 'import')
                            ELSE '{{}}' END,
               journal_id, at, inbox, CASE WHEN message THEN 'waiting' ELSE 'none' END,
               CASE WHEN message THEN CAST(:now AS timestamptz) END
        FROM told WHERE inbox OR message
        ON CONFLICT ON CONSTRAINT notice_once DO NOTHING
        RETURNING 1)
    SELECT count(*) FROM put
"""


def tell(session: Session, step: Step, now: datetime) -> int:
    """Put a notice for each journal of these transactions that a person wants to hear of."""
    sql = _TELL.format(low=int(step.low), high=int(step.high), topics=_TOPICS)
    values = {"now": now, "stale": now - STALE, "large": LARGE_SPEND}
    found: int = session.execute(text(sql), values).scalar_one()
    return found


def indebted(session: Session, step: Step) -> list[UUID]:
    """The living persons who, in these transactions, lost points that were gone already."""
    rows = session.execute(
        text(
            "SELECT DISTINCT p.id FROM exchange.posting o"  # noqa: S608
            " JOIN exchange.journal j ON j.id = o.journal_id"
            " JOIN members.member m ON m.wallet_id = j.wallet_id"
            " JOIN members.person p ON p.member_id = m.id AND p.erased_at IS NULL"
            f" WHERE o.xid >= {step.low:d} AND o.xid < {step.high:d} AND o.movement = 'owed_back'"
        )
    )
    return [row.id for row in rows]


def step_on(session: Session, step: Step) -> None:
    session.execute(text("UPDATE members.told SET xid = :high"), {"high": step.high})


# A hold has no transaction number, but it ends by one of two settings: so those made since are the
# ones that end since, by the index of open ones. A minute is looked at twice, for who commits late.
# Firm holds are a member's own exchanges, told by themselves.
_TELL_HOLDS = """
    WITH mark AS MATERIALIZED (
        SELECT looked_at - interval '1 minute' AS since FROM members.told FOR UPDATE SKIP LOCKED),
    fresh AS (
        SELECT h.id AS hold_id, h.points, h.party_id, h.held_at, h.wallet_id
        FROM mark
        CROSS JOIN (SELECT unnest(ARRAY[till_hold, online_hold]) AS length
                    FROM exchange.setting) s
        JOIN exchange.hold h ON h.state = 'held' AND NOT h.firm AND h.held_at > mark.since
            AND h.expires_at > mark.since + s.length AND h.expires_at <= now() + s.length),
    persons AS MATERIALIZED (
        SELECT f.*, p.id FROM fresh f
        JOIN members.member m ON m.wallet_id = f.wallet_id
        JOIN members.person p ON p.member_id = m.id
        WHERE p.erased_at IS NULL AND f.held_at >= p.opened_at
        FOR SHARE OF p),
    put AS (
        INSERT INTO members.notice (id, person_id, kind, facts, about, at, inbox, state, due_at)
        SELECT gen_random_uuid(), n.id, 'large-hold',
               jsonb_build_object('points', points, 'party', party_id, 'hold', hold_id),
               hold_id, held_at, true, CASE WHEN message THEN 'waiting' ELSE 'none' END,
               CASE WHEN message THEN held_at END
        FROM persons n LEFT JOIN members.notice_choice c ON c.person_id = n.id,
        LATERAL (SELECT coalesce('large-spends' <> ALL (c.no_message), true) AS message) told
        WHERE n.points >= coalesce(c.large_spend, :large)
        ON CONFLICT ON CONSTRAINT notice_once DO NOTHING
        RETURNING 1),
    done AS (UPDATE members.told SET looked_at = now() FROM mark)
    SELECT count(*) FROM put
"""


def tell_holds(session: Session) -> int:
    """Put a notice for each large hold since the last look that is still open."""
    found: int = session.execute(text(_TELL_HOLDS), {"large": LARGE_SPEND}).scalar_one()
    return found


# Each threshold with the next one: what is nearer than that is told by that.
_EXPIRY = """
    WITH days AS MATERIALIZED (
        SELECT day AS last, today FROM members.told, (SELECT {today} AS today, {hour} AS hour) d
        WHERE day < today AND hour >= :morning FOR UPDATE OF told SKIP LOCKED),
    soon AS (
        SELECT p.id, l.expires_on, t.left_, l.expires_on - d.today AS days,
               sum(l.available + l.held) AS points
        FROM days d
        CROSS JOIN (VALUES (30, 7), (7, 1), (1, -1)) AS t (left_, next)
        JOIN exchange.lot l ON l.live
            AND l.expires_on > greatest(d.last + t.left_, d.today + t.next)
            AND l.expires_on <= d.today + t.left_
        JOIN members.member m ON m.wallet_id = l.wallet_id
        JOIN members.person p ON p.member_id = m.id AND p.erased_at IS NULL
        GROUP BY 1, 2, 3, 4),
    told AS (
        SELECT s.*, coalesce('expiry' <> ALL (c.no_inbox), true) AS inbox,
               coalesce('expiry' <> ALL (c.no_message), true) AS message
        FROM soon s JOIN (SELECT id FROM members.person
                          WHERE id IN (SELECT id FROM soon) AND erased_at IS NULL FOR SHARE) p
            USING (id)
        LEFT JOIN members.notice_choice c ON c.person_id = s.id),
    put AS (
        INSERT INTO members.notice (id, person_id, kind, facts, about, at, inbox, state, due_at)
        SELECT gen_random_uuid(), id, 'expiry',
               jsonb_build_object('points', points, 'day', expires_on, 'left', days),
               md5('expiry ' || expires_on || ' ' || left_)::uuid, :now, inbox,
               CASE WHEN message THEN 'waiting' ELSE 'none' END,
               CASE WHEN message THEN CAST(:now AS timestamptz) END
        FROM told WHERE inbox OR message
        ON CONFLICT ON CONSTRAINT notice_once DO NOTHING
        RETURNING 1),
    done AS (UPDATE members.told SET day = today FROM days)
    SELECT count(*) FROM put
"""


def tell_expiry(session: Session, now: datetime) -> int:
    session.execute(text("SET LOCAL statement_timeout = '10min'"))
    _begin(session, now)
    found: int = session.execute(
        text(_EXPIRY.format(today=_TODAY, hour=_HOUR)), {"now": now, "morning": MORNING}
    ).scalar_one()
    return found


def drop_before(session: Session, end: datetime) -> int:
    """Once a day, so it may read the table from end to end."""
    session.execute(text("SET LOCAL statement_timeout = '10min'"))
    rows = session.execute(
        text("DELETE FROM members.notice WHERE at < :end AND state <> 'waiting' RETURNING 1"),
        {"end": end},
    )
    return len(rows.all())


# ---- the inbox ---------------------------------------------------------------------------------

_SHOWN = "id, kind, facts, at, read_at, state, tries"


def unread_notices(session: Session, person: UUID, limit: int) -> Sequence[Row[Any]]:
    """The newest that were never shown."""
    return session.execute(
        text(
            f"SELECT {_SHOWN} FROM members.notice"  # noqa: S608
            " WHERE person_id = :person AND inbox AND read_at IS NULL"
            " ORDER BY at DESC, id DESC LIMIT :limit"
        ),
        {"person": person, "limit": limit},
    ).all()


def read_notices(
    session: Session, person: UUID, before: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Those shown before, newest first; older than the notice `before`, where that is given."""
    older = (
        " AND (at, id) < (SELECT at, id FROM members.notice WHERE id = :before)" if before else ""
    )
    return session.execute(
        text(
            f"SELECT {_SHOWN} FROM members.notice"  # noqa: S608
            " WHERE person_id = :person AND inbox AND read_at IS NOT NULL"
            f"{older} ORDER BY at DESC, id DESC LIMIT :limit"
        ),
        {"person": person, "before": before, "limit": limit},
    ).all()


def is_of(session: Session, person: UUID, notice: UUID) -> bool:
    """Whether the notice is the person's."""
    found = session.execute(
        text("SELECT FROM members.notice WHERE id = :notice AND person_id = :person"),
        {"notice": notice, "person": person},
    )
    return found.first() is not None


def mark_read(session: Session, person: UUID, ids: Sequence[UUID], now: datetime) -> None:
    session.execute(
        text(
            "UPDATE members.notice SET read_at = :now"
            " WHERE person_id = :person AND id = ANY(:ids) AND read_at IS NULL"
        ),
        {"person": person, "ids": list(ids), "now": now},
    )


def choice(session: Session, person: UUID) -> Row[Any] | None:
    return session.execute(
        text(
            "SELECT no_inbox, no_message, large_spend FROM members.notice_choice"
            " WHERE person_id = :person"
        ),
        {"person": person},
    ).one_or_none()


def choose(session: Session, person: UUID, values: Mapping[str, Any]) -> None:
    session.execute(
        text(
            "INSERT INTO members.notice_choice (person_id, no_inbox, no_message, large_spend)"
            " SELECT id, :no_inbox, :no_message, :large_spend FROM members.person"
            " WHERE id = :person AND erased_at IS NULL FOR SHARE"
            " ON CONFLICT ON CONSTRAINT notice_choice_pk DO UPDATE SET"
            " no_inbox = excluded.no_inbox, no_message = excluded.no_message,"
            " large_spend = excluded.large_spend"
        ),
        {**values, "person": person},
    )


def forget(session: Session, person: UUID) -> None:
    for table in ("notice", "notice_choice"):
        session.execute(
            text(f"DELETE FROM members.{table} WHERE person_id = :person"),  # noqa: S608
            {"person": person},
        )


# ---- sending -----------------------------------------------------------------------------------


def claim(session: Session, now: datetime, lease: timedelta, limit: int) -> Sequence[Row[Any]]:
    """Notices to be sent now, kept from other workers for as long as the lease lasts."""
    return session.execute(
        text(
            # Materialised, or a plan may look for due ones again and again, and claim them all.
            "WITH due AS MATERIALIZED ("
            " SELECT id FROM members.notice WHERE state = 'waiting' AND due_at <= :now"
            " ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
            " UPDATE members.notice n SET due_at = :until, tries = tries + 1"
            " FROM due WHERE n.id = due.id"
            " RETURNING n.id, n.person_id, n.kind, n.facts, n.at, n.tries"
        ),
        {"now": now, "until": now + lease, "limit": limit},
    ).all()


def language_of(session: Session, person: UUID) -> Language | None:
    """What the person chose, where they chose."""
    found: Language | None = session.execute(
        text("SELECT language FROM members.person WHERE id = :person"), {"person": person}
    ).scalar_one()
    return found


def sent(session: Session, notice: UUID) -> None:
    session.execute(
        text(
            "UPDATE members.notice SET state = 'sent', due_at = NULL"
            " WHERE id = :notice AND state = 'waiting'"
        ),
        {"notice": notice},
    )


def put_off(session: Session, notice: UUID, until: datetime) -> None:
    session.execute(
        text("UPDATE members.notice SET due_at = :until WHERE id = :notice AND state = 'waiting'"),
        {"notice": notice, "until": until},
    )


def give_up(session: Session, notice: UUID) -> None:
    session.execute(
        text(
            "UPDATE members.notice SET state = 'undelivered', due_at = NULL"
            " WHERE id = :notice AND state = 'waiting'"
        ),
        {"notice": notice},
    )
