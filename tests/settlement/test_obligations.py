from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.agreement import MILLION, Terms
from settlement.movements import Movement, MovementKind, released_points
from settlement.obligations import EXACT, Obligation, price

HUB, FLOAT, MARKET, FUEL, FLORIST = 1, 2, 11, 12, 13


def build_terms(
    id_: int,
    party: int,
    *,
    issue: int = 1_000_000,
    accept: int = 900_000,
    fee: int = 0,
    prefunded: int = 0,
    breakage: int = 0,
) -> Terms:
    return Terms(
        id=id_,
        party=party,
        issue_price=issue,
        accept_price=accept,
        fee_ppm=fee,
        prefunded_ppm=prefunded,
        breakage_hub_ppm=breakage,
        currency="CNY",
    )


def build_movement(
    kind: MovementKind,
    points: int = 1000,
    *,
    issuer: int = MARKET,
    acceptor: int | None = None,
    valued: int = 1,
    issue: int = 1,
    at: int = 2,
) -> Movement:
    if kind in ("spent", "refunded") and acceptor is None:
        acceptor = FUEL
    return Movement(
        kind=kind,
        issuer=issuer,
        acceptor=acceptor,
        points=points,
        valued_terms=valued,
        issue_terms=issue,
        acceptor_terms=None if acceptor is None else at,
    )


def priced(movements: list[Movement], *terms: Terms) -> list[tuple[int, int, str, int, int]]:
    found = price(movements, {each.id: each for each in terms}, hub=HUB, float_=FLOAT)
    return [(each.debtor, each.creditor, each.kind, each.points, each.amount) for each in found]


class TestTerms:
    @pytest.mark.parametrize(
        ("prefunded", "policy"),
        [(0, "redemption"), (MILLION, "issuance"), (1, "split"), (MILLION - 1, "split")],
    )
    def test_policy_follows_the_prefunded_share(self, prefunded: int, policy: str) -> None:
        assert build_terms(1, MARKET, prefunded=prefunded).policy == policy

    @pytest.mark.parametrize("field", ["issue_price", "accept_price"])
    def test_refuses_a_negative_price(self, field: str) -> None:
        with pytest.raises(ValueError, match="price"):
            replace(build_terms(1, MARKET), **{field: -1})  # type: ignore[arg-type]

    @pytest.mark.parametrize("field", ["fee_ppm", "prefunded_ppm", "breakage_hub_ppm"])
    @pytest.mark.parametrize("share", [-1, MILLION + 1])
    def test_refuses_a_share_outside_the_whole(self, field: str, share: int) -> None:
        with pytest.raises(ValueError, match="share"):
            replace(build_terms(1, MARKET), **{field: share})  # type: ignore[arg-type]


class TestMovement:
    def test_refuses_no_points(self) -> None:
        with pytest.raises(ValueError, match="positive"):
            build_movement("issued", 0)

    def test_refuses_an_acceptor_of_an_issue(self) -> None:
        with pytest.raises(ValueError, match="acceptor"):
            build_movement("issued", acceptor=FUEL)

    def test_refuses_a_sale_without_an_acceptor(self) -> None:
        with pytest.raises(ValueError, match="acceptor"):
            replace(build_movement("spent"), acceptor=None)


class TestPriceOnRedemption:
    market = build_terms(1, MARKET, breakage=300_000)
    fuel = build_terms(2, FUEL, fee=20_000)

    def test_issuing_owes_nothing(self) -> None:
        assert priced([build_movement("issued")], self.market) == []

    def test_a_sale_pays_the_acceptor_and_the_hub_its_spread_and_fee(self) -> None:
        assert priced([build_movement("spent")], self.market, self.fuel) == [
            (MARKET, HUB, "spread", 1000, 100),
            (MARKET, FUEL, "spent", 1000, 900),
            (FUEL, HUB, "fee", 1000, 18),
        ]

    def test_a_refund_undoes_a_sale_to_nothing(self) -> None:
        both = [build_movement("spent"), build_movement("refunded")]
        assert priced(both, self.market, self.fuel) == []

    def test_refunds_above_the_sales_turn_every_obligation_round(self) -> None:
        both = [build_movement("spent", 500), build_movement("refunded", 1500)]
        assert priced(both, self.market, self.fuel) == [
            (MARKET, HUB, "spread", -1000, -100),
            (MARKET, FUEL, "spent", -1000, -900),
            (FUEL, HUB, "fee", -1000, -18),
        ]

    def test_the_hub_pays_the_difference_when_a_point_is_accepted_dearer(self) -> None:
        dear = replace(self.fuel, accept_price=1_200_000, fee_ppm=0)
        assert priced([build_movement("spent")], self.market, dear) == [
            (MARKET, HUB, "spread", 1000, -200),
            (MARKET, FUEL, "spent", 1000, 1200),
            (FUEL, HUB, "fee", 1000, 0),
        ]

    def test_the_terms_when_spent_price_the_sale(self) -> None:
        later = replace(self.market, id=3, issue_price=1_100_000)
        assert priced([build_movement("spent", valued=3)], self.market, later, self.fuel)[0] == (
            (MARKET, HUB, "spread", 1000, 200)
        )

    def test_expired_points_share_their_breakage_with_the_hub(self) -> None:
        assert priced([build_movement("expired")], self.market) == [
            (MARKET, HUB, "breakage", 1000, 300)
        ]

    def test_an_issuers_own_till_owes_nobody(self) -> None:
        assert priced([build_movement("spent", acceptor=MARKET, at=1)], self.market) == []


