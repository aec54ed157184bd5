"""Terms: what a partner agreed, dated; proposed by one person, approved by another."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import exchange.store
from exchange.issuing import IssuingTerms
from kit.schemas import MAX_WHOLE
from partners import store
from partners.agreement import MILLION, Terms
from partners.errors import TermsMissing, TermsOverlap, TermsRefused


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTerms:
    """Prices are millionths of a minor unit of the hub's currency, per point.

    `cap`, `collateral` and `fund_share` are minor units of it: what it may stand for at the most,
    what it has to leave with the hub, and what it has to pay into the mutual fund.
    """

    party: int
    issue_price: int
    accept_price: int
    fee_ppm: int
    prefunded_ppm: int
    breakage_hub_ppm: int
    currency: str
    cap: int | None
    expiry_months: int
    pending_days: int
    valid_from: datetime
    collateral: int = 0
    fund_share: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class DatedTerms:
    """Terms with the period they are in force, and what the books need of them at issuing."""

    priced: Terms
    issuing: IssuingTerms
    collateral: int
    fund_share: int
    valid_from: datetime
    valid_to: datetime | None

    def covers(self, moment: datetime) -> bool:
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


_SECURITY = "collateral", "fund_share"


def check(terms: NewTerms) -> None:
    """Raises TermsRefused, saying what is wrong with them."""
    wrong = [
        f"{name} cannot be negative"
        for name in ("issue_price", "accept_price", "cap", "pending_days", *_SECURITY)
        if (getattr(terms, name) or 0) < 0
    ]
    wrong += [
        f"{name} lies between 0 and {MILLION:,}"
        for name in ("fee_ppm", "prefunded_ppm", "breakage_hub_ppm")
        if not 0 <= getattr(terms, name) <= MILLION
    ]
    if not 1 <= terms.expiry_months <= 120:
        wrong.append("points expire after 1 to 120 months")
    if terms.pending_days > 366:
        wrong.append("points are pending for a year at the most")
    if max(terms.collateral, terms.fund_share) > MAX_WHOLE:
        wrong.append(f"collateral and fund_share are {MAX_WHOLE:,} at the most")
    if not re.fullmatch(r"[A-Z]{3}", terms.currency):
        wrong.append("the currency is three capital letters, as in ISO 4217")
    if wrong:
        raise TermsRefused("; ".join(wrong))


def enact(session: Session, terms: NewTerms) -> int:
    """Put approved terms in force from their date; the open-ended ones before them end there.

    What a closed window was priced by stays as it was: only a partner's first terms may begin
    before the open window did. Raises TermsRefused, and TermsOverlap when later terms are agreed.
    """
    check(terms)
    exchange.store.lock_windows(session)
    window = exchange.store.open_window(session)
    first = not store.terms(session, terms.party)
    if not first and window is not None and terms.valid_from < window["opened_at"]:
        raise TermsRefused(f"they cannot begin before the open window did, {window['opened_at']}")
    store.end_terms(session, terms.party, terms.valid_from)
    try:
        with session.begin_nested():
            return store.insert_terms(session, asdict(terms))
    except IntegrityError as error:
        if "terms_periods_do_not_overlap" in str(error.orig):
            raise TermsOverlap from error
        raise


def of(session: Session, party: int) -> list[DatedTerms]:
    """Everything this partner ever agreed, oldest first."""
    return [_dated(row) for row in store.terms(session, party)]


def every(session: Session) -> dict[int, Terms]:
    """All terms by number: what settlement prices with."""
    return {row["id"]: _dated(row).priced for row in store.terms(session)}


def at(agreed: list[DatedTerms], moment: datetime) -> DatedTerms:
    """Those in force at `moment`. Raises TermsMissing."""
    for terms in agreed:
        if terms.covers(moment):
            return terms
    raise TermsMissing


def _dated(row: RowMapping) -> DatedTerms:
    return DatedTerms(
        priced=Terms(
            id=row["id"],
            party=row["party_id"],
            issue_price=row["issue_price"],
            accept_price=row["accept_price"],
            fee_ppm=row["fee_ppm"],
            prefunded_ppm=row["prefunded_ppm"],
            breakage_hub_ppm=row["breakage_hub_ppm"],
            currency=row["currency"],
        ),
        issuing=IssuingTerms(
            id=row["id"],
            price=row["issue_price"],
            cap=row["cap"],
            expiry_months=row["expiry_months"],
            pending_days=row["pending_days"],
        ),
        collateral=row["collateral"],
        fund_share=row["fund_share"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )
