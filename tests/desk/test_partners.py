"""Partners at the desk: terms with their effect, keys, limits, traffic; in and out."""

import time
from base64 import urlsafe_b64encode
from uuid import UUID

import pytest

from exchange.errors import PartnerNotActive
from kit.clock import system_clock
from kit.database import Database
from partners import keys, registry
from partners.public_keys import PrivateKey, proof_of_possession
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.factories import build_operator
from tests.settlement.coalition import Coalition
from web import enactments


@pytest.fixture
def coalition(books: Books) -> Coalition:
    made = Coalition(books)
    made.close("2030-01")
    made.partner("market", name="Market", issue_price=1_000_000, cap=5_000_000)
    made.partner("fuel", name="Fuel", accept_price=900_000)
    wallet = made.wallet()
    made.issue("market", wallet, 10_000)
    made.spend("fuel", wallet, 4_000)
    made.close("2030-02")
    return made


def approve(database: Database, coalition: Coalition, proposal: UUID) -> None:
    """Ben approves, and it is carried out."""
    with database.transaction() as session:
        build_operator(session, name="ben", roles=["approver"])
    enactments.decide(
        database,
        proposal=proposal,
        by="ben",
        approve=True,
        clock=system_clock,
        signer=coalition.signer,
    )


class TestList:
    def test_shows_terms_exposure_and_cap(self, sign_in: SignIn, coalition: Coalition) -> None:
        visitor = sign_in("ada", "auditor")
        words = visitor.get("/desk/partners").words
        assert "Market Active T-" in words
        assert "¥50,000.00" in words
        assert "Register a partner" not in words
        lines = visitor.get("/desk/partners?name=fu&format=csv").text.splitlines()
        assert [line.split(",")[0] for line in lines[1:]] == ["fuel"]
        assert "Nothing matches" in visitor.get("/desk/partners?state=closed").words


