import pytest

from tests.books import Books
from tests.settlement.coalition import Coalition


@pytest.fixture
def coalition(books: Books) -> Coalition:
    """Partners, trade and windows in one line each."""
    return Coalition(books)
