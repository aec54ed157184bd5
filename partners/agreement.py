"""What a partner agreed to pay and to receive: the value that settlement prices points by."""

from dataclasses import dataclass
from typing import Literal

MILLION = 1_000_000

Policy = Literal["redemption", "issuance", "split"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What one partner agreed, for a period. Never edited in place.

    Prices are in millionths of the minor unit of the hub's currency, whatever the currency
    the partner settles in. Raises ValueError for a negative price or a share above the whole.
    """

    id: int
    party: int  # The partner's number in the books.
    issue_price: int  # Paid per point it issued.
    accept_price: int  # Received per point it accepted.
    fee_ppm: int  # The hub's fee, parts per million of what it receives as an acceptor.
    prefunded_ppm: int  # The share of a point paid for when it is issued.
    breakage_hub_ppm: (
        int  # The hub's share of an expired point's issue price, the rest is the issuer's.
    )
    currency: str  # Of settlement, ISO 4217.

    def __post_init__(self) -> None:
        if self.issue_price < 0 or self.accept_price < 0:
            raise ValueError(f"terms {self.id}: a price cannot be negative")
        for share in (self.fee_ppm, self.prefunded_ppm, self.breakage_hub_ppm):
            if not 0 <= share <= MILLION:
                raise ValueError(f"terms {self.id}: a share lies between 0 and a million")

    @property
    def policy(self) -> Policy:
        """When the issuer pays: as its points are spent, as it issues them, or some of each."""
        if self.prefunded_ppm == 0:
            return "redemption"
        return "issuance" if self.prefunded_ppm == MILLION else "split"