class TestTerms:
    def test_those_in_force_stand_in_words(self, sign_in: SignIn, coalition: Coalition) -> None:
        words = sign_in("ada", "auditor").get("/desk/partners/market").words
        assert "It pays for its points, per 1,000 ¥10.00" in words
        assert "Cap on its exposure ¥50,000.00" in words
        assert "Who may propose terms: operations, risk" in words

    def test_are_proposed_with_their_effect_on_the_last_window(
        self, sign_in: SignIn, coalition: Coalition, books: Books
    ) -> None:
        visitor = sign_in("olaf", "operations")
        path = "/desk/partners/fuel/terms"
        review = visitor.submit(path, accept_price="9.50", valid_from="2031-01-01")
        assert "9.00 ¥9.50" in review.words.replace("¥9.00", "9.00")
        assert "2030-01 under these terms" in review.words
        assert "¥2.00" in review.words  # 4,000 points at half a fen more.
        assert not books.rows("SELECT id FROM staff.proposal WHERE kind = 'terms'")
        refused = visitor.submit(path)
        assert refused.status == 422
        assert "Say why" in refused.words
        visitor.submit(path, reason="The yearly review")
        (proposal,) = books.rows("SELECT content, reason FROM staff.proposal WHERE kind = 'terms'")
        assert proposal.content["accept_price"] == 950_000
        assert proposal.reason == "The yearly review"
        words = visitor.get("/desk/partners/fuel").words
        assert "Proposed by olaf: The yearly review" in words

    @pytest.mark.parametrize(
        ("field", "typed", "said"),
        [
            ("accept_price", "9.999999", "up to five decimals"),
            ("fee_ppm", "101", "lies between"),
            ("fee_ppm", "-1", "from 0 to 100"),
            ("cap", "many", "such as 5,000.00"),
            ("expiry_months", "0", "1 to 120 months"),
            ("currency", "yuan", "three capital letters"),
            ("valid_from", "2026-02-30", "Enter a day"),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field(
        self, sign_in: SignIn, coalition: Coalition, field: str, typed: str, said: str
    ) -> None:
        visitor = sign_in("olaf", "operations")
        fields = {"valid_from": "2031-01-01", field: typed}
        answer = visitor.submit("/desk/partners/fuel/terms", **fields)
        assert answer.status == 422
        assert said in answer.words
        assert f'value="{typed}"' in answer.text

    def test_only_for_who_may(self, sign_in: SignIn, coalition: Coalition) -> None:
        assert sign_in("ada", "auditor").get("/desk/partners/fuel/terms").status == 403


class TestInAndOut:
    def test_one_person_suspends_and_it_stops(
        self, sign_in: SignIn, coalition: Coalition, books: Books
    ) -> None:
        visitor = sign_in("rita", "risk")
        path = "/desk/partners/market/suspend"
        assert visitor.submit(path).status == 422
        answer = visitor.submit(path, reason="Its bank called")
        assert "Market is suspended" in answer.words
        with pytest.raises(PartnerNotActive):
            coalition.issue("market", coalition.wallet(), 10)
        entry = books.rows("SELECT * FROM staff.audit WHERE what = 'partner-suspended'")[0]
        assert (entry.who, entry.reason, entry.object) == (
            "rita",
            "Its bank called",
            "partner market",
        )

    def test_to_restore_takes_two(
        self, sign_in: SignIn, coalition: Coalition, database: Database, books: Books
    ) -> None:
        visitor = sign_in("rita", "risk")
        visitor.submit("/desk/partners/market/suspend", reason="A test")
        visitor.submit("/desk/partners/market/let-in", on="/desk/partners/market")
        (proposal,) = books.rows("SELECT id FROM staff.proposal")
        with database.transaction() as session:
            assert registry.find(session, "market").state == "suspended"
        approve(database, coalition, proposal.id)
        with database.transaction() as session:
            assert registry.find(session, "market").state == "active"

    def test_a_new_one_is_registered_and_can_do_nothing(
        self, sign_in: SignIn, coalition: Coalition, database: Database
    ) -> None:
        visitor = sign_in("olaf", "operations")
        refused = visitor.submit("/desk/partners/new", name="", slug="No")
        assert refused.status == 422
        assert "small letters" in refused.words
        answer = visitor.submit("/desk/partners/new", name="Bakery 面包房", slug="bakery")
        assert "No terms yet: cannot trade" in answer.words
        again = visitor.submit("/desk/partners/new", name="Another", slug="bakery")
        assert "Another partner has this short name." in again.words
        with database.transaction() as session:
            assert registry.find(session, "bakery").state == "applied"


class TestKeys:
    def test_a_key_is_proposed_with_its_proof_and_registered_by_another(
        self, sign_in: SignIn, coalition: Coalition, database: Database, books: Books
    ) -> None:
        private, created = PrivateKey.generate(), int(time.time())
        with database.transaction() as session:
            partner = registry.find(session, "market")
        public = private.public_key.to_text()
        text = proof_of_possession(keys.public_id(partner.id), public, created)
        proof = urlsafe_b64encode(private.sign(text)).decode().rstrip("=")
        visitor = sign_in("olaf", "operations")
        path = "/desk/partners/market/keys/add"
        typed = {"public": public, "created": str(created), "proof": proof, "settle": "yes"}
        refused = visitor.submit(path, **(typed | {"proof": proof[:-6] + "AAAAAA"}))
        assert refused.status == 422
        visitor.submit(path, **typed)
        (proposal,) = books.rows("SELECT id FROM staff.proposal")
        approve(database, coalition, proposal.id)
        with database.transaction() as session:
            (made,) = keys.listed(session, party=partner.party, now=partner.applied_at)
        assert (made["public_key"], made["scopes"]) == (public, ["settle"])
        assert made["id"] in visitor.get("/desk/partners/market/keys").words


class TestTraffic:
    def test_by_window(self, sign_in: SignIn, coalition: Coalition, database: Database) -> None:
        coalition.books.roll_up()
        visitor = sign_in("ada", "auditor")
        words = visitor.get("/desk/partners/market/traffic").words
        assert "2030-01 1 10,000" in words
        lines = visitor.get("/desk/partners/fuel/traffic?format=csv").text.splitlines()
        assert "2030-01,0,0,0,0,4000,1,0,0" in lines

    def test_limits_are_a_sum(self, sign_in: SignIn, coalition: Coalition) -> None:
        words = sign_in("ada", "auditor").get("/desk/partners/market/limits").words
        assert "Points not yet turned into money: 6,000 ¥60.00" in words
        assert "Money of closed windows not yet paid" in words

    def test_trust_is_a_record_and_what_it_bears(
        self, sign_in: SignIn, coalition: Coalition
    ) -> None:
        visitor = sign_in("ada", "auditor")
        path = "/desk/partners/market/trust"
        words = visitor.get(path).words
        assert "Trust level 0 of 5" in words
        assert "windows settled in time, more of them: 1" in words
        assert "It has settled no window yet" in words
        assert "Its cap is ¥50,000.00: more than this level bears." in words
        coalition.settle("2030-01")  # Whatever the bank says: it has seen nothing.
        words = visitor.get(path).words
        assert "2030-01 ¥40.00" in words
        assert "never in full" in words
        (line,) = visitor.get(f"{path}?format=csv").text.splitlines()[1:]
        assert line.startswith("2030-01,4000,-")
        fuel = visitor.get("/desk/partners/fuel/trust").words
        assert "Trust level 1 of 5" in fuel
        assert "nothing to pay" in fuel
        assert "Its terms in force have no cap." in fuel


def test_one_that_is_not_there(sign_in: SignIn) -> None:
    assert sign_in("ada", "auditor").get("/desk/partners/nobody").status == 404
