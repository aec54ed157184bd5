"""A window's money at the desk: proposed, paid, brought in from the bank, short, settled."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from demo.bank import Transaction, orders, statement
from kit.database import Database
from settlement.bank.dues import Due
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.factories import build_sealer
from tests.members.visitor import Answer, Site, Visitor
from tests.settlement.bank.scene import OURS, OURS_IN_YEN, Desk, paying, today
from tests.settlement.coalition import Coalition
from web import enactments
from web.desk.bank_files import MOST


@pytest.fixture
def desk(books: Books, site: Site, tmp_path: Path) -> Desk:
    made = Coalition(books)
    made.signer = site.sealer
    site.sealer.heads.unlink(missing_ok=True)  # Of the log of another test's database.
    return Desk(made, tmp_path)


@pytest.fixture
def window(desk: Desk) -> str:
    """Market owes the hub ¥600, and the hub owes Fuel yen; closed and approved."""
    return desk.trade()


@pytest.fixture
def fay(sign_in: SignIn) -> Visitor:
    return sign_in("fay", "finance")


@pytest.fixture
def ada(sign_in: SignIn) -> Visitor:
    return sign_in("ada", "auditor")


class Second:
    """Ben, who approves whatever waits; what came of it."""

    def __init__(self, database: Database, site: Site) -> None:
        self._database, self._site = database, site

    def approves(self, kind: str) -> str:
        with self._database.transaction() as session:
            sql = "SELECT id FROM staff.proposal WHERE kind = :kind AND state = 'waiting'"
            id_ = session.execute(text(sql), {"kind": kind}).scalar_one()
        decided = enactments.decide(
            self._database,
            proposal=id_,
            by="ben",
            approve=True,
            clock=self._site.clock,
            signer=self._site.sealer,
        )
        return str(decided["effect"])


@pytest.fixture
def second(database: Database, site: Site) -> Second:
    return Second(database, site)


def says(visitor: Visitor, window: str, document: bytes) -> Answer:
    """Bring a bank's file in; the page that follows, or the form with what is wrong."""
    path = f"/desk/windows/{window}/bank"
    return visitor.follow(visitor.upload(path, "file", document, on=path))


def in_yuan(*transactions: Transaction, number: str = "A-1") -> bytes:
    return statement(transactions, number=number, account=OURS, currency="CNY", on=today())


def in_yen(*transactions: Transaction, number: str = "Y-1") -> bytes:
    return statement(transactions, number=number, account=OURS_IN_YEN, currency="JPY", on=today())


def noted(books: Books, what: str) -> Any:
    """The one entry of the audit log that says so."""
    (row,) = books.rows("SELECT * FROM staff.audit WHERE what = %s", what)
    return row


class TestPay:
    def test_shows_what_is_due_to_everybody(self, window: str, ada: Visitor) -> None:
        page = ada.get(f"/desk/windows/{window}/pay")
        assert "¥600.00" in page.words
        assert f"{window}-R1-P000002 丰禾超市 The hub ¥600.00 ¥0.00 Not seen yet" in page.words
        assert "Who may: operations, finance" in page.words
        assert f"/desk/windows/{window}/pay/propose" not in page.text

    def test_as_csv(self, window: str, ada: Visitor) -> None:
        lines = ada.get(f"/desk/windows/{window}/pay?format=csv").text.splitlines()
        assert f"{window}-R1-P000002,market,hub,60000,0,CNY,missing," in lines

    def test_an_open_window_has_no_such_page(self, desk: Desk, window: str, fay: Visitor) -> None:
        answer = fay.get(f"/desk/windows/{desk.coalition.window}/pay")
        assert (answer.status, answer.location) == (303, f"/desk/windows/{desk.coalition.window}")

    def test_of_no_window(self, fay: Visitor) -> None:
        assert fay.get("/desk/windows/1999-01/pay").status == 404


