"""Who is signed in, and who is not any more."""

from kit.database import Database
from tests.members.visitor import Site, Visitor, sign_in_as


class TestSignedIn:
    def test_strangers_sign_in_first_and_come_back(self, visitor: Visitor) -> None:
        answer = visitor.get("/settings?from=wallet")
        assert (answer.status, answer.location) == (303, "/sign-in?next=/settings%3Ffrom%3Dwallet")

    def test_whoever_has_a_session_sees_the_page(
        self, site: Site, visitor: Visitor, database: Database
    ) -> None:
        sign_in_as(visitor, database)
        assert visitor.get("/settings").status == 200
