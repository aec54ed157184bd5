"""The worked example of the finance guide, recomputed by the code that settles."""

import re
from dataclasses import replace

import pytest

from partners.agreement import Terms
from settlement import netting, payments
from settlement.fx import Rate, convert, residue_of
from settlement.movements import Movement, MovementKind
from settlement.obligations import Obligation, price
from settlement.reckoning import FLOAT, HUB
from tests.server import ROOT

AURORA, EMBER, CORAL = 3, 4, 5
NAMES = {HUB: "hub", FLOAT: "float", AURORA: "Aurora", EMBER: "Ember", CORAL: "Coral"}
TEXT = (ROOT / "docs" / "finance-guide.md").read_text("utf-8")

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
