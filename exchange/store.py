"""All SQL of the books but posting and partners' reading: accounts, links, rates, windows."""

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


# --- accounts -------------------------------------------------------------------------------------


def insert_party(session: Session) -> int:
    """A new party with its four accounts and an exposure of nothing."""
    party: int = session.execute(
        text("SELECT nextval(pg_get_serial_sequence('exchange.party', 'id'))")
    ).scalar_one()
    accounts = {
        kind: session.execute(
            text(
                "INSERT INTO exchange.account (kind, party_id) VALUES (:kind, :party) RETURNING id"
            ),
            {"kind": kind, "party": party},
        ).scalar_one()
        for kind in ("issuing", "accepting", "breakage", "receivable")
    }
    session.execute(
        text(
            "INSERT INTO exchange.party (id, issuing_account, accepting_account, breakage_account,"
            " receivable_account) OVERRIDING SYSTEM VALUE"
            " VALUES (:party, :issuing, :accepting, :breakage, :receivable)"
        ),
        {"party": party, **accounts},
    )
    session.execute(
        text("INSERT INTO exchange.exposure (party_id) VALUES (:party)"), {"party": party}
    )
    return party


def set_party_state(session: Session, party: int, state: str) -> None:
    session.execute(
        text("UPDATE exchange.party SET state = :state WHERE id = :party"),
        {"party": party, "state": state},
    )


def insert_wallet(session: Session, now: datetime) -> int:
    wallet: int = session.execute(
        text("INSERT INTO exchange.account (kind) VALUES ('wallet') RETURNING id")
    ).scalar_one()
    session.execute(
        text("INSERT INTO exchange.wallet (id, opened_at) VALUES (:id, :now)"),
        {"id": wallet, "now": now},
    )
    return wallet


def lock_wallet(session: Session, wallet: int) -> Row | None:
    return _one(session, "SELECT * FROM exchange.wallet WHERE id = :id FOR UPDATE", id=wallet)


# --- links and consent ----------------------------------------------------------------------------


def insert_link(session: Session, values: Values) -> bool:
    """True when the link is new; False when this party has the wallet linked already."""
    return (
        session.execute(
            text(
                "INSERT INTO exchange.link (id, party_id, wallet_id, shares_balance, daily_limit,"
                " linked_at) VALUES (:id, :party, :wallet, :shares_balance, :daily_limit, :now)"
                " ON CONFLICT ON CONSTRAINT link_once DO NOTHING RETURNING id"
            ),
            values,
        ).first()
        is not None
    )


def reopen_link(session: Session, values: Values) -> None:
    """A withdrawn link taken up again keeps its id: the same member under the same name."""
    session.execute(
        text(
            "UPDATE exchange.link SET active = true, shares_balance = :shares_balance,"
            " answers = true, daily_limit = :daily_limit, linked_at = :now"
            " WHERE party_id = :party AND wallet_id = :wallet"
        ),
        values,
    )


def link_of_wallet(session: Session, party: int, wallet: int) -> Row | None:
    return _one(
        session,
        "SELECT * FROM exchange.link WHERE party_id = :party AND wallet_id = :wallet",
        party=party,
        wallet=wallet,
    )


def find_link(session: Session, party: int, link: UUID) -> Row | None:
    return _one(
        session,
        "SELECT * FROM exchange.link WHERE id = :link AND party_id = :party AND active",
        link=link,
        party=party,
    )


def update_link(
    session: Session, wallet: int, link: UUID, daily_limit: int, shares_balance: bool, answers: bool
) -> bool:
    """False when the wallet has no such link."""
    done = session.execute(
        text(
            "UPDATE exchange.link SET daily_limit = :daily_limit, shares_balance = :shares_balance,"
            " answers = :answers, changed_at = clock_timestamp()"
            " WHERE id = :link AND wallet_id = :wallet AND active RETURNING id"
        ),
        {
            "link": link,
            "wallet": wallet,
            "daily_limit": daily_limit,
            "shares_balance": shares_balance,
            "answers": answers,
        },
    )
    return done.first() is not None


