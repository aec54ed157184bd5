"""Money in and out through the signed API: what a partner sees of each thing a bank may say."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from demo.bank import Transaction, statement
from kit.errors import Refusal
from settlement import closing, fx_rates
from settlement.bank import importing, invoices
from settlement.errors import BankDisagrees
from settlement.fx import Rate
from staff import approvals
from staff.errors import SecondPersonRequired
from tests.factories import build_sealer
from tests.server import Coalition, Partner, coalition  # noqa: F401 - the fixture
from tests.settlement import steps
from tests.settlement.bank.agreed import agree_account
from web.enactments import decide

OURS, YEN, MARKETS, FUELS = "6222020200112233445", "6222020200998877665", "55501", "66601"


def today() -> date:
    return datetime.now(UTC).date()


class Scene:
    """Market owes the hub yuan and Fuel is owed yen for 2026-11, which is approved."""

    def __init__(self, hub: Coalition) -> None:
        self.hub = hub
        self.files = 0
        self.market = hub.partner("market")
        self.fuel = hub.partner("fuel", accept_price=900_000, currency="JPY")
        now = datetime.now(UTC)
        with hub.database.transaction() as session:
            yen = Rate(base="CNY", quote="JPY", numerator=20, denominator=1)
            fx_rates.add(session, yen, valid_from=date(2020, 1, 1))
        self.close("window 1", "2026-11")
        member = self.market.enrol()
        self.market.accrue(member, 90_000)
        self.fuel.redeem(self.fuel.link(self.market, member), 60_000, "R-1")
        with hub.database.transaction() as session:
            agree_account(session, 1, OURS, now=now, name="通宝")
            agree_account(session, 1, YEN, now=now, currency="JPY")
            agree_account(session, self.market.party, MARKETS, now=now)
            agree_account(session, self.fuel.party, FUELS, now=now, currency="JPY")
        self.close("2026-11", "2026-12")
        with hub.database.transaction() as session:
            steps.approve(session, "2026-11", now, by="li")

    def close(self, window: str, next_name: str) -> None:
        closing.close(
            self.hub.database,
            window=window,
            next_name=next_name,
            currency="CNY",
            by="mei",
            now=datetime.now(UTC),
            signer=build_sealer(),
        )

    def invoice(self) -> list[str]:
        with self.hub.database.transaction() as session:
            return invoices.issue(session, "2026-11", now=datetime.now(UTC))

    def payment(self, partner: Partner) -> dict[str, Any]:
        """The partner's one payment of the window."""
        answer = partner.call("GET", "/v1/windows/2026-11/payments")
        assert answer.status == 200
        (found,) = answer.body["payments"]
        return dict(found)

    def says(self, *given: Transaction, account: str = OURS, on: date | None = None) -> None:
        """The bank's statement of these is imported."""
        self.files += 1
        document = statement(
            given,
            number=f"S-{self.files}",
            account=account,
            currency="JPY" if account == YEN else "CNY",
            on=on or today(),
        )
        self.imports(document)

    def imports(self, document: bytes) -> None:
        with self.hub.database.transaction() as session:
            importing.import_file(session, document, by="ann", now=datetime.now(UTC))


@pytest.fixture
def scene(coalition: Coalition) -> Scene:  # noqa: F811 - the fixture
    return Scene(coalition)


