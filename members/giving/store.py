"""All SQL of giving: gifts, purses, who is in them and who is invited."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

Row = RowMapping
Values = Mapping[str, Any]


def _one(session: Session, sql: str, **values: Any) -> Row | None:
    return session.execute(text(sql), values).mappings().one_or_none()


def _all(session: Session, sql: str, **values: Any) -> list[Row]:
    return list(session.execute(text(sql), values).mappings())


def _do(session: Session, sql: str, **values: Any) -> None:
    session.execute(text(sql), values)


def _json(facts: Mapping[str, Any] | None) -> str | None:
    return None if facts is None else json.dumps(facts)


def _midnight(session: Session, now: datetime) -> datetime:
    """When this day of the hub's zone began."""
    moment: datetime = session.execute(
        text(
            "SELECT date_trunc('day', CAST(:now AS timestamptz) AT TIME ZONE zone)"
            " AT TIME ZONE zone FROM exchange.setting"
        ),
        {"now": now},
    ).scalar_one()
    return moment


# --- wallets --------------------------------------------------------------------------------------


def lock_wallets(session: Session, *wallets: int) -> dict[int, Row]:
    """The wallets by id, locked as posting locks them."""
    rows = _all(
        session,
        "SELECT * FROM exchange.wallet WHERE id = ANY (:ids) ORDER BY id FOR UPDATE",
        ids=list(wallets),
    )
    return {row["id"]: row for row in rows}


def lots_that_go(session: Session, wallet: int, points: int, now: datetime) -> list[Row]:
    """`issuer_id`, `expires_on`, `points` of what `points` would take, soonest expiry first."""
    return _all(
        session,
        "SELECT t.issuer_id, t.expires_on, sum(t.points)::bigint AS points"
        " FROM exchange.setting s, exchange.pick_lots(:wallet, :points,"
        "  (CAST(:now AS timestamptz) AT TIME ZONE s.zone)::date) p,"
        " unnest(p.issuers, p.expiries, p.takes) AS t(issuer_id, expires_on, points)"
        " GROUP BY t.issuer_id, t.expires_on ORDER BY t.expires_on, t.issuer_id",
        wallet=wallet,
        points=points,
        now=now,
    )


def lots_of_gift(session: Session, gift: UUID) -> list[Row]:
    """`issuer_id`, `expires_on`, `points` of what it took from its giver."""
    return _all(
        session,
        "SELECT p.issuer_id, p.expires_on, sum(p.points)::bigint AS points"
        " FROM members.gift g JOIN exchange.posting p ON p.journal_id = g.journal_id"
        " WHERE g.id = :gift GROUP BY p.issuer_id, p.expires_on"
        " ORDER BY p.expires_on, p.issuer_id",
        gift=gift,
    )


def available(session: Session, wallet: int) -> int:
    points: int = session.execute(
        text("SELECT available FROM exchange.wallet WHERE id = :wallet"), {"wallet": wallet}
    ).scalar_one()
    return points


def spendable(session: Session, wallet: int, now: datetime) -> int:
    """What could be spent or moved today."""
    points: int = session.execute(
        text(
            "SELECT coalesce(sum(l.available), 0)::bigint FROM exchange.lot l, exchange.setting s"
            " WHERE l.wallet_id = :wallet AND l.live AND"
            " (CAST(:now AS timestamptz) AT TIME ZONE s.zone)::date"
            "  BETWEEN l.spendable_from AND l.expires_on"
        ),
        {"wallet": wallet, "now": now},
    ).scalar_one()
    return points


def end_codes(session: Session, wallet: int, spender: UUID | None) -> None:
    """Let no payment code of the wallet be used any more: this spender's, or anybody's.

    By the database's clock, by which the books judge codes.
    """
    _do(
        session,
        "UPDATE exchange.payment_code SET expires_at = clock_timestamp()"
        " WHERE wallet_id = :wallet AND used_at IS NULL AND expires_at > clock_timestamp()"
        " AND (CAST(:spender AS uuid) IS NULL OR spender = :spender)",
        wallet=wallet,
        spender=spender,
    )


