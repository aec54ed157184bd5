"""Rates of money, conversions of others and the calendar at the desk: proposed, or refused."""

from typing import Any

import pytest

from kit.clock import system_clock
from kit.database import Database
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.factories import build_operator
from tests.settlement.coalition import Coalition
from web import enactments

FX = {"quote": "JPY", "rate": "20.1", "valid_from": "2031-01-01", "reason": "monthly fixing"}
OUTSIDE = {
    "source": "CNY", "gives": "100", "target": "market", "gets": "1", "minimum": "100",
    "step": "100", "valid_from": "2031-01-01", "reason": "what the airline sells",
}  # fmt: skip
CALENDAR = {
    "every": "half-month", "cut_off": "22:00", "zone": "Asia/Shanghai", "advice_days": "1",
    "call_days": "5", "dispute_days": "4", "route": "direct", "first_day": "2031-01-01",
    "reason": "twice a month",
}  # fmt: skip
FORMS = {
    "fx-rate": ("/desk/rates/money", FX),
    "outside-rate": ("/desk/rates/others", OUTSIDE),
    "calendar": ("/desk/windows/calendar", CALENDAR),
}


@pytest.fixture
def market(coalition: Coalition) -> Coalition:
    coalition.partner("market", name="Market")
    return coalition


@pytest.mark.parametrize("kind", FORMS)
def test_is_proposed_approved_and_in_force(
    sign_in: SignIn, market: Coalition, books: Books, database: Database, kind: str
) -> None:
    path, fields = FORMS[kind]
    visitor = sign_in("olaf", "operations", "finance")
    shown = visitor.submit(path, **fields)
    assert "Awaiting approval" in shown.words
    (row,) = books.rows("SELECT id, kind, content, reason FROM staff.proposal")
    assert (row.kind, row.reason) == (kind, fields["reason"])
    again = visitor.go("/desk/windows/calendar" if kind == "calendar" else "/desk/rates").words
    assert "Awaiting approval" in again
    with database.transaction() as session:
        build_operator(session, name="ben", roles=["approver"])
    enactments.decide(
        database, proposal=row.id, by="ben", approve=True, clock=system_clock, signer=market.signer
    )
    table, wanted = {
        "fx-rate": (
            "SELECT base, quote, numerator, denominator FROM settlement.fx_rate",
            ("CNY", "JPY", 201, 10),
        ),
        "outside-rate": (
            "SELECT source_money, target_party, gives, gets FROM exchange.outside_rate",
            ("CNY", market.parties["market"], 100, 1),
        ),
        "calendar": (
            "SELECT every, cut_off::text, route, call_days FROM settlement.calendar",
            ("half-month", "22:00:00", "direct", 5),
        ),
    }[kind]
    assert [tuple(each) for each in books.rows(table)] == [wanted]
    if kind == "calendar":
        words = visitor.get(path).words
        assert "half a month 22:00 · Asia/Shanghai" in words
        assert "2031-01a" in words


@pytest.mark.parametrize(
    ("kind", "changed", "said"),
    [
        ("fx-rate", {"quote": "CNY"}, "three letters of another currency"),
        ("fx-rate", {"quote": "yen!"}, "three letters of another currency"),
        ("fx-rate", {"rate": "twenty"}, "Enter a rate such as 20.1"),
        ("fx-rate", {"rate": "1/0"}, "Enter a rate such as 20.1"),
        ("fx-rate", {"valid_from": "soon"}, "Enter a day"),
        ("fx-rate", {"reason": ""}, "Say why"),
        ("outside-rate", {"source": "nobody"}, "from one kind of value to another"),
        ("outside-rate", {"source": "market"}, "from one kind of value to another"),
        ("outside-rate", {"gives": "0"}, "Enter a whole number"),
        ("outside-rate", {"gets": "9" * 30}, "Enter a whole number"),
        ("outside-rate", {"valid_to": "2030-01-01"}, "It ends before it begins."),
        ("outside-rate", {"valid_from": "9999-99-99"}, "Enter a day"),
        ("calendar", {"every": "year"}, "Choose one of these"),
        ("calendar", {"cut_off": "late"}, "Enter a time of day"),
        ("calendar", {"zone": "Asia/Nowhere"}, "The zone is unknown"),
        ("calendar", {"advice_days": "9"}, "The zone is unknown, or the days are not in order"),
        ("calendar", {"call_days": "-1"}, "Enter a whole number"),
        ("calendar", {"first_day": "tomorrow"}, "Enter a day"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    sign_in: SignIn, market: Coalition, books: Books, kind: str, changed: dict[str, str], said: str
) -> None:
    path, fields = FORMS[kind]
    answer = sign_in("olaf", "operations", "finance").submit(path, **fields | changed)
    assert answer.status == 422
    assert said in answer.words
    for name in fields.keys() - changed.keys():
        assert f'value="{fields[name]}"' in answer.text  # Nothing is typed twice.
    assert not books.rows("SELECT id FROM staff.proposal")


def test_a_loop_is_refused_with_its_steps(sign_in: SignIn, market: Coalition, books: Books) -> None:
    visitor = sign_in("olaf", "operations")
    visitor.submit("/desk/rates/others", **OUTSIDE)
    (row,) = books.rows("SELECT id FROM staff.proposal")
    _approve(market, row.id)
    back = OUTSIDE | {"source": "market", "target": "CNY", "gives": "1", "gets": "101",
                      "minimum": "1", "step": "1"}  # fmt: skip
    answer = visitor.submit("/desk/rates/others", **back)
    assert answer.status == 422
    assert "Going round a loop with this rate would make points." in answer.words
    assert "The loop that would gain" in answer.words
    assert "of Market" in answer.words


def test_the_same_fixing_twice_is_one_and_another_is_refused(
    sign_in: SignIn, market: Coalition, books: Books
) -> None:
    visitor = sign_in("fay", "finance")
    visitor.submit("/desk/rates/money", **FX)
    (row,) = books.rows("SELECT id FROM staff.proposal")
    _approve(market, row.id)
    answer = visitor.submit("/desk/rates/money", **FX | {"rate": "20.2"})
    assert answer.status == 422
    assert "Another rate is fixed for this pair and day." in answer.words


@pytest.mark.parametrize(
    ("kind", "roles", "status"),
    [("fx-rate", "operations", 403), ("outside-rate", "risk", 403), ("calendar", "auditor", 200)],
)
def test_who_may(sign_in: SignIn, market: Coalition, kind: str, roles: str, status: int) -> None:
    path, fields = FORMS[kind]
    visitor = sign_in("ida", roles)
    assert visitor.get(path).status == status
    sent = {"csrf_token": visitor.token("/desk"), **fields}
    assert visitor.send("POST", path, sent).status == 403


def test_without_a_calendar_windows_close_by_hand(sign_in: SignIn, books: Books) -> None:
    words = sign_in("ida", "auditor").get("/desk/windows/calendar").words
    assert "No calendar is agreed: windows close when somebody closes them." in words
    assert "Proposed by: operations, finance" in words


def _approve(coalition: Coalition, proposal: Any) -> None:
    with coalition.database.transaction() as session:
        build_operator(session, name="ben", roles=["approver"])
    enactments.decide(
        coalition.database,
        proposal=proposal,
        by="ben",
        approve=True,
        clock=system_clock,
        signer=coalition.signer,
    )
