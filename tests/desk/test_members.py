"""Members at the desk: nothing without a reason, no name without a second; all is recorded."""

from uuid import UUID

import pytest

from kit.database import Database
from kit.ids import to_text
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.factories import build_member, build_partner
from tests.members.visitor import Site, sign_in_as

NUMBER, NAME = "+8613900001402", "王小明 Plantedname"
REASON = "lost phone, case 5512"


class Helped:
    """Somebody with points at Market, who signs in with a number and a name."""

    def __init__(self, books: Books, database: Database, site: Site) -> None:
        self.party = books.party()
        with database.transaction() as session:
            build_partner(session, slug="market", name="Market", party=self.party)
            link = build_member(session, self.party)
            self.wallet, self.link = link.wallet_id, link.id
        self.journal = books.post(
            "accrual", party=self.party, link=str(self.link), points=1_200, reference="R-88121"
        ).unwrap()["id"]
        self.name = to_text("mbr", self.link)
        self.path = f"/desk/members/{self.name}"
        sign_in_as(site.visitor(), database, number=NUMBER, name=NAME, wallet=self.wallet)


@pytest.fixture
def helped(books: Books, database: Database, site: Site) -> Helped:
    return Helped(books, database, site)


def entries(books: Books, what: str) -> list[tuple[str, str, str]]:
    rows = books.rows("SELECT who, object, reason FROM staff.audit WHERE what = %s", what)
    return [(row.who, row.object, row.reason) for row in rows]


class TestLooking:
    def test_takes_a_reason_which_is_recorded_first(
        self, sign_in: SignIn, helped: Helped, books: Books
    ) -> None:
        visitor = sign_in("olaf", "operations")
        before = visitor.get(helped.path)
        assert "Why do you ask?" in before.words
        assert "1,200" not in before.words
        refused = visitor.submit(helped.path, reason="why")
        assert refused.status == 422
        assert not entries(books, "member-viewed")
        answer = visitor.submit(helped.path, reason=REASON)
        assert "1,200" in answer.words
        assert entries(books, "member-viewed") == [("olaf", f"member {helped.name}", REASON)]

    @pytest.mark.parametrize("by", ["link", "journal", "receipt"])
    def test_by_what_one_holds_in_the_hand(self, sign_in: SignIn, helped: Helped, by: str) -> None:
        asked = {
            "link": helped.name,
            "journal": to_text("jrn", UUID(helped.journal)),
            "receipt": "R-88121",
        }[by]
        visitor = sign_in("olaf", "operations")
        answer = visitor.submit("/desk/members", asked=asked, reason=REASON)
        assert "1,200" in answer.words

    @pytest.mark.parametrize("asked", ["", "nobody", NUMBER, NAME, "mbr_nonsense"])
    def test_never_by_name_or_number(self, sign_in: SignIn, helped: Helped, asked: str) -> None:
        visitor = sign_in("olaf", "operations")
        answer = visitor.submit("/desk/members", asked=asked, reason=REASON)
        assert answer.status == 422
        assert "Nobody has this id" in answer.words

    def test_it_is_over_after_a_quarter_of_an_hour(
        self, sign_in: SignIn, helped: Helped, site: Site
    ) -> None:
        visitor = sign_in("olaf", "operations")
        visitor.submit(helped.path, reason=REASON)
        site.clock.advance(minutes=16)
        assert "Why do you ask?" in visitor.get(helped.path).words

    def test_one_look_is_not_anothers(self, sign_in: SignIn, helped: Helped) -> None:
        sign_in("olaf", "operations").submit(helped.path, reason=REASON)
        assert "Why do you ask?" in sign_in("rita", "risk").get(helped.path).words


class TestUnmasking:
    def test_names_are_masked_until_a_second_reason(
        self, sign_in: SignIn, helped: Helped, books: Books
    ) -> None:
        visitor = sign_in("rita", "risk")
        looked = visitor.submit(helped.path, reason=REASON)
        assert "139****1402" in looked.words
        assert "王**" in looked.words
        assert "Plantedname" not in looked.text
        assert NUMBER not in looked.text
        assert visitor.submit(f"{helped.path}/unmask", on=helped.path, why="").status == 422
        shown = visitor.submit(f"{helped.path}/unmask", on=helped.path, why="call back, case 5512")
        assert NAME in shown.words
        assert NUMBER in shown.words
        assert shown.headers["Cache-Control"] == "no-store"
        assert NAME not in visitor.get(helped.path).text
        (entry,) = entries(books, "member-unmasked")
        assert entry == ("rita", f"member {helped.name}", "call back, case 5512")
        told = books.rows(
            "SELECT count(*) AS n FROM staff.audit WHERE audit::text LIKE %s", "%Planted%"
        )
        assert told[0].n == 0

    def test_not_with_every_role(self, sign_in: SignIn, helped: Helped) -> None:
        visitor = sign_in("olaf", "operations")
        looked = visitor.submit(helped.path, reason=REASON)
        assert "Unmask" not in looked.words
        token = visitor.token("/desk")
        fields = {"csrf_token": token, "why": REASON}
        assert visitor.send("POST", f"{helped.path}/unmask", fields).status == 403

    def test_not_without_a_look(self, sign_in: SignIn, helped: Helped, books: Books) -> None:
        visitor = sign_in("rita", "risk")
        fields = {"csrf_token": visitor.token("/desk"), "why": REASON}
        assert visitor.send("POST", f"{helped.path}/unmask", fields).status == 404
        assert not entries(books, "member-unmasked")


class TestFreezing:
    def test_at_once_with_a_reason(self, sign_in: SignIn, helped: Helped, books: Books) -> None:
        visitor = sign_in("olaf", "operations")
        visitor.submit(helped.path, reason=REASON)
        visitor.submit(f"{helped.path}/freeze", on=helped.path, because=REASON)
        rows = books.rows("SELECT frozen FROM exchange.wallet WHERE id = %s", helped.wallet)
        assert rows[0].frozen
        assert entries(books, "member-frozen") == [("olaf", f"member {helped.name}", REASON)]


class TestAuditor:
    def test_sees_who_looked_and_nothing_else(self, sign_in: SignIn, helped: Helped) -> None:
        sign_in("olaf", "operations").submit(helped.path, reason=REASON)
        words = sign_in("ada", "auditor").get(helped.path).words
        assert f"olaf looked at a member {REASON}" in words
        assert "1,200" not in words

    @pytest.mark.parametrize("role", ["finance", "approver", "administrator"])
    def test_others_see_nothing(self, sign_in: SignIn, helped: Helped, role: str) -> None:
        visitor = sign_in("fay", role)
        assert visitor.get(helped.path).status == 403
        assert visitor.get("/desk/members").status == 403
