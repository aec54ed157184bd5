"""The desk's pages behind a port, and people of the hub who are signed in there."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from kit.database import Database
from staff.people import sessions
from tests.books import Books
from tests.cluster import Address
from tests.factories import build_operator
from tests.members.visitor import SECRETS, Site, Visitor, site_at
from tests.settlement.coalition import Coalition

SignIn = Callable[..., Visitor]


@pytest.fixture(scope="session")
def _site(address: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_at(address, tmp_path_factory.mktemp("desk")) as site:
        yield site


@pytest.fixture
def site(_site: Site, database: Database) -> Iterator[Site]:
    """The hub in this process, over the test's database; its clock is set right again."""
    for heads in _site.home.glob("heads-*"):  # The log of the last test is gone.
        heads.unlink()
    yield _site
    _site.clock.reset()


@pytest.fixture
def sign_in(site: Site, database: Database) -> SignIn:
    """`sign_in("fay", "finance", "approver")` is a visitor at the desk, signed in as a new person
    of these roles; `proved=False` for one whose proof is old, `language="zh"` for Chinese."""

    def signed_in(
        name: str, *roles: str, proved: bool = True, language: str = "en", how: str = "passkey"
    ) -> Visitor:
        visitor = site.visitor(language=language)
        now = datetime.now(UTC)
        with database.transaction() as session:
            operator = build_operator(session, name=name, roles=roles).id
            opened = sessions.begin(
                session,
                SECRETS,
                operator,
                how=how,  # type: ignore[arg-type]
                device="Firefox, Linux",
                address="127.0.0.1",
                now=now,
                proved=proved,
            )
        visitor.cookies["desk"] = opened.token
        return visitor

    return signed_in


@pytest.fixture
def coalition(books: Books) -> Coalition:
    """Partners, trade and windows in one line each, in the site's own database."""
    return Coalition(books)