class TestPriceOnIssuance:
    market = build_terms(1, MARKET, prefunded=MILLION, breakage=300_000)
    fuel = build_terms(2, FUEL, fee=20_000)

    def test_issuing_fills_the_float_net_of_clawbacks(self) -> None:
        both = [build_movement("issued"), build_movement("clawed_back", 100)]
        assert priced(both, self.market) == [(MARKET, FLOAT, "prefunded", 900, 900)]

    def test_the_float_pays_the_sale_at_the_price_that_was_prefunded(self) -> None:
        later = replace(self.market, id=3, issue_price=5_000_000)
        assert priced([build_movement("spent", valued=3)], self.market, later, self.fuel) == [
            (FLOAT, HUB, "spread", 1000, 100),
            (FLOAT, FUEL, "spent", 1000, 900),
            (FUEL, HUB, "fee", 1000, 18),
        ]

    def test_the_float_divides_what_expired(self) -> None:
        assert priced([build_movement("expired")], self.market) == [
            (FLOAT, HUB, "breakage", 1000, 300),
            (FLOAT, MARKET, "breakage", 1000, 700),
        ]

    def test_an_own_till_takes_its_money_out_of_the_float_again(self) -> None:
        both = [build_movement("issued"), build_movement("spent", 400, acceptor=MARKET, at=1)]
        assert priced(both, self.market) == [(MARKET, FLOAT, "prefunded", 600, 600)]


class TestPriceOnSplit:
    market = build_terms(1, MARKET, prefunded=250_000, breakage=400_000)
    fuel = build_terms(2, FUEL, fee=20_000)

    def test_a_sale_is_paid_from_both_and_charged_one_fee(self) -> None:
        assert priced([build_movement("spent")], self.market, self.fuel) == [
            (FLOAT, HUB, "spread", 1000, 25),
            (FLOAT, FUEL, "spent", 1000, 225),
            (MARKET, HUB, "spread", 1000, 75),
            (MARKET, FUEL, "spent", 1000, 675),
            (FUEL, HUB, "fee", 1000, 18),
        ]

    def test_breakage_of_both_shares(self) -> None:
        assert priced([build_movement("expired")], self.market) == [
            (FLOAT, HUB, "breakage", 1000, 100),
            (FLOAT, MARKET, "breakage", 1000, 150),
            (MARKET, HUB, "breakage", 1000, 300),
        ]


class TestRounding:
    """One point at a third of a minor unit: every kind shows its side."""

    third = 333_333

    @pytest.mark.parametrize(
        ("kind", "prefunded", "expected"),
        [
            ("issued", MILLION, [(MARKET, FLOAT, "prefunded", 1, 1)]),
            ("clawed_back", MILLION, [(MARKET, FLOAT, "prefunded", -1, 0)]),
            (
                "spent",
                0,
                [
                    (MARKET, HUB, "spread", 1, 1),
                    (MARKET, FUEL, "spent", 1, 0),
                    (FUEL, HUB, "fee", 1, 1),
                ],
            ),
            (
                "refunded",
                0,
                [
                    (MARKET, HUB, "spread", -1, 0),
                    (MARKET, FUEL, "spent", -1, -1),
                    (FUEL, HUB, "fee", -1, 0),
                ],
            ),
            (
                "spent",
                MILLION,
                [
                    (FLOAT, HUB, "spread", 1, 0),
                    (FLOAT, FUEL, "spent", 1, 0),
                    (FUEL, HUB, "fee", 1, 1),
                ],
            ),
            ("expired", 0, [(MARKET, HUB, "breakage", 1, 1)]),
            (
                "expired",
                MILLION,
                [(FLOAT, HUB, "breakage", 1, 0), (FLOAT, MARKET, "breakage", 1, 0)],
            ),
        ],
    )
    def test_favours_the_pool(
        self, kind: MovementKind, prefunded: int, expected: list[tuple[int, int, str, int, int]]
    ) -> None:
        market = build_terms(1, MARKET, issue=2 * self.third, prefunded=prefunded, breakage=500_000)
        fuel = build_terms(2, FUEL, accept=self.third, fee=100_000)
        assert priced([build_movement(kind, 1)], market, fuel) == expected

    def test_rounds_once_and_not_per_movement(self) -> None:
        market = build_terms(1, MARKET, issue=self.third)
        fuel = build_terms(2, FUEL, accept=self.third)
        many = [build_movement("spent", 1) for _ in range(300)]
        assert (MARKET, FUEL, "spent", 300, 99) in priced(many, market, fuel)


