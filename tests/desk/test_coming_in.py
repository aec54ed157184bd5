"""The desk is for personnel: strangers sign in first."""

from tests.desk.conftest import SignIn
from tests.members.visitor import Site


def test_a_stranger_is_sent_to_sign_in(site: Site) -> None:
    answer = site.visitor().get("/desk")
    assert (answer.status, answer.location) == (303, "/desk/sign-in")


def test_personnel_see_today(sign_in: SignIn) -> None:
    answer = sign_in("fay", "finance").get("/desk")
    assert answer.status == 200
    assert "Today" in answer.words
