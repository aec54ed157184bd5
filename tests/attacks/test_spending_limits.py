"""More than there is, more than was agreed, twice, or too late: refused, with nothing moved."""

import secrets
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partners import registry
from tests.attacks.wire import Answer, Wire, new_key, refused, sign, unsigned
from tests.server import Coalition, Partner, Server


class Till:
    """A shop with a member of 1,000 points: sends, and holds refusals to their documentation."""

    def __init__(self, coalition: Coalition, wire: Wire, **agreed: Any) -> None:
        self.coalition, self.wire = coalition, wire
        self.shop: Partner = coalition.partner(**agreed)
        self.member = self.shop.enrol(shares_balance=True)
        self.shop.accrue(self.member, 1_000)
        self.app: Partner = coalition.partner()  # where the member asks for payment codes
        self.at_app = self.app.link(self.shop, self.member)
        self.count = 0

    def post(self, path: str, partner: Partner | None = None, **content: Any) -> Answer:
        return self.wire.send(self._request(path, partner, content))

    def refuses(
        self, status: int, code: str, path: str, partner: Partner | None = None, **content: Any
    ) -> Any:
        """The facts of a refusal that changed nothing."""
        before, balance = self.coalition.counts(), self.balance()
        request = self._request(path, partner, content)
        answer = self.wire.send(request)
        refused(request, answer, status, code, signed=True)
        assert self.coalition.counts() == before
        assert self.balance() == balance
        return answer.json

    def _request(self, path: str, partner: Partner | None, content: dict[str, Any]) -> Any:
        trade = ("accruals", "redemptions", "authorizations")
        if path in trade and "payment_code" not in content:
            content = {"member": self.member, **content}
        if path in (*trade, "refunds") or path.endswith("/clawbacks"):
            content = {"reference": self.reference(), **content}
        request = unsigned(self.wire.server, "POST", f"/v1/{path}", content)
        return sign(request, partner or self.shop)

    def reference(self) -> str:
        self.count += 1
        return f"N-{self.count}"

    def balance(self) -> tuple[int, int]:
        body = self.shop.call("GET", f"/v1/members/{self.member}/balance").body
        return body["available"], body["held"]

    def hold(self, points: int) -> str:
        return str(self.post("authorizations", points=points).json["id"])

    def code(self, max_points: int = 100) -> str:
        path = f"members/{self.at_app}/payment-codes"
        return str(self.post(path, self.app, max_points=max_points).json["code"])

    def execute(self, statement: str, *parameters: Any) -> None:
        self.coalition.books.owner.execute(statement, parameters)


@pytest.fixture
def till(coalition: Coalition, wire: Wire) -> Till:
    return Till(coalition, wire)


class TestBalance:
    def test_no_more_than_there_is(self, till: Till) -> None:
        for path in ("redemptions", "authorizations"):
            for points in (1_001, 10_000):
                facts = till.refuses(422, "insufficient-points", path, points=points)
                assert (facts["requested"], facts["available"]) == (points, 1_000)

    def test_what_is_held_is_not_there(self, till: Till) -> None:
        till.hold(900)
        assert till.balance() == (100, 900)
        for path in ("redemptions", "authorizations"):
            till.refuses(422, "insufficient-points", path, points=101)
        assert till.post("redemptions", points=100).status == 201

    def test_what_is_not_shared_is_not_told(self, till: Till, coalition: Coalition) -> None:
        other = coalition.partner()
        there = other.link(till.shop, till.member)
        facts = till.refuses(
            422, "insufficient-points", "redemptions", other, member=there, points=1_001
        )
        assert "available" not in facts

    def test_what_is_pending_or_expired_cannot_be_spent(self, till: Till) -> None:
        late = Till(till.coalition, till.wire, pending_days=5)
        late.refuses(422, "insufficient-points", "redemptions", points=1)
        till.execute(
            "UPDATE exchange.lot SET expires_on = current_date - 1 WHERE issuer_id = %s",
            till.shop.party,
        )
        till.execute(
            "UPDATE exchange.posting SET expires_on = current_date - 1 WHERE issuer_id = %s",
            till.shop.party,
        )
        till.refuses(422, "insufficient-points", "redemptions", points=1)

    def test_a_frozen_wallet(self, till: Till) -> None:
        code = till.code()
        till.execute("UPDATE exchange.wallet SET frozen = true")
        for path in ("redemptions", "authorizations"):
            till.refuses(409, "wallet-frozen", path, points=1)
            till.refuses(409, "wallet-frozen", path, payment_code=code, points=1)


