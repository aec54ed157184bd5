"""All SQL of the books of finance: each question one set-based statement, its answer a few rows.

A moment is exclusive: what happened at it or later does not count. Every figure of points can be
had twice, from the postings that led there and from the balances of today less what came since;
the reports compare the two.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from settlement import store as settled
from settlement.finance.money_entries import Money
from settlement.finance.reports import Row
from settlement.store import Window, take_time


def snapshot(session: Session) -> None:
    """Let everything this transaction reads be of one moment, however long it takes. Call first."""
    session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    take_time(session)
    session.execute(text("SET LOCAL jit = off"))


def end_of(session: Session, day: date) -> datetime:
    """The moment at which the calendar day ends in the hub's own zone."""
    moment: datetime = session.execute(
        text("SELECT (CAST(:day AS date) + 1)::timestamp AT TIME ZONE zone FROM exchange.setting"),
        {"day": day},
    ).scalar_one()
    return moment


def ends_of_days(session: Session, since: date, at: date) -> dict[date, datetime]:
    """The moments at which these days end, both included; the clocks may change between them."""
    rows = _all(
        session,
        "SELECT d::date AS day, (d::date + 1)::timestamp AT TIME ZONE zone AS ends"
        " FROM exchange.setting, generate_series(CAST(:since AS timestamp), CAST(:at AS timestamp),"
        " interval '1 day') d",
        since=since,
        at=at,
    )
    return {row["day"]: row["ends"] for row in rows}


def slugs(session: Session) -> dict[int, str]:
    """A short name of every party: its partner's, `hub`, `float`, or `party-7` if it has none."""
    rows = _all(
        session,
        "SELECT p.id, coalesce(r.slug, CASE p.kind WHEN 'partner' THEN 'party-' || p.id"
        " ELSE p.kind END) AS slug"
        " FROM exchange.party p LEFT JOIN partners.partner r ON r.party_id = p.id ORDER BY p.id",
    )
    return {row["id"]: row["slug"] for row in rows}


# --- lots -----------------------------------------------------------------------------------------

_INTO = "('issued', 'refunded')"
_CHANGES = "('issued', 'refunded', 'spent', 'clawed_back', 'expired', 'moved')"

# What each posting did to a lot. A lot is known by its wallet first: so is its primary key.
_LOT_CHANGES = f"""
    SELECT p.wallet_id, p.lot_id, p.points, p.movement, p.party_id, j.kind, j.at
    FROM exchange.journal j
    JOIN (SELECT journal_id, lot_id, movement, party_id,
                 CASE WHEN movement IN {_INTO} THEN credit ELSE debit END AS wallet_id,
                 CASE WHEN movement IN {_INTO} THEN points ELSE -points END AS points
          FROM exchange.posting WHERE movement IN {_CHANGES}
          UNION ALL
          SELECT journal_id, to_lot_id, movement, party_id, credit, points
          FROM exchange.posting WHERE movement = 'moved') p ON p.journal_id = j.id
"""  # noqa: S608

# The terms of a lot are those in force when it was opened, as settlement prices it.
_LOT = """
    JOIN exchange.lot l ON l.wallet_id = m.wallet_id AND l.id = m.lot_id
    LEFT JOIN partners.terms t ON t.party_id = l.issuer_id AND t.valid @> l.opened_at
    CROSS JOIN exchange.setting s
"""

_OUTSTANDING = """
    SELECT l.issuer_id AS issuer, (l.opened_at AT TIME ZONE s.zone)::date AS issued_on,
           date_trunc('month', l.expires_on)::date AS expires_in, t.id AS terms,
           sum(m.points)::bigint AS points
    FROM ({moved}) m {lot}
    GROUP BY 1, 2, 3, 4 HAVING sum(m.points) <> 0 ORDER BY 1, 2, 3, 4
"""

_FORWARD = _OUTSTANDING.format(moved=f"{_LOT_CHANGES} WHERE j.at < :until", lot=_LOT)

_UNDONE = f"""
    SELECT wallet_id, id AS lot_id, available + held AS points FROM exchange.lot
    UNION ALL
    SELECT wallet_id, lot_id, -points FROM ({_LOT_CHANGES} WHERE j.at >= :until) c
"""  # noqa: S608
_BACKWARD = _OUTSTANDING.format(moved=_UNDONE, lot=_LOT)


