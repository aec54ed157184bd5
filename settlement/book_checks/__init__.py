"""When the books were checked last, and what came of it: money does not move while they are off."""

from settlement.book_checks.errors import BooksDoNotBalance
from settlement.book_checks.standing import STALE, Standing, refuse_unless_balanced, standing

__all__ = ["STALE", "BooksDoNotBalance", "Standing", "refuse_unless_balanced", "standing"]