class TestPayments:
    def test_say_where_to_by_when_and_how_much(self, scene: Scene) -> None:
        mine, theirs = scene.payment(scene.market), scene.payment(scene.fuel)
        assert mine["account"]["account"] == OURS
        assert (mine["direction"], mine["party"]["id"], mine["currency"]) == ("pay", "hub", "CNY")
        assert theirs["account"]["account"] == FUELS
        assert (theirs["direction"], theirs["currency"]) == ("collect", "JPY")
        figures = scene.market.call("GET", "/v1/windows/2026-11").body["figures"]
        assert mine["amount"] == -figures["settles"]["amount"]
        assert date.fromisoformat(mine["due_on"]) >= today()

    @pytest.mark.parametrize(
        ("bank", "state", "received"),
        [
            (lambda due: [], "missing", 0),
            (lambda due: [due], "exact", 0),
            (lambda due: [due - 1], "short", -1),
            (lambda due: [due + 1], "over", 1),
            (lambda due: [1, due - 1], "split", 0),
            (lambda due: [due, -due], "returned", None),
            (lambda due: [due, -due, due], "split", 0),
        ],
    )
    def test_as_the_bank_tells_them(
        self,
        scene: Scene,
        bank: Callable[[int], list[int]],
        state: str,
        received: int | None,
    ) -> None:
        payment = scene.payment(scene.market)
        amounts = bank(payment["amount"])
        for amount in amounts:
            scene.says(
                Transaction(
                    direction="in" if amount > 0 else "out",
                    amount=abs(amount),
                    end_to_end=payment["payment"],
                    returned=amount < 0,
                )
            )
        found = scene.payment(scene.market)
        assert (found["state"], found["received"], found["late"]) == (state, sum(amounts), False)
        if received is not None and amounts:
            assert found["received"] - payment["amount"] == received

    def test_late(self, scene: Scene) -> None:
        payment = scene.payment(scene.market)
        paid = Transaction(direction="in", amount=payment["amount"], end_to_end=payment["payment"])
        scene.says(paid, on=date.fromisoformat(payment["due_on"]) + timedelta(days=1))
        found = scene.payment(scene.market)
        assert (found["state"], found["late"]) == ("exact", True)

    def test_by_its_invoice(self, scene: Scene) -> None:
        (number,) = scene.invoice()
        payment = scene.payment(scene.market)
        scene.says(Transaction(direction="in", amount=payment["amount"], remittance=number))
        assert scene.payment(scene.market)["state"] == "exact"

    def test_that_the_hub_sends(self, scene: Scene) -> None:
        payment = scene.payment(scene.fuel)
        sent = {"direction": "out", "amount": payment["amount"], "end_to_end": payment["payment"]}
        scene.says(Transaction(**sent, account="999999"), account=YEN)
        assert scene.payment(scene.fuel)["state"] == "missing"
        scene.says(Transaction(**sent, account=FUELS), account=YEN)
        assert scene.payment(scene.fuel)["state"] == "exact"

    @pytest.mark.parametrize(
        ("old", "new", "code"),
        [
            (OURS.encode(), MARKETS.encode(), "bank-file-account-unknown"),
            (b'Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">0',
             b'Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">1',
             "bank-file-does-not-add-up"),
            (b'"CNY">7', b'"XXX">7', "bank-file-currency-unknown"),
            (b"</Document>", b"", "bank-file-malformed"),
            (b"<Document", b"<!DOCTYPE d><Document", "bank-file-malformed"),
        ],
    )  # fmt: skip
    def test_of_a_wrong_file_change_nothing(
        self, scene: Scene, old: bytes, new: bytes, code: str
    ) -> None:
        payment = scene.payment(scene.market)
        paid = Transaction(direction="in", amount=700, end_to_end=payment["payment"])
        document = statement([paid], number="S", account=OURS, currency="CNY", on=today())
        assert old in document
        with pytest.raises(Refusal) as caught:
            scene.imports(document.replace(old, new))
        assert caught.value.code == code
        assert scene.payment(scene.market) == payment
        scene.imports(document)
        assert scene.payment(scene.market)["received"] == 700

    def test_of_a_window_that_is_open_or_unknown(self, scene: Scene) -> None:
        body = scene.market.call("GET", "/v1/windows/2026-12/payments").body
        assert body == {"window": "2026-12", "state": "open", "payments": []}
        answer = scene.market.call("GET", "/v1/windows/2031-01/payments")
        assert (answer.status, answer.body["code"]) == (404, "window-not-found")

    def test_need_the_scope(self, scene: Scene) -> None:
        till = scene.hub.partner(scopes=("till",))
        for path in ("/v1/windows/2026-11/payments", "/v1/invoices", "/v1/invoices/INV-1"):
            assert till.call("GET", path).body["code"] == "scope-missing"


