"""What notices say, in the current language: in the inbox and, the same words, by message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from babel.dates import format_skeleton

from kit import ids
from kit.language import LOCALES, current
from kit.language import gettext as _
from members.notices.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Said:
    """`link` is where one can see it, `alarm` whether it may be somebody else's doing."""

    sentence: str
    link: str
    alarm: bool = False


def say(
    kind: str, facts: Mapping[str, Any], brands: Mapping[int, str], today: date, zone: tzinfo
) -> Said:
    """A notice of this kind, its facts as `kinds.read` gives them."""
    brand = brands.get(facts.get("party", 0), "")
    return Said(_sentence(kind, facts, brand, today, zone), _link(kind, facts), kind in ALARMS)


ALARMS = frozenset(
    {
        "large-hold",
        "large-spend",
        "new-device",
        "passkey-added",
        "passkey-removed",
        "linked",
        "consent-changed",
        "unfrozen",
    }
)


def topic(name: str) -> str:
    """A topic as the settings name it, and the subject of messages."""
    names = {
        "credits": _("Points received"),
        "spends": _("Spends"),
        "refunds": _("Refunds"),
        "clawbacks": _("Points taken back"),
        "expiry": _("Points that expire"),
        "gifts": _("Gifts"),
        "exchanges": _("Exchanges"),
        "family": _("Family purse"),
        "large-spends": _("Large spends"),
        "sign-in": _("Sign-in and passkeys"),
        "freezing": _("Freezing the wallet"),
        "consent": _("What brands may do"),
    }
    return names[name]


def subject(kind: str) -> str:
    """The head of a message."""
    return _("Tongbao: %(topic)s", topic=topic(KINDS[kind].topic))


def _sentence(kind: str, facts: Mapping[str, Any], brand: str, today: date, zone: tzinfo) -> str:
    points = _points(facts.get("points", 0))
    match kind:
        case "credit":
            return _("%(brand)s gave you %(points)s.", brand=brand, points=points)
        case "spend":
            return _("You spent %(points)s at %(brand)s.", brand=brand, points=points)
        case "large-hold":
            return _(
                "%(brand)s is holding %(points)s. Waiting for the final amount.",
                brand=brand,
                points=points,
            )
        case "large-spend":
            return _("A large spend: %(points)s at %(brand)s.", brand=brand, points=points)
        case "refund":
            return _("%(brand)s refunded %(points)s.", brand=brand, points=points)
        case "clawback":
            return _clawback(points, facts["owed"], brand)
        case "expiry":
            return _expiry(points, facts["day"], facts["left"], today)
        case "gift-received":
            return _(
                "You have been given %(points)s. Not accepted by %(until)s, they go back.",
                points=points,
                until=_moment(facts["until"].astimezone(zone)),
            )
        case "gift-accepted":
            return _("Your gift of %(points)s was accepted.", points=points)
        case "gift-returned":
            return _("Your gift of %(points)s came back.", points=points)
        case "exchange-done" if facts["out"]:
            return _("Exchange done: %(points)s went to %(brand)s.", brand=brand, points=points)
        case "exchange-done":
            return _(
                "Exchange done: %(points)s came in from %(brand)s.",
                brand=brand,
                points=points,
            )
        case "exchange-returned":
            return _(
                "The exchange of %(points)s with %(brand)s did not happen."
                " You have what you had before.",
                brand=brand,
                points=points,
            )
        case "exchange-undone":
            return _(
                "The exchange of %(points)s with %(brand)s was undone.",
                brand=brand,
                points=points,
            )
        case _:
            return _of_the_account(kind, facts, brand)


def _of_the_account(kind: str, facts: Mapping[str, Any], brand: str) -> str:
    match kind:
        case "family-invitation":
            return _("You are invited to share a family purse.")
        case "new-device":
            return _(
                "New device signed in: %(device)s.",
                device=facts["device"] or _("an unknown browser"),
            )
        case "passkey-added":
            return _("A passkey was added to your account.")
        case "passkey-removed":
            return _("A passkey was removed from your account.")
        case "frozen":
            return _frozen(facts.get("holds", 0))
        case "unfrozen":
            return _("Your wallet is open again: points can be spent.")
        case "consent-changed":
            return _("What %(brand)s may see and spend has changed.", brand=brand)
        case "consent-withdrawn":
            return _("%(brand)s may no longer see or spend anything.", brand=brand)
        case "linked":
            return _("%(brand)s is linked to your wallet now.", brand=brand)
    raise KeyError(kind)


def _points(points: int) -> str:
    return _("1 point") if points == 1 else _("%(n)s points", n=f"{points:,}")


def _clawback(points: str, owed: int, brand: str) -> str:
    taken = _("%(points)s taken back because goods were returned.", points=points)
    if not owed:
        return taken
    owing = _(
        "%(points)s are still owed and will come off the next points %(brand)s gives you.",
        points=_points(owed),
        brand=brand,
    )
    return taken + ("" if current() == "zh" else " ") + owing


def _expiry(points: str, day: date, left: int, today: date) -> str:
    """As of when it was told: a message is read the same day, the inbox has the day beside it."""
    on = _day(day, today)
    if left == 0:
        return _("%(points)s expire today, %(day)s.", points=points, day=on)
    if left == 1:
        return _("%(points)s expire tomorrow, %(day)s.", points=points, day=on)
    return _("%(points)s expire on %(day)s (%(left)s days).", points=points, day=on, left=left)


def _frozen(holds: int) -> str:
    if not holds:
        return _("Your wallet is frozen: nobody can spend your points.")
    if holds == 1:
        return _("Your wallet is frozen: nobody can spend your points. 1 hold was cancelled.")
    return _(
        "Your wallet is frozen: nobody can spend your points. %(holds)s holds were cancelled.",
        holds=holds,
    )


def _day(day: date, today: date) -> str:
    skeleton = "MMMd" if day.year == today.year else "yMMMd"
    return str(format_skeleton(skeleton, day, locale=LOCALES[current()]))


def _moment(moment: datetime) -> str:
    day = format_skeleton("MMMd", moment, locale=LOCALES[current()])
    return f"{day}{'' if current() == 'zh' else ', '}{moment:%H:%M}"


def _link(kind: str, facts: Mapping[str, Any]) -> str:
    for name, place, prefix in (
        ("exchange", "/exchange", "exg"),
        ("gift", "/give", "gft"),
        ("journal", "/wallet/activity", "jrn"),
        ("visit", "/settings/devices", "ses"),
    ):
        if name in facts:
            return f"{place}/{ids.to_text(prefix, facts[name])}"
    places = {
        "expiry": "/wallet",
        "family": "/family",
        "sign-in": "/settings",
        "consent": "/brands",
    }
    return places.get(KINDS[kind].topic, "/wallet")
