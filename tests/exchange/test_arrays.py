"""An array does what its orders do one by one.

Two copies of the same wallets: random orders are posted to the one as an array, which works on
them in rounds and kind by kind, and to the other in as many transactions. Everybody must be told
the same, and the wallets must end alike. Only what orders of several wallets share is left out (an
issuer's cap, a reference of two wallets, the count of wrong codes): who comes first there is open.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from kit.ids import uuid7
from tests.books import Books
from tests.races.volleys import FULL

NOON = datetime(2030, 6, 15, 12, tzinfo=UTC)
LATER = datetime(2031, 1, 1, tzinfo=UTC)
WALLETS = 3
DATES = ["2030-06-15", "2030-12-31", "2031-06-30"]  # the first is the last day of such points
SPENDS = ["redemption", "authorisation"]


@dataclass(frozen=True)
class Step:
    """One order, in terms of what every copy has: `which` of two parties, holds, codes, …"""

    kind: str
    wallet: int
    which: int
    points: int
    in_full: bool
    by_code: bool
    expires_on: str
    pending: bool
    reference: int  # Of few, so that some come twice.


STEPS = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(
            ["accrual", "import", *SPENDS, *SPENDS, "capture", "void", "refund", "clawback"]
        ),
        wallet=st.integers(0, WALLETS - 1),
        which=st.integers(0, 1),
        points=st.integers(1, 60),
        in_full=st.booleans(),
        by_code=st.booleans(),
        expires_on=st.sampled_from(DATES),
        pending=st.booleans(),
        reference=st.integers(0, 9),
    ),
    min_size=2,
    max_size=14,
)  # fmt: skip


class Coalition:
    """Two issuers and two acceptors, for all copies and examples, and one that takes codes."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.issuers = [books.party(), books.party()]
        self.acceptors = [books.party(), books.party()]
        # The checker knows a code's sale by its party and moment, and an array has one moment.
        self.code_taker = books.party()
        for issuer in self.issuers:
            books.rate(issuer, theirs=10, ours=3)
        self.names = count()


class Copy:
    """Wallets with a past: points given and spent, points held, codes shown."""

    def __init__(self, coalition: Coalition) -> None:
        self.coalition, self.books = coalition, coalition.books
        self.name = f"copy {next(coalition.names)}"
        self.wallets = [self.books.wallet() for _ in range(WALLETS)]
        for acceptor in coalition.acceptors:
            for wallet in self.wallets:
                self.books.link(acceptor, wallet, daily_limit=70)
        self.codes = [
            [self.books.payment_code(wallet, max_points=40, expires_at=LATER) for _ in "12"]
            for wallet in self.wallets
        ]
        self.accruals = [[self._given(w, i, 45) for i in (0, 1)] for w in self.wallets]
        self.sales = [[self._taken("redemption", w, a) for a in (0, 1)] for w in self.wallets]
        self.holds = [[self._taken("authorisation", w, a) for a in (0, 1)] for w in self.wallets]

    def _given(self, wallet: int, issuer: int, points: int) -> str:
        return self.books.issue(
            self.coalition.issuers[issuer], wallet, points, moment=NOON, expires_on=DATES[1]
        )

    def _taken(self, kind: str, wallet: int, acceptor: int) -> str:
        party = self.coalition.acceptors[acceptor]
        order = {"party": party, "link": self.books.link(party, wallet), "points": 10}
        return self.books.post(kind, moment=NOON, **order).unwrap()["id"]

    def order(self, step: Step) -> Any:
        issuing = step.kind in ("accrual", "import", "clawback")
        parties = self.coalition.issuers if issuing else self.coalition.acceptors
        party, wallet = parties[step.which], self.wallets[step.wallet]
        fields: dict[str, Any] = {"party": party}
        reference = f"{self.name} {wallet} {step.reference}"
        match step.kind:
            case "accrual":
                fields |= {
                    "link": self.books.link(party, wallet),
                    "points": step.points,
                    "reference": reference,
                    "expires_on": step.expires_on,
                    "spendable_from": "2030-06-16" if step.pending else None,
                }
            case "import":
                fields |= {
                    "link": self.books.link(party, wallet),
                    "theirs": step.points,
                    "reference": reference,
                    "expires_on": step.expires_on,
                }
            case "redemption" | "authorisation" if step.by_code:
                code = self.codes[step.wallet][step.reference % 2]
                fields |= {"party": self.coalition.code_taker, "code": code}
                fields |= {"points": step.points, "reference": reference}
            case "redemption" | "authorisation":
                link = self.books.link(party, wallet)
                fields |= {"link": link, "points": step.points, "reference": reference}
            case "capture" | "void":
                fields["hold"] = self.holds[step.wallet][step.which]
                if step.kind == "capture" and not step.in_full:
                    fields["points"] = step.points % 12 + 1
            case "refund" | "clawback":
                past = self.accruals if issuing else self.sales
                fields |= {"undoes": past[step.wallet][step.which], "reference": reference}
                if not step.in_full:
                    fields["points"] = step.points
        return self.books.order(step.kind, **fields)

    def state(self) -> list[Any]:
        """What is in the wallets, in words that are the same in every copy."""
        found: list[Any] = []
        for wallet in self.wallets:
            lots = self.books.rows(
                "SELECT issuer_id, expires_on, spendable_from, available, held FROM exchange.lot"
                " WHERE wallet_id = %s ORDER BY id",
                wallet,
            )
            debts = [self.books.owed(wallet, issuer) for issuer in self.coalition.issuers]
            spent = self.books.rows(
                "SELECT party_id, spent FROM exchange.link WHERE wallet_id = %s ORDER BY party_id",
                wallet,
            )
            moved = self.books.rows(
                "SELECT j.kind, p.movement, p.points, p.issuer_id FROM exchange.journal j"
                " JOIN exchange.posting p ON p.journal_id = j.id"
                " WHERE j.wallet_id = %s ORDER BY 1, 2, 3, 4",
                wallet,
            )
            found.append((self.books.balance(wallet), lots, debts, spent, moved))
        return found