class TestPropose:
    def test_two_people_make_the_files(
        self, window: str, fay: Visitor, second: Second, desk: Desk
    ) -> None:
        path = f"/desk/windows/{window}/pay"
        page = fay.get(f"{path}/propose")
        assert "¥600.00" in page.words
        assert f"TB-{window}-R1-C-JPY.xml" in page.words
        answer = fay.post(f"{path}/propose", reason="Checked against the statements")
        assert answer.status == 303
        assert answer.location.startswith("/desk/approvals/prp_")
        assert "They wait for a second person." in fay.get(path).words
        assert fay.get(f"{path}/files/TB-{window}-R1-C-JPY.xml").status == 409
        second.approves("window-payment")
        assert desk.coalition.state(window) == "paying"
        file = fay.get(f"{path}/files/TB-{window}-R1-C-JPY.xml")
        assert [each.amount for each in orders(file.body)] == [desk.due(window, "out").amount]
        assert hashlib.sha256(file.body).hexdigest()[:16] in fay.get(path).words
        assert fay.get(f"{path}/files/TB-1999-01-R1-C-JPY.xml").status == 404

    def test_asks_a_reason_and_keeps_the_rest(self, window: str, fay: Visitor) -> None:
        answer = fay.post(f"/desk/windows/{window}/pay/propose", reason=" ")
        assert answer.status == 422
        assert answer.words.count("Say why: the reason is kept") == 2

    def test_twice_leads_to_the_one_that_waits(self, window: str, fay: Visitor) -> None:
        path = f"/desk/windows/{window}/pay/propose"
        first = fay.post(path, on=path, reason="once")
        again = fay.post(path, on=path, reason="twice")
        assert again.location == first.location

    def test_says_whose_account_is_missing(self, desk: Desk, fay: Visitor) -> None:
        window = desk.trade(accounts=False)
        page = fay.get(f"/desk/windows/{window}/pay/propose")
        assert "It cannot be proposed now" in page.words
        assert "has no bank account" in page.words

    def test_takes_the_power(self, window: str, ada: Visitor) -> None:
        assert ada.get(f"/desk/windows/{window}/pay/propose").status == 403


def stuck(visitor: Visitor) -> list[tuple[str, ...]]:
    """What of a window's money is stuck by the list of today: what, of how many, how much."""
    day = r"since \d+ \w+"
    found = re.findall(
        rf"Stuck {day} (\w+) of window .+?: (\d+){day} (\S+)", visitor.get("/desk").words
    )
    return sorted(found)


def long_due(books: Books, window: str) -> None:
    """Its days are all some weeks ago, for nobody stays signed in until they pass."""
    books.owner.execute(
        "UPDATE settlement.settlement SET advice_on = advice_on - 60, call_on = call_on - 60,"
        " disputes_until = disputes_until - 60"
        ' WHERE window_id = (SELECT id FROM exchange."window" WHERE name = %s)',
        (window,),
    )


def test_an_invoice_for_two_payments_is_counted_once(
    desk: Desk, books: Books, fay: Visitor
) -> None:
    window = desk.trade_directly(accept_price=900_000)
    long_due(books, window)
    desk.json("bank", "invoice", window)
    assert len(desk.dues(window)) == 2
    assert stuck(fay) == [("Invoices", "1", "¥30.00")]


class TestOverdue:
    @pytest.fixture(autouse=True)
    def _past_its_day(self, window: str, books: Books) -> None:
        long_due(books, window)

    def test_who_was_invoiced_and_did_not_pay_is_on_the_list(
        self, desk: Desk, window: str, fay: Visitor
    ) -> None:
        assert stuck(fay) == []  # Nobody was asked yet.
        desk.json("bank", "invoice", window)
        assert stuck(fay) == [("Invoices", "1", "¥600.00")]
        page = fay.get("/desk")
        assert f"Invoices of window {window} not paid by their day: 1" in page.words
        assert f'href="/desk/windows/{window}/pay"' in page.text
        due = desk.due(window, "in")
        desk.says(paying(due, amount=due.amount - 1_800))
        assert stuck(fay) == [("Invoices", "1", "¥18.00")]
        desk.says(paying(due, amount=1_800))
        assert stuck(fay) == []

    def test_each_payment_stands_in_one_line(self, desk: Desk, window: str, fay: Visitor) -> None:
        desk.pay(window)
        sent = ("Payments", "1", "JP¥10,854")
        assert stuck(fay) == [sent, ("Payments", "1", "¥600.00")]
        desk.json("bank", "invoice", window)
        assert stuck(fay) == [("Invoices", "1", "¥600.00"), sent]

    def test_what_came_too_much_is_no_unpaid_invoice(
        self, desk: Desk, window: str, fay: Visitor
    ) -> None:
        desk.pay(window)
        desk.json("bank", "invoice", window)
        due = desk.due(window, "in")
        desk.says(paying(due, amount=due.amount + 500))
        assert [what for what, _, _ in stuck(fay)] == ["Payments", "Payments"]

    def test_what_two_people_settled_all_the_same_is_over(
        self, desk: Desk, window: str, fay: Visitor
    ) -> None:
        desk.json("bank", "invoice", window)
        assert stuck(fay)
        desk.coalition.settle(window)
        assert stuck(fay) == []