class TestMandate:
    def test_none(self, till: Till) -> None:
        other = till.coalition.partner()
        there = other.link(till.shop, till.member, daily_limit=0)
        for path in ("redemptions", "authorizations"):
            till.refuses(422, "no-mandate", path, other, member=there, points=1)

    def test_a_day_has_a_limit(self, till: Till) -> None:
        other = till.coalition.partner()
        there = other.link(till.shop, till.member, daily_limit=100)
        till.refuses(422, "mandate-limit", "redemptions", other, member=there, points=101)
        assert till.post("redemptions", other, member=there, points=60).status == 201
        assert till.post("authorizations", other, member=there, points=30).status == 201
        for path in ("redemptions", "authorizations"):
            facts = till.refuses(422, "mandate-limit", path, other, member=there, points=11)
            assert (facts["limit"], facts["left"]) == (100, 10)
        assert till.post("redemptions", other, member=there, points=10).status == 201
        till.refuses(422, "mandate-limit", "redemptions", other, member=there, points=1)


class TestHolds:
    def test_captured_once_and_no_more_than_was_held(self, till: Till) -> None:
        hold = till.hold(100)
        facts = till.refuses(422, "exceeds-hold", f"authorizations/{hold}/capture", points=101)
        assert (facts["requested"], facts["held"]) == (101, 100)
        assert till.post(f"authorizations/{hold}/capture", points=60).json["released"] == 40
        for points in (1, 40, 60):
            facts = till.refuses(
                409, "hold-not-open", f"authorizations/{hold}/capture", points=points
            )
            assert facts["state"] == "captured"
        till.refuses(409, "hold-not-open", f"authorizations/{hold}/void")

    def test_voided_once(self, till: Till) -> None:
        hold = till.hold(100)
        assert till.post(f"authorizations/{hold}/void").status == 200
        for end in ("capture", "void"):
            facts = till.refuses(409, "hold-not-open", f"authorizations/{hold}/{end}")
            assert facts["state"] == "voided"

    def test_expired(self, till: Till) -> None:
        hold = till.hold(100)
        till.execute("UPDATE exchange.hold SET expires_at = clock_timestamp()")
        facts = till.refuses(409, "hold-not-open", f"authorizations/{hold}/capture")
        assert facts["state"] == "expired"
        assert till.post(f"authorizations/{hold}/void").status == 200

    def test_only_the_one_who_held(self, till: Till) -> None:
        hold, other = till.hold(100), till.coalition.partner()
        for end in ("capture", "void"):
            till.refuses(404, "authorization-not-found", f"authorizations/{hold}/{end}", other)


class TestUndoing:
    def test_no_more_back_than_was_spent(self, till: Till) -> None:
        sale = till.post("redemptions", points=100).json["id"]
        facts = till.refuses(422, "exceeds-captured", "refunds", transaction=sale, points=101)
        assert (facts["requested"], facts["refundable"]) == (101, 100)
        assert till.post("refunds", transaction=sale, points=60).status == 201
        facts = till.refuses(422, "exceeds-captured", "refunds", transaction=sale, points=41)
        assert facts["refundable"] == 40
        assert till.post("refunds", transaction=sale).json["points"] == 40
        for content in ({}, {"points": 1}):
            till.refuses(422, "exceeds-captured", "refunds", transaction=sale, **content)

    def test_of_a_capture_what_was_captured(self, till: Till) -> None:
        hold = till.hold(100)
        sale = till.post(f"authorizations/{hold}/capture", points=30).json["transaction"]
        till.refuses(422, "exceeds-captured", "refunds", transaction=sale, points=31)
        till.refuses(404, "transaction-not-found", "refunds", transaction="jrn" + hold[3:])

    def test_no_more_clawed_back_than_was_issued(self, till: Till) -> None:
        accrual = till.post("accruals", points=100).json["id"]
        path = f"accruals/{accrual}/clawbacks"
        facts = till.refuses(422, "exceeds-accrued", path, points=101)
        assert (facts["requested"], facts["reclaimable"]) == (101, 100)
        assert till.post(path, points=70).status == 201
        till.refuses(422, "exceeds-accrued", path, points=31)
        assert till.post(path).json["points"] == 30
        for content in ({}, {"points": 1}):
            till.refuses(422, "exceeds-accrued", path, **content)

    def test_what_was_spent_is_owed_and_no_wallet_goes_below_zero(self, till: Till) -> None:
        accrual = till.post("accruals", points=500).json["id"]
        assert till.post("redemptions", points=1_400).status == 201
        undone = till.post(f"accruals/{accrual}/clawbacks").json
        assert (undone["taken"], undone["owed"]) == (100, 400)
        assert till.balance() == (0, 0)
        assert till.post("accruals", points=450).json["repaid"] == 400
        assert till.balance() == (50, 0)


