"""A random walk over the books beside a model that fits in one sitting.

The model knows wallets as piles of points and nothing of SQL, locks or arrays. After every step
the two must agree on each outcome and each balance; at the end of a walk the checker must agree
too. What the model leaves open (which lots of several) the invariants settle.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from exchange import rollup
from tests.books import Books, assert_books_balance
from tests.wiping import wipe

START = datetime(2030, 1, 1, 12, tzinfo=UTC)
CAP = 900
GIVEN = st.integers(1, 150)
AMOUNTS = st.integers(1, 70)
PARTIES = st.integers(0, 2)
WALLETS = st.integers(0, 1)
DAYS = st.integers(0, 30)


@dataclass
class Pile:
    """Points of one issuer and expiry: available and held."""

    available: int = 0
    held: int = 0


@dataclass
class Sale:
    """Points taken from piles, in order, and how many of each may still come back."""

    wallet: int
    acceptor: int
    lines: list[list]  # [key of the pile, points that are not refunded]

    @property
    def open(self) -> int:
        return sum(points for _, points in self.lines)


@dataclass
class Accrual:
    wallet: int
    issuer: int
    expiry: date
    open: int


@dataclass
class Model:
    piles: list[dict[tuple, Pile]] = field(default_factory=lambda: [{}, {}])
    owed: dict[tuple[int, int], int] = field(default_factory=dict)
    exposure: list[int] = field(default_factory=lambda: [0, 0, 0])
    lapsed: dict[tuple, int] = field(default_factory=dict)

    def pile(self, wallet: int, issuer: int, expiry: date) -> Pile:
        # Piles of one expiry are taken oldest first, so the order of their making is their order.
        return self.piles[wallet].setdefault((issuer, expiry), Pile())

    def spendable(self, wallet: int, today: date) -> list[tuple]:
        live = [key for key, pile in self.piles[wallet].items()
                if pile.available and key[1] >= today]  # fmt: skip
        return sorted(live, key=lambda key: key[1])  # Stable: the older first among equals.

    def pick(self, wallet: int, points: int, today: date) -> list[list] | None:
        taken = []
        for key in self.spendable(wallet, today):
            part = min(points, self.piles[wallet][key].available)
            if part:
                taken.append([key, part])
            points -= part
        return taken if points == 0 else None

    def kept(self, wallet: int) -> dict[tuple, tuple[int, int]]:
        piles = self.piles[wallet].items()
        return {key: (p.available, p.held) for key, p in piles if p.available or p.held}


class BooksWalk(RuleBasedStateMachine):
    books: Books  # Set by the test below.

    accruals = Bundle("accruals")
    sales = Bundle("sales")
    holds = Bundle("holds")

    @initialize(target=accruals)
    def begin(self):
        wipe(self.books.owner)
        self.hub = Books(self.books.database, self.books.owner)
        self.parties = [self.hub.party(cap=CAP) for _ in range(3)]
        self.wallets = [self.hub.wallet() for _ in range(2)]
        self.model = Model()
        self.now = START
        # Something to spend from several lots at once, some of it soon to expire.
        given = [(0, 0, 40, 3), (1, 0, 30, 10), (0, 0, 20, 20), (2, 1, 50, 5), (1, 1, 25, 15)]
        return multiple(*[self.accrue_(*each) for each in given])

    @property
    def today(self) -> date:
        return self.now.date()

    def post(self, kind, **fields):
        self.now += timedelta(seconds=1)
        return self.hub.post(kind, moment=self.now, **fields)

    def kept(self, wallet):
        """What the wallet's lots hold, by issuer (as the model numbers them) and expiry."""
        return {
            (self.parties.index(lot.issuer_id), lot.expires_on): (lot.available, lot.held)
            for lot in self.hub.lots(wallet)
        }

    def consent(self, party, wallet):
        link = self.hub.link(self.parties[party], self.wallets[wallet])
        return {"party": self.parties[party], "link": link}

    @rule(target=accruals, party=PARTIES, wallet=WALLETS, points=GIVEN, days=DAYS)
    def accrue(self, party, wallet, points, days):
        return self.accrue_(party, wallet, points, days) or multiple()

    def accrue_(self, party, wallet, points, days):
        expiry = self.today + timedelta(days=days)
        outcome = self.post(
            "accrual", points=points, expires_on=str(expiry), **self.consent(party, wallet)
        )
        debt = self.model.owed.get((wallet, party), 0)
        repaid = min(debt, points)
        if self.model.exposure[party] + points - repaid > CAP and points > repaid:
            assert outcome.code == "position-limit"
            return None
        assert outcome.unwrap()["repaid"] == repaid
        self.model.owed[wallet, party] = debt - repaid
        self.model.exposure[party] += points - repaid
        if points > repaid:
            self.model.pile(wallet, party, expiry).available += points - repaid
        lot = expiry if points > repaid else None
        return outcome.facts["id"], Accrual(wallet, party, lot, points)

    @rule(target=sales, party=PARTIES, wallet=WALLETS, points=AMOUNTS)
    def redeem(self, party, wallet, points):
        outcome = self.post("redemption", points=points, **self.consent(party, wallet))
        taken = self.model.pick(wallet, points, self.today)
        if taken is None:
            assert outcome.code == "insufficient-points"
            return multiple()
        for key, part in taken:
            self.model.piles[wallet][key].available -= part
        return outcome.unwrap()["id"], Sale(wallet, party, taken)

    @rule(target=holds, party=PARTIES, wallet=WALLETS, points=AMOUNTS)
    def authorise(self, party, wallet, points):
        outcome = self.post("authorisation", points=points, **self.consent(party, wallet))
        taken = self.model.pick(wallet, points, self.today)
        if taken is None:
            assert outcome.code == "insufficient-points"
            return multiple()
        for key, part in taken:
            self.model.piles[wallet][key].available -= part
            self.model.piles[wallet][key].held += part
        until = self.now + timedelta(minutes=15)
        return outcome.unwrap()["id"], Sale(wallet, party, taken), until

    def end(self, kind, hold, **fields):
        """End a hold in both worlds; how many points were taken, or None for a refusal."""
        id_, sale, until = hold
        if kind != "hold-expiry":
            fields["party"] = self.parties[sale.acceptor]
        outcome = self.post(kind, hold=id_, **fields)
        over = self.now >= until
        open_ = sale.open and (kind == "void" or over == (kind == "hold-expiry"))
        if not open_:
            assert outcome.code == "hold-not-open"
            return None
        if fields.get("points", 0) > sale.open:
            assert outcome.code == "exceeds-hold"
            return None
        left = outcome.unwrap()["captured"]
        taken = []
        for key, part in sale.lines:
            pile, spent = self.model.piles[sale.wallet][key], min(left, part)
            pile.held -= part
            pile.available += part - spent
            left -= spent
            if spent:
                taken.append([key, spent])
        sale.lines = []
        return outcome.facts.get("id"), Sale(sale.wallet, sale.acceptor, taken)

    @rule(target=sales, hold=holds, points=st.none() | AMOUNTS)
    def capture(self, hold, points):
        wanted = {} if points is None else {"points": points}
        return self.end("capture", hold, **wanted) or multiple()

    @rule(hold=holds)
    def void(self, hold):
        self.end("void", hold)

    @rule(hold=holds)
    def expire_hold(self, hold):
        self.end("hold-expiry", hold)

    @rule(sale=sales, points=st.none() | AMOUNTS)
    def refund(self, sale, points):
        id_, sale = sale
        outcome = self.post("refund", party=self.parties[sale.acceptor], undoes=id_, points=points)
        amount = sale.open if points is None else points
        if not sale.open or amount > sale.open:
            assert outcome.code == "exceeds-captured"
            return
        assert outcome.unwrap()["points"] == amount
        for line in reversed(sale.lines):
            (issuer, expiry), open_ = line
            back = min(open_, amount)
            amount -= back
            line[1] -= back
            if back:
                grace = self.today + timedelta(days=30)
                home = expiry if expiry >= self.today else grace
                self.model.pile(sale.wallet, issuer, home).available += back

    @rule(accrual=accruals, points=st.none() | AMOUNTS)
    def claw_back(self, accrual, points):
        id_, accrual = accrual
        outcome = self.post(
            "clawback", party=self.parties[accrual.issuer], undoes=id_, points=points
        )
        amount = accrual.open if points is None else points
        if not accrual.open or amount > accrual.open:
            assert outcome.code == "exceeds-accrued"
            return
        accrual.open -= amount
        wallet, issuer = accrual.wallet, accrual.issuer
        mine = {key: pile for key, pile in self.model.piles[wallet].items() if key[0] == issuer}
        own = issuer, accrual.expiry
        there = mine[own].available if own in mine else 0
        lapsed = self.model.lapsed.get((wallet, *own), 0)
        forgiven = min(lapsed, max(0, amount - there))
        self.model.lapsed[wallet, *own] = lapsed - forgiven
        taken = left = min(amount - forgiven, sum(pile.available for pile in mine.values()))
        owed = amount - forgiven - taken
        facts = outcome.unwrap()
        assert (facts["taken"], facts["owed"]) == (taken, owed)
        assert facts.get("forgiven", 0) == forgiven
        for key in sorted(mine, key=lambda key: (key == own, key[1]), reverse=True):
            part = min(left, mine[key].available)
            mine[key].available -= part
            left -= part
        self.model.exposure[issuer] -= taken
        self.model.owed[wallet, issuer] = self.model.owed.get((wallet, issuer), 0) + owed

    @rule()
    def expire_lots(self):
        for wallet in range(2):
            outcome = self.post("lot-expiry", wallet=self.wallets[wallet])
            piles = self.model.piles[wallet].items()
            over = {key: p for key, p in piles if key[1] < self.today and p.available}
            if not over:
                assert outcome.code == "nothing-expired"
                continue
            assert outcome.unwrap()["points"] == sum(pile.available for pile in over.values())
            for key, pile in over.items():
                known = self.model.lapsed.get((wallet, *key), 0)
                self.model.lapsed[wallet, *key] = known + pile.available
                pile.available = 0

    @rule(giver=WALLETS, receiver=WALLETS, points=AMOUNTS)
    def transfer(self, giver, receiver, points):
        wallets = {"wallet": self.wallets[giver], "to_wallet": self.wallets[receiver]}
        outcome = self.post("transfer", points=points, **wallets)
        if giver == receiver:
            assert outcome.code == "same-wallet"
            return
        taken = self.model.pick(giver, points, self.today)
        if taken is None:
            assert outcome.code == "insufficient-points"
            return
        outcome.unwrap()
        for key, part in taken:
            self.model.piles[giver][key].available -= part
            self.model.pile(receiver, *key).available += part

    @rule(party=PARTIES, wallet=WALLETS, points=AMOUNTS)
    def debit(self, party, wallet, points):
        order = {"wallet": self.wallets[wallet], "points": points, "direction": "debit"}
        outcome = self.post("adjustment", party=self.parties[party], **order)
        mine = {key: pile for key, pile in self.model.piles[wallet].items() if key[0] == party}
        if sum(pile.available for pile in mine.values()) < points:
            assert outcome.code == "insufficient-points"
            return
        outcome.unwrap()
        self.model.exposure[party] -= points
        for key in sorted(mine, key=lambda key: key[1], reverse=True):
            part = min(points, mine[key].available)
            mine[key].available -= part
            points -= part

    @rule(days=st.integers(0, 12), minutes=st.integers(1, 20))
    def wait(self, days, minutes):
        self.now += timedelta(days=days, minutes=minutes)

    @rule()
    def close_window(self):
        self.hub.close_window(at=self.now)

    @rule()
    def roll_up(self):
        with self.books.database.transaction() as session:
            rollup.roll_up(session)

    @invariant()
    def both_worlds_agree(self):
        for number, wallet in enumerate(self.wallets):
            assert self.kept(wallet) == self.model.kept(number)
        for number, party in enumerate(self.parties):
            assert self.hub.exposure(party) == self.model.exposure[number]
        for (wallet, party), points in self.model.owed.items():
            assert self.hub.owed(self.wallets[wallet], self.parties[party]) == points

    def teardown(self):
        assert_books_balance(self.books.database)


def test_books(books):
    BooksWalk.books = books
    run_state_machine_as_test(
        BooksWalk,
        settings=settings(
            max_examples=100,
            stateful_step_count=50,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