def outstanding(session: Session, until: datetime) -> list[Row]:
    """Points not yet spent or expired: issuer, issued_on, expires_in (a month), terms, points.

    Summed from the postings. `terms` is None where the issuer had agreed none.
    """
    return _all(session, _FORWARD, until=until)


def outstanding_in_lots(session: Session, until: datetime) -> list[Row]:
    """The same from the lots of today, less what the postings since then did to them."""
    return _all(session, _BACKWARD, until=until)


_FLOWS = f"""
    SELECT l.issuer_id AS issuer,
           CASE WHEN m.movement = 'issued' AND m.kind = 'import' THEN 'imported'
                WHEN m.movement IN ('issued', 'clawed_back') AND m.kind = 'adjustment'
                    THEN 'adjusted'
                WHEN m.movement IN ('spent', 'refunded') AND m.party_id = l.issuer_id
                    THEN m.movement || '_here'
                ELSE m.movement END AS kind,
           sum(m.points)::bigint AS points
    FROM ({_LOT_CHANGES} WHERE j.at >= :since AND j.at < :until) m
    JOIN exchange.lot l ON l.wallet_id = m.wallet_id AND l.id = m.lot_id
    GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608


def flows(session: Session, since: datetime, until: datetime) -> list[Row]:
    """What changed issuers' outstanding points: issuer, kind, points (signed)."""
    return _all(session, _FLOWS, since=since, until=until)


_VINTAGES = f"""
    SELECT l.issuer_id AS issuer,
           date_trunc('month', l.opened_at AT TIME ZONE s.zone)::date AS vintage,
           date_trunc('month', m.at AT TIME ZONE s.zone)::date AS month, t.id AS terms,
           coalesce(sum(m.points) FILTER (
               WHERE m.movement IN ('issued', 'clawed_back', 'moved')), 0)::bigint AS issued,
           -coalesce(sum(m.points) FILTER (
               WHERE m.movement IN ('spent', 'refunded')), 0)::bigint AS used,
           -coalesce(sum(m.points) FILTER (WHERE m.movement = 'expired'), 0)::bigint AS expired,
           max(l.expires_on) AS last_expiry
    FROM ({_LOT_CHANGES} WHERE j.at < :until) m {_LOT}
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""  # noqa: S608


def vintages(session: Session, until: datetime) -> list[Row]:
    """By issuer, vintage (month of issue), month and terms: points issued, used, expired in it.

    Issued is less what was clawed back; used less what was refunded.
    """
    return _all(session, _VINTAGES, until=until)


# --- accounts -------------------------------------------------------------------------------------

# All wallets are one account of each issuer.
_BALANCES = """
    SELECT a.kind, CASE WHEN a.kind = 'wallet' THEN m.issuer_id ELSE a.party_id END AS party,
           sum(m.debits)::bigint AS debits, sum(m.credits)::bigint AS credits
    FROM (SELECT account, issuer_id, sum(debits) AS debits, sum(credits) AS credits
          FROM (SELECT journal_id, window_id, issuer_id, debit AS account, points AS debits,
                       0 AS credits
                FROM exchange.posting
                UNION ALL
                SELECT journal_id, window_id, issuer_id, credit, 0, points
                FROM exchange.posting) p
          {which}
          GROUP BY 1, 2) m
    JOIN exchange.account a ON a.id = m.account
    GROUP BY 1, 2 ORDER BY 1, 2
"""

_BALANCES_AT = _BALANCES.format(
    which="JOIN exchange.journal j ON j.id = p.journal_id WHERE j.at < :until"
)
_BALANCES_AFTER = _BALANCES.format(which="WHERE p.window_id <= :window")


def balances(session: Session, until: datetime) -> list[Row]:
    """Debits and credits of every account with any: kind, party (of wallets, the issuer)."""
    return _all(session, _BALANCES_AT, until=until)


def balances_after(session: Session, window: int) -> list[Row]:
    """The same, of the journals of all windows up to this one."""
    return _all(session, _BALANCES_AFTER, window=window)


_DEBTS = """
    SELECT issuer_id AS issuer, sum(points)::bigint AS points
    FROM (SELECT issuer_id, points FROM exchange.receivable
          UNION ALL
          SELECT p.issuer_id, CASE p.movement WHEN 'owed_back' THEN -p.points ELSE p.points END
          FROM exchange.posting p JOIN exchange.journal j ON j.id = p.journal_id
          WHERE p.movement IN ('owed_back', 'repaid') AND j.at >= :until) d
    GROUP BY 1 HAVING sum(points) <> 0 ORDER BY 1
