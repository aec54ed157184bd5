"""Whatever members and merchants do, month after month: every report agrees with the ledger."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.ledger import Outcome
from settlement.finance import books as finance
from tests.settlement.coalition import Coalition

MONTHS = 12
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SLUGS = ("market", "fuel", "cafe")

# What is done, by whom, to which of the wallets and earlier journals, and with how many points.
steps = st.lists(
    st.tuples(
        st.sampled_from(["issue", "issue", "spend", "refund", "clawback", "transfer", "expire"]),
        st.sampled_from(SLUGS),
        st.integers(0, 2),
        st.integers(1, 900),
    ),
    min_size=MONTHS,
    max_size=40,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps, at=st.integers(1, MONTHS), since=st.integers(1, MONTHS))
def test_every_report_agrees(
    coalition: Coalition, steps: list[tuple[str, str, int, int]], at: int, since: int
) -> None:
    if not coalition.parties:
        coalition.partner("market", issue_price=1_234_567)
        coalition.partner("fuel", prefunded_ppm=333_333)
        coalition.partner("cafe", issue_price=7)
    trade = Trade(coalition)
    for number, step in enumerate(steps):
        moment = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=number * 360 // len(steps))
        trade.step(*step, moment)
    first, last = sorted([since, at])
    with coalition.database.transaction() as session:
        assert finance.read_liability(
            session, at=date(2025, at, 28), now=NOW, currency="CNY"
        ).agrees
    days = {"since": date(2025, first, 1), "at": date(2025, last, 28), "currency": "CNY"}
    for read in (finance.read_roll_forward, finance.read_disclosure):
        with coalition.database.transaction() as session:
            assert read(session, **days).agrees  # type: ignore[operator]
    for read in (finance.read_trial_balance, finance.read_deferred, finance.read_liability):
        for day in (None, date(2025, last, 28)):
            with coalition.database.transaction() as session:
                report = read(session, at=day, now=NOW, currency="CNY")  # type: ignore[operator]
                assert report.agrees
    with coalition.database.transaction() as session:
        assert finance.read_exposure(
            session, since=date(2025, first, 1), at=None, now=NOW, currency="CNY"
        ).report.agrees


class Trade:
    """Steps over three new wallets; a step that the books refuse is none."""

    def __init__(self, coalition: Coalition) -> None:
        self.coalition, self.books = coalition, coalition.books
        self.wallets = [coalition.wallet() for _ in range(3)]
        self.done: dict[str, list[tuple[str, str]]] = {"refund": [], "clawback": []}

    def step(self, what: str, slug: str, which: int, points: int, moment: datetime) -> None:
        wallet, few = self.wallets[which], points // 4 + 1
        asked = {"party": self.coalition.parties[slug], "moment": moment}
        if what == "issue":
            day = (moment + timedelta(days=30 + points // 3)).date()
            link = self.books.link(asked["party"], wallet)
            self._remember(
                "clawback",
                slug,
                self.books.post("accrual", link=link, points=points, expires_on=str(day), **asked),
            )
        elif what == "spend":
            link = self.books.link(asked["party"], wallet)
            sale = self.books.post("redemption", link=link, points=few, **asked)
            self._remember("refund", slug, sale)
        elif what == "transfer":
            to = self.wallets[(which + 1) % 3]
            self.books.post("transfer", wallet=wallet, to_wallet=to, points=few, moment=moment)
        elif what == "expire":
            self.books.post("lot-expiry", wallet=wallet, moment=moment)
        elif past := self.done[what]:
            by, journal = past[points % len(past)]
            for some in (1, None):  # A point, then all the rest.
                self.books.post(
                    what,
                    party=self.coalition.parties[by],
                    undoes=journal,
                    points=some,
                    moment=moment,
                )

    def _remember(self, undone_by: str, slug: str, outcome: Outcome) -> None:
        if outcome.code is None:
            self.done[undone_by].append((slug, outcome.facts["id"]))
