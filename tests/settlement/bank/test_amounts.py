import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.bank import amounts

CURRENCIES = st.sampled_from(["CNY", "EUR", "JPY", "KWD", "CLF"])  # 2, 2, 0, 3 and 4 digits.


@given(st.integers(0, amounts.MOST), CURRENCIES)
def test_what_is_written_is_read(amount: int, currency: str) -> None:
    text = amounts.as_text(amount, currency)
    assert amounts.from_text(text, currency) == amount
    assert len(text.replace(".", "")) <= 18 or amount < 10_000


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(1, "CNY", "0.01"), (0, "JPY", "0"), (1234, "JPY", "1234"), (1234, "KWD", "1.234")],
)
def test_as_banks_write_it(amount: int, currency: str, text: str) -> None:
    assert amounts.as_text(amount, currency) == text


@pytest.mark.parametrize(("text", "amount"), [("5", 500), ("5.1", 510), ("5.10000", 510)])
def test_digits_may_be_missing_or_nothing(text: str, amount: int) -> None:
    assert amounts.from_text(text, "CNY") == amount


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1,00", "1e3", "٣", " 1", "1.", "1.001", "9" * 17]
)
def test_what_is_no_amount_of_yuan(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|finer|large"):
        amounts.from_text(text, "CNY")


def test_no_sign_and_not_too_large() -> None:
    for amount in (-1, amounts.MOST + 1):
        with pytest.raises(ValueError, match="eighteen"):
            amounts.as_text(amount, "CNY")