class TestRefusals:
    @pytest.mark.parametrize("party", [HUB, FLOAT])
    def test_the_hub_and_the_float_do_not_issue(self, party: int) -> None:
        with pytest.raises(ValueError, match="different parties"):
            priced([build_movement("issued", issuer=party)], build_terms(1, party))

    def test_another_issuers_terms(self) -> None:
        with pytest.raises(ValueError, match="issuer's terms"):
            priced([build_movement("issued")], build_terms(1, FUEL))

    def test_another_acceptors_terms(self) -> None:
        with pytest.raises(ValueError, match="acceptor's terms"):
            priced([build_movement("spent")], build_terms(1, MARKET), build_terms(2, FLORIST))

    def test_terms_that_are_missing(self) -> None:
        with pytest.raises(KeyError):
            priced([build_movement("issued")])


class TestReleasedPoints:
    @pytest.mark.parametrize(
        ("kind", "prefunded", "released"),
        [
            ("issued", 0, 0),
            ("issued", MILLION, 3),
            ("issued", 500_000, 1),
            ("clawed_back", 500_000, -2),
            ("spent", 0, 3),
            ("spent", MILLION, 0),
            ("spent", 500_000, 1),
            ("refunded", 0, -3),
            ("expired", 0, 3),
            ("expired", MILLION, 0),
        ],
    )
    def test_three_points(self, kind: MovementKind, prefunded: int, released: int) -> None:
        terms = {1: build_terms(1, MARKET, prefunded=prefunded)}
        assert released_points([build_movement(kind, 3)], terms) == {MARKET: released}

    def test_rounds_once_per_issuer(self) -> None:
        terms = {1: build_terms(1, MARKET, prefunded=500_000)}
        assert released_points([build_movement("spent", 1)] * 4, terms) == {MARKET: 2}

    def test_a_point_leaves_exposure_once_whatever_its_end(self) -> None:
        terms = {1: build_terms(1, MARKET, prefunded=300_000)}
        life = [build_movement("issued", 10), build_movement("expired", 10)]
        assert released_points(life, terms) == {MARKET: 10}


prices = st.integers(0, 3_000_000)
shares = st.one_of(st.sampled_from([0, MILLION]), st.integers(0, MILLION))
PARTNERS = (MARKET, FUEL, FLORIST)


@st.composite
def agreements(draw: st.DrawFn) -> dict[int, Terms]:
    """Two terms for each of three partners: ids party × 10 and party × 10 + 1."""
    return {
        id_: Terms(
            id=id_,
            party=party,
            issue_price=draw(prices),
            accept_price=draw(prices),
            fee_ppm=draw(shares),
            prefunded_ppm=draw(shares),
            breakage_hub_ppm=draw(shares),
            currency="CNY",
        )
        for party in PARTNERS
        for id_ in (party * 10, party * 10 + 1)
    }


@st.composite
def movements(draw: st.DrawFn, kinds: tuple[MovementKind, ...]) -> Movement:
    issuer = draw(st.sampled_from(PARTNERS))
    kind = draw(st.sampled_from(kinds))
    acceptor = draw(st.sampled_from(PARTNERS)) if kind in ("spent", "refunded") else None
    return Movement(
        kind=kind,
        issuer=issuer,
        acceptor=acceptor,
        points=draw(st.integers(1, 10**7)),
        valued_terms=issuer * 10 + draw(st.integers(0, 1)),
        issue_terms=issuer * 10 + draw(st.integers(0, 1)),
        acceptor_terms=None if acceptor is None else acceptor * 10 + draw(st.integers(0, 1)),
    )


ANY: tuple[MovementKind, ...] = ("issued", "clawed_back", "spent", "refunded", "expired")
windows = st.lists(movements(ANY), max_size=12)