class TestCaps:
    def test_up_to_the_cap_and_no_point_more(self, coalition: Coalition, wire: Wire) -> None:
        till = Till(coalition, wire, cap=1_500)
        facts = till.refuses(422, "position-limit", "accruals", points=501)
        assert (facts["requested"], facts["room"]) == (501, 500)
        coalition.rate(till.shop, 1, 1)
        till.refuses(
            422,
            "position-limit",
            "imports",
            member=till.member,
            theirs=501,
            reference=till.reference(),
        )
        assert till.post("accruals", points=500).status == 201
        till.refuses(422, "position-limit", "accruals", points=1)

    def test_spending_does_not_make_room(self, coalition: Coalition, wire: Wire) -> None:
        """Points spent elsewhere are money owed: they leave the cap when it is paid."""
        till = Till(coalition, wire, cap=1_000)
        assert till.post("redemptions", points=1_000).status == 201
        till.refuses(422, "position-limit", "accruals", points=1)

    def test_a_rate_has_a_day(self, till: Till) -> None:
        till.coalition.rate(till.shop, 10, 3, daily_cap=1_000, minimum=100, step=10)
        content = {"member": till.member}
        for theirs in (90, 105):
            till.refuses(
                422, "amount-not-convertible", "imports", theirs=theirs, reference="I", **content
            )
        assert till.post("imports", theirs=900, reference="I-1", **content).status == 201
        facts = till.refuses(422, "daily-cap", "imports", theirs=110, reference="I-2", **content)
        assert (facts["cap"], facts["used"]) == (1_000, 900)

    def test_no_rate(self, till: Till) -> None:
        content = {"member": till.member, "theirs": 100}
        till.refuses(409, "no-rate", "imports", reference="I-1", **content)
        till.refuses(409, "no-rate", "quotes", **content)

    def test_a_quote_is_used_once_and_in_time(self, till: Till) -> None:
        till.coalition.rate(till.shop, 10, 3)
        quote = till.post("quotes", member=till.member, theirs=100).json["id"]
        late = till.post("quotes", member=till.member, theirs=100).json["id"]
        content = {"member": till.member, "quote": quote}
        assert till.post("imports", reference="I-1", **content).status == 201
        till.refuses(409, "quote-used", "imports", reference="I-2", **content)
        till.execute("UPDATE exchange.quote SET expires_at = now() WHERE used_by IS NULL")
        content = {"member": till.member, "quote": late}
        till.refuses(409, "quote-expired", "imports", reference="I-3", **content)
        other = till.shop.enrol()
        content = {"member": other, "quote": late}
        till.refuses(404, "quote-not-found", "imports", reference="I-4", **content)

    def test_rates_do_not_overlap(self, till: Till) -> None:
        till.coalition.rate(till.shop, 10, 3)
        rate = {"direction": "import", "theirs": 1, "ours": 1_000}
        till.refuses(409, "rate-overlap", "rates", valid_from="2027-01-01T00:00:00Z", **rate)
        before = till.shop.call("GET", "/v1/rates").body
        rate["direction"] = "export"
        answer = till.post("rates", valid_from="2027-01-01T00:00:00Z", **rate)
        assert answer.json["state"] == "waiting"
        assert till.shop.call("GET", "/v1/rates").body == before  # A proposal is no rate.


