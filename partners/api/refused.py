"""What a partner may read of a refusal by the books: ids with their prefix, times as text."""

from datetime import datetime
from typing import Final
from uuid import UUID

from kit.ids import to_text
from partners.api.operations import Facts

_FIRST: Final = {
    "accrual": "jrn",
    "import": "jrn",
    "redemption": "jrn",
    "refund": "jrn",
    "clawback": "jrn",
    "authorisation": "aut",
}


def public(facts: Facts) -> Facts:
    """The facts of a refusal, none of them inward."""
    found = dict(facts)
    first = found.get("first")
    if first is not None and not str(first).startswith(("mbr_", "jrn_", "aut_")):
        kind = found.pop("kind", None)
        found["first"] = to_text(_FIRST.get(kind, "mbr"), UUID(str(first)))
    for name, value in found.items():
        if isinstance(value, datetime):
            found[name] = value.isoformat()
    return found
