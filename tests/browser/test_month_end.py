"""A month's end at the desk, in real browsers: three people, from closing to a proof."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

from demo.bank import Transaction, orders, statement
from tests.books import Books
from tests.browser.desk import DESK
from tests.browser.visitor import Visitor
from tests.desk.cases import Month, month
from tests.server import Server
from tests.settlement.bank.agreed import agree_account

ROOT = Path(__file__).parents[2]
WINDOW = "2026-10"
OURS, MARKETS, FUELS = "6222020200112233445", "6222020200112233446", "6222020200112233447"
SHORT_BY = 18  # fen


class Person:
    """Somebody at the desk who reads each page that comes, and finds it accessible."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    @property
    def page(self) -> Page:
        return self.visitor.page

    def opens(self, path: str) -> "Person":
        self.visitor.go(path)
        self.visitor.check()
        return self

    def follows(self, name: str) -> "Person":
        self.page.locator("main").get_by_role("link", name=name).first.click()
        self.visitor.check()
        return self

    def presses(self, name: str) -> "Person":
        self.page.locator("main").get_by_role("button", name=re.compile(name)).first.click()
        self.page.wait_for_load_state()
        self.visitor.check()
        return self

    def types(self, label: str, text: str) -> "Person":
        self.page.get_by_label(label).first.fill(text)
        return self

    def reads(self, *words: str) -> "Person":
        shown = re.sub(r"\s+", " ", self.page.locator("body").inner_text())
        for each in words:
            assert each in shown, f"{self.page.url} does not say {each!r}: {shown}"
        return self

    def finds_no_button(self, name: str) -> "Person":
        assert self.page.get_by_role("button", name=re.compile(name)).count() == 0
        return self

    def downloads(self, press: Callable[[Page], None]) -> bytes:
        with self.page.expect_download() as coming:
            press(self.page)
        return Path(coming.value.path()).read_bytes()


@pytest.fixture
def scene(books: Books, site: Server) -> Month:
    """Market's points were spent three times at Fuel; everybody has a bank account."""
    for heads in site.key_file.parent.glob("heads-*"):  # Of the log of another test.
        heads.unlink()
    made = month(books)
    wallet = made.hub.wallet()
    made.hub.issue("market", wallet, 300_000)
    made.hub.spend("fuel", wallet, 249_000, reference="R-3")
    now = datetime.now(UTC)
    with made.database.transaction() as session:
        agree_account(session, 1, OURS, now=now)
        agree_account(session, made.hub.parties["market"], MARKETS, now=now)
        agree_account(session, made.hub.parties["fuel"], FUELS, now=now)
    return made


@pytest.fixture
def fay(desk_visitor: Callable[..., Visitor]) -> Person:
    return Person(desk_visitor("fay", "finance", "operations", language="en", screen=DESK))


@pytest.fixture
def amy(desk_visitor: Callable[..., Visitor]) -> Person:
    return Person(desk_visitor("amy", "approver", language="en", screen=DESK))


@pytest.fixture
def ada(desk_visitor: Callable[..., Visitor]) -> Person:
    return Person(desk_visitor("ada", "auditor", language="en", screen=DESK))


