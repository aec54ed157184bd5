"""What no browser sends is refused: nobody makes a fault of ours out of it."""

import json
from base64 import urlsafe_b64encode

import pytest

from kit.database import Database
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.factories import build_partner
from tests.members.visitor import Site

ALL = ("operations", "finance", "risk", "approver", "administrator")
DEEP = urlsafe_b64encode(b"[" * 6000).decode()
NULL = urlsafe_b64encode(json.dumps([None]).encode()).decode()
RATE = {
    "partner": "market",
    "direction": "import",
    "theirs": "1",
    "ours": "1",
    "minimum": "1",
    "step": "1",
    "undo_days": "0",
    "fee": "0",
    "valid_from": "2030-01-01",
    "reason": "agreed",
}
TERMS = {"currency": "CNY", "issue_price": "1", "valid_from": "2030-01-01"}
KEY = {"till": "1", "created": "1", "public": "x", "proof": "y"}


@pytest.fixture(autouse=True)
def _market(database: Database, books: Books) -> None:
    with database.transaction() as session:
        build_partner(session, slug="market", name="Market", party=books.party())


@pytest.mark.parametrize(
    "path",
    [
        "/desk/audit?who=%00",
        "/desk/audit?object=%00",
        f"/desk/audit?after={DEEP}",
        f"/desk/people?after={NULL}",
        "/desk/disputes?window=%00",
        "/desk/reconciliation?window=%00",
        "/desk/approvals?show=decided&kind=%00",
        "/desk/windows/%00",
        "/desk/windows/%00/pay/files/%00.xml",
        "/desk/partners/%00",
        "/desk/statements/%00",
        "/desk/invoices/%00.json",
    ],
)
def test_in_an_address(sign_in: SignIn, path: str) -> None:
    assert sign_in("zoe", *ALL).get(path).status in (200, 404)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/desk/rates/propose", RATE | {"theirs": "9" * 5000}),
        ("/desk/rates/propose", RATE | {"daily_cap": "9" * 30}),
        ("/desk/rates/propose", RATE | {"undo_days": "367"}),
        ("/desk/rates/propose", RATE | {"fee": "1e999999"}),
        ("/desk/rates/propose", RATE | {"fee": "Infinity"}),
        ("/desk/partners/market/terms", TERMS | {"issue_price": "1e999999"}),
        ("/desk/partners/market/terms", TERMS | {"issue_price": "Infinity"}),
        ("/desk/partners/market/keys/add", KEY | {"created": "9" * 5000}),
        ("/desk/members", {"asked": "R\0", "reason": "case 5512"}),
        ("/desk/invite", {"name": "a\0", "email": "a\0@b.cc", "roles": "risk", "reason": "x"}),
    ],
)
def test_in_a_form(sign_in: SignIn, path: str, fields: dict[str, str]) -> None:
    assert sign_in("zoe", *ALL).post(path, on=path, **fields).status == 422


def test_a_nul_is_nothing(sign_in: SignIn, books: Books) -> None:
    path = "/desk/partners/market/suspend"
    assert sign_in("zoe", *ALL).post(path, on=path, reason="lost\0 keys").status == 303
    (entry,) = books.rows("SELECT reason FROM staff.audit WHERE what = 'partner-suspended'")
    assert entry.reason == "lost keys"


def test_of_strangers(site: Site, books: Books) -> None:
    visitor = site.visitor()
    for name in ("a\0b", "\0"):
        page = "/desk/sign-in"
        assert visitor.post(page, on=page, name=name, password="x").status == 422
    assert books.rows("SELECT FROM staff.fault") == []


@pytest.mark.parametrize("path", ["let-in", "keys/key_nobody/revoke"])
def test_what_cannot_be_carried_out_is_not_proposed(
    sign_in: SignIn, books: Books, path: str
) -> None:
    visitor = sign_in("zoe", *ALL)
    token = visitor.token("/desk/partners/market/suspend")
    answer = visitor.send("POST", f"/desk/partners/market/{path}", {"csrf_token": token})
    assert answer.status in (404, 409)
    assert books.rows("SELECT FROM staff.proposal") == []
