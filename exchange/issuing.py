"""Issuing points: an accrual on a sale, or an import that replaces a partner's own points.

The issuer stands for every point it issues, so this is where its cap is held: its exposure is
locked, and points that would carry it past the cap are refused before they exist.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from exchange.orders import Order
from kit.ids import uuid7


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuingTerms:
    """What the issuer agreed, as far as the books need it."""

    price: int  # Millionths of a minor unit, per point.
    cap: int | None  # Minor units of exposure; None is no cap.
    expiry_months: int
    pending_days: int


def accrue(
    *,
    party: int,
    link: UUID,
    points: int,
    reference: str,
    terms: IssuingTerms | None,
    today: date,
    occurred_at: datetime | None = None,
) -> Order:
    """Issue points to a member on a sale, at the terms in force.

    Refused, in this order: PartnerNotActive, TermsMissing, MemberNotFound, DuplicateReference,
    PositionLimit.
    """
    return _issue("accrual", party, link, reference, terms, today, occurred_at) | Order(
        points=points
    )


def import_points(
    *,
    party: int,
    link: UUID,
    reference: str,
    terms: IssuingTerms | None,
    today: date,
    theirs: int | None = None,
    quote: UUID | None = None,
    occurred_at: datetime | None = None,
) -> Order:
    """Replace `theirs` of the partner's own points, at the rate in force or at a firm quote.

    Refused, in this order: PartnerNotActive, TermsMissing, MemberNotFound, DuplicateReference,
    QuoteNotFound, QuoteUsed, QuoteExpired or NoRate, AmountNotConvertible, PositionLimit, DailyCap.
    """
    order = _issue("import", party, link, reference, terms, today, occurred_at)
    if quote is not None:
        return order | Order(quote=str(quote))
    if theirs is None:
        raise ValueError("an import needs an amount or a quote")
    return order | Order(theirs=theirs)


def _issue(
    kind: str,
    party: int,
    link: UUID,
    reference: str,
    terms: IssuingTerms | None,
    today: date,
    occurred_at: datetime | None,
) -> Order:
    order = Order(
        kind="import" if kind == "import" else "accrual",
        party=party,
        id=str(uuid7()),
        link=str(link),
        reference=reference,
    )
    if terms is None:
        order["unpriced"] = True
    else:
        order["expires_on"] = expiry(today, terms.expiry_months).isoformat()
        order["price"] = terms.price
        order["cap"] = terms.cap
        if terms.pending_days:
            order["spendable_from"] = (today + timedelta(days=terms.pending_days)).isoformat()
    if occurred_at is not None:
        order["occurred_at"] = occurred_at.isoformat()
    return order


def expiry(today: date, months: int) -> date:
    """The last day of the month that lies `months` ahead: few lots, and one date to remember."""
    month = today.month - 1 + months
    year, month = today.year + month // 12, month % 12 + 1
    return date(year, month, monthrange(year, month)[1])
