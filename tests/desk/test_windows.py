"""Windows at the desk: the list, one of them, closing it, and why somebody pays or receives."""

import pytest

from kit.database import Database
from kit.ids import to_text
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.members.visitor import Site
from tests.settlement.coalition import Coalition


@pytest.fixture
def coalition(books: Books) -> Coalition:
    """Two partners: 900 of Market's points were spent at Fuel, and 100 given back."""
    made = Coalition(books)
    made.close("2030-01")
    books.owner.execute("DELETE FROM settlement.head")
    made.partner("market", name="Market", issue_price=1_000_000, accept_price=1_000_000)
    made.partner("fuel", name="Fuel", issue_price=1_000_000, accept_price=1_000_000)
    wallet = made.wallet()
    made.issue("market", wallet, 10_000)
    sale = made.spend("fuel", wallet, 900)
    made.refund("fuel", sale, 100)
    return made


@pytest.fixture
def name(coalition: Coalition, sign_in: SignIn) -> str:
    """The window, closed at the desk."""
    visitor = sign_in("olaf", "operations")
    path = f"/desk/windows/{coalition.window}/close"
    assert "is closed" in visitor.submit(path).words
    return coalition.window


class TestList:
    def test_shows_each_with_its_state_and_money(
        self, sign_in: SignIn, coalition: Coalition, name: str
    ) -> None:
        answer = sign_in("fay", "finance").get("/desk/windows")
        assert answer.status == 200
        assert f"{name} Closed" in answer.words
        assert "¥8.00" in answer.words
        assert "2030-02 Open" in answer.words

    def test_filters_and_says_when_nothing_fits(
        self, sign_in: SignIn, coalition: Coalition, name: str
    ) -> None:
        visitor = sign_in("fay", "finance")
        found = visitor.get("/desk/windows?state=closed&format=csv").text.splitlines()
        assert [line.split(",")[0] for line in found[1:]] == [name, "window 1"]
        assert ",800,800,CNY," in found[1]
        assert "Nothing matches" in visitor.get("/desk/windows?state=settled").words

    def test_a_first_window_says_so(self, sign_in: SignIn, books: Books) -> None:
        assert "The first window is open" in sign_in("fay", "finance").get("/desk/windows").words


class TestWindow:
    def test_an_open_one_is_foreseen(self, sign_in: SignIn, coalition: Coalition) -> None:
        words = sign_in("fay", "finance").get(f"/desk/windows/{coalition.window}").words
        assert "as if it closed now" in words
        assert "−¥8.00 pays" in words
        assert "Close this window" in words

    def test_one_that_closes_is_asked_for_until_it_is_closed(
        self, sign_in: SignIn, coalition: Coalition
    ) -> None:
        ada, closing = sign_in("ada", "auditor"), coalition.begin("2030-03")
        base = f"/desk/windows/{closing}"
        assert f'data-poll="{base}/state"' in ada.get(base).text
        asked = ada.get(f"{base}/state", **{"X-Fragment": "1"})
        assert (asked.status, "This window is being worked out" in asked.words) == (200, True)
        coalition.resume(closing)
        asked = ada.get(f"{base}/state", **{"X-Fragment": "1"})
        assert (asked.status, asked.location) == (303, base)

    def test_a_closed_one_adds_up(self, sign_in: SignIn, coalition: Coalition, name: str) -> None:
        answer = sign_in("fay", "finance").get(f"/desk/windows/{name}")
        assert "In all ¥8.00 −¥8.00 ¥0.00 adds up" in answer.words
        assert "Propose approval" in answer.words
        assert f"ST-{name}-000001" in answer.words

    def test_an_auditor_is_told_who_may_and_gets_no_button(
        self, sign_in: SignIn, coalition: Coalition, name: str
    ) -> None:
        answer = sign_in("ada", "auditor").get(f"/desk/windows/{name}")
        assert "Who may: operations, finance" in answer.words
        assert f"/desk/windows/{name}/approval" not in answer.text

    def test_as_csv(self, sign_in: SignIn, coalition: Coalition, name: str) -> None:
        visitor = sign_in("ada", "auditor")
        positions = visitor.get(f"/desk/windows/{name}?format=csv").text.splitlines()
        assert "market,Market,0,800,0,-800,CNY,-800,CNY" in positions
        obligations = visitor.get(f"/desk/windows/{name}?format=csv&of=obligations").text
        assert "market,fuel,spent,800,800,CNY" in obligations
        payments = visitor.get(f"/desk/windows/{name}?format=csv&of=payments").text
        assert "market,hub,800,CNY" in payments

    def test_one_that_is_not_there(self, sign_in: SignIn, coalition: Coalition) -> None:
        assert sign_in("fay", "finance").get("/desk/windows/1999-01").status == 404


