"""All SQL of exchanges and endpoints."""

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


def _number(session: Session, sql: str, **values: Any) -> int:
    found: int = session.execute(text(sql), values).scalar_one()
    return found


# --- endpoints ------------------------------------------------------------------------------------


def endpoint(session: Session, party: int) -> Row | None:
    return _one(
        session, "SELECT * FROM partners.exchange_endpoint WHERE party_id = :party", party=party
    )


def put_endpoint(session: Session, party: int, url: str, now: datetime) -> None:
    session.execute(
        text(
            "INSERT INTO partners.exchange_endpoint (party_id, url, registered_at)"
            " VALUES (:party, :url, :now) ON CONFLICT ON CONSTRAINT exchange_endpoint_pk"
            " DO UPDATE SET url = excluded.url, registered_at = excluded.registered_at"
        ),
        {"party": party, "url": url, "now": now},
    )


# --- what can be exchanged ------------------------------------------------------------------------

_POSSIBLE = """
    FROM exchange.link l
    JOIN partners.partner p ON p.party_id = l.party_id AND p.state = 'active'
    JOIN exchange.party b ON b.id = l.party_id AND b.state = 'open'
    JOIN partners.exchange_endpoint e ON e.party_id = l.party_id
    LEFT JOIN members.customer c ON c.link_id = l.id
    WHERE l.wallet_id = :wallet AND l.active
        AND EXISTS (SELECT FROM partners.terms t
                    WHERE t.party_id = l.party_id AND t.valid @> CAST(:now AS timestamptz))
"""


def offers(session: Session, wallet: int, now: datetime) -> list[Row]:
    """Every rate in force at which this wallet could be exchanged now, by the brand's name."""
    return _all(
        session,
        "SELECT l.id AS link_id, l.party_id, p.name, p.slug, r.id AS rate_id,"
        " r.direction, r.theirs, r.ours, r.minimum, r.step, r.daily_cap, r.fee_ppm, r.undo_days"
        + _POSSIBLE.replace(
            "WHERE",
            "JOIN exchange.rate r ON r.party_id = l.party_id"
            " AND r.valid @> CAST(:now AS timestamptz) WHERE",
            1,
        )
        + " ORDER BY p.name, r.direction",
        wallet=wallet,
        now=now,
    )


def is_possible(session: Session, wallet: int, link: UUID, now: datetime) -> bool:
    """Whether this link could be exchanged with now, at whatever rate."""
    return (
        _one(
            session,
            "SELECT l.id " + _POSSIBLE + " AND l.id = :link",
            wallet=wallet,
            link=link,
            now=now,
        )
        is not None
    )


def spendable(session: Session, wallet: int, now: datetime) -> int:
    """What the wallet can spend now: neither pending nor expired nor held."""
    return _number(
        session,
        "SELECT coalesce(sum(l.available), 0)::bigint FROM exchange.lot l CROSS JOIN"
        " (SELECT (CAST(:now AS timestamptz) AT TIME ZONE zone)::date AS today"
        " FROM exchange.setting) s WHERE l.wallet_id = :wallet AND l.live"
        " AND l.expires_on >= s.today AND l.spendable_from <= s.today",
        wallet=wallet,
        now=now,
    )


def lots(session: Session, wallet: int, points: int, now: datetime) -> list[Row]:
    """The lots that `points` would be taken from now, in that order."""
    return _all(
        session,
        "SELECT l.issuer, l.expires_on, l.take AS points FROM exchange.setting s"
        " CROSS JOIN exchange.pick_lots(:wallet, :points,"
        " (CAST(:now AS timestamptz) AT TIME ZONE s.zone)::date) p"
        " CROSS JOIN unnest(p.issuers, p.expiries, p.takes) AS l (issuer, expires_on, take)",
        wallet=wallet,
        points=points,
        now=now,
    )


_TODAY = (
    " AND x.confirmed_at >= date_trunc('day', CAST(:now AS timestamptz), s.zone)"
    " AND x.state NOT IN ('quoted', 'returned')"
)


def exchanged_today(session: Session, wallet: int, now: datetime) -> int:
    """How many points this wallet has exchanged since midnight, both ways."""
    return _number(
        session,
        "SELECT coalesce(sum(x.points), 0)::bigint FROM partners.exchange x"  # noqa: S608
        " CROSS JOIN exchange.setting s WHERE x.wallet_id = :wallet" + _TODAY,
        wallet=wallet,
        now=now,
    )


def lock_rate(session: Session, rate: int) -> None:
    """Nobody else counts what was converted at this rate until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(7209078, :rate)"), {"rate": rate})


def converted_today(session: Session, rate: int, direction: str, now: datetime) -> int:
    """How much of theirs was converted at this rate since midnight, or is about to be.

    Of imports the books have those that are done, also those that the partner posted itself.
    """
    if direction == "export":
        return _number(
            session,
            "SELECT coalesce(sum(x.theirs), 0)::bigint FROM partners.exchange x"  # noqa: S608
            " CROSS JOIN exchange.setting s WHERE x.rate_id = :rate" + _TODAY,
            rate=rate,
            now=now,
        )
    return _number(
        session,
        "SELECT (SELECT coalesce(sum(u.theirs), 0) FROM exchange.rate_use u, exchange.setting s"
        " WHERE u.rate_id = :rate AND u.day = (CAST(:now AS timestamptz) AT TIME ZONE s.zone)::date"
        ")::bigint + (SELECT coalesce(sum(x.theirs), 0) FROM partners.exchange x"
        " WHERE x.rate_id = :rate AND x.state IN ('reserved', 'asked'))::bigint",
        rate=rate,
        now=now,
    )


# --- exchanges ------------------------------------------------------------------------------------

_EXCHANGE = """
    SELECT x.*, r.theirs AS rate_theirs, r.ours AS rate_ours, r.daily_cap, r.undo_days,
           c.reference AS customer, e.url, p.name, p.slug
    FROM partners.exchange x
    JOIN partners.partner p ON p.party_id = x.party_id
    JOIN exchange.rate r ON r.id = x.rate_id
    LEFT JOIN members.customer c ON c.link_id = x.link_id
    LEFT JOIN partners.exchange_endpoint e ON e.party_id = x.party_id