class TestImport:
    @pytest.fixture(autouse=True)
    def _paying(self, desk: Desk, window: str) -> None:
        desk.pay(window)

    def test_matches_and_says_so(self, desk: Desk, window: str, fay: Visitor, books: Books) -> None:
        document = in_yuan(paying(desk.due(window, "in")))
        page = says(fay, window, document)
        assert "All 1 lines match" in page.words
        entry = noted(books, "bank-file-imported")
        assert entry.who == "fay"
        assert entry.after["digest"] == hashlib.sha256(document).hexdigest()
        assert (entry.after["entries"], entry.after["matched"]) == (1, 1)

    def test_the_same_file_again_changes_nothing(
        self, desk: Desk, window: str, fay: Visitor, books: Books
    ) -> None:
        document = in_yuan(paying(desk.due(window, "in")))
        says(fay, window, document)
        assert "The bank had said all of this before" in says(fay, window, document).words
        noted(books, "bank-file-imported")

    def test_a_short_payment_says_by_how_much_and_what_to_do(
        self, desk: Desk, window: str, fay: Visitor
    ) -> None:
        due = desk.due(window, "in")
        page = says(fay, window, in_yuan(paying(due, amount=due.amount - 1_800)))
        said = "Short by ¥18.00: ¥600.00 due, ¥582.00 received."
        assert "1 of 1 lines need a person" in page.words
        assert said in page.words
        page = fay.get(f"/desk/windows/{window}/pay")
        assert f"{said} 丰禾超市" in page.words
        assert f'href="/desk/windows/{window}/pay/{due.end_to_end}"' in page.text
        assert f'href="/desk/windows/{window}/default/market"' in page.text
        rest = paying(due, amount=1_800)
        assert "All 1 lines match" in says(fay, window, in_yuan(rest, number="A-2")).words
        assert said not in fay.get(f"/desk/windows/{window}/pay").words

    def test_too_much_and_unknown_wait_for_a_person(
        self, desk: Desk, window: str, fay: Visitor
    ) -> None:
        due = desk.due(window, "in")
        unknown = Transaction(
            direction="in", amount=77, counterparty="Somebody", remittance="hello"
        )
        page = says(fay, window, in_yuan(paying(due, amount=due.amount + 5), unknown))
        assert "2 of 2 lines need a person" in page.words
        assert "Send the rest back" in page.words
        assert "Say what it is for" in page.words
        assert "Somebody" in fay.get("/desk/bank").words
        assert ",in,77,CNY,,hello" in fay.get("/desk/bank?format=csv").text

    def test_a_file_that_is_wrong_is_not_brought_in_at_all(
        self, desk: Desk, window: str, fay: Visitor, books: Books
    ) -> None:
        good = in_yuan(paying(desk.due(window, "in")))
        path = f"/desk/windows/{window}/bank"
        for document, said in {
            b"<Document>\n <a></b>": "Line 2, column 7. Expected: XML without a document type.",
            good.replace(b"<Id>A-1</Id>", b"\n<Ids/>"): "Line 2, column 157. Expected: Stmt/Id.",
            good.replace(OURS.encode(), b"999999"): "is not the hub's. (999999)",
            good.replace(b"600.00", b"600.01", 1): "do not come to the closing balance.",
            b"": "Choose the bank's file.",
        }.items():
            answer = fay.upload(path, "file", document, on=path)
            assert answer.status == 422
            assert said in answer.words, said
            assert answer.words.count(said) == 2  # In the summary, and beside the field.
        assert not books.rows("SELECT FROM settlement.bank_file")

    def test_takes_files_larger_than_any_form_but_not_any(self, window: str, fay: Visitor) -> None:
        path = f"/desk/windows/{window}/bank"
        large = fay.upload(path, "file", b"<Document>" + b" " * 200_000, on=path)
        assert large.status == 422
        assert "Line 1, column 200011" in large.words
        larger = fay.upload(path, "file", b" " * (MOST + 1), on=path)
        assert larger.status == 413
        assert "The file is larger than 20 MB." in larger.words

    def test_takes_the_power_and_a_token(
        self, desk: Desk, window: str, fay: Visitor, ada: Visitor, books: Books
    ) -> None:
        path = f"/desk/windows/{window}/bank"
        assert ada.get(path).status == 403
        document = in_yuan(paying(desk.due(window, "in")))
        assert fay.upload(path, "file", document, on=path, csrf_token="no").status == 403
        assert not books.rows("SELECT FROM settlement.bank_file")


