"""The rule of partners' trust, as a table; and what it says is missing is what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.trust.levels import (
    HIGHEST,
    RUNGS,
    Facts,
    Step,
    bearable,
    level,
    next_steps,
)

NEW = Facts(clean=0, late=0, secured=True, short=False)
LONG = Facts(clean=30, late=0, secured=True, short=False)


@pytest.mark.parametrize(
    ("clean", "late", "secured", "short", "expected"),
    [
        (0, 0, True, False, 0),
        (1, 0, False, False, 1),
        (2, 0, True, False, 1),
        (3, 0, False, False, 2),
        (6, 0, False, False, 2),
        (6, 0, True, False, 3),
        (11, 0, True, False, 3),
        (12, 0, True, False, 4),
        (24, 0, True, False, 5),
        (24, 0, False, False, 2),
        (36, 0, True, True, 0),
        (6, 1, True, False, 2),
        (6, 4, True, False, 0),
        (0, 1, True, False, 0),
    ],
)
def test_levels(clean: int, late: int, secured: bool, short: bool, expected: int) -> None:
    facts = Facts(clean=clean, late=late, secured=secured, short=short)
    assert level(facts) == expected


def test_what_is_missing() -> None:
    assert next_steps(NEW) == [Step("windows", 1)]
    assert next_steps(LONG) == []
    assert next_steps(Facts(clean=30, late=0, secured=True, short=True)) == [Step("default")]
    unsecured = Facts(clean=4, late=0, secured=False, short=False)
    assert next_steps(unsecured) == [Step("windows", 2), Step("security")]
    late = Facts(clean=30, late=1, secured=True, short=False)
    assert next_steps(late) == [Step("late", 1)]


@given(st.builds(Facts, clean=st.integers(0, 36), late=st.integers(0, 12), secured=st.booleans(),
                 short=st.booleans()))  # fmt: skip
def test_doing_what_is_missing_raises_the_level(facts: Facts) -> None:
    steps = {step.what: step.amount for step in next_steps(facts)}
    assert bool(steps) == (level(facts) < HIGHEST)
    done = Facts(
        clean=facts.clean + steps.get("windows", 0),
        late=facts.late - steps.get("late", 0),
        secured=facts.secured or "security" in steps,
        short=facts.short and "default" not in steps,
    )
    if steps and "default" not in steps:  # What was late may keep it down when that is made good.
        assert level(done) > level(facts)


def test_what_is_borne_grows_with_the_level() -> None:
    caps = [bearable(each, 1_000, 500) for each in RUNGS]
    assert caps == [500, 1_500, 2_500, 3_500, 6_500, 12_500]