"""


def insert_quote(session: Session, values: Values) -> None:
    session.execute(
        text(
            "INSERT INTO partners.exchange (id, party_id, wallet_id, link_id, direction, rate_id,"
            " points, theirs, fee, quoted_at, expires_at) VALUES (:id, :party, :wallet, :link,"
            " :direction, :rate, :points, :theirs, :fee, :now, :expires_at)"
        ),
        values,
    )


def find(session: Session, exchange: UUID, wallet: int) -> Row | None:
    return _one(
        session,
        _EXCHANGE + " WHERE x.id = :id AND x.wallet_id = :wallet",
        id=exchange,
        wallet=wallet,
    )


def one(session: Session, exchange: UUID) -> Row | None:
    """One that was confirmed, whosesoever."""
    return _one(
        session, _EXCHANGE + " WHERE x.id = :id AND x.confirmed_at IS NOT NULL", id=exchange
    )


def waiting(session: Session, party: int | None, limit: int) -> list[Row]:
    """Those whose partner is still asked, of one party or of all."""
    return _all(
        session,
        _EXCHANGE + " WHERE x.ask_at IS NOT NULL"
        " AND (CAST(:party AS integer) IS NULL OR x.party_id = :party) LIMIT :limit",
        party=party,
        limit=limit,
    )


def lock(session: Session, exchange: UUID) -> Row | None:
    return _one(session, _EXCHANGE + " WHERE x.id = :id FOR UPDATE OF x", id=exchange)


def lock_due(session: Session, exchange: UUID, now: datetime) -> Row | None:
    """An exchange whose partner is to be asked now; None when somebody else is about to."""
    return _one(
        session,
        _EXCHANGE + " WHERE x.id = :id AND x.ask_at <= :now FOR UPDATE OF x SKIP LOCKED",
        id=exchange,
        now=now,
    )


def due(session: Session, now: datetime, limit: int) -> list[Row]:
    """Exchanges whose partners are to be asked, longest waiting first."""
    return _all(
        session,
        "SELECT id, party_id FROM partners.exchange WHERE ask_at <= :now"
        " ORDER BY ask_at LIMIT :limit",
        now=now,
        limit=limit,
    )


def update(session: Session, exchange: UUID, **values: Any) -> None:
    """Set these columns, named by the code alone."""
    columns = ", ".join(f"{name} = :{name}" for name in values)
    session.execute(
        text(f"UPDATE partners.exchange SET {columns} WHERE id = :of_exchange"),  # noqa: S608
        {**values, "of_exchange": exchange},
    )


def insert_code(session: Session, digest: bytes, wallet: int, points: int, party: int) -> None:
    """A payment code of the hub's own making, by which this party holds these points now."""
    session.execute(
        text(
            "INSERT INTO exchange.payment_code (digest, wallet_id, max_points, party_id,"
            " expires_at) VALUES (:digest, :wallet, :points, :party,"
            " clock_timestamp() + interval '1 minute')"
        ),
        {"digest": digest, "wallet": wallet, "points": points, "party": party},
    )


def of_wallet(session: Session, wallet: int, limit: int, *, under_way: bool) -> list[Row]:
    """The wallet's exchanges, newest first: those under way, or those that are over."""
    ended = "IN" if under_way else "NOT IN"
    return _all(
        session,
        _EXCHANGE + " WHERE x.wallet_id = :wallet AND x.confirmed_at IS NOT NULL"
        f" AND x.state {ended} ('reserved', 'asked', 'returning', 'undoing')"
        " ORDER BY x.confirmed_at DESC, x.id DESC LIMIT :limit",
        wallet=wallet,
        limit=limit,
    )


def find_of_party(session: Session, exchange: UUID, party: int) -> Row | None:
    """One of a party's exchanges that were confirmed."""
    return _one(
        session,
        _EXCHANGE + " WHERE x.id = :id AND x.party_id = :party AND x.confirmed_at IS NOT NULL",
        id=exchange,
        party=party,
    )


def of_party(
    session: Session, party: int, before: UUID | None, state: str | None, limit: int
) -> list[Row]:
    """A party's exchanges that were confirmed, newest first; one more than `limit`."""
    return _all(
        session,
        _EXCHANGE + " WHERE x.party_id = :party AND x.confirmed_at IS NOT NULL"
        " AND (CAST(:before AS uuid) IS NULL OR x.id < :before)"
        " AND (CAST(:state AS text) IS NULL OR x.state = :state)"
        " ORDER BY x.id DESC LIMIT :limit",
        party=party,
        before=before,
        state=state,
        limit=limit + 1,
    )


def forget(session: Session, before: datetime) -> int:
    """Drop the quotes that expired before then and were never used."""
    return len(
        session.execute(
            text(
                "DELETE FROM partners.exchange WHERE confirmed_at IS NULL AND expires_at < :before"
                " RETURNING id"
            ),
            {"before": before},
        ).all()
    )
