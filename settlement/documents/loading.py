"""A statement out of its signed document: what is rendered is what was signed, and nothing else."""

import json
from datetime import date, datetime
from typing import Any

from settlement.fx import Rate
from settlement.statement_files import FORMAT
from settlement.statements import (
    BankDetails,
    Carried,
    Due,
    Statement,
    Trade,
    Transfer,
    TreeHead,
)

_DERIVED = ("format", "fee", "direction")  # In the document for its readers' sake.
_ROWS = {
    "held_back": Carried,
    "brought_in": Carried,
    "spent": Trade,
    "accepted": Trade,
    "owes": Due,
    "owed": Due,
    "pay": Transfer,
    "collect": Transfer,
}


def from_json(document: bytes) -> Statement:
    """The statement that `as_json` made these bytes of. Raises ValueError for any other format."""
    facts: dict[str, Any] = json.loads(document)
    if facts.get("format") != FORMAT:
        raise ValueError(f"a document of the format {facts.get('format')!r}, not {FORMAT}")
    for name in _DERIVED:
        del facts[name]
    for name, row in _ROWS.items():
        facts[name] = tuple(row(**each) for each in facts[name])
    for name in ("opened_at", "closed_at"):
        facts[name] = datetime.fromisoformat(facts[name])
    facts["due_on"] = date.fromisoformat(facts["due_on"])
    facts["rate"] = facts["rate"] and Rate(**facts["rate"])
    facts["bank"] = facts["bank"] and BankDetails(**facts["bank"])
    if head := facts["head"]:
        facts["head"] = TreeHead(**head | {"at": datetime.fromisoformat(head["at"])})
    return Statement(**facts)
