"""What stands in a proposal's content, as people read it: a word and a figure for each field."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kit.language import gettext as _
from kit.language import mark
from web.frame import formats

MILLION = 1_000_000
# Of machines; the hash of the whole stands beside.
HIDDEN = frozenset({"hash", "proof", "revision", "drawn_up_at"})

WORDS: Mapping[str, str] = {
    "party": mark("Partner"),
    "partner": mark("Partner"),
    "direction": mark("Direction"),
    "theirs": mark("Their points"),
    "ours": mark("Shared points"),
    "minimum": mark("At least"),
    "step": mark("In steps of"),
    "daily_cap": mark("At most a day"),
    "fee_ppm": mark("Fee"),
    "undo_days": mark("Can be undone for"),
    "valid_from": mark("In force from"),
    "valid_to": mark("In force until"),
    "issue_price": mark("Price of a point issued"),
    "accept_price": mark("Price of a point accepted"),
    "prefunded_ppm": mark("Paid at issuing"),
    "breakage_hub_ppm": mark("Breakage kept by the hub"),
    "currency": mark("Settles in"),
    "cap": mark("Cap"),
    "expiry_months": mark("Points expire after"),
    "pending_days": mark("Points are pending for"),
    "collateral": mark("Collateral"),
    "fund_share": mark("Share of the fund"),
    "every": mark("Closes every"),
    "cut_off": mark("Cut-off"),
    "zone": mark("Time zone"),
    "advice_days": mark("Days to the advice"),
    "call_days": mark("Days to the call"),
    "dispute_days": mark("Days for disputes"),
    "route": mark("Route of the money"),
    "first_day": mark("First day"),
    "name": mark("Name"),
    "account": mark("Account"),
    "bank": mark("Bank"),
    "bank_code": mark("Bank code"),
    "bic": mark("BIC"),
    "mandate": mark("Mandate"),
    "mandate_on": mark("Mandate of"),
    "points": mark("Points"),
    "amount": mark("Amount"),
    "wallet": mark("Wallet"),
    "exchange": mark("Exchange"),
    "window": mark("Window"),
    "payment": mark("Payment"),
    "entry": mark("Bank line"),
    "received_on": mark("Received on"),
    "dispute": mark("Dispute"),
    "uphold": mark("Outcome"),
    "kind": mark("Kind"),
    "method": mark("Method"),
    "shortfall": mark("Shortfall"),
    "source_party": mark("From the points of"),
    "source_money": mark("From money"),
    "target_party": mark("Into the points of"),
    "target_money": mark("Into money"),
    "gives": mark("Gives"),
    "gets": mark("Gets"),
    "base": mark("One unit of"),
    "quote": mark("In units of"),
    "rate": mark("Rate"),
    "scopes": mark("May do"),
    "public": mark("Public key"),
    "key": mark("Key"),
    "keys": mark("Keys"),
    "roles": mark("Roles"),
    "email": mark("Mail address"),
    "state": mark("State"),
    "statements_digest": mark("Digest of all statements"),
    "why": mark("Reason"),
}

_ORDER = {name: place for place, name in enumerate(WORDS)}

# Words that stand as values.
VALUES: Mapping[str, str] = {
    "import": mark("into the shared points"),
    "export": mark("out of the shared points"),
    "credit": mark("to the member"),
    "debit": mark("from the member"),
    "deposit": mark("Deposit"),
    "withdrawal": mark("Withdrawal"),
    "collateral": mark("Collateral"),
    "fund": mark("Mutual fund"),
    "cover": mark("covered by others"),
    "without": mark("worked out without the partner"),
    "month": mark("month"),
    "half-month": mark("half a month"),
    "week": mark("week"),
    "day": mark("day"),
    "hub": mark("by way of the hub"),
    "direct": mark("directly"),
    "applied": mark("Applied"),
    "active": mark("Active"),
    "suspended": mark("Suspended"),
    "closed": mark("Closed"),
    "approved": mark("Approved"),
    "paying": mark("Paying"),
    "settled": mark("Settled"),
    "aborted": mark("Aborted"),
    "revoked": mark("Revoked"),
}

_PRICES = frozenset({"issue_price", "accept_price"})
_SHARES = frozenset({"fee_ppm", "prefunded_ppm", "breakage_hub_ppm"})
_MONEY = frozenset({"cap", "collateral", "fund_share", "amount", "shortfall"})
_PARTIES = frozenset({"party", "source_party", "target_party"})
_CHOICES = frozenset({"direction", "kind", "account", "method", "every", "route", "state"})
_MOMENTS = frozenset({"valid_from", "valid_to"})


class Reader:
    """Reads fields for one page: `names` of parties, the hub's `currency` and `zone`."""

    def __init__(self, names: Mapping[int, str], currency: str, zone: ZoneInfo) -> None:
        self.names = names
        self.currency = currency
        self.zone = zone

    def word(self, name: str) -> str:
        """What a field is called."""
        return _(WORDS[name]) if name in WORDS else name.replace("_", " ")

    def value(self, name: str, value: Any) -> str | None:
        """A field's value; None for nothing."""
        if value is None:
            return None
        for names, shown in self._kinds():
            if name in names:
                return shown(value)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, int):
            return formats.points(value)
        if isinstance(value, list):
            return ", ".join(str(each) for each in value)
        return str(value)

    def rows(
        self, before: Mapping[str, Any] | None, after: Mapping[str, Any]
    ) -> list[tuple[str, str | None, str | None]]:
        """What changes and nothing else; all of it where there was nothing before."""
        rows = []
        for name in sorted(after, key=_place):
            if name in HIDDEN or (before is not None and before.get(name) == after[name]):
                continue
            was = None if before is None else self.value(name, before.get(name))
            now = self.value(name, after[name])
            if was != now:
                rows.append((self.word(name), was, now))
        return rows

    def money(self, amounts: Mapping[str, int]) -> str:
        """`¥96,438.00`, or several of them."""
        return ", ".join(formats.money(amount, code) for code, amount in amounts.items())

    def _kinds(self) -> tuple[tuple[frozenset[str], Callable[[Any], str]], ...]:
        return (
            (_PRICES, self._price),
            (_SHARES, lambda ppm: formats.percent(ppm / MILLION)),
            (_MONEY, self._money),
            (_PARTIES, lambda party: self.names.get(party, str(party))),
            (_CHOICES, lambda word: _(VALUES[word]) if word in VALUES else str(word)),
            (_MOMENTS, self._moment),
            (frozenset({"valid_on", "mandate_on", "received_on", "first_day"}), _day),
            (frozenset({"uphold"}), lambda held: _("Uphold") if held else _("Reject the dispute")),
            (frozenset({"expiry_months"}), lambda n: _("%(n)s months", n=n)),
            (frozenset({"pending_days", "undo_days"}), lambda n: _("%(n)s days", n=n)),
            (frozenset({"wallet"}), str),
        )

    def _money(self, amount: Any) -> str:
        if isinstance(amount, Mapping):
            return self.money(amount)
        return formats.money(amount, self.currency)

    def _price(self, millionths: int) -> str:
        """Of as many points as make a whole fen."""
        for points in (100, 10_000, 1_000_000):
            minor, rest = divmod(millionths * points, MILLION)
            if not rest:
                break
        price = formats.money(minor, self.currency)
        return _("%(money)s for %(n)s points", money=price, n=formats.points(points))

    def _moment(self, text: str | datetime) -> str:
        at = datetime.fromisoformat(text) if isinstance(text, str) else text
        return _day(at) if len(str(text)) == len("2026-12-01") else formats.moment(at, self.zone)


def _place(name: str) -> int:
    """Where a field stands among others: in the order of the words above."""
    return _ORDER.get(name, len(_ORDER))


def _day(text: str | date) -> str:
    on = date.fromisoformat(text[:10]) if isinstance(text, str) else text
    return formats.day(on)
