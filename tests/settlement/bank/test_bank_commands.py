"""`bin/hub bank …`, as typed: from an account to a window that the bank agrees with."""

import json
from datetime import date

import pytest

from demo.bank import Transaction, orders, statement
from settlement import revisions
from settlement.bank import agreement
from settlement.bank.errors import (
    BankAccountInvalid,
    BankAccountMissing,
    BankEntryNotFound,
    BankFileAccountUnknown,
    BankMatchRefused,
    BankStatementDiffers,
    ConfirmationRefused,
    PaymentNotFound,
)
from settlement.errors import BankDisagrees, SettlementStepRefused, WindowNotFound
from staff.errors import SecondPersonRequired
from tests.settlement.bank.scene import (
    FUELS,
    MARKETS,
    OURS,
    OURS_IN_YEN,
    TEAS,
    Desk,
    after,
    paying,
    today,
)
from tests.settlement.coalition import NOW


class TestAccounts:
    def test_take_two_people(self, desk: Desk) -> None:
        words = (
            "bank", "account", "propose", "hub", "--name", "通宝", "--account", "6222 0202 0011",
            "--bank", "工商银行", "--bank-code", "102100099996", "--from", "2026-01-01",
            "--as", "ann", "--reason", "first account",
        )  # fmt: skip
        proposal = desk.json(*words)
        assert proposal["content"]["account"] == "622202020011"
        assert desk.json("bank", "account", "list") == []
        with pytest.raises(SecondPersonRequired):
            desk.run("proposals", "approve", proposal["id"], "--as", "ann")
        assert (
            "622202020011"
            in desk.json("proposals", "approve", proposal["id"], "--as", "ben")["effect"]
        )
        (row,) = desk.json("bank", "account", "list", "hub")
        assert (row["party"], row["proposed_by"], row["decided_by"]) == ("hub", "ann", "ben")

    def test_refuse_what_cannot_be_one(self, desk: Desk) -> None:
        with pytest.raises(BankAccountInvalid) as caught:
            desk.agree_account("hub", "DE89370400440532013001")
        assert caught.value.facts == {"field": "account"}
        assert desk.json("proposals", "list") == []

    def test_follow_one_another(self, desk: Desk) -> None:
        desk.agree_account("hub", OURS)
        desk.agree_account("hub", "6222020200119999999")
        rows = desk.json("bank", "account", "list")
        assert [row["account"] for row in rows] == ["6222020200119999999", OURS]


class TestFiles:
    def test_ask_the_bank_once(self, desk: Desk) -> None:
        window = desk.trade()
        desk.agree("windows", "pay", window)
        made = desk.json("bank", "pay", window, "--to", str(desk.folder))
        due_in, due_out = desk.due(window, "in"), desk.due(window, "out")
        assert [(each["kind"], each["currency"], each["total"]) for each in made] == [
            ("pain.001", "JPY", due_out.amount),
            ("pain.008", "CNY", due_in.amount),
        ]
        files = {path.stem: path.read_bytes() for path in desk.folder.glob("TB-*.xml")}
        assert sorted(files) == sorted(each["message_id"] for each in made)
        asked = [each for name in sorted(files) for each in orders(files[name])]
        assert {(each.direction, each.end_to_end, each.account) for each in asked} == {
            ("out", due_out.end_to_end, FUELS),
            ("in", due_in.end_to_end, MARKETS),
        }
        again = desk.json("bank", "pay", window, "--to", str(desk.folder))
        assert again == made
        assert {path.stem: path.read_bytes() for path in desk.folder.glob("TB-*.xml")} == files

    def test_without_a_mandate_there_is_nothing_to_collect(self, desk: Desk) -> None:
        window = desk.trade(mandate=False)
        desk.agree("windows", "pay", window)
        assert [each["kind"] for each in desk.json("bank", "pay", window)] == ["pain.001"]

    def test_need_the_payees_account(self, desk: Desk) -> None:
        window = desk.trade(accounts=False)
        with pytest.raises(BankAccountMissing) as caught:
            desk.agree("windows", "pay", window)
        assert caught.value.facts == {"party": 1, "currency": "JPY"}

    def test_need_an_approved_window(self, desk: Desk) -> None:
        window = desk.coalition.close("2026-12")
        with pytest.raises(SettlementStepRefused):
            desk.agree("windows", "pay", window)
        with pytest.raises(WindowNotFound):
            desk.agree("windows", "pay", "1999-01")

    def test_need_two_people(self, desk: Desk) -> None:
        window = desk.trade()
        desk.json("windows", "pay", window, "--as", "ann", "--reason", "the call day")
        with pytest.raises(SettlementStepRefused):
            desk.run("bank", "pay", window)
        with pytest.raises(WindowNotFound):
            desk.run("bank", "pay", "1999-01")