class TestClosing:
    def test_asks_first_and_closes_once(
        self, sign_in: SignIn, coalition: Coalition, database: Database, books: Books
    ) -> None:
        name = coalition.window
        visitor = sign_in("fay", "finance")
        asked = visitor.get(f"/desk/windows/{name}/close")
        assert "Nothing has happened yet" in asked.words
        assert coalition.state(name) == "open"
        answer = visitor.submit(f"/desk/windows/{name}/close")
        assert f"Window {name} is closed" in answer.words
        assert coalition.state(name) == "closed"
        token = visitor.token("/desk")
        again = visitor.send("POST", f"/desk/windows/{name}/close", {"csrf_token": token})
        assert again.status == 303
        entries = books.rows(
            "SELECT object FROM staff.audit WHERE what = 'window-closed' AND who = 'fay'"
        )
        assert [row.object for row in entries] == [f"window {name}"]

    @pytest.mark.parametrize("role", ["auditor", "risk", "approver", "administrator"])
    def test_only_for_who_may(self, sign_in: SignIn, coalition: Coalition, role: str) -> None:
        visitor = sign_in("rob", role)
        path = f"/desk/windows/{coalition.window}/close"
        assert visitor.get(path).status == 403
        token = visitor.token("/desk")
        assert visitor.send("POST", path, {"csrf_token": token}).status == 403


class TestExplaining:
    def test_a_net_is_a_sum_down_to_the_price(
        self, sign_in: SignIn, coalition: Coalition, name: str
    ) -> None:
        words = sign_in("ada", "auditor").get(f"/desk/windows/{name}/market").words
        assert "Market pays ¥8.00" in words
        assert "Owed by it −¥8.00" in words
        assert "points spent, Fuel 800 points" in words
        assert "¥10.00" in words  # For a thousand points.

    def test_with_one_other_alone(self, sign_in: SignIn, coalition: Coalition, name: str) -> None:
        words = sign_in("ada", "auditor").get(f"/desk/windows/{name}/market?with=fuel").words
        assert "Between Market and Fuel" in words

    def test_lines_lead_to_journals(
        self, sign_in: SignIn, coalition: Coalition, name: str, database: Database, site: Site
    ) -> None:
        visitor = sign_in("ada", "auditor")
        path = f"/desk/windows/{name}/market/lines?kind=spent&with=fuel&side=owes"
        csv = visitor.get(path + "&format=csv").text.splitlines()
        assert [line.split(",")[2] for line in csv[1:]] == ["spent", "refunded"]
        journal = csv[1].split(",")[0]
        assert journal[4:10] in visitor.get(path).text
        answer = visitor.get(f"/desk/journals/{journal}")
        assert "900 points were spent at Fuel" in answer.words
        assert "nobody signed for it" in answer.words
        assert "It stands under the hub's signed head" in answer.words
        assert "What undid it" in answer.words

    def test_who_took_no_part(self, sign_in: SignIn, coalition: Coalition, name: str) -> None:
        coalition.partner("late", name="Late")
        visitor = sign_in("ada", "auditor")
        coalition.partner("later", name="Later")
        assert "took no part" in visitor.go(f"/desk/windows/{name}/later").words
        assert visitor.get(f"/desk/windows/{name}/nobody").status == 404


class TestJournal:
    def test_its_proof_is_for_everybody_but_shows_no_wallet(
        self, sign_in: SignIn, coalition: Coalition, name: str, books: Books
    ) -> None:
        journal = books.rows("SELECT id, wallet_id FROM exchange.journal ORDER BY id LIMIT 1")[0]
        name = to_text("jrn", journal.id)
        visitor = sign_in("ada", "auditor")
        proof = visitor.get(f"/desk/journals/{name}/proof").json()
        assert proof["format"] == "tongbao-journal-proof-1"
        shown = [each["part"]["part"] for each in proof["leaves"][0]["disclosed"]]
        assert "member" not in shown
        assert {"event", "till", "line", "lot"} <= set(shown)

    def test_one_that_was_changed_does_not_verify(
        self, sign_in: SignIn, coalition: Coalition, name: str, books: Books, database: Database
    ) -> None:
        journal = books.rows("SELECT id FROM exchange.journal ORDER BY id LIMIT 1")[0].id
        name = to_text("jrn", journal)
        visitor = sign_in("ada", "auditor")
        books.owner.execute(
            "UPDATE exchange.journal SET points = points + 1 WHERE id = %s", (journal,)
        )
        assert "does not verify" in visitor.get(f"/desk/journals/{name}").words
        answer = visitor.submit(f"/desk/journals/{name}/verify", on=f"/desk/journals/{name}")
        assert "It does not hold" in answer.words
        books.owner.execute(
            "UPDATE exchange.journal SET points = points - 1 WHERE id = %s", (journal,)
        )

    @pytest.mark.parametrize("name", ["jrn_nonsense", "jrn_01m832j1b6erybfh4jgazk8dr8"])
    def test_one_that_is_not_there(self, sign_in: SignIn, name: str) -> None:
        assert sign_in("ada", "auditor").get(f"/desk/journals/{name}").status == 404