class TestMatchByHand:
    def test_two_people_say_what_a_line_is_for(
        self, desk: Desk, window: str, fay: Visitor, second: Second
    ) -> None:
        desk.pay(window)
        due = desk.due(window, "in")
        line = Transaction(direction="in", amount=due.amount, counterparty="A friend")
        page = says(fay, window, in_yuan(line))
        (path,) = {word for word in page.text.split('"') if word.startswith("/desk/bank/ent_")}
        assert f"{due.end_to_end}: 丰禾超市 to The hub, ¥600.00 to come" in fay.get(path).words
        answer = fay.post(path, on=path, reason="They called")
        assert "Choose the payment that it belongs to." in answer.words
        assert 'value="They called"' in answer.text
        answer = fay.post(path, on=path, payment=due.end_to_end, reason="They called")
        assert answer.location.startswith("/desk/approvals/prp_")
        second.approves("bank-match")
        assert "Matched by two people." in fay.get(path).words
        assert desk.states(window)[due.end_to_end][0] == "exact"

    def test_others_are_told_who_may(
        self, desk: Desk, window: str, fay: Visitor, sign_in: SignIn
    ) -> None:
        desk.pay(window)
        page = says(fay, window, in_yuan(Transaction(direction="in", amount=60_000)))
        (path,) = {word for word in page.text.split('"') if word.startswith("/desk/bank/ent_")}
        olaf = sign_in("olaf", "operations")
        assert "Who may: finance." in olaf.get(path).words
        sent = olaf.send("POST", path, {"csrf_token": olaf.token("/desk"), "reason": "mine"})
        assert sent.status == 403


class TestConfirm:
    def test_a_payment_between_partners(
        self, desk: Desk, fay: Visitor, second: Second, site: Site
    ) -> None:
        desk.coalition.close("2026-11")
        window = desk.trade_directly()
        (due,) = desk.dues(window)
        path = f"/desk/windows/{window}/pay/{due.end_to_end}"
        for given, said in {
            "tomorrow": "Enter the day as in 2026-11-22.",
            "2999-01-01": "That day has not come yet.",
        }.items():
            answer = fay.post(path, on=path, received_on=given, reason="Tea said so")
            assert (answer.status, answer.words.count(said)) == (422, 2)
            assert f'value="{given}"' in answer.text
        fay.post(path, on=path, received_on=str(site.clock().date()), reason="Tea said so")
        assert "waits for a second person" in fay.get(path).words
        second.approves("payment-confirmation")
        assert "Confirmed by hand" in fay.get(path).words


class TestSettle:
    def _paid(self, desk: Desk, window: str, fay: Visitor) -> None:
        desk.pay(window)
        out: Due = desk.due(window, "out")
        says(fay, window, in_yuan(paying(desk.due(window, "in"))))
        says(fay, window, in_yen(paying(out)))

    def test_once_the_bank_shows_everything(
        self, desk: Desk, window: str, fay: Visitor, books: Books
    ) -> None:
        self._paid(desk, window, fay)
        path = f"/desk/windows/{window}/settle"
        assert f'href="{path}"' in fay.get(f"/desk/windows/{window}/pay").text
        assert "Payments in full 2" in fay.get(path).words
        assert "is settled" in fay.submit(path).words
        assert desk.coalition.state(window) == "settled"
        entry = noted(books, "window-settled")
        assert (entry.who, entry.before["state"]) == ("fay", "paying")
        assert "127.0.0.1, passkey, ses_" in entry.place

    def test_not_while_something_is_missing(
        self, desk: Desk, window: str, fay: Visitor, books: Books
    ) -> None:
        desk.pay(window)
        path = f"/desk/windows/{window}/settle"
        page = fay.get(path)
        assert "Not in full: 2 of 2." in page.words
        token = fay.token(path)
        answer = fay.follow(fay.send("POST", path, {"csrf_token": token}))
        assert "The bank does not show every payment in full." in answer.words
        assert desk.coalition.state(window) == "paying"
        assert not books.rows("SELECT FROM staff.audit WHERE what = 'window-settled'")

    def test_regardless_takes_two_and_a_reason(
        self, desk: Desk, window: str, fay: Visitor, second: Second
    ) -> None:
        desk.pay(window)
        path = f"/desk/windows/{window}/settle-regardless"
        assert "Say why" in fay.post(path, on=path).words
        fay.post(path, on=path, reason="Paid in cash, receipt 12")
        page = fay.get(f"/desk/windows/{window}/pay")
        assert "Settling regardless waits for a second person" in page.words
        second.approves("settle-regardless")
        assert desk.coalition.state(window) == "settled"

    def test_takes_the_power(self, desk: Desk, window: str, ada: Visitor) -> None:
        desk.pay(window)
        for page in ("settle", "settle-regardless", "abort"):
            assert ada.get(f"/desk/windows/{window}/{page}").status == 403