class TestInvoices:
    def test_ask_everybody_that_pays_once(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "in")
        (row,) = desk.json("bank", "invoice", window, "--to", str(desk.folder))
        label = due.window.label
        assert (row["number"], row["amount"]) == (f"INV-{label}-000001", due.amount)
        assert desk.json("bank", "invoice", window) == [row]
        text = (desk.folder / f"{row['number']}.csv").read_text("utf-8-sig")
        assert f"pay,collected,{due.amount / 100:.2f},CNY" in text
        assert due.end_to_end in text

    def test_need_an_approved_window(self, desk: Desk) -> None:
        window = desk.coalition.close("2026-12")
        with pytest.raises(SettlementStepRefused):
            desk.run("bank", "invoice", window)


class TestImport:
    def test_exact(self, desk: Desk) -> None:
        window = desk.trade()
        due_in, due_out = desk.due(window, "in"), desk.due(window, "out")
        assert not desk.json("bank", "show", window)["agrees"]
        assert desk.says(paying(due_in)) == {
            "statements": 1, "entries": 1, "matched": 1, "known": False,
        }  # fmt: skip
        desk.says(paying(due_out, account=FUELS), account=OURS_IN_YEN, currency="JPY")
        assert desk.states(window) == {
            due_in.end_to_end: ("exact", due_in.amount, False),
            due_out.end_to_end: ("exact", due_out.amount, False),
        }
        assert desk.json("bank", "show", window)["agrees"]
        assert "The bank agrees." in desk.run("bank", "show", window).output

    def test_answers_to_its_files(self, desk: Desk) -> None:
        window = desk.trade()
        desk.agree("windows", "pay", window)
        desk.json("bank", "pay", window, "--to", str(desk.folder))
        for path in sorted(desk.folder.glob("TB-*.xml")):
            account = OURS if "CNY" in path.stem else OURS_IN_YEN
            desk.says(*orders(path.read_bytes()), account=account, currency=path.stem[-3:])
        assert desk.json("bank", "show", window)["agrees"]

    def test_the_same_again_changes_nothing(self, desk: Desk) -> None:
        due = desk.due(desk.trade(), "in")
        one = statement([paying(due)], number="S", account=OURS, currency="CNY", on=today())
        assert desk.imports(one)["entries"] == 1
        assert desk.imports(one) == {"statements": 0, "entries": 0, "matched": 0, "known": True}
        # The same statement in another envelope says nothing new either.
        assert desk.imports(one.replace(b"M-S", b"M-T"))["known"]
        assert len(desk.json("bank", "entries", "--all")) == 1

    def test_another_statement_of_the_same_number_is_refused(self, desk: Desk) -> None:
        due = desk.due(desk.trade(), "in")
        one = statement([paying(due)], number="S", account=OURS, currency="CNY", on=today())
        other = statement([], number="S", account=OURS, currency="CNY", on=today())
        desk.imports(one)
        with pytest.raises(BankStatementDiffers):
            desk.imports(other)

    def test_another_account_is_refused(self, desk: Desk) -> None:
        desk.trade()
        for account, currency in ((MARKETS, "CNY"), (OURS, "JPY")):
            with pytest.raises(BankFileAccountUnknown):
                desk.says(account=account, currency=currency)
        assert desk.json("bank", "entries", "--all") == []

    def test_short_then_the_rest(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "in")
        desk.says(paying(due, amount=due.amount - 1))
        assert desk.states(window)[due.end_to_end] == ("short", due.amount - 1, False)
        desk.says(paying(due, amount=1))
        assert desk.states(window)[due.end_to_end] == ("split", due.amount, False)

    def test_over_then_the_difference_is_sent_back(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "in")
        desk.says(paying(due, amount=due.amount + 500))
        assert desk.states(window)[due.end_to_end] == ("over", due.amount + 500, False)
        desk.says(paying(due, direction="out", amount=500, account=MARKETS))
        assert desk.states(window)[due.end_to_end] == ("split", due.amount, False)

    def test_late_is_there_all_the_same(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "in")
        desk.says(paying(due), on=after(due, 1))
        assert desk.states(window)[due.end_to_end] == ("exact", due.amount, True)

    def test_on_the_last_day_is_not_late(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "in")
        desk.says(paying(due), on=after(due, 0))
        assert desk.states(window)[due.end_to_end] == ("exact", due.amount, False)

    def test_returned(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "out")
        yen = {"account": OURS_IN_YEN, "currency": "JPY"}
        desk.says(paying(due, account=FUELS), **yen)
        back = paying(due, direction="in", account=FUELS, returned=True)
        desk.says(back, **yen)
        assert desk.states(window)[due.end_to_end] == ("returned", 0, False)
        desk.says(paying(due, account=FUELS), **yen)
        assert desk.states(window)[due.end_to_end] == ("split", due.amount, False)

    def test_several_payments_booked_as_one_entry(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "in")
        stranger = Transaction(direction="in", amount=77, counterparty="Somebody")
        done = desk.says(batches=[[paying(due), stranger]])
        assert (done["entries"], done["matched"]) == (2, 1)
        assert desk.states(window)[due.end_to_end][0] == "exact"

    def test_money_only_expected_does_not_count(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "in")
        assert desk.says(paying(due, booked=False))["entries"] == 0
        assert desk.states(window)[due.end_to_end][0] == "missing"

    def test_by_the_invoice_in_the_text(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "in")
        (row,) = desk.json("bank", "invoice", window)
        text = f"货款 {row['number']}, 谢谢"
        desk.says(paying(due, end_to_end=None, remittance=text))
        assert desk.json("bank", "show", window)["entries"][0]["matched_by"] == "reference"

    def test_by_the_statement_in_the_text(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "in")
        number = desk.coalition.documents(window)["market"].number
        desk.says(paying(due, end_to_end=None, remittance=number))
        assert desk.json("bank", "show", window)["entries"][0]["matched_by"] == "reference"

    def test_by_account_and_amount(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "in")
        desk.says(paying(due, end_to_end=None, account=MARKETS))
        assert desk.json("bank", "show", window)["entries"][0]["matched_by"] == "amount"

    def test_not_by_account_and_another_amount(self, desk: Desk) -> None:
        due = desk.due(desk.trade(), "in")
        assert desk.says(paying(due, end_to_end=None, account=MARKETS, amount=1))["matched"] == 0
        assert [row["amount"] for row in desk.json("bank", "entries")] == [1]

    def test_money_sent_to_another_account_pays_nobody(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "out")
        desk.says(paying(due, account="7654321"), account=OURS_IN_YEN, currency="JPY")
        assert desk.states(window)[due.end_to_end] == ("missing", 0, False)

    def test_what_came_early_is_matched_later(self, desk: Desk) -> None:
        window = desk.trade()
        desk.coalition.issue("market", desk.coalition.wallet(), 5)
        due = desk.due(window, "in")
        early = paying(due, end_to_end="2026-12-R1-P000001")
        assert desk.says(early)["matched"] == 0
        wallet = desk.coalition.wallet()
        desk.coalition.issue("market", wallet, 100_000)
        desk.coalition.spend("fuel", wallet, 60_000)
        later = desk.close("2027-01")
        name = desk.due(later, "in").end_to_end
        file = desk.folder / "more.xml"
        file.write_bytes(
            statement(
                [paying(due, end_to_end=name)], number="S-early", account=OURS, currency="CNY",
                on=date(2026, 11, 1),
            )
        )  # fmt: skip
        desk.run("bank", "import", str(file), "--as", "ann")
        assert desk.states(later)[name][0] == "exact"
        assert desk.json("bank", "rematch") == {"matched": 0}


