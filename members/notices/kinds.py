"""Everything that a member may be told: by kind, with the facts that each needs.

Facts are figures, days and ids. None of them is a name, a number or a code of anybody: whoever
gave or invited is shown by the page that the notice leads to, to the member alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

LARGE_SPEND = 1_000  # points, from which a spend is an alarm, until the member says otherwise

# What may be switched off together, in the order of the settings' page.
TOPICS = (
    "credits",
    "spends",
    "refunds",
    "clawbacks",
    "expiry",
    "gifts",
    "exchanges",
    "family",
    "large-spends",
    "sign-in",
    "freezing",
    "consent",
)
# A thief who holds the phone must not be able to hide what happens from its owner.
SECURITY = frozenset({"large-spends", "sign-in", "freezing", "consent"})


@dataclass(frozen=True, slots=True)
class Kind:
    """`facts` are needed, `perhaps` may be given; both by the type of their values."""

    topic: str
    facts: Mapping[str, type]
    perhaps: Mapping[str, type]


def _kind(topic: str, perhaps: Mapping[str, type] | None = None, **facts: type) -> Kind:
    return Kind(topic, facts, perhaps or {})


KINDS: Mapping[str, Kind] = {
    "credit": _kind("credits", points=int, party=int, journal=UUID),
    "spend": _kind("spends", points=int, party=int, journal=UUID),
    "large-hold": _kind("large-spends", points=int, party=int, hold=UUID),
    "large-spend": _kind("large-spends", points=int, party=int, journal=UUID),
    "refund": _kind("refunds", points=int, party=int, journal=UUID),
    "clawback": _kind("clawbacks", points=int, party=int, journal=UUID, owed=int),
    "expiry": _kind("expiry", points=int, day=date, left=int),
    "gift-received": _kind("gifts", points=int, gift=UUID, until=datetime),
    "gift-accepted": _kind("gifts", points=int, gift=UUID),
    "gift-returned": _kind("gifts", points=int, gift=UUID),
    "exchange-done": _kind(
        "exchanges", {"exchange": UUID, "journal": UUID}, points=int, party=int, out=bool
    ),
    "exchange-returned": _kind("exchanges", points=int, party=int, exchange=UUID),
    "exchange-undone": _kind(
        "exchanges", {"exchange": UUID, "journal": UUID}, points=int, party=int
    ),
    "family-invitation": _kind("family", {"purse": UUID}),
    "new-device": _kind("sign-in", {"visit": UUID}, device=str),
    "passkey-added": _kind("sign-in"),
    "passkey-removed": _kind("sign-in"),
    "frozen": _kind("freezing", {"holds": int}),
    "unfrozen": _kind("freezing"),
    "consent-changed": _kind("consent", party=int),
    "consent-withdrawn": _kind("consent", party=int),
    "linked": _kind("consent", party=int),
}

# The fact by which a notice is told once, however often somebody tells it.
_ABOUT = ("journal", "hold", "exchange", "gift")


def written(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as JSON has them. Raises TypeError for an unknown, missing or further fact."""
    if kind not in KINDS:
        raise TypeError(f"{kind!r} is no kind of notice")
    known = {**KINDS[kind].facts, **KINDS[kind].perhaps}
    wrong = KINDS[kind].facts.keys() - facts.keys() | facts.keys() - known.keys()
    wrong |= {name for name, value in facts.items() if type(value) is not known.get(name)}
    if wrong:
        raise TypeError(f"a notice of kind {kind!r} is told with {known}, not {sorted(wrong)}")
    return {name: _written(value) for name, value in facts.items()}


def read(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What was written, with its types again."""
    known = {**KINDS[kind].facts, **KINDS[kind].perhaps}
    return {name: _read(known[name], value) for name, value in facts.items()}


def about(facts: Mapping[str, Any]) -> UUID | None:
    """What the notice is about, where that is one thing."""
    return next((facts[name] for name in _ABOUT if name in facts), None)


def _written(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            return value


def _read(type_: type, value: Any) -> Any:
    if type_ in (date, datetime):
        return type_.fromisoformat(value)
    return type_(value)
