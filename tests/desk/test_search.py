"""Search at the desk: groups, straight to what is exact, and nothing that a role may not open."""

from uuid import UUID

import pytest

from kit.database import Database
from kit.ids import to_text
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.members.visitor import Site
from tests.settlement.coalition import Coalition

FRAGMENT = {"X-Fragment": "1"}


@pytest.fixture
def fuel(database: Database, books: Books) -> Coalition:
    coalition = Coalition(books)
    coalition.partner("fuel")
    coalition.partner("fuel-two")
    return coalition


def test_strangers_find_nothing(site: Site) -> None:
    assert site.visitor().get("/desk/search?q=fuel").location.startswith("/desk/sign-in")
    assert site.visitor().get("/desk/search?q=fuel", **FRAGMENT).status == 401


def test_several_stand_in_their_group(sign_in: SignIn, fuel: Coalition) -> None:
    answer = sign_in("fay", "finance").get("/desk/search?q=fue")
    assert answer.status == 200
    assert "2 results" in answer.words
    assert 'href="/desk/partners/fuel"' in answer.text
    assert 'href="/desk/partners/fuel-two"' in answer.text


def test_what_is_exact_is_shown_at_once(sign_in: SignIn, fuel: Coalition) -> None:
    journal = to_text("jrn", UUID(str(fuel.issue("fuel", fuel.wallet(), 5))))
    answer = sign_in("fay", "auditor").get(f"/desk/search?q={journal}")
    assert (answer.status, answer.location) == (303, f"/desk/journals/{journal}")


def test_a_script_gets_options_and_stays(sign_in: SignIn, fuel: Coalition) -> None:
    answer = sign_in("fay", "finance").get("/desk/search?q=fuel-two", **FRAGMENT)
    assert answer.status == 200
    assert answer.text.count('role="option"') == 1
    assert 'data-href="/desk/partners/fuel-two"' in answer.text
    assert 'data-said="1 result"' in answer.text
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    ("role", "status"),
    [("operations", 303), ("risk", 303), ("auditor", 303), ("finance", 200), ("approver", 200)],
)
def test_a_member_is_for_those_who_help_members(
    sign_in: SignIn, fuel: Coalition, role: str, status: int
) -> None:
    token = to_text("mbr", UUID(str(fuel.books.link(fuel.parties["fuel"], fuel.wallet()))))
    answer = sign_in("fay", role).get(f"/desk/search?q={token}")
    assert answer.status == status
    if status == 303:
        assert answer.location == f"/desk/members/{token}"
    else:
        assert f"/desk/members/{token}" not in answer.text


def test_nothing_says_what_to_do(sign_in: SignIn, fuel: Coalition) -> None:
    answer = sign_in("fay", "finance", language="zh").get("/desk/search?q=nobody")
    assert "没有找到" in answer.words


def test_what_is_asked_stays_words(sign_in: SignIn, fuel: Coalition) -> None:
    answer = sign_in("fay", "finance").get("/desk/search?q=%3Cscript%3Efuel%27%22")
    assert "<script>fuel" not in answer.text