class TestByHand:
    def test_match_takes_two_people(self, desk: Desk) -> None:
        window = desk.trade()
        due = desk.due(window, "in")
        desk.says(paying(due, end_to_end=None))
        (entry,) = desk.json("bank", "entries")
        effect = desk.agree("bank", "match", entry["id"], due.end_to_end)
        assert effect == f"entry matched to {due.end_to_end}"
        assert desk.states(window)[due.end_to_end] == ("exact", due.amount, False)
        assert desk.json("bank", "entries") == []

    def test_match_is_refused(self, desk: Desk) -> None:
        window = desk.trade()
        due_in, due_out = desk.due(window, "in"), desk.due(window, "out")
        desk.says(paying(due_in), Transaction(direction="in", amount=5))
        loose, matched = desk.json("bank", "entries", "--all")
        loose, matched = sorted((loose, matched), key=lambda row: row["amount"])
        tail = ("--as", "ann", "--reason", "because")
        unknown = "ent_" + "0" * 26
        for entry, payment, error in (
            (unknown, due_in.end_to_end, BankEntryNotFound),
            (loose["id"], "2026-11-R9-P000001", PaymentNotFound),
            (matched["id"], due_in.end_to_end, BankMatchRefused),
            (loose["id"], due_out.end_to_end, BankMatchRefused),  # Yuan for yen.
        ):
            with pytest.raises(error):
                desk.run("bank", "match", entry, payment, *tail)
        assert desk.run("bank", "match", "jrn_1", "P", *tail).exit_code == 2

    def test_confirmation_is_refused_where_the_bank_sees_it(self, desk: Desk) -> None:
        due = desk.due(desk.trade(), "in")
        with pytest.raises(ConfirmationRefused) as caught:
            desk.agree("bank", "confirm", due.end_to_end, "--on", "2026-12-05")
        assert caught.value.facts == {"why": "bank-sees-it"}


