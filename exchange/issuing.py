"""Issuing points: an accrual on a sale, or an import that replaces a partner's own points.

The issuer stands for every point it issues, so this is where its cap is held: its exposure is
locked, and points that would carry it past the cap are refused before they exist.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from exchange.orders import Order
from kit.ids import uuid7


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuingTerms:
    """What the issuer agreed, as far as the books need it.

    Points expire at the end of the month that lies `expiry_months` ahead: few lots, and one date
    to remember.
    """

    id: int
    price: int  # Millionths of a minor unit, per point.
    cap: int | None  # Minor units of exposure; None is no cap.
    expiry_months: int
    pending_days: int

    def fields(self) -> Order:
        """How an order carries them."""
        return Order(
            terms=self.id,
            price=self.price,
            cap=self.cap,
            expiry_months=self.expiry_months,
            pending_days=self.pending_days,
        )


def accrue(
    *,
    party: int,
    link: UUID,
    points: int,
    reference: str,
    terms: IssuingTerms | None,
    occurred_at: datetime | None = None,
) -> Order:
    """Issue points to a member on a sale, at the terms in force.

    Refused, in this order: PartnerNotActive, TermsMissing, MemberNotFound, DuplicateReference,
    PositionLimit.
    """
    return _issue("accrual", party, link, reference, terms, occurred_at) | Order(points=points)


def import_points(
    *,
    party: int,
    link: UUID,
    reference: str,
    terms: IssuingTerms | None,
    theirs: int | None = None,
    quote: UUID | None = None,
    occurred_at: datetime | None = None,
) -> Order:
    """Replace `theirs` of the partner's own points, at the rate in force or at a firm quote.

    Refused, in this order: PartnerNotActive, TermsMissing, MemberNotFound, DuplicateReference,
    QuoteNotFound, QuoteUsed, QuoteExpired or NoRate, AmountNotConvertible, PositionLimit, DailyCap.
    """
    order = _issue("import", party, link, reference, terms, occurred_at)
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
        order |= terms.fields()
    if occurred_at is not None:
        order["occurred_at"] = occurred_at.isoformat()
    return order