def links_of_wallet(session: Session, wallet: int) -> list[Row]:
    """Bring the wallet's uses forward first (`history.bring_forward`); open holds are read."""
    return _all(
        session,
        """
        SELECT l.id, l.party_id, l.daily_limit, l.shares_balance, l.answers, l.linked_at,
               greatest(u.last_at, h.held_at) AS last_used_at,
               CASE WHEN l.spent_on = (now() AT TIME ZONE s.zone)::date THEN l.spent ELSE 0 END
                   AS spent_today
        FROM exchange.link l CROSS JOIN exchange.setting s
        LEFT JOIN exchange.wallet_use u
            ON u.wallet_id = l.wallet_id AND u.party_id = l.party_id
        LEFT JOIN (
            SELECT party_id, max(held_at) AS held_at FROM exchange.hold
            WHERE wallet_id = :wallet AND state = 'held' GROUP BY party_id) h
            ON h.party_id = l.party_id
        WHERE l.wallet_id = :wallet AND l.active
        ORDER BY l.party_id
        """,
        wallet=wallet,
    )


def set_frozen(session: Session, wallet: int, frozen: bool) -> None:
    session.execute(
        text("UPDATE exchange.wallet SET frozen = :frozen WHERE id = :wallet"),
        {"wallet": wallet, "frozen": frozen},
    )


def open_holds(session: Session, wallet: int) -> list[Row]:
    """Oldest first."""
    return _all(
        session,
        "SELECT id, party_id, points, held_at FROM exchange.hold"
        " WHERE wallet_id = :wallet AND state = 'held' AND NOT firm ORDER BY held_at, id",
        wallet=wallet,
    )


def set_unapproved_limit(session: Session, wallet: int, points: int | None) -> None:
    """What all mandates together may spend in a day; None is no more than each by itself."""
    session.execute(
        text("UPDATE exchange.wallet SET unapproved_limit = :points WHERE id = :wallet"),
        {"wallet": wallet, "points": points},
    )


def close_link(session: Session, link: UUID) -> None:
    session.execute(
        text("UPDATE exchange.link SET active = false, daily_limit = 0 WHERE id = :id"),
        {"id": link},
    )


def insert_payment_code(session: Session, values: Values) -> bool:
    """False when the digest exists: draw another code."""
    return (
        session.execute(
            text(
                "INSERT INTO exchange.payment_code (digest, wallet_id, max_points, party_id,"
                " asked_by, spender, expires_at) VALUES (:digest, :wallet, :max_points, :party,"
                " :asked_by, :spender, :expires_at)"
                " ON CONFLICT ON CONSTRAINT payment_code_pk DO NOTHING RETURNING digest"
            ),
            {"party": None, "asked_by": None, "spender": None, **values},
        ).first()
        is not None
    )


# --- rates and quotes -----------------------------------------------------------------------------

_RATE = """
    SELECT id, party_id, direction, theirs, ours, minimum, step, daily_cap, fee_ppm,
           undo_days, lower(valid) AS valid_from, upper(valid) AS valid_to
    FROM exchange.rate
"""


def rates(session: Session, party: int) -> list[Row]:
    return _all(
        session, _RATE + " WHERE party_id = :party ORDER BY direction, lower(valid)", party=party
    )


def every_rate(session: Session) -> list[Row]:
    """Everybody's rates, the latest to begin first."""
    return _all(session, _RATE + " ORDER BY lower(valid) DESC, id DESC")


def rate_at(session: Session, party: int, direction: str, now: datetime) -> Row | None:
    return _one(
        session,
        _RATE + " WHERE party_id = :party AND direction = :direction AND valid @> CAST(:now AS"
        " timestamptz)",
        party=party,
        direction=direction,
        now=now,
    )


_DURING = (
    " WHERE valid && tstzrange(CAST(:valid_from AS timestamptz), CAST(:valid_to AS timestamptz))"
    " ORDER BY id"
)

_OUTSIDE_RATE = """
    SELECT id, source_party, source_money, target_party, target_money, gives, gets, minimum, step,
           lower(valid) AS valid_from, upper(valid) AS valid_to
    FROM exchange.outside_rate
"""


def lock_rates(session: Session) -> None:
    """Let nobody else agree to a conversion until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(7209077)"))


def rates_during(session: Session, valid_from: datetime, valid_to: datetime | None) -> list[Row]:
    """Everybody's rates, of both directions, that are in force at any time of the period."""
    return _all(session, _RATE + _DURING, valid_from=valid_from, valid_to=valid_to)


