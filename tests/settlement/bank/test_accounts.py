from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from settlement.bank import accounts
from settlement.bank.accounts import Account
from settlement.bank.errors import BankAccountInvalid
from tests.settlement.bank.scene import MARKETS, OURS, OURS_IN_YEN, Desk

ACCOUNT = Account(
    party=7, currency="CNY", valid_from=date(2026, 1, 1), name="丰禾超市有限公司",
    account=OURS, bank="工商银行", bank_code="102100099996", bic=None, mandate=None,
    mandate_on=None,
)  # fmt: skip


def test_blanks_go() -> None:
    tidy = accounts.check(
        replace(ACCOUNT, account=" gb82 WEST 1234 5698 7654 32", bic="deutdeff", name=" A ")
    )
    assert (tidy.account, tidy.bic, tidy.name) == ("GB82WEST12345698765432", "DEUTDEFF", "A")
    assert tidy.is_iban
    assert not accounts.check(ACCOUNT).is_iban


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("currency", {"currency": "cny"}),
        ("name", {"name": " "}),
        ("name", {"name": "a\nb"}),
        ("name", {"name": "a" * 141}),
        ("account", {"account": "1234"}),
        ("account", {"account": "GB82WEST12345698765433"}),  # One digit off.
        ("account", {"account": "GB82WEST123456"}),
        ("account", {"account": "6222=1+1"}),
        ("bank", {"bank": ""}),
        ("bank_code", {"bank_code": "10210009999-6"}),
        ("bank_code", {"bank_code": ""}),  # And no BIC either.
        ("bic", {"bic": "DEUT"}),
        ("mandate", {"mandate": "M 1", "mandate_on": date(2026, 1, 1)}),
        ("mandate_on", {"mandate": "M1"}),
        ("mandate_on", {"mandate_on": date(2026, 1, 1)}),
    ],
)
def test_what_cannot_be_an_account(field: str, values: dict[str, Any]) -> None:
    with pytest.raises(BankAccountInvalid) as caught:
        accounts.check(replace(ACCOUNT, **values))
    assert caught.value.facts == {"field": field}


class TestDetails:
    def test_are_the_last_agreed_that_are_in_force(self, desk: Desk) -> None:
        desk.agree_account("hub", OURS)
        desk.agree_account("hub", OURS_IN_YEN, "JPY")
        desk.agree_account("hub", MARKETS)
        desk.agree(
            "bank", "account", "propose", "hub", "--name", "Later", "--account", "99999999",
            "--bank", "B", "--bank-code", "1", "--from", "2099-01-01",
        )  # fmt: skip
        with desk.coalition.database.transaction() as session:
            assert accounts.details(session)[1].account == MARKETS
            assert accounts.details(session, "JPY")[1].account == OURS_IN_YEN
            assert accounts.details(session, "EUR")[1].account == MARKETS
            later = accounts.in_force(session, date(2099, 1, 1))
        assert later[1, "CNY"].account == "99999999"