class TestBetweenPartners:
    def test_confirmation_takes_two_people(self, desk: Desk) -> None:
        window = desk.trade_directly()
        due = desk.due(window, "between")
        desk.agree("windows", "pay", window)
        assert desk.json("bank", "pay", window) == []  # Nothing for the hub's bank.
        words = ("bank", "confirm", due.end_to_end, "--on", str(after(due, -1)))
        assert desk.agree(*words) == f"payment {due.end_to_end} confirmed"
        assert desk.states(window) == {due.end_to_end: ("confirmed", due.amount, False)}
        with pytest.raises(ConfirmationRefused) as caught:
            desk.agree(*words)
        assert caught.value.facts == {"why": "confirmed"}
        assert desk.json("bank", "show", window)["agrees"]

    def test_the_day_says_whether_it_was_late(self, desk: Desk) -> None:
        window = desk.trade_directly()
        due = desk.due(window, "between")
        desk.agree("bank", "confirm", due.end_to_end, "--on", str(after(due, 1)))
        assert desk.states(window) == {due.end_to_end: ("confirmed", due.amount, True)}

    def test_the_hubs_entries_are_no_part_of_it(self, desk: Desk) -> None:
        window = desk.trade_directly()
        due = desk.due(window, "between")
        assert desk.says(paying(due))["matched"] == 0
        (entry,) = desk.json("bank", "entries")
        with pytest.raises(BankMatchRefused) as caught:
            desk.agree("bank", "match", entry["id"], due.end_to_end)
        assert caught.value.facts == {"why": "between-partners"}

    def test_an_invoice_for_two_payments_names_neither(self, desk: Desk) -> None:
        window = desk.trade_directly(accept_price=970_000)
        due = desk.due(window, "in")
        (row,) = desk.json("bank", "invoice", window)
        assert row["amount"] == due.amount + desk.due(window, "between").amount
        assert desk.says(paying(due, end_to_end=None, remittance=row["number"]))["matched"] == 0
        assert desk.says(paying(due))["matched"] == 1

    def test_is_invoiced_to_the_payees_account(self, desk: Desk) -> None:
        window = desk.trade_directly()
        desk.run("bank", "invoice", window, "--to", str(desk.folder))
        (file,) = desk.folder.glob("INV-*.json")
        (to,) = json.loads(file.read_text())["pay"]
        assert (to["to"]["account"], to["collected"]) == (TEAS, False)


