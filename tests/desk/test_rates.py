"""Rates at the desk: in force, proposed, and refused when going round them would make points."""

from datetime import UTC, datetime

import pytest

from exchange import rates
from exchange.rates import NewRate
from kit.database import Database
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.settlement.coalition import Coalition

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FIELDS = {
    "partner": "market",
    "direction": "export",
    "theirs": "8",
    "ours": "3",
    "valid_from": "2031-01-01",
    "reason": "The yearly review",
}


@pytest.fixture
def coalition(books: Books, database: Database) -> Coalition:
    """Ten of Market's own are three points."""
    made = Coalition(books)
    market = made.partner("market", name="Market")
    made.partner("fuel", name="Fuel")
    with database.transaction() as session:
        rates.enact(
            session,
            NewRate(
                party=market,
                direction="import",
                theirs=10,
                ours=3,
                minimum=10,
                step=10,
                daily_cap=None,
                fee_ppm=0,
                valid_from=LONG_AGO,
                valid_to=None,
            ),
        )
    return made


def test_what_is_in_force_is_a_ratio_with_an_example(sign_in: SignIn, coalition: Coalition) -> None:
    visitor = sign_in("ada", "auditor")
    answer = visitor.get("/desk/rates")
    assert "10 of theirs = 3 points" in answer.words
    assert "1,000 of theirs become 300 points" in answer.words
    assert "No loop gains" in answer.words
    assert "Who may propose rates" in answer.words
    assert "<svg" in answer.text
    lines = visitor.get("/desk/rates?partner=market&format=csv").text.splitlines()
    assert lines[1].split(",")[1:6] == ["market", "import", "10", "3", "0"]
    assert "Nothing matches" in visitor.get("/desk/rates?partner=fuel").words


def test_a_loop_is_refused_with_its_steps(
    sign_in: SignIn, coalition: Coalition, books: Books
) -> None:
    visitor = sign_in("olaf", "operations")
    answer = visitor.submit("/desk/rates/propose", **FIELDS | {"theirs": "11"})
    assert answer.status == 422
    assert "Going round a loop with this rate would make points." in answer.words
    assert "of Market" in answer.words
    assert 'value="11"' in answer.text
    assert not books.rows("SELECT id FROM staff.proposal")


def test_one_that_gains_nothing_is_proposed(
    sign_in: SignIn, coalition: Coalition, books: Books
) -> None:
    visitor = sign_in("olaf", "operations")
    visitor.submit("/desk/rates/propose", **FIELDS)
    (proposal,) = books.rows("SELECT content, reason FROM staff.proposal")
    assert proposal.content["direction"] == "export"
    assert proposal.content["theirs"] == 8
    assert proposal.reason == "The yearly review"
    assert "A conversion rate · olaf" in visitor.get("/desk/rates").words


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("theirs", "0", "Enter a whole number"),
        ("fee", "100", "from 0 to 100"),
        ("valid_from", "tomorrow", "Enter a day"),
        ("valid_to", "2030-01-01", "It ends before it begins."),
        ("partner", "nobody", "Choose one of these"),
        ("reason", "", "Say why"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    sign_in: SignIn, coalition: Coalition, field: str, typed: str, said: str
) -> None:
    visitor = sign_in("olaf", "operations")
    answer = visitor.submit("/desk/rates/propose", **FIELDS | {field: typed})
    assert answer.status == 422
    assert said in answer.words


def test_an_empty_hub_says_so(sign_in: SignIn, books: Books) -> None:
    words = sign_in("ada", "auditor").get("/desk/rates").words
    assert "No partner's own points can be converted yet." in words
    assert "Everybody settles in the hub's own currency." in words


def test_only_for_who_may(sign_in: SignIn, coalition: Coalition) -> None:
    assert sign_in("rita", "risk").get("/desk/rates/propose").status == 403


def test_a_loop_is_on_the_list_of_today_until_it_ends(
    sign_in: SignIn, coalition: Coalition, books: Books
) -> None:
    said = "Going round a loop of rates makes points"
    visitor = sign_in("ada", "auditor")
    assert said not in visitor.get("/desk").words
    back = books.rate(
        coalition.parties["market"], direction="export", theirs=10, ours=2, valid="[2021-03-09,)"
    )
    page = visitor.get("/desk")
    assert f"Stuck since 9 Mar {said}" in page.words
    assert 'href="/desk/rates"' in page.text
    assert "A loop gains" in visitor.get("/desk/rates").words
    books.owner.execute(
        "UPDATE exchange.rate SET valid = tstzrange(lower(valid), '2022-01-01') WHERE id = %s",
        (back,),
    )
    assert said not in visitor.get("/desk").words