def used_today(session: Session, wallet: int, spender: UUID, now: datetime) -> int:
    """Points that codes shown by `spender` took today; what a hold gave back is not taken."""
    points: int = session.execute(
        text(
            "SELECT coalesce(sum(CASE WHEN h.id IS NULL THEN c.points"
            "  WHEN h.state = 'held' THEN h.points ELSE h.captured END), 0)::bigint"
            " FROM exchange.payment_code c LEFT JOIN exchange.hold h ON h.id = c.used_for"
            " WHERE c.wallet_id = :wallet AND c.spender = :spender AND c.used_at >= :midnight"
        ),
        {"wallet": wallet, "spender": spender, "midnight": _midnight(session, now)},
    ).scalar_one()
    return points


def given_today(session: Session, person: UUID, now: datetime) -> int:
    """Points of today's gifts that wait or were accepted, and of today's contributions."""
    points: int = session.execute(
        text(
            "SELECT (SELECT coalesce(sum(points), 0) FROM members.gift"
            "  WHERE giver_id = :person AND state IN ('waiting', 'accepted')"
            "  AND given_at >= :midnight)"
            " + (SELECT coalesce(sum(points), 0) FROM members.purse_move"
            "  WHERE person_id = :person AND kind = 'contributed' AND at >= :midnight)"
        ),
        {"person": person, "midnight": _midnight(session, now)},
    ).scalar_one()
    return int(points)


# --- gifts ----------------------------------------------------------------------------------------