class TestPaymentCodes:
    def refuses_code(self, till: Till, code: str, points: int = 10, **content: Any) -> None:
        till.refuses(
            422, "payment-code-invalid", "redemptions", payment_code=code, points=points, **content
        )

    def test_one_refusal_for_every_fault(self, till: Till) -> None:
        """Unknown, used, expired, too dear, another member's: nobody learns which."""
        used, dear, late, others = till.code(), till.code(50), till.code(), till.code()
        assert till.post("redemptions", payment_code=used, points=10).status == 201
        self.refuses_code(till, "80" + "0" * 16)
        self.refuses_code(till, used)
        self.refuses_code(till, dear, 51)
        self.refuses_code(till, others, member=till.shop.enrol())
        till.execute("UPDATE exchange.payment_code SET expires_at = now() WHERE used_at IS NULL")
        self.refuses_code(till, late)

    def test_no_partner_consents_for_the_member(self, till: Till) -> None:
        """A code that a till asked for itself would be a mandate without a limit."""
        path = f"members/{till.member}/payment-codes"
        own = till.post(path, max_points=100).json["code"]
        self.refuses_code(till, own)
        other = till.coalition.partner()
        assert till.post("redemptions", other, payment_code=own, points=10).status == 201

    def test_a_code_out_of_form_is_no_guess(self, till: Till) -> None:
        for code in ("", "8", "81" + "0" * 16, "80" + "0" * 15, "80" + "0" * 17, "80" + "a" * 16):
            till.refuses(422, "request-invalid", "redemptions", payment_code=code, points=1)
        till.refuses(422, "request-invalid", "redemptions", payment_code=8_000, points=1)

    def test_guessing_locks_out_the_guesser_alone(self, till: Till) -> None:
        good, second = till.code(), till.code()
        now = datetime.now(UTC)
        if now.second > 50:  # The lock is by the minute: guess within one.
            till.execute("SELECT pg_sleep(%s)", 60.5 - now.second)
        statuses = [
            till.post("redemptions", payment_code=f"80{guess:016d}", points=1).status
            for guess in range(25)
        ]
        assert statuses == [422] * 20 + [429] * 5
        request = unsigned(
            till.wire.server,
            "POST",
            "/v1/redemptions",
            {"payment_code": good, "points": 1, "reference": "G-1"},
            key := new_key(),
        )
        answer = till.wire.send(sign(request, till.shop))
        refused(request, answer, 429, "too-many-codes", signed=True)
        assert answer.headers["retry-after"]
        assert answer.json["retryable"] is True
        # A mandate is no guess, and another till has guessed nothing.
        assert till.post("redemptions", points=1).status == 201
        other = till.coalition.partner()
        assert till.post("redemptions", other, payment_code=second, points=1).status == 201
        # A minute later the same request, under the same key, goes through.
        till.execute("UPDATE exchange.code_failure SET minute = minute - interval '1 minute'")
        assert till.wire.send(sign(request, till.shop)).status == 201
        assert request.headers["idempotency-key"] == key

    def test_ten_thousand_guesses_hit_nothing(self, till: Till) -> None:
        """While fifty codes are good: all in one request, so no pause helps the guesser."""
        for _ in range(50):
            till.code()
        before, counts = till.balance(), till.coalition.counts()
        orders = [
            {
                "kind": "redemption",
                "payment_code": f"80{secrets.randbelow(10**16):016d}",
                "points": 1,
                "reference": f"Q-{n}",
            }
            for n in range(10_000)
        ]
        answer = till.post("batches", orders=orders)
        assert (answer.json["done"], answer.json["refused"]) == (0, 10_000)
        told = Counter(one["problem"]["code"] for one in answer.json["outcomes"])
        assert told["too-many-codes"] >= 10_000 - 2 * 20  # A minute may end in between.
        assert told.total() == told["too-many-codes"] + told["payment-code-invalid"]
        assert (till.balance(), till.coalition.counts()) == (before, counts)


class TestSuspended:
    def move(self, till: Till, to: str) -> None:
        with till.coalition.database.transaction() as session:
            registry.move(session, slug=till.shop.slug, to=to, now=datetime.now(UTC))

    def test_what_was_begun_can_be_undone_and_nothing_new_done(self, till: Till) -> None:
        till.coalition.rate(till.shop, 10, 3)
        accrual = till.post("accruals", points=100).json["id"]
        sale = till.post("redemptions", points=10).json["id"]
        first, second = till.hold(10), till.hold(10)
        self.move(till, "suspended")
        for path in ("accruals", "redemptions", "authorizations"):
            till.refuses(403, "partner-not-active", path, points=1)
        till.refuses(403, "partner-not-active", f"authorizations/{first}/capture")
        content = {"member": till.member, "theirs": 10, "reference": "I-1"}
        till.refuses(403, "partner-not-active", "imports", **content)
        assert till.post(f"authorizations/{second}/void").status == 200
        assert till.post("refunds", transaction=sale).status == 201
        assert till.post(f"accruals/{accrual}/clawbacks", points=5).status == 201
        self.move(till, "active")
        assert till.post(f"authorizations/{first}/capture").status == 200

    def test_a_suspended_partner_mints_no_consent(self, till: Till) -> None:
        self.move(till, "suspended")
        time.sleep(2.1)  # The edge remembers a key for two seconds.
        paths = {
            "members": {},
            f"members/{till.member}/payment-codes": {"max_points": 5},
            f"members/{till.member}/link-tokens": {},
        }
        for path, content in paths.items():
            till.refuses(403, "partner-not-active", path, **content)

    def test_without_terms_there_is_no_issuing(self, coalition: Coalition, wire: Wire) -> None:
        later = coalition.partner(valid_from=datetime.now(UTC) + timedelta(days=30))
        member = later.enrol()
        content = {"member": member, "points": 1, "reference": "T-1"}
        request = sign(unsigned(wire.server, "POST", "/v1/accruals", content), later)
        refused(request, wire.send(request), 409, "terms-missing", signed=True)


def test_a_customer_is_enrolled_once(till: Till, server: Server) -> None:
    first = till.post("members", reference="C-1").json["id"]
    facts = till.refuses(409, "customer-known", "members", reference="C-1")
    assert facts["first"] == first
    token = till.post(f"members/{till.member}/link-tokens").json["token"]
    facts = till.refuses(409, "already-linked", "members/links", token=token)
    assert facts["first"] == till.member
