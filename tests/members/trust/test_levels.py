"""The rule of trust, by a table of examples; and what it promises, for any facts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.trust.levels import HIGHEST, LIMITS, Facts, Limits, Step, level, limits, next_steps

# The same examples stand in docs/decisions/0036-notices-and-trust.md.
#  age, phone, passkey, clean months, charge-backs: level, what is missing for the next
EXAMPLES = [
    (0, True, False, 0, 0, 0, [Step("age", 7)]),
    (0, False, False, 0, 0, 0, [Step("phone"), Step("age", 7)]),
    (7, True, False, 0, 0, 1, [Step("age", 23), Step("clean", 1)]),
    (400, False, True, 13, 0, 0, [Step("phone")]),
    (30, True, False, 1, 0, 2, [Step("passkey"), Step("age", 60), Step("clean", 2)]),
    (400, True, False, 13, 0, 2, [Step("passkey")]),
    (90, True, True, 3, 0, 3, [Step("age", 90), Step("clean", 3)]),
    (180, True, True, 5, 0, 3, [Step("clean", 1)]),
    (180, True, True, 6, 0, 4, [Step("age", 185), Step("clean", 6)]),
    (364, True, True, 12, 0, 4, [Step("age", 1)]),
    (365, True, True, 12, 0, 5, []),
    (900, True, True, 8, 1, 3, [Step("clean", 4)]),
    (900, True, True, 0, 1, 0, [Step("clean", 1)]),
    (900, True, True, 2, 2, 0, [Step("clean", 1)]),
    (900, True, True, 6, 3, 1, [Step("clean", 6)]),
    (900, True, True, 12, 7, 0, [Step("charge-backs", 3)]),
]

any_facts = st.builds(
    Facts,
    age_days=st.integers(0, 500),
    phone_verified=st.booleans(),
    passkey=st.booleans(),
    clean_months=st.integers(0, 14),
    charge_backs=st.integers(0, 8),
)


def facts_of(example: tuple) -> Facts:
    age, phone, passkey, clean, charge_backs = example[:5]
    return Facts(
        age_days=age,
        phone_verified=phone,
        passkey=passkey,
        clean_months=clean,
        charge_backs=charge_backs,
    )


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples(example: tuple) -> None:
    facts = facts_of(example)
    assert level(facts) == example[5]
    assert next_steps(facts) == example[6]


@given(any_facts)
def test_doing_all_that_is_said_raises_the_level(facts: Facts) -> None:
    better = facts
    for step in next_steps(facts):
        match step.what:
            case "phone":
                better = replace(better, phone_verified=True)
            case "passkey":
                better = replace(better, passkey=True)
            case "age":
                better = replace(better, age_days=better.age_days + step.amount)
            case "clean":
                better = replace(better, clean_months=better.clean_months + step.amount)
            case _:
                better = replace(better, charge_backs=better.charge_backs - step.amount)
    assert level(better) > level(facts) or level(facts) == HIGHEST


@given(any_facts)
def test_a_charge_back_never_raises_and_a_passkey_never_lowers(facts: Facts) -> None:
    assert level(replace(facts, charge_backs=facts.charge_backs + 1)) <= level(facts)
    assert level(replace(facts, passkey=True)) >= level(facts)
    assert 0 <= level(facts) <= HIGHEST


def test_each_level_allows_more_than_the_one_below() -> None:
    assert [*LIMITS] == [*range(HIGHEST + 1)]
    for lower in range(HIGHEST):
        one, other = limits(lower), limits(lower + 1)
        assert one.unapproved_daily < other.unapproved_daily
        assert one.give_daily < other.give_daily
        assert one.exchange_daily < other.exchange_daily
    assert limits(3) == Limits(unapproved_daily=10_000, give_daily=3_000, exchange_daily=10_000)