class TestSettling:
    """What partners see of a window whose bank file agrees, does not, or need not."""

    @pytest.fixture
    def paying(self, scene: Scene) -> Scene:
        """Fuel has its yen; Market's yuan are still to come."""
        with scene.hub.database.transaction() as session:
            steps.start_paying(session, "2026-11", datetime.now(UTC), by="li")
        payment = scene.payment(scene.fuel)
        scene.says(
            Transaction(direction="out", amount=payment["amount"], end_to_end=payment["payment"]),
            account=YEN,
        )
        return scene

    def state(self, scene: Scene) -> str:
        return str(scene.market.call("GET", "/v1/windows/2026-11").body["state"])

    def settle(self, scene: Scene, regardless: UUID | None = None) -> None:
        now = datetime.now(UTC)
        with scene.hub.database.transaction() as session:
            closing.mark_settled(session, "2026-11", now, by="li", regardless=regardless)

    @pytest.mark.parametrize("off_by", [None, -1, 1])
    def test_a_file_that_does_not_agree_settles_nothing(
        self, paying: Scene, off_by: int | None
    ) -> None:
        payment = paying.payment(paying.market)
        name, due = payment["payment"], payment["amount"]
        if off_by is not None:
            paying.says(Transaction(direction="in", amount=due + off_by, end_to_end=name))
        with pytest.raises(BankDisagrees) as caught:
            self.settle(paying)
        assert caught.value.facts["payments"] == 1
        assert self.state(paying) == "paying"

    def test_a_file_that_agrees_settles(self, paying: Scene) -> None:
        payment = paying.payment(paying.market)
        name, due = payment["payment"], payment["amount"]
        paying.says(Transaction(direction="in", amount=due, end_to_end=name))
        self.settle(paying)
        assert self.state(paying) == "settled"

    def test_two_people_may_say_why_not(self, paying: Scene) -> None:
        now, database = datetime.now(UTC), paying.hub.database
        with database.transaction() as session:
            proposal = approvals.propose(
                session,
                kind="settle-regardless",
                content={"window": "2026-11", "revision": 1},
                reason="Market paid in cash",
                by="mara",
                now=now,
            )
        act = partial(
            decide, database, proposal=proposal, approve=True, clock=lambda: now,
            signer=build_sealer(),
        )  # fmt: skip
        with pytest.raises(SecondPersonRequired):
            act(by="mara")
        assert self.state(paying) == "paying"
        act(by="noel")
        assert self.state(paying) == "settled"
        assert paying.payment(paying.market)["state"] == "missing"


class TestInvoices:
    def test_are_for_whoever_pays(self, scene: Scene) -> None:
        (number,) = scene.invoice()
        assert scene.invoice() == []
        (line,) = scene.market.call("GET", "/v1/invoices").body["invoices"]
        assert (line["number"], line["kind"], line["window"]) == (number, "invoice", "2026-11")
        assert scene.fuel.call("GET", "/v1/invoices").body["invoices"] == []
        payment = scene.payment(scene.market)
        body = scene.market.call("GET", f"/v1/invoices/{number}").body
        assert body["amount"] == line["amount"] == payment["amount"]
        assert sum(each["amount"] for each in body["lines"]) == body["net"] == body["amount"]
        (to,) = body["pay"]
        assert (to["reference"], to["to"]["account"], to["collected"]) == (
            payment["payment"], OURS, False,
        )  # fmt: skip

    def test_csv(self, scene: Scene) -> None:
        (number,) = scene.invoice()
        answer = scene.market.call("GET", f"/v1/invoices/{number}/csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
        amount = scene.payment(scene.market)["amount"]
        assert {row["invoice"] for row in rows} == {number}
        assert [row["amount"] for row in rows if row["section"] == "pay"] == [f"{amount / 100:.2f}"]

    @pytest.mark.parametrize(("language", "title"), [("zh", "付款通知单"), ("en", "Invoice")])
    def test_pdf(self, scene: Scene, language: str, title: str) -> None:
        (number,) = scene.invoice()
        answer = scene.market.call("GET", f"/v1/invoices/{number}/pdf?language={language}")
        assert answer.headers["content-type"] == "application/pdf"
        (page,) = PdfReader(io.BytesIO(answer.body)).pages
        text = page.extract_text()
        amount = scene.payment(scene.market)["amount"]
        assert title in text
        assert number in text
        assert f"{amount / 100:,.2f}" in text

    def test_of_another_are_not_found(self, scene: Scene) -> None:
        (number,) = scene.invoice()
        for path in [f"/v1/invoices/{number}{form}" for form in ("", "/csv", "/pdf")]:
            theirs = scene.fuel.call("GET", path)
            assert (theirs.status, theirs.body["code"]) == (404, "invoice-not-found")
        cursor = scene.fuel.call("GET", f"/v1/invoices?cursor={number}")
        assert (cursor.status, cursor.body["code"]) == (404, "invoice-not-found")

    def test_come_in_pages(self, scene: Scene) -> None:
        (first,) = scene.invoice()
        member = scene.market.enrol()
        scene.market.accrue(member, 500)
        scene.fuel.redeem(scene.fuel.link(scene.market, member), 400)
        scene.close("2026-12", "2027-01")
        with scene.hub.database.transaction() as session:
            steps.approve(session, "2026-12", datetime.now(UTC), by="li")
            (second,) = invoices.issue(session, "2026-12", now=datetime.now(UTC))
        page = scene.market.call("GET", "/v1/invoices?limit=1")
        assert [each["number"] for each in page.body["invoices"]] == [second]
        assert f"cursor={second}" in page.headers["link"]
        rest = scene.market.call("GET", f"/v1/invoices?limit=1&cursor={second}")
        assert [each["number"] for each in rest.body["invoices"]] == [first]