class TestRevision:
    @pytest.fixture
    def revised(self, desk: Desk) -> str:
        """Invoiced and asked of the bank, then the hub made a part of Market's debt good."""
        window = desk.trade()
        desk.json("bank", "invoice", window)
        desk.agree("windows", "pay", window)
        revisions.revise(
            desk.coalition.database,
            window=window,
            reason="covered",
            by="li",
            now=NOW,
            signer=desk.coalition.signer,
            covers={desk.coalition.parties["market"]: 700, 1: -700},
        )
        return window

    def test_takes_invoices_back_and_asks_anew(self, desk: Desk, revised: str) -> None:
        due = desk.due(revised, "in")
        rows = desk.json("bank", "invoice", revised, "--to", str(desk.folder))
        assert [(r["kind"], r["revision"], r["cancels"], r["amount"]) for r in rows] == [
            ("credit-note", 2, rows[1]["number"], due.amount + 700),
            ("invoice", 1, None, due.amount + 700),
            ("invoice", 2, None, due.amount),
        ]
        assert rows[1]["cancelled_by"] == rows[0]["number"]
        assert desk.json("bank", "invoice", revised) == rows
        note = json.loads((desk.folder / f"{rows[0]['number']}.json").read_text())
        assert (note["kind"], note["cancels"], note["pay"]) == (
            "credit-note", rows[1]["number"], [],
        )  # fmt: skip
        invoice = json.loads((desk.folder / f"{rows[2]['number']}.json").read_text())
        lines = {each["kind"]: each["amount"] for each in invoice["lines"]}
        assert lines["cover"] == -700
        assert sum(lines.values()) == invoice["net"] == invoice["amount"]

    def test_makes_files_of_its_own(self, desk: Desk, revised: str) -> None:
        with pytest.raises(SettlementStepRefused):
            desk.run("bank", "pay", revised)
        desk.agree("windows", "pay", revised)
        with pytest.raises(SettlementStepRefused):
            desk.agree("windows", "pay", revised)
        made = desk.json("bank", "pay", revised)
        label = desk.due(revised, "in").window.label
        assert [(each["message_id"], each["total"]) for each in made] == [
            (f"TB-{label}-R2-C-JPY", desk.due(revised, "out").amount),
            (f"TB-{label}-R2-D-CNY", desk.due(revised, "in").amount),
        ]

    def test_money_for_the_earlier_one_waits_for_people(self, desk: Desk, revised: str) -> None:
        due = desk.due(revised, "in")
        name = due.end_to_end.replace("-R2-", "-R1-")
        assert desk.says(paying(due, end_to_end=name))["matched"] == 0
        (entry,) = desk.json("bank", "entries")
        desk.agree("bank", "match", entry["id"], due.end_to_end)
        assert desk.states(revised)[due.end_to_end] == ("exact", due.amount, False)


