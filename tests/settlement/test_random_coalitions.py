"""Coalitions at random, over many windows: every point is settled once, no money is lost.

Lines and parties are left out and let back in, windows are given up: first on values alone, then
on real books that the checker looks at when a test ends.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partners.agreement import MILLION, Terms
from settlement import closing, content, deferrals, postings, revisions, store
from settlement.calendar.store import insert_calendar
from settlement.content import Deferral
from settlement.movements import Movement
from settlement.reckoning import HUB, Reckoning, reckon
from tests.books import FAR, Books
from tests.races.volleys import FULL
from tests.settlement.coalition import NOW, Coalition
from tests.settlement.random_coalition import RATES, build_day
from tests.settlement.test_calendar import START, build_calendar

SEEDS = range(30 if FULL else 4)
LATER = 100  # The terms of one window's parties are numbered so much higher than the last one's.


def sums(movements: Iterable[Movement]) -> Counter[Movement]:
    """Points by all that a movement is but its points."""
    found: Counter[Movement] = Counter()
    for each in movements:
        found[replace(each, points=1)] += each.points
    return found


@dataclass
class History:
    """Windows that close one after another, on values alone: `content.divide` and `reckon`."""

    random: Random
    partners: int
    terms: dict[int, Terms] = field(default_factory=dict)
    currencies: dict[int, str] = field(default_factory=dict)
    moved: list[Movement] = field(default_factory=list)
    settled: list[Movement] = field(default_factory=list)
    settlements: list[Reckoning] = field(default_factory=list)
    held: list[tuple[int, Sequence[Movement]]] = field(default_factory=list)  # Until which window.
    windows: int = 0

    def close(self, *, last: bool = False) -> None:
        """One window: something is left out of it, or all of it; the last leaves nothing out."""
        moved = self._trade()
        coming = [part for until, part in self.held if last or until <= self.windows]
        self.held = [] if last else [each for each in self.held if each[0] > self.windows]
        found, shares = content.divide(
            moved,
            [each for part in coming for each in part],
            [] if last else self._deferrals(moved),
        )
        assert sums(found.settled) + sums(found.left_out) == sums(moved) + sums(found.brought_in)
        assert sums(each for share in shares.values() for each in share) == sums(found.left_out)
        reckoning = reckon(
            found.settled,
            self.terms,
            currencies=self.currencies,
            rates=RATES,
            base="CNY",
            route=self.random.choice(["hub", "direct"]),
            covers=self._covers(),
        )
        assert_whole(reckoning)
        for share in shares.values():
            self.held.append((self.windows + self.random.randint(1, 4), share))
        if not last and self.random.random() < 0.2:
            self.held.append((self.windows + 1, found.settled))
        else:
            self.settled += found.settled
            self.settlements.append(reckoning)
        self.moved += moved
        self.windows += 1

    def _trade(self) -> list[Movement]:
        lines = self.random.randrange(40)
        day = build_day(self.random, partners=self.partners, lines=lines)
        new = LATER * self.windows
        for each in day.terms.values():
            self.terms[new + each.id] = replace(each, id=new + each.id)
            self.currencies[each.party] = each.currency  # A partner may settle in another, later.
        return [
            replace(
                each,
                valued_terms=new + each.valued_terms,
                issue_terms=self._issued(each.issue_terms),
                acceptor_terms=each.acceptor_terms and new + each.acceptor_terms,
            )
            for each in day.content
        ]

    def _issued(self, terms: int) -> int:
        return LATER * self.random.randint(0, self.windows) + terms

    def _deferrals(self, moved: Sequence[Movement]) -> list[Deferral]:
        random = self.random
        lines = [
            Deferral(
                id=uuid4(),
                kind="line",
                lines=(replace(each, points=random.randint(1, each.points)),),
            )
            for each in sums_as_movements(moved)
            if random.random() < 0.1
        ]
        parties = random.sample(range(11, 11 + self.partners), random.choice([0, 0, 1, 2]))
        return [*lines, *(Deferral(id=uuid4(), kind="party", party=each) for each in parties)]

    def _covers(self) -> dict[int, int]:
        failed, other = self.random.sample(sorted(self.currencies), 2)
        covered = self.random.choice([0, 0, 12_345])
        return {failed: covered, HUB: -345 if covered else 0, other: -12_000 if covered else 0}


def sums_as_movements(movements: Iterable[Movement]) -> list[Movement]:
    return [replace(each, points=points) for each, points in sums(movements).items()]


def assert_whole(reckoning: Reckoning) -> None:
    """Nets and covers come to nought, and so do payments and what each settles."""
    assert sum(each.net for each in reckoning.positions.values()) == 0
    assert sum(each.cover for each in reckoning.positions.values()) == 0
    assert sum(each.booked for each in reckoning.fixed.values()) == 0
    paid: Counter[int] = Counter()
    for each in reckoning.payments:
        paid[each.payee] += each.amount
        paid[each.payer] -= each.amount
    for party, fixed in reckoning.fixed.items():
        if party != HUB:  # The hub deals in every currency.
            assert paid[party] == fixed.settled, party


@settings(max_examples=1000 if FULL else 100, deadline=None)
@given(seed=st.integers(0, 2**32), partners=st.integers(2, 40), windows=st.integers(1, 12))
def test_on_values_alone(seed: int, partners: int, windows: int) -> None:
    history = History(Random(seed), partners)  # noqa: S311
    for _ in range(windows):
        history.close()
    history.close(last=True)
    assert sums(history.settled) == sums(history.moved)
    whole = reckon(
        history.moved, history.terms, currencies=history.currencies, rates=RATES, base="CNY"
    )
    together: Counter[int] = Counter()
    roundings: Counter[int] = Counter()
    for reckoning in (*history.settlements, whole):
        for each in reckoning.obligations:
            roundings.update((each.debtor, each.creditor))
    for reckoning in history.settlements:
        for party, position in reckoning.positions.items():
            together[party] += position.net - position.cover
    for party, position in whole.positions.items():
        assert abs(together[party] - position.net) <= roundings[party]


class Market:
    """A coalition on real books, and what may happen in it, at random."""

    def __init__(self, coalition: Coalition, random: Random, partners: int) -> None:
        self.coalition, self.random = coalition, random
        self.slugs = [f"partner-{number}" for number in range(partners)]
        for slug in self.slugs:
            coalition.partner(slug, **self._terms())
        self.wallets = [coalition.wallet() for _ in range(4)]
        self.waiting: list[UUID] = []
        with coalition.database.transaction() as session:
            for rate in RATES.values():
                store.insert_fx_rate(session, rate, date(2020, 1, 1))
            route = random.choice(["hub", "direct"])
            insert_calendar(session, build_calendar(valid_from=START, route=route))

    def _terms(self) -> dict[str, object]:
        random = self.random
        price = random.randrange(2_000_000)
        return {
            "issue_price": price,
            "accept_price": random.randrange(price + 1),
            "fee_ppm": random.choice([0, 10_000, random.randrange(MILLION)]),
            "prefunded_ppm": random.choice([0, MILLION, random.randrange(MILLION)]),
            "breakage_hub_ppm": random.choice([0, MILLION, random.randrange(MILLION)]),
            "currency": random.choice(["CNY", "CNY", *RATES]),
        }

    def trade(self, steps: int) -> None:
        """Issues, sales, some undone; what must wait for points is left out."""
        coalition, random = self.coalition, self.random
        for _ in range(steps):
            slug, wallet = random.choice(self.slugs), random.choice(self.wallets)
            available = coalition.books.balance(wallet)[0]
            if available < 100 or random.random() < 0.4:
                made = coalition.issue(slug, wallet, random.randint(100, 100_000), expires_on=FAR)
                if random.random() < 0.2:
                    coalition.claw_back(slug, made, random.randint(1, 100))
            else:
                points = random.randint(10, available)
                sale = coalition.spend(slug, wallet, points)
                if random.random() < 0.3:
                    coalition.refund(slug, sale, random.randint(1, points))

    def close(self, number: int) -> None:
        """The open window; then it may be contested, lack a party, be given up or settled."""
        window = self.coalition.close(f"w-{number}")
        chance = self.random.random()
        if chance < 0.4:
            self._contest(window)
        if 0.3 < chance < 0.6:
            self._leave_out(window)
        if chance > 0.8:
            self.give_up(window)
        elif chance > 0.2:
            self.coalition.settle(window)
        for deferral in [each for each in self.waiting if self.random.random() < 0.4]:
            self.release(deferral)

    def release(self, deferral: UUID) -> None:
        self.waiting.remove(deferral)
        with self.coalition.database.transaction() as session:
            deferrals.release(session, deferral, NOW)

    def give_up(self, window: str) -> None:
        with self.coalition.database.transaction() as session:
            closing.abort(session, window, NOW, by="mei, li", because=uuid4())

    def _contest(self, window: str) -> None:
        number = self.coalition.id(window)
        lines = self.coalition.books.rows(
            "SELECT DISTINCT journal_id, issuer_id FROM exchange.posting WHERE window_id = %s"
            " AND movement IN ('issued', 'clawed_back', 'spent', 'refunded')"
            " ORDER BY journal_id, issuer_id",
            number,
        )
        with self.coalition.database.transaction() as session:
            for line in self.random.sample(lines, min(3, len(lines))):
                self.waiting.append(
                    deferrals.defer_line(session, number, *line, because=uuid4(), now=NOW)
                )
        self._revise(window, "dispute")

    def _leave_out(self, window: str) -> None:
        party = self.coalition.parties[self.random.choice(self.slugs)]
        with self.coalition.database.transaction() as session:
            self.waiting.append(
                deferrals.defer_party(
                    session, self.coalition.id(window), party, because=uuid4(), now=NOW
                )
            )
        self._revise(window, "without")

    def _revise(self, window: str, reason: revisions.Reason) -> None:
        revisions.revise(
            self.coalition.database,
            window=window,
            reason=reason,
            by="mei",
            now=NOW,
            signer=self.coalition.signer,
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_on_real_books(books: Books, seed: int) -> None:
    random = Random(seed)  # noqa: S311
    market = Market(Coalition(books), random, [2, 5, 12, 40][seed % 4])
    windows = 5
    for number in range(windows):
        market.trade(random.randrange(30))
        market.close(number)
    for deferral in [*market.waiting]:
        market.release(deferral)
    market.coalition.close("last")
    settled: Counter[Movement] = Counter()
    moved: Counter[Movement] = Counter()
    with books.database.transaction() as session:
        for window in store.list_windows(session, before=None, limit=100)[1:]:
            moved += sums(postings.movements(session, window.id))
            if window.state != "aborted":
                settled += sums(content.content(session, window.id).settled)
            nets = store.positions(session, window.id)
            assert sum(row["net"] for row in nets) == sum(row["cover"] for row in nets) == 0
    assert settled == moved