class TestAbort:
    def test_two_people_give_it_up(
        self, desk: Desk, window: str, fay: Visitor, second: Second
    ) -> None:
        path = f"/desk/windows/{window}/abort"
        assert "It cannot be taken back." in fay.get(path).words
        fay.post(path, on=path, reason="The terms were wrong")
        second.approves("window-abort")
        assert desk.coalition.state(window) == "aborted"
        assert "given up" in fay.get(f"/desk/windows/{window}/pay").words
        assert fay.get(path).status == 303


class TestDefault:
    def test_a_dry_run_adds_up_and_does_nothing(
        self, desk: Desk, window: str, ada: Visitor, books: Books
    ) -> None:
        path = f"/desk/windows/{window}/default/market"
        page = ada.get(path)
        assert "丰禾超市 would owe ¥600.00" in page.words
        assert page.words.count("In all ¥0.00 ¥0.00 ¥0.00") == 2
        assert "Who may: risk." in page.words
        assert ",market,-60000,0,60000,CNY" in ada.get(f"{path}?format=csv").text
        assert not books.rows("SELECT FROM settlement.shortfall")

    def test_is_proposed_by_typing_the_window(
        self, desk: Desk, window: str, sign_in: SignIn, second: Second, books: Books
    ) -> None:
        rita, path = sign_in("rita", "risk"), f"/desk/windows/{window}/default/market"
        answer = rita.post(path, on=path, method="without", reason="Insolvent", window="2026")
        assert answer.status == 422
        assert answer.words.count(f"Type {window} to confirm.") == 2
        assert 'value="Insolvent"' in answer.text
        answer = rita.post(path, on=path, method="without", reason="Insolvent", window=window)
        assert answer.location.startswith("/desk/approvals/prp_")
        second.approves("default")
        assert desk.coalition.nets(window).get("market", 0) == 0
        (row,) = books.rows("SELECT method, amount FROM settlement.shortfall")
        assert (row.method, row.amount) == ("without", 60_000)

    def test_comes_too_late_once_money_moved(self, desk: Desk, window: str, fay: Visitor) -> None:
        desk.pay(window)
        due = desk.due(window, "in")
        says(fay, window, in_yuan(paying(due, amount=100)))
        page = fay.get(f"/desk/windows/{window}/default/market")
        assert "can no longer be worked out anew" in page.words
        assert f'href="/desk/windows/{window}/settle-regardless"' in page.text


class TestInvoices:
    def test_are_issued_once_and_printed(
        self, desk: Desk, window: str, fay: Visitor, ada: Visitor, books: Books
    ) -> None:
        path = f"/desk/windows/{window}/pay"
        number = f"INV-{window}-000001"
        assert number in fay.submit(f"/desk/windows/{window}/invoices", on=path).words
        assert noted(books, "invoices-issued").after == {"invoices": [number]}
        fay.submit(f"/desk/windows/{window}/invoices", on=path)
        noted(books, "invoices-issued")
        for language in ("zh", "en"):
            printed = ada.get(f"/desk/invoices/{number}.pdf?language={language}")
            assert printed.body.startswith(b"%PDF")
        assert b"600.00" in ada.get(f"/desk/invoices/{number}.csv").body
        assert ada.get("/desk/invoices/INV-1999-01-000001.pdf").status == 404


class TestStatement:
    def test_says_what_it_says_and_verifies(self, desk: Desk, window: str, ada: Visitor) -> None:
        number = f"ST-{window}-000001"
        page = ada.get(f"/desk/statements/{number}")
        assert page.status == 200
        assert "The signature and the head hold, checked just now" in page.words
        ada.submit(f"/desk/statements/{number}/verify")
        assert "Verified just now" in ada.last.words  # type: ignore[union-attr]
        for file in ("statement.json", "signature.json", "keys.json", "statement.csv"):
            assert ada.get(f"/desk/statements/{number}/files/{file}").status == 200
        for file in ("zh.pdf", "en.xlsx", "zh.flow.svg", "en.matrix.svg"):
            assert ada.get(f"/desk/statements/{number}/files/{file}").body
        assert ada.get(f"/desk/statements/{number}/files/fr.pdf").status == 404
        assert ada.get("/desk/statements/ST-1999-01-000001").status == 404

    def test_tells_when_the_hub_never_signed_it(self, desk: Desk, ada: Visitor) -> None:
        desk.coalition.signer = build_sealer()
        number = f"ST-{desk.trade()}-000001"
        assert "does not verify" in ada.get(f"/desk/statements/{number}").words
        page = ada.submit(f"/desk/statements/{number}/verify")
        assert "Stop, and tell who runs this hub." in page.words
