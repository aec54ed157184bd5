"""What a proposal would do, as the second person reads it: each kind in words of its own.

The present state is read from the books as they stand; what is proposed stands beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

import exchange.store
import settlement.bank.store
import settlement.calendar.store
import settlement.defaults.store
import settlement.disputes.store
import settlement.store
import staff.store
from kit.errors import Refusal
from kit.language import gettext as _
from partners import keys, registry, terms
from partners.errors import PartnerNotFound, TermsMissing
from settlement import agreed, fx_rates
from settlement.bank import accounts, importing
from settlement.explaining.kept import kept
from settlement.explaining.simulation import CHANGEABLE, Scenario, replay
from settlement.reckoning import FLOAT, HUB
from staff.approvals import Proposal
from web.desk import exchanges
from web.desk.facts import Reader
from web.frame import formats

Row = tuple[str, str | None, str | None]


@dataclass(kw_only=True, slots=True)
class Shown:
    """A proposal in words: `verb` with its object, the amount if there is one, what changes.

    `facts` are pairs of a word and what stands beside it; `effect` is what the change would have
    done to each party's last settlement, `effect_of` that window's name; `href` leads to the thing.
    """

    verb: str
    amount: str = ""
    rows: list[Row] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    effect: list[tuple[str, str]] = field(default_factory=list)
    effect_of: str = ""
    href: str = ""
    barred: str = ""  # Who closed the window, and therefore does not approve it.


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """What describers read with: the books, and how to say what is found."""

    session: Session
    now: datetime
    reader: Reader

    def name(self, party: int) -> str:
        return self.reader.names.get(party, str(party))


def show(session: Session, proposal: Proposal, *, currency: str, now: datetime) -> Shown:
    """The proposal beside what there is now. What is gone from the books is shown without."""
    look = _look(session, currency, now)
    return _DESCRIBERS.get(proposal.kind, _plain)(look, proposal.content, proposal.kind)


def titles(
    session: Session, proposals: list[Proposal], *, currency: str, now: datetime
) -> list[Shown]:
    """The same for a list, without what takes longer to find: changes and effects."""
    look = _look(session, currency, now)
    return [
        Shown(verb=_verb(look, each.kind, each.content), amount=_amount(look, each.content))
        for each in proposals
    ]


def differences(
    session: Session,
    original: Mapping[str, Any],
    content: Mapping[str, Any],
    *,
    currency: str,
    now: datetime,
) -> list[Row]:
    """What an edited proposal says otherwise than when it was made."""
    reader = _look(session, currency, now).reader
    both = {**dict.fromkeys(original), **content}
    return reader.rows(original, both)


def _look(session: Session, currency: str, now: datetime) -> _Look:
    names = {party: name for party, (_id, name) in settlement.store.names(session).items()}
    names |= {HUB: _("The hub"), FLOAT: _("Prepaid pool")}
    zone = ZoneInfo(exchange.store.zone(session))
    return _Look(session=session, now=now, reader=Reader(names, currency, zone))


# --- verbs ----------------------------------------------------------------------------------------


def _verb(look: _Look, kind: str, content: Mapping[str, Any]) -> str:
    """What would be done, and to what."""
    window, party = content.get("window", ""), content.get("party")
    partner = look.name(party) if isinstance(party, int) else content.get("partner", "")
    name = content.get("name", "")
    return {
        "rate": lambda: _("%(partner)s: agree a rate", partner=partner),
        "outside-rate": lambda: _("Count with a rate of others"),
        "terms": lambda: _("%(partner)s: agree new terms", partner=partner),
        "partner-key": lambda: _("%(partner)s: register a key", partner=partner),
        "partner-key-revocation": lambda: _("%(partner)s: revoke a key", partner=partner),
        "partner-activation": lambda: _("%(partner)s: let it trade", partner=partner),
        "partner-restoration": lambda: _("%(partner)s: let it trade again", partner=partner),
        "exchange-answer": lambda: _("%(partner)s: settle an exchange by hand", partner=partner),
        "calendar": lambda: _("Agree a calendar"),
        "window-approval": lambda: _("Approve window %(window)s", window=window),
        "window-payment": lambda: _("Pay window %(window)s", window=window),
        "window-abort": lambda: _("Give up window %(window)s", window=window),
        "settle-regardless": lambda: _(
            "Settle window %(window)s though the bank does not agree", window=window
        ),
        "fx-rate": lambda: _(
            "Fix the rate %(pair)s", pair=f"{content.get('base')}/{content.get('quote')}"
        ),
        "adjustment": lambda: _("%(partner)s: adjust a member's points", partner=partner),
        "bank-account": lambda: _("%(partner)s: bank account", partner=partner),
        "bank-match": lambda: _(
            "Match a bank line to payment %(payment)s", payment=content.get("payment")
        ),
        "payment-confirmation": lambda: _(
            "Confirm payment %(payment)s", payment=content.get("payment")
        ),
        "dispute-resolution": lambda: _("Resolve a dispute"),
        "security": lambda: (
            _("%(partner)s: security received", partner=partner)
            if content.get("kind") == "deposit"
            else _("%(partner)s: security given back", partner=partner)
        ),
        "default": lambda: _(
            "%(partner)s: default in window %(window)s", partner=partner, window=window
        ),
        "default-cure": lambda: _(
            "%(partner)s: default of window %(window)s made good", partner=partner, window=window
        ),
        "operator-invitation": lambda: _("%(name)s: invite to the desk", name=name),
        "operator-roles": lambda: _("%(name)s: change the roles", name=name),
        "operator-restoration": lambda: _("%(name)s: let back in", name=name),
    }.get(kind, lambda: kind)()


def _amount(look: _Look, content: Mapping[str, Any]) -> str:
    """Of money or points that would move; empty where neither does."""
    amount = content.get("amount", content.get("shortfall"))
    if amount is not None:
        return str(look.reader.value("amount", amount))
    if isinstance(content.get("points"), int):
        sign = -1 if content.get("direction") == "debit" else 1
        return _("%(n)s points", n=formats.signed(sign * content["points"]))
    return ""


def _shown(
    look: _Look, kind: str, content: Mapping[str, Any], rows: list[Row], **more: Any
) -> Shown:
    return Shown(verb=_verb(look, kind, content), amount=_amount(look, content), rows=rows, **more)


def _plain(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    """Where there is nothing before: all that is proposed."""
    return _shown(look, kind, content, look.reader.rows(None, content))


# --- what is agreed -------------------------------------------------------------------------------


def _terms(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    try:
        found = terms.at(terms.of(look.session, content["party"]), look.now)
    except TermsMissing:
        before = None
    else:
        before = {
            **{name: getattr(found.priced, name) for name in CHANGEABLE},
            "cap": found.issuing.cap,
            "expiry_months": found.issuing.expiry_months,
            "pending_days": found.issuing.pending_days,
            "collateral": found.collateral,
            "fund_share": found.fund_share,
            "party": content["party"],
            "valid_from": found.valid_from.isoformat(),
        }
    effect, window = _effect_of_terms(look, content)
    return _shown(
        look, kind, content, look.reader.rows(before, content), effect=effect, effect_of=window
    )


def _effect_of_terms(look: _Look, content: Mapping[str, Any]) -> tuple[list[tuple[str, str]], str]:
    """Who would have come off better or worse by the last window that was worked out."""
    last = next(
        (
            each
            for each in settlement.store.list_windows(look.session, before=None, limit=3)
            if each.revision
        ),
        None,
    )
    if last is None:
        return [], ""
    window = kept(look.session, last.name)
    changes = {name: content[name] for name in CHANGEABLE if name in content}
    scenario = Scenario(terms={content["party"]: changes}, rates={})
    effect = [
        (look.name(each.party), _signed_money(each.net_change, window.base))
        for each in replay(window, scenario).outcomes
        if each.net_change
    ]
    return effect, last.name


def _rate(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    row = exchange.store.rate_at(look.session, content["party"], content["direction"], look.now)
    before = None if row is None else {**row, "party": content["party"]}
    return _shown(look, kind, content, look.reader.rows(before, content))


def _fx_rate(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    known = fx_rates.in_force(look.session, content["base"], look.now.date())
    found = known.get(content["quote"])
    quote = f"{content['numerator']}/{content['denominator']}"
    was = f"{found.numerator}/{found.denominator}" if found else None
    rows = [(look.reader.word("rate"), was, quote)]
    day = {"valid_from": content["valid_from"]}
    return _shown(look, kind, content, [*rows, *look.reader.rows(None, day)])


def _calendar(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    known = settlement.calendar.store.calendars(look.session)
    before = None
    if known:
        before = {name: getattr(known[-1], name, None) for name in content}
        before["cut_off"] = f"{known[-1].cut_off:%H:%M}"
    return _shown(look, kind, content, look.reader.rows(before, content))


# --- windows --------------------------------------------------------------------------------------


def _window(to: str) -> Callable[[_Look, Mapping[str, Any], str], Shown]:
    def describe(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
        reader = look.reader
        window = settlement.store.find_window(look.session, content["window"])
        was = reader.value("state", window.state) if window else None
        facts = [(_("Figures"), _("revision %(n)s", n=content["revision"]))]
        if digest := content.get("statements_digest"):
            facts.append((reader.word("statements_digest"), digest[:8]))
        if window is not None and window.closed_by:
            facts.append((_("Closed by"), window.closed_by))
        closer = window.closed_by or "" if window and kind == "window-approval" else ""
        return _shown(
            look,
            kind,
            content,
            [(reader.word("state"), was, reader.value("state", to))],
            barred=closer,
            facts=facts,
            files=content.get("files", []),
            href=f"/desk/windows/{content['window']}",
        )

    return describe


# --- money ----------------------------------------------------------------------------------------


def _account(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    known = accounts.in_force(look.session, look.now.date())
    found = known.get((content["party"], content["currency"]))
    before = None
    if found is not None:
        values: dict[str, Any] = {name: getattr(found, name, None) for name in content}
        before = values | {
            day: values[day] and values[day].isoformat() for day in ("valid_from", "mandate_on")
        }
    return _shown(look, kind, content, look.reader.rows(before, content))


def _match(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    row = settlement.bank.store.entry(look.session, UUID(content["entry"]))
    shown = _shown(look, kind, content, look.reader.rows(None, {"payment": content["payment"]}))
    if row is not None:
        entry = importing.entry_of(dict(row))
        shown.amount = formats.money(entry.amount, entry.currency)
        shown.facts = [(_("Booked on"), formats.day(entry.booked_on))]
    return shown


def _security(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    held = {
        (row["party_id"], row["account"]): row["held"]
        for row in settlement.defaults.store.balances(look.session)
    }
    was = held.get((content["party"], content["account"]), 0)
    sign = 1 if content["kind"] == "deposit" else -1
    money = look.reader.currency
    row = (
        str(look.reader.value("account", content["account"])),
        formats.money(was, money),
        formats.money(was + sign * content["amount"], money),
    )
    return _shown(look, kind, content, [row])


def _default(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    rows = look.reader.rows(
        None, {name: content[name] for name in ("method", "shortfall") if name in content}
    )
    money = look.reader.currency
    rows += [
        (look.name(each["party"]), formats.money(each["before"], money),
         formats.money(each["after"], money))
        for each in content.get("nets", ())
        if each["before"] != each["after"]
    ]  # fmt: skip
    return _shown(look, kind, content, rows, href=f"/desk/windows/{content['window']}")


# --- disputes, partners, people -------------------------------------------------------------------


def _resolution(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    found = settlement.disputes.store.find(look.session, UUID(content["dispute"]))
    reader = look.reader
    rows = reader.rows(None, {"uphold": content["uphold"]})
    if carry := content.get("carry"):
        words = _("Carry over into %(window)s: it stays out of the net until it is decided",
                  window=carry)  # fmt: skip
        rows = [(reader.word("uphold"), None, words)]
    shown = _shown(look, kind, content, rows)
    if found is not None:
        back = content["points"] if content["points"] is not None else found["points"]
        given = back if content["uphold"] else 0
        shown.amount = _("%(n)s points", n=formats.points(given))
        shown.facts = [
            (_("Contested"), _("%(n)s points", n=formats.points(found["points"]))),
            (reader.word("window"), found["window_name"]),
        ]
    return shown


def _partner(to: str) -> Callable[[_Look, Mapping[str, Any], str], Shown]:
    def describe(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
        reader = look.reader
        slug = content["partner"]
        try:
            was = registry.find(look.session, slug).state
        except PartnerNotFound:
            was = None
        rows = [(reader.word("state"), reader.value("state", was), reader.value("state", to))]
        rest = {name: content[name] for name in content if name != "partner"}
        return _shown(
            look, kind, content, [*rows, *reader.rows(None, rest)], href=f"/desk/partners/{slug}"
        )

    return describe


def _exchange(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    """What the partner is asked, and what two people say that it did."""
    reader, did = look.reader, exchanges.SAID[content["said"]]
    rows: list[Row] = [
        (_("What it did"), None, _(did)),
        *reader.rows(None, {"ours": content["ours"]}),
    ]
    facts = [
        (reader.word("exchange"), content["exchange"]),
        (_("What the partner is asked"), exchanges.asks(content["act"], content["theirs"])),
    ]
    href = f"/desk/health/exchanges/{content['exchange']}"
    return _shown(look, kind, content, rows, facts=facts, href=href)


def _revocation(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    reader = look.reader
    rows: list[Row] = []
    try:
        party = registry.find(look.session, content["partner"]).party
    except PartnerNotFound:
        return _plain(look, content, kind)
    for key in keys.listed(look.session, party=party, now=look.now):
        if key["id"] == content["key"]:
            was = reader.value("scopes", key["scopes"])
            rows = [(reader.word("scopes"), was, None)]
    facts = [(reader.word("key"), content["key"])]
    return _shown(look, kind, content, rows, facts=facts)


def _roles(look: _Look, content: Mapping[str, Any], kind: str) -> Shown:
    found = staff.store.roles(look.session, content["name"])
    before = None if found is None else {**content, "roles": list(found)}
    return _shown(look, kind, content, look.reader.rows(before, content))


def moved(session: Session, proposal: Proposal, *, currency: str, now: datetime) -> list[Row]:
    """What a closed window's figures are by now, where they are not what was proposed."""
    if proposal.kind != "window-approval":
        return []
    try:
        figures = agreed.figures(session, proposal.content["window"])
    except Refusal:
        return []
    reader = _look(session, currency, now).reader
    revisions = proposal.content["revision"], figures["revision"]
    rows = reader.rows(proposal.content, figures)
    if revisions[0] != revisions[1]:
        was, is_now = (_("revision %(n)s", n=each) for each in revisions)
        rows.insert(0, (_("Figures"), was, is_now))
    return rows


def _signed_money(amount: int, currency: str) -> str:
    shown = formats.money(amount, currency)
    return f"+{shown}" if amount > 0 else shown


_DESCRIBERS: dict[str, Callable[[_Look, Mapping[str, Any], str], Shown]] = {
    "rate": _rate,
    "terms": _terms,
    "fx-rate": _fx_rate,
    "calendar": _calendar,
    "window-approval": _window("approved"),
    "window-payment": _window("paying"),
    "window-abort": _window("aborted"),
    "settle-regardless": _window("settled"),
    "bank-account": _account,
    "bank-match": _match,
    "security": _security,
    "default": _default,
    "dispute-resolution": _resolution,
    "partner-activation": _partner("active"),
    "partner-restoration": _partner("active"),
    "partner-key-revocation": _revocation,
    "exchange-answer": _exchange,
    "operator-roles": _roles,
}
