"""A link that a command made signs somebody in at the desk, once, and not by being looked at."""

from datetime import UTC, datetime

from kit.database import Database
from staff.people import sign_in_links
from tests.factories import build_operator
from tests.members.visitor import SECRETS, Site


def test_it_works_once_and_only_when_pressed(site: Site, database: Database) -> None:
    with database.transaction() as session:
        operator = build_operator(session, name="mei").id
        token = sign_in_links.make(session, SECRETS, operator, datetime.now(UTC))
    path = f"/desk/sign-in/link/{token}"
    assert site.visitor().get(path).status == 200
    visitor = site.visitor()
    assert "Today" in visitor.submit(path).words
    other = site.visitor()
    assert "used or too old" in other.submit(path).words
    visitor.submit("/desk/sign-out", on="/desk")
    assert visitor.get("/desk").location == "/desk/sign-in"
