"""Which entry pays what: only where it is sure, and never more than there is."""

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.bank.agreement import Paid, judge
from settlement.bank.dues import Due, MoneyWindow, labels
from settlement.bank.matching import Entry, counted, match

CALL = date(2026, 12, 10)
WINDOW = MoneyWindow(
    id=11, name="2026-11", state="paying", revision=1, call_on=CALL, currency="CNY"
)
COLLECTED = Due(window=WINDOW, number=1, payer=3, payee=1, amount=100, currency="CNY")
PAID_OUT = Due(window=WINDOW, number=2, payer=1, payee=4, amount=70, currency="CNY")
BETWEEN = Due(window=WINDOW, number=3, payer=3, payee=4, amount=50, currency="CNY")
FROM_FLOAT = Due(window=WINDOW, number=4, payer=2, payee=1, amount=9, currency="CNY")
DUES = [COLLECTED, PAID_OUT, BETWEEN, FROM_FLOAT]
ACCOUNTS = {(3, "CNY"): {"three", "three-before"}, (4, "CNY"): {"four"}}
INVOICES = {"INV-2026-11-000001": COLLECTED.key}


def entry(**fields: Any) -> Entry:
    return Entry(
        **{
            "id": uuid4(), "direction": "in", "amount": 100, "currency": "CNY", "booked_on": CALL,
            "end_to_end": None, "counterparty_account": None, "remittance": None, **fields,
        }
    )  # fmt: skip


def matched(*entries: Entry, paid: dict[Any, int] | None = None, dues: Any = DUES) -> list[Any]:
    found = match(entries, dues, paid=paid or {}, accounts=ACCOUNTS, invoices=INVOICES)
    return [(each.payment[2], each.amount, each.how) for each in found]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"end_to_end": "2026-11-R1-P000001"}, (1, 100, "end-to-end")),
        ({"end_to_end": "2026-11-R1-P000001", "amount": 3}, (1, 3, "end-to-end")),
        ({"end_to_end": "2026-11-R1-P000001", "direction": "out"}, (1, -100, "end-to-end")),
        ({"end_to_end": "2026-11-R1-P000001", "currency": "JPY"}, None),
        ({"end_to_end": "2026-11-R2-P000001"}, None),  # Another revision's.
        ({"end_to_end": "2026-11-R1-P000003"}, None),  # Between partners: not the hub's money.
        ({"end_to_end": "2026-11-R1-P000004"}, None),  # Within the hub's own account.
        ({"end_to_end": "INV-2026-11-000001"}, (1, 100, "reference")),
        ({"remittance": "Re:INV-2026-11-000001."}, (1, 100, "reference")),
        ({"remittance": "XINV-2026-11-000001"}, None),
        ({"remittance": "2026-11-R1-P000001 and 2026-11-R1-P000002"}, None),
        ({"remittance": "INV-2026-11-000001 2026-11-R1-P000001"}, (1, 100, "reference")),
        ({"counterparty_account": "three"}, (1, 100, "amount")),
        ({"counterparty_account": "three-before"}, (1, 100, "amount")),
        ({"counterparty_account": "three", "amount": 99}, None),
        ({"counterparty_account": "three", "direction": "out"}, None),
        ({"counterparty_account": "four"}, None),
        ({"amount": 70, "direction": "out", "counterparty_account": "four"}, (2, 70, "amount")),
        (
            {
                "end_to_end": "2026-11-R1-P000002",
                "direction": "out",
                "counterparty_account": "three",
            },
            None,  # Sent to somebody else.
        ),
        ({}, None),
    ],
)
def test_one_entry(fields: dict[str, Any], expected: tuple[int, int, str] | None) -> None:
    assert matched(entry(**fields)) == ([] if expected is None else [expected])


def test_the_rest_of_a_payment_is_found_by_account() -> None:
    rest = entry(amount=40, counterparty_account="three")
    assert matched(rest) == []
    assert matched(rest, paid={COLLECTED.key: 60}) == [(1, 40, "amount")]
    assert matched(entry(amount=60, end_to_end=COLLECTED.end_to_end), rest) == [
        (1, 60, "end-to-end"),
        (1, 40, "amount"),
    ]