"""


def debts(session: Session, until: datetime) -> dict[int, int]:
    """What members owe each issuer: the debts of today less what changed them since."""
    return {row["issuer"]: row["points"] for row in _all(session, _DEBTS, until=until)}


# --- money ----------------------------------------------------------------------------------------


def money(session: Session, window: Window) -> Money:
    """A closed window's current figures; none of one that was aborted or is in closing."""
    if window.state in ("aborted", "closing") or window.currency is None:
        return Money(base=window.currency or "", obligations=[], positions=[], payments=[])
    return Money(
        base=window.currency,
        obligations=settled.obligations(session, window.id),
        positions=settled.positions(session, window.id),
        payments=settled.payments(session, window.id),
    )


def closed_windows(session: Session, until: datetime) -> list[Window]:
    """Windows that closed before a moment, newest first."""
    found = settled.list_windows(session, before=None, limit=10_000)
    return [each for each in found if each.closed_at is not None and each.closed_at < until]


# --- journals -------------------------------------------------------------------------------------

# A line with the kind and party of its accounts: a wallet stands for the issuer of its points.
_LINES = """
    SELECT (j.at AT TIME ZONE s.zone)::date AS day, j.id AS journal, j.kind, j.party_id AS party,
           j.undoes, p.points,
           coalesce(d.kind, 'wallet') AS debit_kind,
           coalesce(d.party_id, p.issuer_id) AS debit_party,
           coalesce(c.kind, 'wallet') AS credit_kind,
           coalesce(c.party_id, p.issuer_id) AS credit_party
    FROM exchange.posting p
    JOIN exchange.journal j ON j.id = p.journal_id
    LEFT JOIN exchange.account d ON d.id = p.debit AND d.kind <> 'wallet'
    LEFT JOIN exchange.account c ON c.id = p.credit AND c.kind <> 'wallet'
    CROSS JOIN exchange.setting s
    WHERE p.window_id = :window
"""

_BY_JOURNAL = _LINES + " ORDER BY j.at, j.id, p.line"

_BY_DAY = f"""
    SELECT day, NULL::uuid AS journal, 'journals' AS kind, NULL::integer AS party,
           NULL::uuid AS undoes, sum(points)::bigint AS points, debit_kind, debit_party,
           credit_kind, credit_party
    FROM ({_LINES}) l
    GROUP BY day, debit_kind, debit_party, credit_kind, credit_party
    ORDER BY day, debit_kind, debit_party, credit_kind, credit_party
"""  # noqa: S608


def count_journals(session: Session, window: int) -> int:
    """How many journals a window has."""
    [row] = _all(
        session,
        "SELECT count(*) AS n FROM exchange.journal WHERE window_id = :window",
        window=window,
    )
    return int(row["n"])


def journal_lines(session: Session, window: int, *, by: Literal["journal", "day"]) -> Iterator[Row]:
    """A window's postings in time, a few at a time; or each day's alike ones as one."""
    rows = session.execute(
        text(_BY_JOURNAL if by == "journal" else _BY_DAY),
        {"window": window},
        execution_options={"yield_per": 2000},
    )
    yield from rows.mappings()


# --- exposure -------------------------------------------------------------------------------------

# A window turns points into money when it closes, and the money counts until it is settled.
_EXPOSURE = """
    SELECT party, (c.at AT TIME ZONE s.zone)::date AS day, sum(points)::bigint AS points,
           sum(owed)::bigint AS owed
    FROM (SELECT p.issuer_id AS party, j.at, 0 AS owed,
                 CASE p.movement WHEN 'issued' THEN p.points ELSE -p.points END AS points
          FROM exchange.posting p JOIN exchange.journal j ON j.id = p.journal_id
          WHERE p.movement IN ('issued', 'clawed_back')
          UNION ALL
          SELECT r.party_id, w.closed_at, r.owed, -r.points
          FROM exchange.exposure_release r JOIN exchange."window" w ON w.id = r.window_id
          UNION ALL
          SELECT party_id, settled_at, -owed, 0
          FROM exchange.exposure_release WHERE settled_at IS NOT NULL) c
    CROSS JOIN exchange.setting s
    GROUP BY 1, 2 ORDER BY 1, 2
"""