def test_a_months_end(
    fay: Person, amy: Person, ada: Person, scene: Month, site: Server, tmp_path: Path
) -> None:
    # Close.
    fay.opens(f"/desk/windows/{WINDOW}").follows("Close this window")
    fay.reads("Nothing has happened yet").presses(f"Close window {WINDOW}")
    fay.reads(f"Window {WINDOW} is closed", "¥2,500.00")

    # Two disputes; one is upheld, one is carried over, each by two people.
    first, second = scene.contest(scene.first), scene.contest(scene.second)
    fay.opens("/desk/disputes").reads("¥6.00", "¥4.00")
    for dispute, decision in ((first, "uphold"), (second, "carry")):
        fay.opens(f"/desk/disputes/{dispute}")
        fay.page.locator(f"input[name=decision][value={decision}]").check()
        fay.types("Reason", "agreed on the phone").presses("^Propose$")
        fay.reads("You proposed this, so someone else must approve it.")
        fay.finds_no_button("^Approve")
        approves(amy, fay.page.url)
    fay.opens(f"/desk/windows/{WINDOW}").presses("Issue revised statements")
    fay.reads("Revised statements are issued", "¥2,490.00")

    # Approved by a second person; the first is refused.
    fay.follows("Propose approval").presses("^Propose$")
    fay.reads("You proposed this, so someone else must approve it.").finds_no_button("^Approve")
    proposal = fay.page.url
    assert tries_to_approve(fay, proposal) == 403
    approves(amy, proposal)
    fay.opens(f"/desk/windows/{WINDOW}").reads("Approved")

    # The payment file, which two people agreed to byte for byte.
    fay.opens(f"/desk/windows/{WINDOW}/pay").follows("Propose payment")
    fay.types("Reason", "checked against the statements").presses("^Propose payment$")
    approves(amy, fay.page.url)
    fay.opens(f"/desk/windows/{WINDOW}/pay").reads("Files for the bank")
    file = fay.downloads(lambda page: page.get_by_role("link", name=".xml").first.click())
    (paid,) = orders(file)
    assert (paid.amount, paid.account) == (249_000, FUELS)

    # The bank says that Market paid eighteen fen too little; then it pays the rest.
    due = fay.page.locator("main tbody tr", has_text="Market").get_by_role("link").first
    reference = due.inner_text()
    fay_brings(fay, tmp_path, "A-1", paid, from_market(249_000 - SHORT_BY, reference))
    fay.opens(f"/desk/windows/{WINDOW}/pay")
    fay.reads("Short by ¥0.18: ¥2,490.00 due, ¥2,489.82 received.")
    fay.opens(f"/desk/windows/{WINDOW}/settle").reads("The bank does not show every payment")
    fay_brings(fay, tmp_path, "A-2", from_market(SHORT_BY, reference))

    # Settle.
    fay.opens(f"/desk/windows/{WINDOW}/settle").presses("^Settle ¥")
    fay.opens(f"/desk/windows/{WINDOW}").reads("Settled")

    # Statements; and the auditor reads it back, down to a proof that verifies offline.
    ada.opens(f"/desk/windows/{WINDOW}").finds_no_button("^Propose|^Settle|^Close")
    ada.follows(f"ST-{WINDOW}-000001-r2").reads("Market")
    ada.opens(f"/desk/windows/{WINDOW}").follows("Fuel").reads("Fuel receives ¥2,490.00")
    ada.page.locator(".terms summary").first.click()
    ada.follows("The journals behind it")
    ada.page.locator("main tbody a").last.click()
    ada.reads("points were spent at Fuel").presses("Verify again").reads("Verified just now")
    proof = ada.downloads(lambda page: page.get_by_role("link", name="Download proof").click())
    assert verifies(proof, site, tmp_path)
    assert not verifies(proof.replace(b'"points": 249000', b'"points": 249001'), site, tmp_path)

    # Who let it be paid is in the audit log.
    ada.opens(f"/desk/audit?object=window+{WINDOW}").reads("closed", "amy")
    # The carried one stands with the next window.
    ada.opens("/desk/disputes").reads("¥4.00")


def approves(person: Person, proposal: str) -> None:
    """Reads it whole, and approves at its end."""
    person.opens(proposal).presses("^Approve").reads("Approved and carried out.")


def tries_to_approve(person: Person, proposal: str) -> int:
    """What the hub answers to the form that the page does not have."""
    status: int = person.page.evaluate(
        """async (path) => {
            const token = document.querySelector("input[name=csrf_token]").value;
            const body = new URLSearchParams({csrf_token: token, seen: ""});
            return (await fetch(path, {method: "POST", body})).status;
        }""",
        f"{proposal}/approve",
    )
    person.visitor.faults.clear()  # The browser itself calls a refusal an error.
    return status


def from_market(amount: int, reference: str) -> Transaction:
    """Money that Market sends, with the payment's name on it."""
    return Transaction(
        direction="in",
        amount=amount,
        end_to_end=reference,
        counterparty="Market",
        account=MARKETS,
    )


def fay_brings(fay: Person, folder: Path, number: str, *transactions: Transaction) -> None:
    """A bank's file, chosen from a folder as people do."""
    file = folder / f"{number}.xml"
    on = datetime.now(UTC).date()
    file.write_bytes(statement(transactions, number=number, account=OURS, currency="CNY", on=on))
    fay.opens(f"/desk/windows/{WINDOW}/bank")
    fay.page.get_by_label("The bank's file").set_input_files(file)
    fay.presses("Import the file")


def verifies(proof: bytes, site: Server, folder: Path) -> bool:
    """Whether the offline verifier believes it, with nothing but the hub's published keys."""
    with urllib.request.urlopen(f"{site.origin}/.well-known/tongbao-keys") as answer:  # noqa: S310
        (folder / "keys.json").write_bytes(answer.read())
    (folder / "proof.json").write_bytes(proof)
    assert json.loads(proof)["format"] == "tongbao-journal-proof-1"
    files = [folder / "proof.json", folder / "keys.json"]
    done = subprocess.run(
        [sys.executable, ROOT / "bin/verify-statement", *files], capture_output=True, check=False
    )
    return done.returncode == 0
