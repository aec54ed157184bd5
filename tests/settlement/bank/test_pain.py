"""Payment files against the schemas that ISO 20022 publishes, as the package pain001 ships them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import distribution

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.bank import orders
from settlement.bank import accounts, amounts, pain
from settlement.bank.accounts import Account
from settlement.bank.dues import Due, MoneyWindow

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
WRITERS = {"pain.001.001.09": pain.credit_transfers, "pain.008.001.08": pain.direct_debits}


@cache
def schema(name: str) -> xmlschema.XMLSchema:
    path = distribution("pain001").locate_file(f"pain001/templates/{name}/{name}.xsd")
    return xmlschema.XMLSchema(str(path))


NAMES = st.text(st.characters(blacklist_categories=["C", "Z"]), min_size=1, max_size=140)
NUMBERS = st.one_of(
    st.sampled_from(["DE89370400440532013000", "GB82WEST12345698765432"]),
    st.text("0123456789ABCXYZ-", min_size=5, max_size=34).filter(
        lambda text: accounts._is_account(text)
    ),
)
CODES = st.text("0123456789ABC", min_size=1, max_size=28)
BICS = st.sampled_from([None, "DEUTDEFF", "COBADEFFXXX"])


@st.composite
def an_account(draw: st.DrawFn, party: int, currency: str) -> Account:
    return accounts.check(
        Account(
            party=party,
            currency=currency,
            valid_from=date(2020, 1, 1),
            name=draw(NAMES),
            account=draw(NUMBERS),
            bank=draw(NAMES),
            bank_code=draw(CODES),
            bic=draw(BICS),
            mandate="M-77",
            mandate_on=date(2026, 1, 5),
        )
    )


@st.composite
def files(draw: st.DrawFn) -> tuple[Account, list[tuple[Due, Account]]]:
    currency = draw(st.sampled_from(["CNY", "JPY", "KWD", "EUR"]))
    window = MoneyWindow(
        id=7,
        name=draw(st.sampled_from(["2026-11", "a-name-of-more-than-twenty-letters"])),
        state="approved",
        revision=draw(st.integers(1, 999)),
        call_on=date(2026, 12, 10),
        currency="CNY",
    )
    sums = draw(st.lists(st.integers(1, 10**15), min_size=1, max_size=4))
    pays = draw(st.booleans())
    return draw(an_account(1, currency)), [
        (
            Due(
                window=window,
                number=number,
                payer=1 if pays else number + 2,
                payee=number + 2 if pays else 1,
                amount=amount,
                currency=currency,
            ),
            draw(an_account(number + 2, currency)),
        )
        for number, amount in enumerate(sums, start=1)
    ]


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=40, deadline=None)
@given(files())
def test_are_valid_and_say_what_was_asked(
    name: str, asked: tuple[Account, list[tuple[Due, Account]]]
) -> None:
    own, transfers = asked
    write: Callable[..., bytes] = WRITERS[name]
    document = write(
        message_id="TB-2026-11-R1-C-CNY",
        own=own,
        transfers=transfers,
        on=date(2026, 12, 10),
        made_at=NOW,
    )
    schema(name).validate(document.decode())
    done = orders(document)
    assert [(each.end_to_end, each.amount, each.account, each.counterparty) for each in done] == [
        (due.end_to_end, due.amount, account.account, account.name) for due, account in transfers
    ]
    total = amounts.as_text(sum(due.amount for due, _ in transfers), own.currency)
    assert document.count(f"<CtrlSum>{total}</CtrlSum>".encode()) == 2
    assert document.count(f"<NbOfTxs>{len(transfers)}</NbOfTxs>".encode()) == 2


def test_names_fit_into_references() -> None:
    """ISO 20022 leaves 35 letters for a message's id and for a payment's."""
    window = MoneyWindow(
        id=123456, name="2026-11", state="paying", revision=999, call_on=NOW.date(), currency="CNY"
    )
    due = Due(window=window, number=1, payer=1, payee=3, amount=1, currency="CNY")
    assert due.end_to_end == "2026-11-R999-P000001"
    for name, label in (("twenty-letters-long.", "twenty-letters-long."), ("W5", "W123456")):
        assert MoneyWindow(**{**_fields(window), "name": name}).label == label
    assert len("TB-twenty-letters-long.-R999-C-CNY") <= 35


def _fields(window: MoneyWindow) -> dict[str, object]:
    return {name: getattr(window, name) for name in MoneyWindow.__slots__}
