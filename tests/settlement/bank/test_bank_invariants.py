"""What is changed behind the hub's back is found: each invariant is made to fail."""

import pytest

from exchange.invariants import check
from settlement.bank.invariants import INVARIANTS
from settlement.invariants.agreed import FILES
from staff.invariants import AS_RECORDED
from tests.settlement.bank.scene import Desk, paying


@pytest.fixture
def paid(desk: Desk) -> Desk:
    """A window with its papers, one payment of it made, one entry matched by hand."""
    window = desk.trade()
    desk.json("bank", "invoice", window)
    desk.agree("windows", "pay", window)
    due = desk.due(window, "in")
    desk.says(paying(due, amount=5), paying(due, amount=due.amount - 5, end_to_end=None))
    (entry,) = desk.json("bank", "entries")
    desk.agree("bank", "match", entry["id"], due.end_to_end)
    return desk


def violated(desk: Desk) -> set[str]:
    with desk.coalition.database.engine.connect() as connection:
        return {
            result.name
            for result in check(connection, [*INVARIANTS, FILES, AS_RECORDED])
            if result.count
        }


def test_all_hold(paid: Desk) -> None:
    assert violated(paid) == set()


@pytest.mark.corrupts_books
@pytest.mark.parametrize(
    ("corruption", "name"),
    [
        ("UPDATE settlement.bank_account SET account = '9' || account", "bank-account-was-agreed"),
        ("UPDATE settlement.bank_account SET name = 'Somebody'", "bank-account-was-agreed"),
        (
            "UPDATE settlement.bank_match SET proposal = (SELECT proposal"
            " FROM settlement.bank_account LIMIT 1) WHERE how = 'hand'",
            "bank-account-was-agreed",
        ),
        ("UPDATE settlement.bank_entry SET amount = amount + 1", "bank-statement-adds-up"),
        ("UPDATE settlement.bank_statement SET closing = 0", "bank-statement-adds-up"),
        ("UPDATE settlement.bank_match SET amount = amount - 1", "bank-match-is-its-entry"),
        ("UPDATE settlement.bank_match SET amount = -amount", "bank-match-is-its-entry"),
        ("UPDATE settlement.bank_match SET number = 99", "bank-match-is-its-entry"),
        ("UPDATE settlement.bank_match SET revision = 9", "bank-match-is-its-entry"),
        ("UPDATE settlement.invoice SET document = '{}'", "bank-papers-are-as-made"),
        ("UPDATE settlement.payment_file SET document = ''", "bank-papers-are-as-made"),
        ("UPDATE settlement.bank_file SET document = ''", "bank-papers-are-as-made"),
        ("UPDATE settlement.invoice SET amount = amount + 1", "bank-papers-are-as-made"),
        (
            "UPDATE settlement.payment SET amount = amount + 1",
            "invoices-and-files-ask-for-the-payments",
        ),
        (
            "UPDATE settlement.payment_file SET total = total + 1",
            "invoices-and-files-ask-for-the-payments",
        ),
        (
            "UPDATE settlement.payment_file SET document = '', digest = sha256('')",
            "payment-file-is-what-was-agreed",
        ),
        (
            "UPDATE staff.proposal SET content = jsonb_set(content, '{files}', '[]')"
            " WHERE kind = 'window-payment'",
            "payment-file-is-what-was-agreed",
        ),
        (
            'UPDATE staff.proposal SET content = content || \'{"account": "9"}\''
            " WHERE kind = 'bank-account'",
            "approved-as-it-was-recorded",
        ),
        ("UPDATE staff.proposal SET decided_by = 'eve'", "approved-as-it-was-recorded"),
        ("DELETE FROM staff.audit WHERE what = 'approved'", "approved-as-it-was-recorded"),
    ],
)
def test_each_is_found(paid: Desk, corruption: str, name: str) -> None:
    paid.coalition.books.owner.execute(corruption)
    assert name in violated(paid)