def exposure_changes(session: Session) -> list[Row]:
    """By issuer and day: by how much its points and the money it owes changed."""
    return _all(session, _EXPOSURE)


def exposures(session: Session) -> dict[int, tuple[int, int]]:
    """Points and money of each issuer, as issuing reads them now."""
    rows = _all(session, "SELECT party_id, points, owed FROM exchange.exposure")
    return {row["party_id"]: (row["points"], row["owed"]) for row in rows}


def _all(session: Session, sql: str, **values: Any) -> list[Row]:
    return list(session.execute(text(sql), values).mappings())


# --- reports that are kept ------------------------------------------------------------------------


def bytes_of_postings(session: Session) -> int:
    """How large the postings are on disk: no count, and always exact."""
    [row] = _all(session, "SELECT pg_relation_size('exchange.posting') AS bytes")
    return int(row["bytes"])


def kept(session: Session, name: str, since: date, at: date) -> Row | None:
    rows = _all(
        session,
        "SELECT report, made_at, asked_at FROM settlement.kept_report"
        " WHERE name = :name AND since = :since AND at = :at",
        name=name,
        since=since,
        at=at,
    )
    return rows[0] if rows else None


_ASK = """
    INSERT INTO settlement.kept_report (name, since, at, asked_at)
    VALUES (:name, :since, :at, :now)
    ON CONFLICT ON CONSTRAINT kept_report_pk
"""


def ask(session: Session, name: str, since: date, at: date, now: datetime) -> None:
    """Have it made, also when it was made before; one that waits keeps its place."""
    session.execute(
        text(
            _ASK + " DO UPDATE SET asked_at = excluded.asked_at"
            " WHERE kept_report.made_at >= kept_report.asked_at"
        ),
        {"name": name, "since": since, "at": at, "now": now},
    )


def ask_once(session: Session, name: str, since: date, at: date, now: datetime) -> None:
    """Have it made unless it was asked for before."""
    values = {"name": name, "since": since, "at": at, "now": now}
    session.execute(text(_ASK + " DO NOTHING"), values)


def next_asked(session: Session) -> Row | None:
    """The name and days of the report that waits longest."""
    rows = _all(
        session,
        "SELECT name, since, at FROM settlement.kept_report"
        " WHERE made_at IS NULL OR made_at < asked_at ORDER BY asked_at, name LIMIT 1",
    )
    return rows[0] if rows else None


def keep(
    session: Session,
    name: str,
    since: date,
    at: date,
    report: dict[str, Any],
    *,
    now: datetime,
    took_ms: int,
) -> None:
    session.execute(
        text(
            "UPDATE settlement.kept_report SET report = CAST(:report AS jsonb),"
            " made_at = greatest(:now, asked_at), took_ms = :took_ms"
            " WHERE name = :name AND since = :since AND at = :at"
        ),
        {
            "name": name,
            "since": since,
            "at": at,
            "report": json.dumps(report),
            "now": now,
            "took_ms": took_ms,
        },
    )


def forget_reports(session: Session, today: date) -> None:
    """Drop reports made while their last day went on, once it is over: they say too little."""
    session.execute(
        text(
            "DELETE FROM settlement.kept_report k USING exchange.setting s"
            " WHERE k.at < :today AND k.made_at >= k.asked_at"
            " AND (k.made_at AT TIME ZONE s.zone)::date <= k.at"
        ),
        {"today": today},
    )


def window_days(session: Session) -> Row:
    """first: the day on which the first window opened; open_since: that from which on a window is
    not closed, or not worked out yet. None where there is none."""
    [row] = _all(
        session,
        """
        SELECT min((w.opened_at AT TIME ZONE s.zone)::date) AS first,
               min((w.opened_at AT TIME ZONE s.zone)::date) FILTER (
                   WHERE w.closed_at IS NULL OR z.state = 'closing') AS open_since
        FROM exchange."window" w CROSS JOIN exchange.setting s
        LEFT JOIN settlement.settlement z ON z.window_id = w.id
        """,
    )
    return row