def amounts(
    window: list[Movement], terms: dict[int, Terms]
) -> dict[tuple[int, int, str], tuple[int, int]]:
    found = price(window, terms, hub=HUB, float_=FLOAT)
    keys = [(each.debtor, each.creditor, each.kind) for each in found]
    assert len(set(keys)) == len(keys)
    return {(each.debtor, each.creditor, each.kind): (each.points, each.amount) for each in found}


def float_balance(obligations: list[Obligation]) -> int:
    return sum(
        each.amount * ((each.creditor == FLOAT) - (each.debtor == FLOAT)) for each in obligations
    )


class TestProperties:
    @given(windows, windows, agreements())
    def test_windows_add_up_to_within_one_unit_per_obligation(
        self, first: list[Movement], second: list[Movement], terms: dict[int, Terms]
    ) -> None:
        apart, other = amounts(first, terms), amounts(second, terms)
        together = amounts(first + second, terms)
        for key in {*apart, *other, *together}:
            points, amount = together.get(key, (0, 0))
            left, right = apart.get(key, (0, 0)), other.get(key, (0, 0))
            assert points == left[0] + right[0]
            assert abs(amount - left[1] - right[1]) <= 1

    @given(windows, agreements())
    def test_order_does_not_matter(self, window: list[Movement], terms: dict[int, Terms]) -> None:
        assert amounts(window, terms) == amounts(window[::-1], terms)

    @given(windows, agreements())
    def test_undoing_everything_leaves_nothing(
        self, window: list[Movement], terms: dict[int, Terms]
    ) -> None:
        undone: dict[MovementKind, MovementKind] = {
            "issued": "clawed_back",
            "clawed_back": "issued",
            "spent": "refunded",
            "refunded": "spent",
        }
        done = [each for each in window if each.kind != "expired"]
        back = [replace(each, kind=undone[each.kind]) for each in done]
        assert price(done + back, terms, hub=HUB, float_=FLOAT) == []

    @given(windows, agreements())
    def test_nobody_owes_himself_and_the_hub_never_owes_by_role(
        self, window: list[Movement], terms: dict[int, Terms]
    ) -> None:
        for each in price(window, terms, hub=HUB, float_=FLOAT):
            assert each.debtor != each.creditor
            assert each.debtor != HUB

    @given(st.lists(movements(("spent",)), max_size=12), agreements())
    def test_issuers_pay_the_issue_price_and_acceptors_get_the_accept_price(
        self, window: list[Movement], terms: dict[int, Terms]
    ) -> None:
        """Whatever the policy: what leaves issuer and float for a sale is what it costs."""
        sales = [each for each in window if each.issuer != each.acceptor]
        found = price(sales, terms, hub=HUB, float_=FLOAT)
        for partner in PARTNERS:
            due = [each for each in found if (each.creditor, each.kind) == (partner, "spent")]
            exact = sum(
                each.points * terms[each.acceptor_terms].accept_price
                for each in sales
                if each.acceptor == partner and each.acceptor_terms is not None
            )
            short = exact * (EXACT // MILLION) - sum(each.amount for each in due) * EXACT
            assert 0 <= short < max(1, len(due)) * EXACT

    @given(st.data(), agreements())
    def test_prefunding_keeps_the_float_solvent_at_every_close(
        self, data: st.DataObject, terms: dict[int, Terms]
    ) -> None:
        """However prepaid points end, in whichever window, the float can pay; little stays."""
        outstanding = dict.fromkeys(terms, 0)
        balance = lines = 0
        last = data.draw(st.integers(1, 4))
        for number in range(last + 1):
            window: list[Movement] = []
            for id_, each in terms.items():
                new = data.draw(st.integers(0, 1000)) if number < last else 0
                if new:
                    window.append(
                        build_movement("issued", new, issuer=each.party, valued=id_, issue=id_)
                    )
                outstanding[id_] += new
                ends = data.draw(movements(("spent", "expired", "clawed_back")))
                gone = data.draw(st.integers(0, outstanding[id_]))
                gone = outstanding[id_] if number == last else gone
                outstanding[id_] -= gone
                if gone:
                    window.append(
                        replace(
                            ends,
                            issuer=each.party,
                            points=gone,
                            valued_terms=each.party * 10,
                            issue_terms=id_,
                        )
                    )
            found = price(window, terms, hub=HUB, float_=FLOAT)
            balance += float_balance(found)
            lines += sum(FLOAT in (each.debtor, each.creditor) for each in found)
            assert balance >= 0
        assert balance <= lines