def outside_rates_during(
    session: Session, valid_from: datetime, valid_to: datetime | None
) -> list[Row]:
    return _all(session, _OUTSIDE_RATE + _DURING, valid_from=valid_from, valid_to=valid_to)


def outside_rates(session: Session) -> list[Row]:
    """Newest first."""
    return _all(session, _OUTSIDE_RATE + " ORDER BY lower(valid) DESC, id DESC")


def insert_outside_rate(session: Session, values: Values) -> int:
    number: int = session.execute(
        text(
            "INSERT INTO exchange.outside_rate (source_party, source_money, target_party,"
            " target_money, gives, gets, minimum, step, valid) VALUES (:source_party,"
            " :source_money, :target_party, :target_money, :gives, :gets, :minimum, :step,"
            " tstzrange(CAST(:valid_from AS timestamptz), CAST(:valid_to AS timestamptz)))"
            " RETURNING id"
        ),
        values,
    ).scalar_one()
    return number


def insert_rate(session: Session, values: Values) -> int:
    number: int = session.execute(
        text(
            "INSERT INTO exchange.rate (party_id, direction, theirs, ours, minimum, step,"
            " daily_cap, fee_ppm, undo_days, valid) VALUES (:party, :direction, :theirs, :ours,"
            " :minimum, :step, :daily_cap, :fee_ppm, :undo_days,"
            " tstzrange(CAST(:valid_from AS timestamptz), CAST(:valid_to AS timestamptz)))"
            " RETURNING id"
        ),
        values,
    ).scalar_one()
    return number


def insert_quote(session: Session, values: Values) -> None:
    session.execute(
        text(
            "INSERT INTO exchange.quote (id, party_id, link_id, rate_id, theirs, points, fee,"
            " quoted_at, expires_at) VALUES (:id, :party, :link, :rate, :theirs, :points, :fee,"
            " :now, :expires_at)"
        ),
        values,
    )


# --- windows --------------------------------------------------------------------------------------


def join_window(session: Session) -> None:
    """No window closes until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock_shared(7209070)"))


def lock_windows(session: Session) -> None:
    """Wait for every posting under way, and let none begin, until this transaction ends."""
    session.execute(text("SET LOCAL lock_timeout = '30s'"))
    session.execute(text("SELECT pg_advisory_xact_lock(7209070)"))


def open_window(session: Session) -> Row | None:
    return _one(session, 'SELECT * FROM exchange."window" WHERE closed_at IS NULL')


def insert_window(session: Session, name: str, now: datetime) -> int:
    number: int = session.execute(
        text('INSERT INTO exchange."window" (name, opened_at) VALUES (:name, :now) RETURNING id'),
        {"name": name, "now": now},
    ).scalar_one()
    return number


def close_window(session: Session, number: int, now: datetime) -> None:
    session.execute(
        text('UPDATE exchange."window" SET closed_at = :now WHERE id = :id'),
        {"id": number, "now": now},
    )


def zone(session: Session) -> str:
    """The zone in which the books' days begin and end."""
    name: str = session.execute(text("SELECT zone FROM exchange.setting")).scalar_one()
    return name


def database_now(session: Session) -> datetime:
    """The database's clock, this very moment: the one the books keep."""
    moment: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return moment


# --- exposure -------------------------------------------------------------------------------------


def release_exposures(
    session: Session, window: int, released: Mapping[int, tuple[int, int]]
) -> None:
    """The settlement of a window turned points into money: (points, minor units) by party.

    Said again, because it was worked out again, the later word counts.
    """
    parties = sorted(released)
    values = {
        "window": window,
        "parties": parties,
        "points": [released[party][0] for party in parties],
        "owed": [released[party][1] for party in parties],
    }
    session.execute(
        text(
            "SELECT FROM exchange.exposure WHERE party_id = ANY(:parties)"
            " ORDER BY party_id FOR UPDATE"
        ),
        {"parties": parties},
    )
    session.execute(
        text(
            "WITH word AS (SELECT * FROM unnest(CAST(:parties AS integer[]),"
            "     CAST(:points AS bigint[]), CAST(:owed AS bigint[])) w (party_id, points, owed)),"
            " before AS (SELECT party_id, points, owed FROM exchange.exposure_release"
            "     WHERE window_id = :window),"
            " said AS (INSERT INTO exchange.exposure_release (window_id, party_id, points, owed)"
            "     SELECT :window, party_id, points, owed FROM word"
            "     ON CONFLICT ON CONSTRAINT exposure_release_pk"
            "     DO UPDATE SET points = excluded.points, owed = excluded.owed)"
            " UPDATE exchange.exposure e"
            " SET points = e.points - w.points + coalesce(b.points, 0),"
            "     owed = e.owed + w.owed - coalesce(b.owed, 0)"
            " FROM word w LEFT JOIN before b ON b.party_id = w.party_id"
            " WHERE e.party_id = w.party_id"
        ),
        values,
    )


