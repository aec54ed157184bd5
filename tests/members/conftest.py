"""The members' pages behind a port, and visitors to them."""

from collections.abc import Iterator

import pytest

from kit.database import Database
from tests.books import Books
from tests.cluster import Address
from tests.members.purse import Purse
from tests.members.visitor import Site, Visitor, site_at


@pytest.fixture(scope="session")
def _site(address: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_at(address, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(_site: Site, database: Database) -> Iterator[Site]:
    """The hub in this process, over the test's database; its clock is set right again."""
    yield _site
    _site.clock.reset()
    _site.forget_messages()


@pytest.fixture
def visitor(site: Site) -> Visitor:
    """Somebody whom nobody knows yet."""
    return site.visitor()


@pytest.fixture
def purse(site: Site, books: Books) -> Iterator[Purse]:
    """Somebody signed in whose wallet is empty."""
    made = Purse.of(site, books)
    yield made
    made.close()
