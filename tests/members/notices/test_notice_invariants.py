"""The checker finds notices and levels that are nobody's, untrue, or told too often."""

from datetime import UTC, datetime

import pytest

from exchange.invariants import check
from members.invariants import INVARIANTS
from members.notices import choices, following
from tests.books import Books
from tests.members.known import Known, know
from tests.members.notices.test_following import follow

_ERASE = (
    "UPDATE members.person SET erased_at = now(), phone_index = NULL, sealed = NULL,"
    " wrapped_key = NULL WHERE id = '{person}'"
)

CASES: dict[str, list[tuple[str, ...]]] = {
    "notices-belong-to-the-living": [
        (_ERASE, "DELETE FROM members.standing", "DELETE FROM members.notice_choice"),
        (_ERASE, "DELETE FROM members.standing", "DELETE FROM members.notice"),
        ("UPDATE members.notice SET person_id = gen_random_uuid() WHERE kind = 'expiry'",),
    ],
    "notices-tell-what-happened": [
        ("UPDATE members.notice SET facts = facts || '{{\"points\": 1}}' WHERE kind = 'credit'",),
        ("UPDATE members.notice SET facts = facts || '{{\"party\": 1}}' WHERE kind = 'credit'",),
        ("UPDATE members.notice SET person_id = '{other}' WHERE kind = 'credit'",),
    ],
    "expiry-is-told-once": [
        ("UPDATE members.notice SET about = NULL WHERE kind = 'expiry'",),
        (
            'UPDATE members.notice SET facts = facts || \'{{"day": "2090-04-01"}}\''
            " WHERE kind = 'expiry'",
        ),
        ("UPDATE members.notice SET facts = facts || '{{\"left\": 31}}' WHERE kind = 'expiry'",),
    ],
    "the-living-stand-somewhere": [
        ("DELETE FROM members.standing WHERE person_id = '{person}'",),
        ("INSERT INTO members.standing VALUES (gen_random_uuid(), 1, now())",),
    ],
    "wallet-limit-is-its-levels": [
        ("UPDATE exchange.wallet SET unapproved_limit = 1 WHERE id = {wallet}",),
        ("UPDATE exchange.wallet SET unapproved_limit = NULL WHERE id = {wallet}",),
        ("UPDATE members.standing SET level = 5",),
    ],
}


@pytest.fixture
def known(books: Books) -> Known:
    """Somebody who was told of points, and of their end, and chose what to be told."""
    known, market = know(books), books.party()
    books.issue(market, known.wallet, 50, expires_on="2090-03-31")
    follow(books)
    assert following.tell_expiry(books.database, datetime(2090, 3, 1, 12, tzinfo=UTC)) == 1
    with books.database.transaction() as session:
        choices.choose(session, known.person, choices.Choice(large_spend=5))
    return known


@pytest.mark.corrupts_books
@pytest.mark.parametrize(
    ("name", "statements"),
    [
        pytest.param(name, statements, id=f"{name}-{number}")
        for name, cases in CASES.items()
        for number, statements in enumerate(cases)
    ],
)
def test_finds(books: Books, known: Known, name: str, statements: tuple[str, ...]) -> None:
    other = know(books)
    with books.database.engine.connect() as connection:
        assert {r.name for r in check(connection, INVARIANTS) if r.count} == set()
    for statement in statements:
        filled = statement.format(person=known.person, wallet=known.wallet, other=other.person)
        assert books.owner.execute(filled).rowcount
    with books.database.engine.connect() as connection:
        found = {r.name: r.violations for r in check(connection, INVARIANTS) if r.count}
    assert name in found
    assert all(violation.key for violation in found[name])