def test_two_payments_alike_are_for_people() -> None:
    other = replace(COLLECTED, window=replace(WINDOW, id=12, name="2026-12"))
    alike = entry(counterparty_account="three")
    assert matched(alike, dues=[COLLECTED, other]) == []
    assert matched(alike, dues=[COLLECTED, other], paid={COLLECTED.key: 100}) == [
        (1, 100, "amount")
    ]
    assert matched(alike, alike, dues=[COLLECTED]) == [(1, 100, "amount")]


ENTRIES = st.lists(
    st.builds(
        Entry,
        id=st.uuids(),
        direction=st.sampled_from(["in", "out"]),
        amount=st.sampled_from([1, 50, 70, 100, 170]),
        currency=st.sampled_from(["CNY", "JPY"]),
        booked_on=st.just(CALL),
        end_to_end=st.sampled_from([None, *(due.end_to_end for due in DUES)]),
        counterparty_account=st.sampled_from([None, "three", "four", "five"]),
        remittance=st.sampled_from([None, "INV-2026-11-000001", "2026-11-R1-P000002"]),
    ),
    max_size=8,
    unique_by=lambda each: each.id,
)


@given(ENTRIES)
def test_each_entry_counts_once_and_whole(entries: list[Entry]) -> None:
    found = match(entries, DUES, paid={}, accounts=ACCOUNTS, invoices=INVOICES)
    by_id: dict[UUID, Entry] = {each.id: each for each in entries}
    assert max(Counter(each.entry for each in found).values(), default=1) == 1
    for each in found:
        due = {due.key: due for due in DUES}[each.payment]
        assert due.way in ("in", "out")
        assert each.amount == counted(by_id[each.entry], due)
        assert abs(each.amount) == by_id[each.entry].amount
        assert by_id[each.entry].currency == due.currency


@pytest.mark.parametrize(
    ("entries", "state", "late"),
    [
        ([], "missing", False),
        ([(100, 0)], "exact", False),
        ([(100, 1)], "exact", True),
        ([(60, -3), (40, 0)], "split", False),
        ([(60, -3), (40, 1)], "split", True),
        ([(99, 0)], "short", False),
        ([(99, 5)], "short", True),
        ([(101, 0)], "over", False),
        ([(101, 0), (-1, 5)], "split", False),  # Whole in time; what was too much went back later.
        ([(100, 0), (-100, 1)], "returned", False),
        ([(100, 0), (-100, 1), (100, 2)], "split", False),
        ([(-100, 0)], "returned", False),
    ],
)
def test_how_far_a_payment_is(entries: list[tuple[int, int]], state: str, late: bool) -> None:
    paid = [
        Paid(amount=amount, booked_on=date.fromordinal(CALL.toordinal() + days))
        for amount, days in entries
    ]
    found = judge(COLLECTED, paid)
    assert (found.state, found.late) == (state, late)
    assert found.received == sum(each.amount for each in paid)
    assert found.missing == 100 - found.received


def test_what_the_bank_does_not_see() -> None:
    assert (judge(FROM_FLOAT, []).state, judge(BETWEEN, []).state) == ("internal", "missing")
    found = judge(BETWEEN, [], CALL)
    assert (found.state, found.received, found.late) == ("confirmed", 50, False)
    assert judge(BETWEEN, [], date(2026, 12, 11)).late


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("2026-11-R1-P000001", {"2026-11"}),
        ("for INV-2026-11-000001, W7-R2-P000009", {"2026-11", "W7"}),
        ("ST-2026-11-000003-r2 and XST-2026-12-000001", {"2026-11"}),
        ("INV-2026-11-1 R1-P000001", set()),
        ("a.b-R1-R2-P000001", {"a.b-R1"}),
    ],
)
def test_windows_that_a_text_names(text: str, named: set[str]) -> None:
    assert labels(text) == named