def insert_gift(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO members.gift (id, giver_id, wallet_id, escrow_id, journal_id, points,"
        " phone_index, sealed, given_at, expires_at) VALUES (:id, :giver, :wallet, :escrow,"
        " :journal, :points, :phone_index, CAST(:sealed AS jsonb), :now, :expires_at)",
        **{**values, "sealed": _json(values["sealed"])},
    )


def find_gift(session: Session, gift: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.gift WHERE id = :id", id=gift)


def lock_gift(session: Session, gift: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.gift WHERE id = :id FOR UPDATE", id=gift)


def end_gift(
    session: Session, gift: UUID, *, state: str, moved: int, recipient: UUID | None, now: datetime
) -> None:
    _do(
        session,
        "UPDATE members.gift SET state = :state, moved = :moved, recipient_id = :recipient,"
        " ended_at = :now, phone_index = NULL WHERE id = :id",
        id=gift,
        state=state,
        moved=moved,
        recipient=recipient,
        now=now,
    )


def gifts_waiting_for(session: Session, phone_index: bytes, now: datetime) -> list[Row]:
    """Soonest to go back first."""
    return _all(
        session,
        "SELECT * FROM members.gift WHERE phone_index = :index AND state = 'waiting'"
        " AND expires_at > :now ORDER BY expires_at, id",
        index=phone_index,
        now=now,
    )


def gifts_of(session: Session, giver: UUID, limit: int) -> list[Row]:
    """Newest first."""
    return _all(
        session,
        "SELECT * FROM members.gift WHERE giver_id = :giver ORDER BY given_at DESC LIMIT :limit",
        giver=giver,
        limit=limit,
    )


def gifts_to(session: Session, recipient: UUID, limit: int) -> list[Row]:
    """What this person answered, newest first."""
    return _all(
        session,
        "SELECT * FROM members.gift WHERE recipient_id = :recipient"
        " ORDER BY ended_at DESC LIMIT :limit",
        recipient=recipient,
        limit=limit,
    )


def count_waiting(session: Session, giver: UUID) -> int:
    number: int = session.execute(
        text("SELECT count(*) FROM members.gift WHERE giver_id = :giver AND state = 'waiting'"),
        {"giver": giver},
    ).scalar_one()
    return number


def gifts_out_of_time(session: Session, now: datetime, limit: int) -> list[UUID]:
    return list(
        session.execute(
            text(
                "SELECT id FROM members.gift WHERE state = 'waiting' AND expires_at <= :now"
                " ORDER BY expires_at LIMIT :limit"
            ),
            {"now": now, "limit": limit},
        ).scalars()
    )


# --- persons, as far as giving needs them ---------------------------------------------------------


def person(session: Session, person_: UUID) -> Row | None:
    """`phone_index`, `erased_at`, and the person's own wallet."""
    return _one(
        session,
        "SELECT p.id, p.phone_index, p.erased_at, m.wallet_id, w.frozen"
        " FROM members.person p JOIN members.member m ON m.id = p.member_id"
        " JOIN exchange.wallet w ON w.id = m.wallet_id WHERE p.id = :id",
        id=person_,
    )


# --- purses ---------------------------------------------------------------------------------------


def insert_purse(session: Session, values: Values) -> bool:
    """False when the id is taken: it was opened before."""
    return (
        session.execute(
            text(
                "INSERT INTO members.purse (id, wallet_id, opened_by, sealed, opened_at)"
                " VALUES (:id, :wallet, :person, CAST(:sealed AS jsonb), :now)"
                " ON CONFLICT ON CONSTRAINT purse_pk DO NOTHING RETURNING id"
            ),
            {**values, "sealed": _json(values["sealed"])},
        ).first()
        is not None
    )


def insert_purse_member(
    session: Session, purse: UUID, person_: UUID, daily_limit: int | None, now: datetime
) -> None:
    _do(
        session,
        "INSERT INTO members.purse_member (purse_id, person_id, daily_limit, joined_at)"
        " VALUES (:purse, :person, :daily_limit, :now)",
        purse=purse,
        person=person_,
        daily_limit=daily_limit,
        now=now,
    )


_PURSE_OF = """
    SELECT p.*, pm.daily_limit, pm.joined_at, w.available, w.held
    FROM members.purse p
    JOIN members.purse_member pm ON pm.purse_id = p.id AND pm.left_at IS NULL
    JOIN exchange.wallet w ON w.id = p.wallet_id
    WHERE pm.person_id = :person AND p.closed_at IS NULL
"""


def purses_of(session: Session, person_: UUID) -> list[Row]:
    """Open purses that the person is a member of, oldest membership first."""
    return _all(session, _PURSE_OF + " ORDER BY pm.joined_at, p.id", person=person_)


def purse_of(session: Session, purse: UUID, person_: UUID) -> Row | None:
    """The open purse, when the person is a member of it."""
    return _one(session, _PURSE_OF + " AND p.id = :purse", purse=purse, person=person_)


def lock_purse(session: Session, purse: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.purse WHERE id = :id FOR UPDATE", id=purse)


def purse_members(session: Session, purse: UUID) -> list[Row]:
    """Who is in it now, in the order in which they came."""
    return _all(
        session,
        "SELECT person_id, daily_limit, joined_at FROM members.purse_member"
        " WHERE purse_id = :purse AND left_at IS NULL ORDER BY joined_at, person_id",
        purse=purse,
    )


def end_membership(session: Session, purse: UUID, person_: UUID | None, now: datetime) -> None:
    """Of one person, or of everybody."""
    _do(
        session,
        "UPDATE members.purse_member SET left_at = :now WHERE purse_id = :purse"
        " AND left_at IS NULL AND (CAST(:person AS uuid) IS NULL OR person_id = :person)",
        purse=purse,
        person=person_,
        now=now,
    )


def set_limit(session: Session, purse: UUID, person_: UUID, daily_limit: int | None) -> None:
    _do(
        session,
        "UPDATE members.purse_member SET daily_limit = :daily_limit"
        " WHERE purse_id = :purse AND person_id = :person AND left_at IS NULL",
        purse=purse,
        person=person_,
        daily_limit=daily_limit,
    )


def set_opener(session: Session, purse: UUID, person_: UUID) -> None:
    _do(
        session,
        "UPDATE members.purse SET opened_by = :person WHERE id = :purse",
        purse=purse,
        person=person_,
    )


def find_purse(session: Session, purse: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.purse WHERE id = :id", id=purse)


def close_purse(session: Session, purse: UUID, now: datetime) -> None:
    _do(
        session,
        "UPDATE members.purse SET closed_at = :now WHERE id = :purse",
        purse=purse,
        now=now,
    )


def insert_move(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO members.purse_move (id, purse_id, person_id, kind, journal_id, points, at)"
        " VALUES (:id, :purse, :person, :kind, :journal, :points, :now)",
        **values,
    )


def find_move(session: Session, move: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.purse_move WHERE id = :id", id=move)


def contributed(session: Session, purse: UUID) -> dict[UUID, int]:
    """What each person has put in, ever."""
    rows = _all(
        session,
        "SELECT person_id, sum(points)::bigint AS points FROM members.purse_move"
        " WHERE purse_id = :purse AND kind = 'contributed' GROUP BY person_id",
        purse=purse,
    )
    return {row["person_id"]: row["points"] for row in rows}


def doers(session: Session, purse: UUID, events: list[UUID]) -> dict[UUID, UUID]:
    """Who did what, of journals and holds of a purse: the person by each, as far as it is known.

    Contributions for ever; payments for the two days that a used code is kept.
    """
    rows = _all(
        session,
        "SELECT journal_id AS event, person_id AS person FROM members.purse_move"
        " WHERE purse_id = :purse AND journal_id = ANY (:events)"
        " UNION ALL SELECT c.used_for, c.spender FROM exchange.payment_code c"
        " JOIN members.purse p ON p.wallet_id = c.wallet_id"
        " WHERE p.id = :purse AND c.used_for = ANY (:events) AND c.spender IS NOT NULL",
        purse=purse,
        events=events,
    )
    return {row["event"]: row["person"] for row in rows}


def closed_purses_with_points(session: Session, limit: int) -> list[UUID]:
    """Closed purses into which something came back: a refund, a hold that ended."""
    return list(
        session.execute(
            text(
                "SELECT p.id FROM members.purse p JOIN exchange.wallet w ON w.id = p.wallet_id"
                " WHERE p.closed_at IS NOT NULL AND w.available > 0 ORDER BY p.id LIMIT :limit"
            ),
            {"limit": limit},
        ).scalars()
    )


# --- invitations ----------------------------------------------------------------------------------


def insert_invitation(session: Session, values: Values) -> bool:
    """False when this number is invited already."""
    return (
        session.execute(
            text(
                "INSERT INTO members.purse_invitation (id, purse_id, phone_index, sealed,"
                " daily_limit, invited_at, expires_at) VALUES (:id, :purse, :phone_index,"
                " CAST(:sealed AS jsonb), :daily_limit, :now, :expires_at)"
                " ON CONFLICT (purse_id, phone_index) WHERE state = 'waiting' DO NOTHING"
                " RETURNING id"
            ),
            {**values, "sealed": _json(values["sealed"])},
        ).first()
        is not None
    )


def invitations_of_purse(session: Session, purse: UUID, now: datetime) -> list[Row]:
    return _all(
        session,
        "SELECT * FROM members.purse_invitation WHERE purse_id = :purse AND state = 'waiting'"
        " AND expires_at > :now ORDER BY invited_at, id",
        purse=purse,
        now=now,
    )


def invitations_for(session: Session, phone_index: bytes, now: datetime) -> list[Row]:
    """Those that wait for this number, with the purse they are to."""
    return _all(
        session,
        "SELECT i.*, p.sealed AS purse_sealed, p.opened_by FROM members.purse_invitation i"
        " JOIN members.purse p ON p.id = i.purse_id"
        " WHERE i.phone_index = :index AND i.state = 'waiting' AND i.expires_at > :now"
        " ORDER BY i.expires_at, i.id",
        index=phone_index,
        now=now,
    )


def find_invitation(session: Session, invitation: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.purse_invitation WHERE id = :id", id=invitation)


def lock_invitation(session: Session, invitation: UUID) -> Row | None:
    return _one(
        session,
        "SELECT * FROM members.purse_invitation WHERE id = :id FOR UPDATE",
        id=invitation,
    )


def end_invitation(
    session: Session, invitation: UUID, state: str, person_: UUID | None, now: datetime
) -> None:
    _do(
        session,
        "UPDATE members.purse_invitation SET state = :state, person_id = :person,"
        " ended_at = :now, phone_index = NULL WHERE id = :id",
        id=invitation,
        state=state,
        person=person_,
        now=now,
    )


def end_invitations(session: Session, purse: UUID, state: str, now: datetime) -> None:
    """All of a purse that wait."""
    _do(
        session,
        "UPDATE members.purse_invitation SET state = :state, ended_at = :now, phone_index = NULL"
        " WHERE purse_id = :purse AND state = 'waiting'",
        purse=purse,
        state=state,
        now=now,
    )


def lapse_invitations(session: Session, now: datetime) -> int:
    """End those whose time is over; how many."""
    return len(
        session.execute(
            text(
                "UPDATE members.purse_invitation SET state = 'lapsed', ended_at = :now,"
                " phone_index = NULL WHERE state = 'waiting' AND expires_at <= :now RETURNING id"
            ),
            {"now": now},
        ).all()
    )


# --- news, and forgetting -------------------------------------------------------------------------


def unannounced(session: Session, now: datetime, limit: int) -> list[Row]:
    """Gifts and invitations that wait for somebody who is here: `kind`, `id`, `person_id`."""
    return _all(
        session,
        "SELECT 'gift' AS kind, g.id, p.id AS person_id, g.points, g.expires_at"
        " FROM members.gift g JOIN members.person p ON p.phone_index = g.phone_index"
        " WHERE g.state = 'waiting' AND g.announced_at IS NULL AND g.expires_at > :now"
        " UNION ALL SELECT 'invitation', i.id, p.id, NULL, i.expires_at"
        " FROM members.purse_invitation i JOIN members.person p ON p.phone_index = i.phone_index"
        " WHERE i.state = 'waiting' AND i.announced_at IS NULL AND i.expires_at > :now"
        " LIMIT :limit",
        now=now,
        limit=limit,
    )


def announce(session: Session, kind: str, id_: UUID, now: datetime) -> bool:
    """Mark one as told of; False when somebody else has."""
    table = {"gift": "members.gift", "invitation": "members.purse_invitation"}[kind]
    return (
        session.execute(
            text(
                f"UPDATE {table} SET announced_at = :now"  # noqa: S608 - a name of two
                " WHERE id = :id AND announced_at IS NULL RETURNING id"
            ),
            {"id": id_, "now": now},
        ).first()
        is not None
    )


def forget_words(session: Session, person_: UUID) -> None:
    """Drop the numbers and notes on everything this person gave, received or was invited to."""
    _do(
        session,
        "UPDATE members.gift SET sealed = NULL WHERE giver_id = :person OR recipient_id = :person",
        person=person_,
    )
    _do(
        session,
        "UPDATE members.purse_invitation SET sealed = NULL WHERE person_id = :person",
        person=person_,
    )


def forget_invitations(session: Session, purse: UUID) -> None:
    """Drop the words on a purse's invitations, which name who opened it."""
    _do(
        session,
        "UPDATE members.purse_invitation SET sealed = NULL WHERE purse_id = :purse",
        purse=purse,
    )
