"""Whatever people do with gifts and purses, every point stays a point of its issuer and date."""

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.errors import Refusal
from members.giving import purses
from tests.books import assert_books_balance
from tests.members.giving.people import People

WHO = st.integers(0, 2)
POINTS = st.integers(1, 120)
STEP = st.one_of(
    st.tuples(st.just("give"), WHO, WHO, POINTS),
    st.tuples(st.sampled_from(["accept", "decline", "take_back"]), WHO, st.integers(0, 9)),
    st.tuples(st.just("contribute"), WHO, POINTS),
    st.tuples(st.just("pay"), POINTS),
    st.tuples(st.just("close")),
    st.tuples(st.just("expire"), st.sampled_from([2091, 2095])),
    st.tuples(st.just("bring_back"), st.integers(0, 4)),
    st.tuples(st.sampled_from(["freeze", "thaw"]), WHO),
)


def lots(people: People) -> Counter[tuple[int, str]]:
    """Points by issuer and expiry, wherever they lie."""
    found: Counter[tuple[int, str]] = Counter()
    for row in people.books.rows(
        "SELECT issuer_id, expires_on::text AS day, sum(available + held) AS points"
        " FROM exchange.lot GROUP BY 1, 2 HAVING sum(available + held) > 0"
    ):
        found[row.issuer_id, row.day] = int(row.points)
    return found


def lost(people: People) -> Counter[tuple[int, str]]:
    """Points that expired or were spent, by issuer and expiry."""
    found: Counter[tuple[int, str]] = Counter()
    for row in people.books.rows(
        "SELECT issuer_id, expires_on::text AS day, sum(points) AS points FROM exchange.posting"
        " WHERE movement IN ('expired', 'spent') GROUP BY 1, 2"
    ):
        found[row.issuer_id, row.day] = int(row.points)
    return found


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, max_size=25))
def test_sums_and_lots_are_kept(people: People, steps: list[tuple]) -> None:
    before = lots(people) + lost(people)
    family = [people.person() for _ in range(3)]
    for person, days in zip(
        family, (["2090-06-30"], ["2094-06-30", "2099-06-30"], []), strict=True
    ):
        for day in days:
            people.books.issue(people.issuer, person.wallet, 100, expires_on=day)
    issued = before + Counter(
        {(people.issuer, day): 100 for day in ("2090-06-30", "2094-06-30", "2099-06-30")}
    )
    purse = people.purse(family[0])
    people.join(purse, family[0], family[1])
    gifts: list = []
    for step in steps:
        with suppress(Refusal):
            take(people, family, purse, gifts, step)
        assert lots(people) + lost(people) == issued
    assert_books_balance(people.database)


def take(people: People, family: list, purse: object, gifts: list, step: tuple) -> None:
    match step:
        case ("give", giver, to, points):
            gifts.append(people.give(family[giver], family[to], points))
        case ("accept" | "decline" | "take_back" as act, who, number) if gifts:
            getattr(people, act)(gifts[number % len(gifts)], family[who])
        case ("contribute", who, points):
            people.contribute(purse, family[who], points)  # type: ignore[arg-type]
        case ("pay", points):
            code = people.books.payment_code(people.purse_wallet(purse))  # type: ignore[arg-type]
            people.books.post("redemption", party=people.issuer, code=code, points=points)
        case ("close",):
            people.close(purse, family[0])  # type: ignore[arg-type]
            purses.pay_back(people.database, people.now())
        case ("expire", year):
            for row in people.books.rows(
                "SELECT DISTINCT wallet_id FROM exchange.lot WHERE available > 0"
            ):
                people.books.post(
                    "lot-expiry", wallet=row.wallet_id, moment=datetime(year, 1, 1, tzinfo=UTC)
                )
        case ("bring_back", days):
            people.bring_back(after=timedelta(days=days))
        case ("freeze" | "thaw" as act, who):
            people.books.freeze(family[who].wallet, frozen=act == "freeze")