def released(session: Session, window: int) -> list[int]:
    """The parties whose points the settlement of a window turned into money."""
    return list(
        session.execute(
            text(
                "SELECT party_id FROM exchange.exposure_release WHERE window_id = :window"
                " ORDER BY party_id"
            ),
            {"window": window},
        ).scalars()
    )


def settle_exposure(session: Session, window: int, now: datetime) -> None:
    """The money of a window was paid: it no longer counts towards anybody's cap."""
    session.execute(
        text(
            "WITH paid AS (UPDATE exchange.exposure_release SET settled_at = :now"
            " WHERE window_id = :window AND settled_at IS NULL RETURNING party_id, owed)"
            " UPDATE exchange.exposure e SET owed = e.owed - paid.owed"
            " FROM paid WHERE e.party_id = paid.party_id"
        ),
        {"window": window, "now": now},
    )


def exposure(session: Session, party: int) -> Row | None:
    return _one(session, "SELECT * FROM exchange.exposure WHERE party_id = :party", party=party)


# --- what time ends -------------------------------------------------------------------------------


def expired_holds(session: Session, now: datetime, limit: int) -> list[UUID]:
    return list(
        session.execute(
            text(
                "SELECT id FROM exchange.hold WHERE state = 'held' AND expires_at <= :now"
                " ORDER BY expires_at LIMIT :limit"
            ),
            {"now": now, "limit": limit},
        ).scalars()
    )


def wallets_with_expired_lots(session: Session, now: datetime, limit: int) -> list[int]:
    return list(
        session.execute(
            text(
                "SELECT DISTINCT wallet_id FROM exchange.lot WHERE live AND available > 0"
                " AND expires_on < (SELECT (CAST(:now AS timestamptz) AT TIME ZONE zone)::date"
                "  FROM exchange.setting) LIMIT :limit"
            ),
            {"now": now, "limit": limit},
        ).scalars()
    )


def forget(session: Session, now: datetime) -> None:
    """Drop what is only kept for a while: nonces, answers and dead codes."""
    for sql in (
        "DELETE FROM exchange.code_failure"
        " WHERE minute < CAST(:now AS timestamptz) - interval '1 hour'",
        "DELETE FROM exchange.payment_code"
        " WHERE expires_at < CAST(:now AS timestamptz) - interval '1 day' AND used_at IS NULL"
        " OR used_at < CAST(:now AS timestamptz) - interval '2 days'",
        "SELECT exchange.keep_partitions(:now)",  # Last: everybody waits for its locks.
    ):
        session.execute(text(sql), {"now": now})


# --- claims of requests that are not orders -------------------------------------------------------


def identify(session: Session, claim: Values) -> Row | None:
    """Spend a request's nonce and claim its key: None to go on, else `code`, `facts` and whether
    they are those of the saved answer (`replayed`)."""
    return _one(
        session,
        "SELECT code, facts, replayed FROM unnest(exchange.identify(ARRAY[jsonb_populate_record("
        'NULL::exchange."order", CAST(:claim AS jsonb))]))',
        claim=json.dumps(claim),
    )


def save_claim(session: Session, values: Values) -> None:
    session.execute(
        text(
            "INSERT INTO exchange.claim (party_id, key, fingerprint, operation, code, facts,"
            " evidence, at) VALUES (:party, :key, :fingerprint, :operation, :code,"
            " CAST(:facts AS jsonb), CAST(:evidence AS jsonb), clock_timestamp())"
        ),
        values,
    )
