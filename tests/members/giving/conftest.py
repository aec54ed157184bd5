"""People with numbers and wallets."""

import pytest

from kit.database import Database
from tests.books import Books
from tests.members.giving.people import People


@pytest.fixture
def people(database: Database, books: Books) -> People:
    return People(database, books)
