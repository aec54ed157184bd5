"""A member's own code in the same moment at two tills, and the page that makes a new one (T19).

100 rounds of two tills and 20 with a renewal between them; ten times that with HUB_FULL=1.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from kit.ids import from_text
from members import consent
from members.people import persons
from tests.members.visitor import SECRETS, next_number
from tests.races.volleys import Race, rounds, split


@pytest.fixture
def person(race: Race) -> tuple[UUID, int]:
    """The race's member with somebody behind it, and the wallet; tills may fail as they like."""
    race.coalition.books.owner.execute(
        "UPDATE exchange.setting SET code_failures_a_minute = 1000000"
    )
    race.one("accruals", points=1_000_000)
    with race.coalition.database.transaction() as session:
        row = session.execute(
            text(
                "SELECT m.id, m.wallet_id FROM members.member m JOIN exchange.link l USING"
                " (wallet_id) WHERE l.id = :link"
            ),
            {"link": from_text("mbr", race.member)},
        ).one()
        opened = persons.open_person(
            session,
            SECRETS,
            next_number(),
            member=row.id,
            name="",
            language=None,
            now=datetime.now(UTC),
        )
    return opened, row.wallet_id


def show(race: Race, person: tuple[UUID, int]) -> str:
    """What the page does when it is opened."""
    with race.coalition.database.transaction() as session:
        consent.end_shown(session, wallet=person[1], person=person[0])
        shown = consent.show(
            session,
            wallet=person[1],
            person=person[0],
            shared=False,
            max_points=50,
            chosen_limit=50,
            secrets_=SECRETS,
            now=datetime.now(UTC),
        )
    return shown.code


def test_one_code_at_two_tills_has_one_winner(race: Race, person: tuple[UUID, int]) -> None:
    other = race.coalition.partner()
    before = race.balance()[0]
    runs = rounds(100)
    for n in range(runs):
        code, path = show(race, person), ("redemptions", "authorizations")[n % 2]
        requests = [
            race.request(path, partner=till, member=None, payment_code=code, points=50)
            for till in (race.shop, other)
        ]
        won, lost = split(race.volley(requests))
        assert len(won) == 1
        assert lost == [(422, "payment-code-invalid")]
    assert before - race.balance()[0] == 50 * runs


def test_a_new_code_ends_the_older_or_comes_too_late(race: Race, person: tuple[UUID, int]) -> None:
    """A till and the page at once: whichever is first, the older code pays once or never."""
    with ThreadPoolExecutor(1) as page:
        for _ in range(rounds(20)):
            code = show(race, person)
            request = race.request("redemptions", member=None, payment_code=code, points=50)
            making = page.submit(show, race, person)
            (first,) = race.volley([request])
            newer = making.result()
            assert (first.status, first.code) in ((201, None), (422, "payment-code-invalid"))
            again = race.request("redemptions", member=None, payment_code=code, points=50)
            assert race.wire.send(again).code == "payment-code-invalid"
            race.one("redemptions", member=None, payment_code=newer, points=50)
