"""The finance guide's month, typed command by command, and its example, recomputed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from partners.agreement import Terms
from settlement import netting, payments
from settlement.fx import Rate, convert, residue_of
from settlement.movements import Movement, MovementKind
from settlement.obligations import Obligation, price
from settlement.reckoning import FLOAT, HUB
from tests.books import Books
from tests.docs.month import Reader, seed, shown
from tests.hledger import find_hledger
from tests.server import ROOT
from tests.settlement.coalition import Coalition

AURORA, EMBER, CORAL = 3, 4, 5
NAMES = {HUB: "hub", FLOAT: "float", AURORA: "Aurora", EMBER: "Ember", CORAL: "Coral"}
TEXT = (ROOT / "docs" / "finance-reference.md").read_text("utf-8")
GUIDE = (ROOT / "docs" / "finance-guide.md").read_text("utf-8")

_AURORA = Terms(
    id=AURORA,
    party=AURORA,
    issue_price=1_000_000,
    accept_price=970_000,
    fee_ppm=10_000,
    prefunded_ppm=0,
    breakage_hub_ppm=0,
    currency="CNY",
)
TERMS = {
    AURORA: _AURORA,
    EMBER: replace(_AURORA, id=EMBER, party=EMBER, accept_price=960_000),
    CORAL: replace(
        _AURORA, id=CORAL, party=CORAL, prefunded_ppm=1_000_000, breakage_hub_ppm=500_000
    ),
}


def move(kind: MovementKind, issuer: int, points: int, acceptor: int | None = None) -> Movement:
    return Movement(
        kind=kind,
        issuer=issuer,
        acceptor=acceptor,
        points=points,
        valued_terms=issuer,
        issue_terms=issuer,
        acceptor_terms=acceptor,
    )


@pytest.fixture(scope="module")
def owed() -> list[Obligation]:
    movements = [
        move("spent", AURORA, 10_000, EMBER),
        move("spent", EMBER, 6_000, AURORA),
        move("issued", CORAL, 20_000),
        move("spent", CORAL, 5_000, AURORA),
        move("expired", CORAL, 1_000),
    ]
    return price(movements, TERMS, hub=HUB, float_=FLOAT)


def whole(amount: int) -> str:
    return f"{amount:,}".replace("-", "−")


def test_every_obligation_stands_in_the_table(owed: list[Obligation]) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) → (\w+) \| .* \| ([\d,]+) \|$", TEXT, re.M)
    assert sorted(rows) == sorted(
        (each.kind, NAMES[each.debtor], NAMES[each.creditor], whole(each.amount)) for each in owed
    )


def test_the_nets_stand_in_the_table(owed: list[Obligation]) -> None:
    for party, position in netting.net(owed).items():
        row = (NAMES[party], whole(position.receives), whole(position.pays), whole(position.net))
        assert f"| {' | '.join(row)} |" in TEXT


def test_the_savings_and_the_payments_are_those(owed: list[Obligation]) -> None:
    found = netting.compression(owed)
    assert f"{whole(found.bilateral)} would move; netted, {whole(found.to_move)}" in TEXT
    assert f"{found.saved_per_mille / 10:.1f} % less than the {whole(found.gross)} owed" in TEXT
    nets = {party: position.net for party, position in netting.net(owed).items()}
    made = {(NAMES[each.payer], NAMES[each.payee]): each.amount for each in payments.minimal(nets)}
    assert made == {
        ("Coral", "Aurora"): 563,
        ("Coral", "Ember"): 3_504,
        ("Coral", "hub"): 1_433,
        ("Coral", "float"): 14_000,
    }
    for (_, payee), amount in made.items():
        assert re.search(rf"{whole(amount)} to (the )?{payee}", TEXT)


def test_the_yen_are_those() -> None:
    rate = Rate(base="CNY", quote="JPY", numerator=201, denominator=10)
    assert f"{whole(convert(-19_500, rate))} JPY |" in TEXT
    assert f"| {residue_of(-19_500, rate)} fen |" in TEXT


# What is another every time: days and times, ids, hashes; and frames, which only have a width.
CHANGING = (
    (re.compile(r"[─━┃│┌┐└┘├┤┬┴┼┏┓┗┛┡┩┳╇╈]"), " "),
    (re.compile(r"\b([a-z]{3})_[0-9a-z]{26}\b"), r"\1_…"),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+( ?UTC|Z|[+][0-9:]+)?)?"), "a day"),
    (re.compile(r"\b[0-9]{4}-[0-9]{2}\b"), "a month"),
    (re.compile(r"\b[0-9a-f]{12,}\b"), "a hash"),
    # Others' transactions may keep the last of them for the next head.
    (re.compile(r"\b[0-9]+ leaves\b"), "some leaves"),
    (re.compile(r"\bT-[0-9]+\b"), "terms"),
    (re.compile(r"\s+"), " "),
)


def lasting(line: str) -> str:
    for pattern, instead in CHANGING:
        line = pattern.sub(instead, line)
    return line.strip()


def parts(below: list[str]) -> Iterator[list[str]]:
    """What is shown, cut where a line `…` says that something was left out."""
    part: list[str] = []
    for line in below:
        if line == "…":
            yield part
            part = []
        elif lasting(line):
            part.append(lasting(line))
    yield part


def missing(below: list[str], printed: str) -> list[str]:
    """The first part of what is shown that was not printed in its place; empty if none is."""
    lines = [lasting(line) for line in printed.splitlines() if lasting(line)]
    found = list(parts(below))
    if len(found) == 1 and found[0] and found[0] != lines:
        return found[0]
    for part in found:
        places = range(len(lines) - len(part) + 1)
        at = next((i for i in places if lines[i : i + len(part)] == part), None)
        if at is None:
            return part
        lines = lines[at + len(part) :]
    return []


def test_every_command_prints_what_is_shown(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    hub = Coalition(books)
    seed(hub)
    reader = Reader(hub, tmp_path)
    typed = [
        (command, below)
        for command, below in shown(GUIDE)
        if not command.startswith("hledger") or find_hledger()
    ]
    assert len(typed) > 60
    for command, below in typed:
        printed = reader.type(command)
        refused = any(line.startswith("Refused") for line in below)
        assert printed.startswith("Refused") == refused, (command, printed)
        assert missing(below, printed) == [], (command, printed)


def test_what_is_not_printed_is_missed() -> None:
    printed = "│ a │ 1 │\n│ b │ 2026-11-22 20:43:53 UTC │\n│ c │ 3 │\n"
    assert missing(["a 1", "…", "c 3"], printed) == []
    assert missing(["…", "b 2027-01-01 00:00:00 UTC", "…"], printed) == []
    assert missing([], printed) == []
    assert missing(["a 1", "c 3"], printed) == ["a 1", "c 3"]
    assert missing(["c 3", "…", "a 1"], printed) == ["a 1"]
    assert missing(["…", "b 2"], printed) == ["b 2"]
