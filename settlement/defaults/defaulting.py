"""A partner that does not fund a window: what was shown is done, in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from kit.ids import uuid7
from partners import registry, terms
from settlement import deferrals, revisions
from settlement import store as windows
from settlement.bank.agreement import hold_money, money_moved
from settlement.content import content
from settlement.defaults import dry_run as rehearsal
from settlement.defaults import security, store
from settlement.defaults.dry_run import Day, Method, Outcome
from settlement.defaults.errors import CoveredAlready, DefaultChanged, DefaultExists, DefaultTooLate
from settlement.errors import SettlementStepRefused, UnrevisedDeferrals, WindowNotClosed
from settlement.fx import Rate
from settlement.sealing.sealer import Sealer
from settlement.store import Window

_STATES = ("closed", "approved", "paying")


def dry_run(session: Session, window: str, party: int, method: Method) -> Outcome:
    """What would be done now; nothing is.

    Raises WindowNotFound, SettlementStepRefused, DefaultTooLate, UnrevisedDeferrals, DefaultExists,
    CoveredAlready, NothingDue, in this order, and what working out refuses.
    """
    found = windows.get_window(session, window)
    if found.state not in _STATES:
        raise SettlementStepRefused(state=found.state, needs=" or ".join(_STATES))
    if money_moved(session, found.id):
        raise DefaultTooLate
    if revisions.is_stale(session, found):
        raise UnrevisedDeferrals
    earlier = store.shortfalls_of(session, found.id)
    if any(row["party_id"] == party for row in earlier):
        raise DefaultExists
    covered = frozenset(row["party_id"] for row in earlier if row["method"] == "cover")
    if covered and method == "without":
        raise CoveredAlready
    day = _day(session, found, covered)
    if method == "without":
        return rehearsal.without(day, party)
    return rehearsal.cover(day, party, security.held(session))


def enact(
    session: Session,
    approved: Mapping[str, Any],
    *,
    proposal: UUID,
    by: str,
    now: datetime,
    signer: Sealer,
) -> int:
    """Do what was proposed as `Outcome.content`; the new revision of the window.

    The partner is suspended: it issues no more. Raises what `dry_run` raises, Busy, and
    DefaultChanged when it is not, to the unit, what was shown.
    """
    hold_money(session)  # First: whoever matches money comes to the window after it.
    windows.lock_settlement(session, windows.get_window(session, approved["window"]).id)
    store.lock_security(session)
    outcome = dry_run(session, approved["window"], approved["party"], approved["method"])
    if outcome.content() != dict(approved):
        raise DefaultChanged
    window = windows.get_window(session, outcome.window).id
    shortfall = uuid7()
    if outcome.method == "without":
        deferrals.defer_party(session, window, outcome.party, because=shortfall, now=now)
    revision = revisions.revise_within(
        session,
        window=outcome.window,
        reason="covered" if outcome.method == "cover" else "without",
        by=by,
        now=now,
        signer=signer,
        because=shortfall,
        covers=outcome.all_covers,
    )
    if _nets(session, window) != {party: after for party, (_, after) in outcome.nets.items()}:
        raise DefaultChanged
    values = {
        "id": shortfall,
        "window": window,
        "party": outcome.party,
        "method": outcome.method,
        "amount": outcome.shortfall,
        "revision": revision,
        "proposal": proposal,
        "at": now,
    }
    store.insert_shortfall(session, values, outcome.shares)
    security.use(session, outcome.shares, proposal=proposal, now=now)
    _suspend(session, outcome.party, now)
    return revision


def _day(session: Session, window: Window, covered: frozenset[int]) -> Day:
    base, route = window.currency, window.route
    if base is None or route is None:
        raise WindowNotClosed(state=window.state)
    positions = windows.positions(session, window.id)
    rates = {
        row["currency"]: Rate(
            base=base,
            quote=row["currency"],
            numerator=row["fx_numerator"],
            denominator=row["fx_denominator"],
        )
        for row in positions
        if row["currency"] != base
    }
    return Day(
        window=window.name,
        revision=window.revision,
        content=content(session, window.id).settled,
        terms=terms.every(session),
        currencies={row["party"]: row["currency"] for row in positions},
        rates=rates,
        base=base,
        route=route,
        covers={row["party"]: row["cover"] for row in positions if row["cover"]},
        covered=covered,
    )


def _nets(session: Session, window: int) -> dict[int, int]:
    return {row["party"]: row["net"] for row in windows.positions(session, window)}


def _suspend(session: Session, party: int, now: datetime) -> None:
    for partner in registry.listed(session):
        if (partner.party, partner.state) == (party, "active"):
            registry.move(session, slug=partner.slug, to="suspended", now=now)
