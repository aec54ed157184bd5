"""Every kind of proposal: proposed, shown in both languages, approved by another, done once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from kit import language
from kit.database import Database
from kit.ids import from_text
from kit.language import LANGUAGES
from partners import keys, registry
from partners.public_keys import PrivateKey, proof_of_possession
from settlement import agreed
from settlement.defaults import curing, defaulting
from staff import approvals
from staff.errors import ProposalDecided
from staff.roles import PROPOSING
from tests.factories import build_operator
from tests.server import base64url
from tests.settlement.bank.scene import Desk as BankDesk
from tests.settlement.bank.scene import paying
from tests.settlement.coalition import Coalition
from web import enactments
from web.desk import showing
from web.frame import wiring

AHEAD = (datetime.now(UTC) + timedelta(days=400)).replace(microsecond=0)


@pytest.fixture
def hub(books: Any, tmp_path: Any) -> "Hub":
    return Hub(Coalition(books), tmp_path)


class Hub:
    """A hub with a closed and approved window, and ways to make each kind of content."""

    def __init__(self, coalition: Coalition, folder: Any) -> None:
        self.coalition = coalition
        self.database: Database = coalition.database
        self.bank = BankDesk(coalition, folder)
        self.window = self.bank.trade()
        with self.database.transaction() as session:
            build_operator(session, name="adm", roles=["administrator"])

    @property
    def fuel(self) -> int:
        return self.coalition.parties["fuel"]

    @property
    def market(self) -> int:
        return self.coalition.parties["market"]

    def close(self) -> str:
        """One more window, with something in it."""
        coalition, wallet = self.coalition, self.coalition.wallet()
        coalition.issue("market", wallet, 5_000)
        coalition.spend("fuel", wallet, 3_000)
        return coalition.close("2027-01")


def terms(hub: Hub) -> dict[str, Any]:
    return {
        "party": hub.fuel, "issue_price": 1_000_000, "accept_price": 900_000, "fee_ppm": 0,
        "prefunded_ppm": 0, "breakage_hub_ppm": 0, "currency": "JPY", "cap": None,
        "expiry_months": 24, "pending_days": 0, "valid_from": AHEAD.isoformat(), "collateral": 0,
        "fund_share": 0,
    }  # fmt: skip


def rate(hub: Hub) -> dict[str, Any]:
    return {
        "party": hub.fuel, "direction": "import", "theirs": 10, "ours": 3, "minimum": 10,
        "step": 10, "daily_cap": None, "fee_ppm": 0, "valid_from": AHEAD.isoformat(),
        "valid_to": None, "undo_days": 0,
    }  # fmt: skip


def outside_rate(hub: Hub) -> dict[str, Any]:
    return {
        "source_party": None, "source_money": "CNY", "target_party": hub.fuel,
        "target_money": None, "gives": 100, "gets": 1, "minimum": 100, "step": 100,
        "valid_from": AHEAD.isoformat(), "valid_to": None,
    }  # fmt: skip


def calendar(_: Hub) -> dict[str, Any]:
    return {
        "every": "month", "cut_off": "00:00", "zone": "Asia/Shanghai", "advice_days": 1,
        "call_days": 7, "dispute_days": 5, "route": "hub",
        "first_day": f"{AHEAD.date():%Y-%m}-01",
    }  # fmt: skip


def fx_rate(_: Hub) -> dict[str, Any]:
    return {
        "base": "CNY", "quote": "JPY", "numerator": 201, "denominator": 10,
        "valid_from": AHEAD.date().isoformat(),
    }  # fmt: skip


def adjustment(hub: Hub) -> dict[str, Any]:
    return {
        "party": hub.market, "wallet": hub.coalition.wallet(), "points": 120,
        "direction": "credit",
    }  # fmt: skip


def bank_account(hub: Hub) -> dict[str, Any]:
    return {
        "party": hub.fuel, "currency": "JPY", "valid_from": AHEAD.date().isoformat(),
        "name": "Fuel", "account": "7654321", "bank": "ICBC", "bank_code": "102100099996",
        "bic": None, "mandate": None, "mandate_on": None,
    }  # fmt: skip


def bank_match(hub: Hub) -> dict[str, Any]:
    due = hub.bank.due(hub.window, "in")
    hub.bank.says(paying(due, end_to_end=None))
    (entry,) = hub.bank.json("bank", "entries")
    return {"entry": str(from_text("ent", entry["id"])), "payment": due.end_to_end}


def approval(hub: Hub) -> dict[str, Any]:
    window = hub.close()
    with hub.database.transaction() as session:
        return agreed.figures(session, window)


def payment(hub: Hub) -> dict[str, Any]:
    with hub.database.transaction() as session:
        return agreed.payment(session, hub.window, by="ann", at=datetime.now(UTC))


def window(hub: Hub) -> dict[str, Any]:
    return {"window": hub.window, "revision": 1}


def regardless(hub: Hub) -> dict[str, Any]:
    hub.bank.agree("windows", "pay", hub.window)
    return window(hub)


def security(hub: Hub) -> dict[str, Any]:
    return {"kind": "deposit", "party": hub.fuel, "account": "collateral", "amount": 5_000}


def default(hub: Hub) -> dict[str, Any]:
    with hub.database.transaction() as session:
        return defaulting.dry_run(session, hub.window, hub.market, "without").content()


def cure(hub: Hub) -> dict[str, Any]:
    Story(hub, "default", default(hub)).approve()
    with hub.database.transaction() as session:
        return curing.content(session, hub.window, hub.market, None)


def activation(hub: Hub) -> dict[str, Any]:
    with hub.database.transaction() as session:
        registry.apply(session, slug="tea", name="Tea", now=datetime.now(UTC))
    return {"partner": "tea"}


def restoration(hub: Hub) -> dict[str, Any]:
    with hub.database.transaction() as session:
        registry.move(session, slug="fuel", to="suspended", now=datetime.now(UTC))
    return {"partner": "fuel"}


def key(hub: Hub) -> dict[str, Any]:
    private, created = PrivateKey.generate(), int(datetime.now(UTC).timestamp())
    public = private.public_key.to_text()
    with hub.database.transaction() as session:
        id_ = keys.public_id(registry.find(session, "fuel").id)
    proof = base64url(private.sign(proof_of_possession(id_, public, created)))
    return {
        "partner": "fuel", "public": public, "scopes": ["till"], "created": created,
        "proof": proof,
    }  # fmt: skip


def revocation(hub: Hub) -> dict[str, Any]:
    Story(hub, "partner-key", key(hub)).approve()
    with hub.database.transaction() as session:
        (found,) = keys.listed(session, party=hub.fuel, now=datetime.now(UTC))
    return {"partner": "fuel", "key": found["id"]}


# How each kind is made, and what it leaves behind: once, however often it is approved.
KINDS: dict[str, tuple[Callable[[Hub], dict[str, Any]], str]] = {
    "terms": (terms, "SELECT count(*) FROM partners.terms WHERE accept_price = 900000"
                     " AND lower(valid) > now()"),
    "rate": (rate, "SELECT count(*) FROM exchange.rate"),
    "outside-rate": (outside_rate, "SELECT count(*) FROM exchange.outside_rate"),
    "calendar": (calendar, "SELECT count(*) FROM settlement.calendar"),
    "fx-rate": (fx_rate, "SELECT count(*) FROM settlement.fx_rate WHERE valid_from > now()"),
    "adjustment": (adjustment, "SELECT count(*) FROM exchange.journal WHERE kind = 'adjustment'"),
    "bank-account": (bank_account, "SELECT count(*) FROM settlement.bank_account"
                                   " WHERE account = '7654321'"),
    "bank-match": (bank_match, "SELECT count(*) FROM settlement.bank_match WHERE how = 'hand'"),
    "window-approval": (approval, "SELECT count(*) FROM settlement.settlement"
                                  " WHERE approval IS NOT NULL AND approved_by = 'ben'"),
    "window-payment": (payment, "SELECT count(DISTINCT window_id) FROM settlement.payment_file"),
    "window-abort": (window, "SELECT count(*) FROM settlement.settlement WHERE state = 'aborted'"),
    "settle-regardless": (regardless, "SELECT count(*) FROM settlement.settlement"
                                      " WHERE settled_regardless IS NOT NULL"),
    "security": (security, "SELECT count(*) FROM settlement.security"),
    "partner-activation": (activation, "SELECT count(*) FROM partners.partner"
                                       " WHERE slug = 'tea' AND state = 'active'"),
    "partner-restoration": (restoration, "SELECT count(*) FROM partners.partner"
                                         " WHERE slug = 'fuel' AND state = 'active'"),
    "partner-key": (key, "SELECT count(*) FROM partners.key"),
    "partner-key-revocation": (revocation, "SELECT count(*) FROM partners.key"
                                           " WHERE revoked_at IS NOT NULL"),
    "default": (default, "SELECT count(*) FROM settlement.shortfall"),
    "default-cure": (cure, "SELECT count(*) FROM settlement.shortfall WHERE cured_at IS NOT NULL"),
}  # fmt: skip
# Proposed, shown and approved where there are disputes, routes, keys and people to do it with.
ELSEWHERE = {
    "dispute-resolution": "tests/settlement/disputes",
    "payment-confirmation": "tests/settlement/bank/test_bank_commands.py",
    "exchange-answer": "tests/desk/test_exchanges.py",
    "operator-invitation": "tests/desk/test_people.py",
    "operator-roles": "tests/desk/test_people.py",
    "operator-restoration": "tests/desk/test_people.py",
}


class Story:
    """One proposal, of Ann's."""

    def __init__(self, hub: Hub, kind: str, content: dict[str, Any]) -> None:
        self.hub = hub
        with hub.database.transaction() as session:
            self.id: UUID = approvals.propose(
                session, kind=kind, content=content, reason="a test", by="ann",
                now=datetime.now(UTC),
            )  # fmt: skip

    def shown(self) -> showing.Shown:
        now = datetime.now(UTC)
        with self.hub.database.transaction() as session:
            found = approvals.find(session, self.id, now=now)
            return showing.show(session, found, currency="CNY", now=now)

    def approve(self) -> dict[str, Any]:
        return enactments.decide(
            self.hub.database,
            proposal=self.id,
            by="ben",
            approve=True,
            clock=lambda: datetime.now(UTC),
            signer=self.hub.coalition.signer,
        )


def test_there_is_a_story_for_every_kind() -> None:
    assert KINDS.keys() | ELSEWHERE.keys() == set(PROPOSING)
    assert set(PROPOSING) == enactments.KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_is_proposed_shown_approved_and_done_once(
    hub: Hub, owner: psycopg.Connection, kind: str
) -> None:
    make, effect = KINDS[kind]
    content = make(hub)
    before = owner.execute(effect).fetchone()
    story = Story(hub, kind, content)
    assert owner.execute(effect).fetchone() == before  # Nothing is done by proposing.
    wiring.load_words()
    said = set()
    for each in LANGUAGES:
        language.use(each)
        shown = story.shown()
        said.add(shown.verb)
        assert shown.rows or shown.amount
    language.use("en")
    assert len(said) == 2
    assert story.approve()["effect"]
    (n,) = owner.execute(effect).fetchone() or (0,)
    assert (n,) != before
    with pytest.raises(ProposalDecided):
        story.approve()
    assert owner.execute(effect).fetchone() == (n,)
