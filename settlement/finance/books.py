"""The books of finance: each report read from the ledger in one snapshot, at any day.

Days are calendar days of the hub's zone. A report at a day is of the end of it; one without a day
is of now, and of today by name. All raise PointsUnpriced where an issuer had agreed no terms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from sqlalchemy.orm import Session

from partners import terms
from partners.agreement import Terms
from partners.errors import PartnerNotFound
from settlement.finance import (
    breakage,
    chart,
    deferral,
    disclosure,
    exposure,
    liability,
    lots,
    roll_forward,
    store,
    trial_balance,
    triangles,
)
from settlement.finance.deferral import Curves, Deferral
from settlement.finance.exposure import Day
from settlement.finance.reports import Report, Row
from settlement.store import day_of

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # Later than everything that has happened.


@dataclass(frozen=True, kw_only=True, slots=True)
class _End:
    """The end of a day, or now: before `until` is what counts."""

    day: date
    until: datetime


def read_liability(session: Session, *, at: date | None, now: datetime, currency: str) -> Report:
    """What issuers still stand for, by issuer, age and expiry."""
    store.snapshot(session)
    end = _end(session, at, now)
    return liability.report(
        liability.priced(store.outstanding(session, end.until)),
        liability.priced(store.outstanding_in_lots(session, end.until)),
        terms.every(session),
        names=store.slugs(session),
        at=end.day,
        currency=currency,
    )


def read_lots(session: Session, *, at: date, currency: str) -> Report:
    """Each issuer's points by the month in which they expire: of the postings, and of the lots."""
    store.snapshot(session)
    end = _end(session, at)
    return lots.report(
        store.outstanding(session, end.until),
        store.outstanding_in_lots(session, end.until),
        names=store.slugs(session),
        at=at,
        currency=currency,
    )


def read_breakage(session: Session, *, at: date, currency: str) -> Report:
    """How points of each month were used as they aged, and what that makes of those outstanding."""
    store.snapshot(session)
    end = _end(session, at)
    return breakage.report(
        _valued(session, end, terms.every(session), "pooled", None),
        _in_lots(session, end.until),
        names=store.slugs(session),
        at=at,
        currency=currency,
    )


def read_deferred(
    session: Session,
    *,
    at: date | None,
    now: datetime,
    currency: str,
    curves: Curves = "pooled",
    tail: Fraction | None = None,
) -> Report:
    """Deferred revenue and the estimate of breakage, by vintage."""
    store.snapshot(session)
    end = _end(session, at, now)
    return deferral.report(
        _valued(session, end, terms.every(session), curves, tail),
        _in_lots(session, end.until),
        names=store.slugs(session),
        at=end.day,
        currency=currency,
    )


def read_disclosure(
    session: Session,
    *,
    since: date,
    at: date,
    currency: str,
    curves: Curves = "pooled",
    tail: Fraction | None = None,
) -> Report:
    """What IFRS 15 asks for of the days from `since` to `at`."""
    store.snapshot(session)
    agreed = terms.every(session)
    ends = [_end(session, since - timedelta(days=1)), _end(session, at)]
    before, after = (_valued(session, end, agreed, curves, tail) for end in ends)
    opening, closing = (sum(_in_lots(session, end.until).values()) for end in ends)
    return disclosure.report(
        before,
        after,
        names=store.slugs(session),
        since=since,
        at=at,
        currency=currency,
        points=(opening, closing),
    )


def read_roll_forward(
    session: Session, *, since: date, at: date, currency: str, issuer: str | None = None
) -> Report:
    """How points outstanding came from one day to another. Raises PartnerNotFound."""
    store.snapshot(session)
    names = store.slugs(session)
    only = _only(names, issuer)
    began = store.end_of(session, since - timedelta(days=1))
    ended = store.end_of(session, at)
    opening = _by_issuer(store.outstanding(session, began))
    closing = _in_lots(session, ended)
    return roll_forward.report(
        {each: opening[each] for each in opening if each in only},
        [row for row in store.flows(session, began, ended) if row["issuer"] in only],
        {each: closing[each] for each in closing if each in only},
        names=names,
        since=since,
        at=at,
        currency=currency,
    )


def read_trial_balance(
    session: Session, *, at: date | None, now: datetime, currency: str
) -> Report:
    """Every account's debits and credits, of points, and of money by the figures in force now."""
    store.snapshot(session)
    end = _end(session, at, now)
    names = store.slugs(session)
    windows = [
        (store.money(session, each), each.settled_at is not None and each.settled_at < end.until)
        for each in store.closed_windows(session, end.until)
    ]
    return trial_balance.report(
        store.balances(session, end.until),
        _in_lots(session, end.until),
        store.debts(session, end.until),
        trial_balance.money_balances(windows, chart.party_names(names)),
        names=names,
        at=end.day,
        currency=currency,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposures:
    """Issuers' exposure day by day, and the report that says it in a table."""

    days: Mapping[int, list[Day]]
    names: Mapping[int, str]
    report: Report


def read_exposure(
    session: Session,
    *,
    since: date,
    at: date | None,
    now: datetime,
    currency: str,
    issuer: str | None = None,
) -> Exposures:
    """Exposure against cap for each day from `since` on, one at least. Raises PartnerNotFound."""
    store.snapshot(session)
    names = store.slugs(session)
    only = _only(names, issuer)
    last = at or day_of(session, now)
    since = min(since, last)
    changes: dict[int, list[Row]] = {}
    for row in store.exposure_changes(session):
        if row["party"] in only:
            changes.setdefault(row["party"], []).append(row)
    ends = store.ends_of_days(session, since, last)
    found = {
        party: exposure.days(rows, terms.of(session, party), ends, since=since, at=last)
        for party, rows in changes.items()
    }
    report = exposure.report(
        found,
        {
            party: (sum(row["points"] for row in rows), sum(row["owed"] for row in rows))
            for party, rows in changes.items()
        },
        {party: row for party, row in store.exposures(session).items() if party in only},
        names=names,
        since=since,
        at=last,
        currency=currency,
    )
    return Exposures(days=found, names=names, report=report)


def _end(session: Session, at: date | None, now: datetime | None = None) -> _End:
    if at is not None:
        return _End(day=at, until=store.end_of(session, at))
    if now is None:
        raise ValueError("the end of a day, or now")
    return _End(day=day_of(session, now), until=_NEVER)


def _valued(
    session: Session,
    end: _End,
    agreed: Mapping[int, Terms],
    curves: Curves,
    tail: Fraction | None,
) -> list[Deferral]:
    issues = triangles.issues(store.vintages(session, end.until), agreed, at=end.day)
    return deferral.value(issues, curves=curves, tail=tail)


def _in_lots(session: Session, until: datetime) -> dict[int, int]:
    return _by_issuer(store.outstanding_in_lots(session, until))


def _by_issuer(rows: list[Row]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for row in rows:
        sums[row["issuer"]] = sums.get(row["issuer"], 0) + row["points"]
    return sums


def _only(names: Mapping[int, str], issuer: str | None) -> set[int]:
    """The party of that name; every party when none is named."""
    found = {party for party, name in names.items() if issuer is None or name == issuer}
    if not found:
        raise PartnerNotFound
    return found