IDS = {"id", "first", "member", "authorization", "undoes", "reference"}


def told(outcomes) -> list[tuple[str | None, dict[str, Any]]]:
    """Codes and facts, but for the names that differ from copy to copy."""
    return [
        (o.code, {key: value for key, value in o.facts.items() if key not in IDS}) for o in outcomes
    ]


@pytest.fixture
def coalition(books) -> Coalition:
    books.settings(code_failures_a_minute=1000)
    return Coalition(books)


@given(STEPS)
@settings(
    max_examples=300 if FULL else 30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_an_array_does_what_its_orders_do_one_by_one(coalition, steps):
    books = coalition.books
    together, apart = Copy(coalition), Copy(coalition)
    assert together.state() == apart.state()
    array = books.post_all([together.order(step) for step in steps], moment=NOON)
    singles = [books.post_all([apart.order(step)], moment=NOON)[0] for step in steps]
    assert told(array) == told(singles)
    assert together.state() == apart.state()
    for outcome in array:
        event(str(outcome.code))


def test_orders_of_one_wallet_keep_their_order(books):
    """Earning and spending by turns: each spends what the one before it earned."""
    issuer, acceptor = books.party(), books.party()
    orders = []
    for wallet in [books.wallet() for _ in range(3)]:
        earn, spend = books.link(issuer, wallet), books.link(acceptor, wallet)
        for points in 7, 3, 11:
            orders += [
                books.order("redemption", party=acceptor, link=spend, points=points),
                books.order("accrual", party=issuer, link=earn, points=points),
                books.order("authorisation", party=acceptor, link=spend, points=points),
            ]
    codes = [outcome.code for outcome in books.post_all(orders)]
    assert codes == ["insufficient-points", None, None] * 9


def test_a_thousand_orders_of_one_wallet(books):
    """As many rounds: a batch may be all about one member."""
    acceptor, wallet = books.party(), books.wallet(points=700)
    link = books.link(acceptor, wallet)
    orders = [books.order("redemption", party=acceptor, link=link, points=1) for _ in range(1000)]
    outcomes = books.post_all(orders)
    assert Counter(o.code for o in outcomes) == {None: 700, "insufficient-points": 300}
    assert [o.facts.get("id") for o in outcomes[:700]] == [order["id"] for order in orders[:700]]
    assert books.balance(wallet) == (0, 0)


def test_an_order_may_name_what_the_same_array_makes(books):
    acceptor, wallet = books.party(), books.wallet(points=100)
    link = books.link(acceptor, wallet)
    hold = books.order("authorisation", party=acceptor, link=link, points=30)
    sale = books.order("redemption", party=acceptor, link=link, points=50)
    orders = [
        hold,
        sale,
        books.order("capture", party=acceptor, hold=hold["id"], points=10),
        books.order("refund", party=acceptor, undoes=sale["id"], points=5),
        books.order("void", party=acceptor, hold=str(uuid7())),
    ]
    codes = [outcome.code for outcome in books.post_all(orders)]
    assert codes == [None, None, None, None, "authorization-not-found"]
    assert books.balance(wallet) == (45, 0)


def test_a_code_and_a_mandate_in_one_array(books: Books) -> None:
    """They have one moment; the checker must still know which of them used up the mandate."""
    acceptor, wallet = books.party(), books.wallet(points=100)
    link, code = books.link(acceptor, wallet), books.payment_code(wallet)
    done = books.post_all(
        [
            books.order("redemption", party=acceptor, code=code, link=link, points=10),
            books.order("redemption", party=acceptor, link=link, points=20),
        ]
    )
    assert [outcome.code for outcome in done] == [None, None]
    assert books.rows("SELECT spent FROM exchange.link WHERE id = %s", link)[0].spent == 20