class TestAborted:
    def test_takes_every_invoice_back(self, desk: Desk) -> None:
        window = desk.trade()
        (row,) = desk.json("bank", "invoice", window)
        desk.agree("windows", "abort", window)
        note, first = desk.json("bank", "invoice", window)
        assert (note["kind"], note["cancels"], note["amount"]) == (
            "credit-note", row["number"], row["amount"],
        )  # fmt: skip
        assert first["cancelled_by"] == note["number"]
        assert len(desk.json("bank", "invoice", window)) == 2
        with pytest.raises(SettlementStepRefused):
            desk.run("bank", "pay", window)


class TestSettling:
    def test_waits_for_the_bank(self, desk: Desk) -> None:
        window = desk.trade()
        desk.pay(window)
        due_in, due_out = desk.due(window, "in"), desk.due(window, "out")
        desk.says(paying(due_in))
        with pytest.raises(BankDisagrees):
            desk.run("windows", "settle", window, "--as", "ann")
        desk.says(paying(due_out, account=FUELS), account=OURS_IN_YEN, currency="JPY")
        assert desk.json("windows", "settle", window, "--as", "ann")["state"] == "settled"

    @pytest.mark.parametrize("off_by", [-1, 1])
    def test_a_wrong_file_is_not_waved_through(self, desk: Desk, off_by: int) -> None:
        window = desk.trade()
        desk.pay(window)
        due_in, due_out = desk.due(window, "in"), desk.due(window, "out")
        desk.says(paying(due_in, amount=due_in.amount + off_by))
        desk.says(paying(due_out, account=FUELS), account=OURS_IN_YEN, currency="JPY")
        with pytest.raises(BankDisagrees):
            desk.run("windows", "settle", window, "--as", "ann")
        assert desk.coalition.state(window) == "paying"

    def test_unless_two_people_say_why(self, desk: Desk) -> None:
        window = desk.trade()
        desk.pay(window)
        proposal = desk.json(
            "windows", "settle", window, "--as", "ann", "--regardless", "paid in cash"
        )["id"]
        with pytest.raises(SecondPersonRequired):
            desk.run("proposals", "approve", proposal, "--as", "ann")
        assert desk.coalition.state(window) == "paying"
        desk.run("proposals", "approve", proposal, "--as", "ben")
        assert desk.coalition.state(window) == "settled"

    def test_what_is_returned_after_the_end_is_seen(self, desk: Desk) -> None:
        window = desk.trade()
        desk.pay(window)
        due_in, due_out = desk.due(window, "in"), desk.due(window, "out")
        desk.says(paying(due_in))
        yen = {"account": OURS_IN_YEN, "currency": "JPY"}
        desk.says(paying(due_out, account=FUELS), **yen)
        desk.json("windows", "settle", window, "--as", "ann")
        desk.says(paying(due_out, direction="in", account=FUELS, returned=True), **yen)
        assert desk.states(window)[due_out.end_to_end] == ("returned", 0, False)


class TestAgreement:
    def test_names_what_stands_in_the_way(self, desk: Desk) -> None:
        window = desk.trade()
        due_in, due_out = desk.due(window, "in"), desk.due(window, "out")
        desk.says(paying(due_in, amount=7))
        with desk.coalition.database.transaction() as session:
            found = agreement.disagreements(session, due_in.window.id)
            assert agreement.money_moved(session, due_in.window.id)
        assert [(each.payment, each.state, each.received) for each in found] == [
            (due_out.end_to_end, "missing", 0),
            (due_in.end_to_end, "short", 7),
        ]

    def test_of_a_window_without_payments(self, desk: Desk) -> None:
        window = desk.coalition.close("2026-12")
        with desk.coalition.database.transaction() as session:
            assert agreement.disagreements(session, desk.coalition.id(window)) == []
            assert not agreement.money_moved(session, desk.coalition.id(window))
