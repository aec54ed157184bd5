"""One statement, and how it looks abroad, revised, disputed and with nothing in it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from settlement.fx import Rate
from settlement.statements import BankDetails, Carried, Due, Statement, Trade, Transfer, TreeHead

HUB, FLOAT, MARKET, FUEL = 1, 2, 11, 12
YEN = Rate(base="CNY", quote="JPY", numerator=201, denominator=10)


def build_statement(**changes: Any) -> Statement:
    """The fuel brand's January: it owes 900 and a spread, is owed 1,800 less the hub's fee."""
    statement = Statement(
        number="ST-2017-01-000003",
        revision=1,
        replaces=None,
        window="2017-01",
        opened_at=datetime(2017, 1, 1, tzinfo=UTC),
        closed_at=datetime(2017, 2, 1, tzinfo=UTC),
        zone="Asia/Shanghai",
        due_on=date(2017, 2, 8),
        hub="通宝 Tongbao",
        party=FUEL,
        name="通宝加油",
        currency="CNY",
        opening=5000,
        issued=3000,
        clawed_back=100,
        spent_elsewhere=1200,
        refunded_elsewhere=200,
        spent_here=150,
        refunded_here=0,
        expired=400,
        closing=6350,
        adjusted=0,
        accepted_points=2000,
        accepted_refunds=0,
        held_back=(),
        brought_in=(),
        spent=(
            Trade(party=MARKET, name="Market", spent=1200, refunded=200, amount=900),
            Trade(party=FUEL, name="通宝加油", spent=150, refunded=0, amount=0),
        ),
        accepted=(
            Trade(party=MARKET, name="Market", spent=2000, refunded=0, amount=1800),
            Trade(party=FUEL, name="通宝加油", spent=150, refunded=0, amount=0),
        ),
        owes=(
            Due(party=HUB, name="Hub", kind="spread", points=1000, amount=100),
            Due(party=HUB, name="Hub", kind="fee", points=2000, amount=36),
            Due(party=MARKET, name="Market", kind="spent", points=1000, amount=900),
        ),
        owed=(Due(party=MARKET, name="Market", kind="spent", points=2000, amount=1800),),
        cover=0,
        net=764,
        residue=0,
        settlement_currency="CNY",
        rate=None,
        settled=764,
        pay=(),
        collect=(Transfer(party=MARKET, name="Market", amount=764),),
        bank=BankDetails(
            name="通宝加油有限公司", account="6222000012345678", bank="工商银行", bank_code="102290"
        ),
        head=TreeHead(
            size=42,
            root="ab" * 32,
            at=datetime(2017, 2, 1, 0, 0, 9, tzinfo=UTC),
            key_id="hub-1",
            signature="cd" * 64,
        ),
    )
    return replace(statement, **changes)


HELD = Carried(party=MARKET, name="Market", side="issuer", kind="spent", points=200)


def paid(amount: int) -> tuple[Transfer, ...]:
    return (Transfer(party=MARKET, name="Market", amount=amount),)


def disputed(**changes: Any) -> Statement:
    """200 of the points spent at Market are held back, and 200 of last month's are settled."""
    return build_statement(held_back=(HELD,), brought_in=(HELD,), **changes)


def in_yen(**changes: Any) -> Statement:
    """764 fen are 153.564 yen: 153 are paid, worth 761.19 fen, so that 2 are the hub's."""
    return build_statement(
        settlement_currency="JPY",
        rate=YEN,
        settled=153,
        residue=2,
        collect=(Transfer(party=HUB, name="Hub", amount=153),),
        **changes,
    )


def crowd(count: int) -> Statement:
    """Trade with so many others, of names long and short; some of them owe the other way round."""
    others = [
        (100 + each, f"{NAMES[each % len(NAMES)]} {each + 1}", 37_219 * (each + 1))
        for each in range(count)
    ]
    signed = [(party, name, -fen if party % 7 == 0 else fen) for party, name, fen in others]
    owes = tuple(
        Due(party=party, name=name, kind="spent", points=9_000, amount=fen // 2)
        for party, name, fen in signed
    )
    owed = tuple(
        Due(party=party, name=name, kind="spent", points=8_000, amount=fen)
        for party, name, fen in signed
    )
    net = sum(due.amount for due in owed) - sum(due.amount for due in owes)
    return build_statement(
        name=NAMES[0],
        spent=tuple(
            Trade(party=due.party, name=due.name, spent=9_000, refunded=0, amount=due.amount)
            for due in owes
        ),
        accepted=tuple(
            Trade(party=due.party, name=due.name, spent=8_000, refunded=0, amount=due.amount)
            for due in owed
        ),
        spent_elsewhere=9_000 * count,
        refunded_elsewhere=0,
        spent_here=0,
        accepted_points=8_000 * count,
        opening=400_000,
        closing=402_500 - 9_000 * count,
        owes=owes,
        owed=owed,
        net=net,
        settled=net,
        collect=paid(net),
    )


def quiet() -> Statement:
    """A window in which nothing happened, before anything was sealed."""
    return build_statement(
        opening=0,
        issued=0,
        clawed_back=0,
        spent_elsewhere=0,
        refunded_elsewhere=0,
        spent_here=0,
        expired=0,
        closing=0,
        accepted_points=0,
        spent=(),
        accepted=(),
        owes=(),
        owed=(),
        net=0,
        settled=0,
        collect=(),
        bank=None,
        head=None,
    )


NAMES = (
    "Aurora Supermarket & Pharmacy of the Greater Bay Area Holdings (Hong Kong) Limited",
    "晨光",
    "书店有限责任公司华东分公司",
    "=1+1",
    "Toys <&> 𠮷野屋 🎉",
)
