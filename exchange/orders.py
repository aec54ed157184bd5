"""What can be asked of the books: the shape that `exchange.post` takes, one order after another."""

from typing import Any, Literal, TypedDict

OrderKind = Literal[
    "accrual",
    "import",
    "authorisation",
    "capture",
    "void",
    "hold-expiry",
    "redemption",
    "refund",
    "clawback",
    "lot-expiry",
    "transfer",
    "adjustment",
]


class Order(TypedDict, total=False):
    """One order; its fields are those of the SQL type `exchange."order"`, ids as text.

    Orders are made by the use cases (`acceptance`, `issuing`, …), which say what each needs.
    """

    kind: OrderKind
    party: int
    key: str
    fingerprint: str
    key_id: str
    nonce: str
    signed_at: int
    evidence: dict[str, Any]
    id: str
    link: str
    code: str
    wallet: int
    to_wallet: int
    points: int
    reference: str
    occurred_at: str
    expires_on: str
    spendable_from: str
    expiry_months: int
    pending_days: int
    terms: int
    price: int
    cap: int | None
    hold: str
    undoes: str
    theirs: int
    quote: str
    online: bool
    unpriced: bool
    direction: Literal["credit", "debit"]
    approval: str
    note: str
    issuer: int
    held_until: str
    rate: int
    fee: int
    only_unspent: bool
