"""What each kind of proposal is about: two of one kind do not wait for the same thing at once."""

from collections.abc import Mapping
from typing import Any

# The parts of a content that say which thing is meant. All of it, where only the same act twice is
# a mistake: two adjustments of one wallet may both be right.
_PARTS: dict[str, tuple[str, ...]] = {
    "rate": ("party", "direction", "valid_from"),
    "outside-rate": (),
    "terms": ("party", "valid_from"),
    "partner-key": ("partner", "public"),
    "partner-key-revocation": ("partner", "key"),
    "partner-activation": ("partner",),
    "partner-restoration": ("partner",),
    "exchange-answer": ("exchange",),
    "calendar": ("first_day",),
    "window-approval": ("window",),
    "window-payment": ("window",),
    "window-abort": ("window",),
    "settle-regardless": ("window",),
    "fx-rate": ("base", "quote", "valid_from"),
    "adjustment": (),
    "bank-account": ("party", "currency", "valid_from"),
    "bank-match": ("entry",),
    "payment-confirmation": ("payment",),
    "dispute-resolution": ("dispute",),
    "security": ("kind", "party", "account"),
    "default": ("window", "party"),
    "default-cure": ("window", "party"),
    "operator-invitation": ("name",),
    "operator-roles": ("name",),
    "operator-restoration": ("name",),
}


def object_of(kind: str, content: Mapping[str, Any]) -> str:
    """What a proposal is about, in one line: `2026-11`, `3 import 2026-12-01T00:00:00+00:00`.

    Reads no more of `content` than names the thing.
    """
    parts = _PARTS[kind] or sorted(content)
    return " ".join(str(content[part]) for part in parts)
