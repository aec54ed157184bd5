"""Issuing points: accruals and imports, within the issuer's cap."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from kit.ids import uuid7

NOON = datetime(2030, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def shop(books):
    """An issuer without a cap, and an empty wallet that it knows."""
    issuer, wallet = books.party(), books.wallet()
    link = books.link(issuer, wallet)

    def post(kind, **fields):
        return books.post(kind, **{"party": issuer, "link": link} | fields)

    return SimpleNamespace(issuer=issuer, wallet=wallet, link=link, post=post)


class TestAccrual:
    def test_opens_a_lot_and_says_so(self, books, shop):
        done = shop.post("accrual", points=30, reference="R1", moment=NOON).unwrap()
        assert done == {
            "id": done["id"],
            "kind": "accrual",
            "member": shop.link,
            "points": 30,
            "reference": "R1",
            "at": NOON.isoformat(),
            "repaid": 0,
            "expires_on": "2099-12-31",
        }
        assert books.balance(shop.wallet) == (30, 0)
        assert books.exposure(shop.issuer) == 30
        [lot] = books.lots(shop.wallet)
        assert (lot.issuer_id, lot.available, lot.opened_at) == (shop.issuer, 30, NOON)

    def test_joins_the_lot_of_the_same_issuer_and_expiry(self, books, shop):
        for points in (30, 12):
            shop.post("accrual", points=points).unwrap()
        shop.post("accrual", points=1, expires_on="2098-12-31").unwrap()
        books.issue(books.party(), shop.wallet, 2)
        assert sorted(lot.available for lot in books.lots(shop.wallet)) == [1, 2, 42]

    def test_keeps_points_of_other_terms_apart(self, books, shop):
        """A lot's terms price it for life: prefunded points must not hide among others."""
        for terms in (1, 2, 2):
            shop.post("accrual", points=5, terms=terms).unwrap()
        assert sorted(lot.available for lot in books.lots(shop.wallet)) == [5, 10]

    def test_dates_points_by_the_days_of_the_hub(self, books, shop):
        """Eight hours east it is March already, and a month that begins there ends there."""
        books.owner.execute("UPDATE exchange.setting SET zone = 'Asia/Shanghai'")
        late = datetime(2030, 2, 28, 18, tzinfo=UTC)
        done = shop.post(
            "accrual", points=5, moment=late, expires_on=None, expiry_months=1, pending_days=2
        ).unwrap()
        assert (done["expires_on"], done["spendable_from"]) == ("2030-04-30", "2030-03-03")

    def test_keeps_pending_points_apart(self, books, shop):
        shop.post("accrual", points=5).unwrap()
        done = shop.post("accrual", points=7, spendable_from="2030-07-01").unwrap()
        assert done["spendable_from"] == "2030-07-01"
        assert sorted(lot.available for lot in books.lots(shop.wallet)) == [5, 7]

    def test_refuses_in_the_order_of_its_docstring(self, books):
        issuer, wallet = books.party(cap=9, state="suspended"), books.wallet()
        link = books.link(issuer, wallet, active=False)

        def attempt(reference, points=10):
            order = {"party": issuer, "link": link, "points": points, "reference": reference}
            return books.post("accrual", **order).code

        assert attempt("taken") == "partner-not-active"
        books.set_state(issuer, "open")
        assert attempt("taken") == "member-not-found"
        books.issue(issuer, books.wallet(), 1, reference="taken")
        books.link(issuer, wallet, active=True)
        assert attempt("taken") == "duplicate-reference"
        assert attempt("free") == "position-limit"
        assert attempt("free", points=8) is None

    def test_names_the_first_use_of_a_reference(self, shop):
        first = shop.post("accrual", points=1, reference="R").unwrap()
        refused = shop.post("accrual", points=1, reference="R")
        assert refused.facts == {"first": first["id"], "kind": "accrual"}

    def test_takes_references_of_other_parties_for_its_own(self, books, shop):
        shop.post("accrual", points=1, reference="R").unwrap()
        other = books.party()
        order = {"link": books.link(other, shop.wallet), "points": 1, "reference": "R"}
        assert books.post("accrual", party=other, **order).code is None

    def test_to_a_frozen_wallet_goes_through(self, books, shop):
        books.freeze(shop.wallet)
        assert shop.post("accrual", points=1).code is None

    def test_is_not_for_parties_without_an_exposure(self, books, shop):
        """The hub's own parties never issue: nobody stands for such points."""
        link = books.link(1, shop.wallet)
        with pytest.raises(Exception, match="no rows"):
            books.post("accrual", party=1, link=link, points=1, price=1, cap=None)
        assert books.balance(shop.wallet) == (0, 0)


class TestCap:
    def test_may_be_reached_and_not_passed(self, books):
        issuer, wallet = books.party(cap=100), books.wallet()
        link = books.link(issuer, wallet)
        order = {"party": issuer, "link": link}
        assert books.post("accrual", points=60, **order).code is None
        refused = books.post("accrual", points=41, **order)
        assert refused.code == "position-limit"
        assert refused.facts == {"requested": 41, "room": 40}
        assert books.post("accrual", points=40, **order).code is None
        assert books.post("accrual", points=1, **order).facts == {"requested": 1, "room": 0}

    def test_rounds_what_points_are_worth_up(self, books):
        """Three points at a third of a unit fit under one unit; a fourth would not."""
        issuer, wallet = books.party(cap=1, price=333_333), books.wallet()
        order = {"party": issuer, "link": books.link(issuer, wallet)}
        refused = books.post("accrual", points=4, **order)
        assert (refused.code, refused.facts["room"]) == ("position-limit", 3)
        assert books.post("accrual", points=3, **order).code is None

    def test_holds_inside_an_array(self, books):
        issuer = books.party(cap=100)
        orders = [
            books.order(
                "accrual", party=issuer, link=books.link(issuer, books.wallet()), points=points
            )
            for points in (60, 50, 40, 1)
        ]
        codes = [outcome.code for outcome in books.post_all(orders)]
        assert codes == [None, "position-limit", None, "position-limit"]
        assert books.exposure(issuer) == 100

    def test_inside_an_array_leaves_room_for_what_repays_debts(self, books):
        """Two wallets owe 40 each: of 200 points 80 are not issued again, and 120 are too many."""
        issuer, acceptor = books.party(cap=180), books.party()
        debtors = [books.wallet(), books.wallet()]
        for wallet in debtors:
            accrual = books.issue(issuer, wallet, 40)
            link = books.link(acceptor, wallet)
            books.post("redemption", party=acceptor, link=link, points=40).unwrap()
            books.post("clawback", party=issuer, undoes=accrual).unwrap()
        assert books.exposure(issuer) == 80
        orders = [
            books.order("accrual", party=issuer, link=books.link(issuer, wallet), points=points)
            for wallet, points in [
                (debtors[0], 60),
                (books.wallet(), 61),
                (debtors[1], 100),
                (books.wallet(), 20),
                (debtors[0], 1),
            ]
        ]
        outcomes = books.post_all(orders)
        assert [(o.code, o.facts.get("repaid"), o.facts.get("room")) for o in outcomes] == [
            (None, 40, None),
            (None, 0, None),
            ("position-limit", None, 59),
            ("position-limit", None, 19),
            (None, 0, None),
        ]
        assert books.exposure(issuer) == 80 + 20 + 61 + 1
        assert [books.owed(wallet, issuer) for wallet in debtors] == [0, 40]

    def test_of_several_parties_inside_an_array(self, books):
        issuers = [books.party(cap=10), books.party(cap=None), books.party(cap=30)]
        orders = [
            books.order(
                "accrual", party=issuer, link=books.link(issuer, books.wallet()), points=points
            )
            for points in (8, 12)
            for issuer in issuers
        ]
        codes = [outcome.code for outcome in books.post_all(orders)]
        assert codes == [None, None, None, "position-limit", None, None]
        assert [books.exposure(issuer) for issuer in issuers] == [8, 20, 20]

    def test_counts_no_order_that_another_refusal_kept_from_it(self, books):
        """Nor is a second use of a reference called too many points."""
        issuer = books.party(cap=100)
        orders = [
            books.order(
                "accrual",
                party=issuer,
                link=books.link(issuer, books.wallet(), active=active),
                points=points,
                reference=reference,
            )
            for points, reference, active in [
                (60, "R", True),
                (90, "S", False),
                (40, "R", True),
                (90, "R", True),
                (40, "T", True),
            ]
        ]
        codes = [outcome.code for outcome in books.post_all(orders)]
        again = "duplicate-reference"
        assert codes == [None, "member-not-found", again, again, None]
        assert books.exposure(issuer) == 100

    def test_of_none_is_none(self, books):
        issuer = books.party(cap=None)
        assert books.balance(books.wallet(points=10**12, issuer=issuer)) == (10**12, 0)

    def test_of_nothing_lets_nothing_pass(self, books):
        issuer = books.party(cap=0)
        order = {"party": issuer, "link": books.link(issuer, books.wallet()), "points": 1}
        assert books.post("accrual", **order).code == "position-limit"

    def test_gives_room_for_what_was_clawed_back(self, books):
        issuer, wallet = books.party(cap=100), books.wallet()
        accrual = books.issue(issuer, wallet, 100)
        books.post("clawback", party=issuer, undoes=accrual, points=30).unwrap()
        assert books.issue(issuer, wallet, 30)

    def test_gives_no_room_for_what_was_spent(self, books):
        issuer, acceptor = books.party(cap=100), books.party()
        wallet = books.wallet(points=100, issuer=issuer)
        books.post(
            "redemption", party=acceptor, link=books.link(acceptor, wallet), points=100
        ).unwrap()
        order = {"party": issuer, "link": books.link(issuer, wallet), "points": 1}
        assert books.post("accrual", **order).code == "position-limit"

    def test_does_not_count_what_repays_a_debt(self, books):
        """Those points were issued before: they raise nobody's exposure again."""
        issuer, acceptor = books.party(cap=100), books.party()
        wallet = books.wallet()
        accrual = books.issue(issuer, wallet, 100)
        books.post(
            "redemption", party=acceptor, link=books.link(acceptor, wallet), points=100
        ).unwrap()
        books.post("clawback", party=issuer, undoes=accrual, points=40).unwrap()
        order = {"party": issuer, "link": books.link(issuer, wallet)}
        refused = books.post("accrual", points=41, **order)
        assert refused.facts == {"requested": 41, "room": 40}
        done = books.post("accrual", points=40, **order).unwrap()
        assert done["repaid"] == 40
        assert books.exposure(issuer) == 100

    @pytest.mark.corrupts_books
    def test_counts_money_owed_for_closed_windows(self, books):
        issuer = books.party(cap=100)
        wallet = books.wallet(points=70, issuer=issuer)
        order = {"party": issuer, "link": books.link(issuer, wallet)}
        books.owner.execute(  # As closing does: 20 points became 30 units.
            "UPDATE exchange.exposure SET points = points - 20, owed = 30 WHERE party_id = %s",
            (issuer,),
        )
        assert books.post("accrual", points=21, **order).facts == {"requested": 21, "room": 20}
        assert books.post("accrual", points=20, **order).code is None


class TestImport:
    def test_gives_what_the_rate_says_rounded_to_the_member(self, books, shop):
        rate = books.rate(shop.issuer, theirs=10, ours=3, fee_ppm=100_000)
        done = shop.post("import", theirs=101, moment=NOON).unwrap()
        # 30.3 points, up to 31; a fee of 3.1, down to 3.
        assert (done["points"], done["fee"]) == (28, 3)
        assert (done["theirs"], done["rate"]) == (101, {"theirs": 10, "ours": 3})
        journal = books.journal(done["id"])
        assert (journal.kind, journal.rate_id, journal.theirs, journal.fee) == (
            "import", rate, 101, 3)  # fmt: skip
        assert books.balance(shop.wallet) == (28, 0)

    def test_refuses_in_the_order_of_its_docstring(self, books):
        issuer, wallet = books.party(cap=2, state="suspended"), books.wallet()
        link = books.link(issuer, wallet, active=False)
        order = {"party": issuer, "link": link, "theirs": 25, "reference": "taken"}

        def attempt(**changes):
            order.update(changes)
            return books.post("import", moment=NOON, **order).code

        assert attempt() == "partner-not-active"
        books.set_state(issuer, "open")
        assert attempt() == "member-not-found"
        books.link(issuer, wallet, active=True)
        assert attempt(reference="free") == "no-rate"
        books.rate(issuer, theirs=10, ours=1, minimum=20, step=10, daily_cap=20)
        assert attempt() == "amount-not-convertible"
        assert attempt(theirs=10) == "amount-not-convertible"
        assert attempt(theirs=30) == "position-limit"
        order["cap"] = 3
        assert attempt() == "daily-cap"
        assert attempt(theirs=20, reference="taken") is None
        assert attempt(theirs=25) == "duplicate-reference"

    def test_refused_leaves_the_terms_as_they_were(self, books, shop):
        """A refused order leaves no trace: not even the price it would have been held to."""
        books.rate(shop.issuer, daily_cap=1)
        shop.post("accrual", points=1, cap=50).unwrap()
        refused = shop.post("import", theirs=10, price=7, cap=70)
        assert refused.code == "daily-cap"
        query = "SELECT price, cap FROM exchange.exposure WHERE party_id = %s"
        assert tuple(books.rows(query, shop.issuer)[0]) == (1_000_000, 50)

    def test_is_capped_per_day_of_the_hubs_zone(self, books, shop):
        books.settings(zone="Asia/Shanghai")
        books.rate(shop.issuer, daily_cap=100)
        before = datetime(2030, 6, 15, 15, 59, tzinfo=UTC)
        assert shop.post("import", theirs=60, moment=before).code is None
        refused = shop.post("import", theirs=41, moment=before)
        assert (refused.code, refused.facts) == ("daily-cap", {"cap": 100, "used": 60})
        assert shop.post("import", theirs=40, moment=before).code is None
        assert shop.post("import", theirs=100, moment=before + timedelta(minutes=1)).code is None

    def test_may_be_clawed_back(self, books, shop):
        books.rate(shop.issuer)
        done = shop.post("import", theirs=100).unwrap()
        undone = books.post("clawback", party=shop.issuer, undoes=done["id"]).unwrap()
        assert undone["taken"] == 30


class TestQuote:
    @pytest.fixture
    def rate(self, books, shop):
        return books.rate(shop.issuer)

    def test_is_honoured_as_quoted(self, books, shop, rate):
        quote = books.quote(shop.link, rate, theirs=100, points=30)
        done = shop.post("import", quote=quote).unwrap()
        assert (done["points"], done["theirs"], done["quote"]) == (30, 100, quote)

    def test_is_good_once(self, books, shop, rate):
        quote = books.quote(shop.link, rate)
        shop.post("import", quote=quote).unwrap()
        assert shop.post("import", quote=quote).code == "quote-used"
        assert books.balance(shop.wallet) == (30, 0)

    def test_is_good_until_it_expires(self, books, shop, rate):
        quote = books.quote(shop.link, rate, expires_at=NOON)
        assert shop.post("import", quote=quote, moment=NOON).code == "quote-expired"
        moment = NOON - timedelta(microseconds=1)
        assert shop.post("import", quote=quote, moment=moment).code is None

    def test_outlives_its_rate(self, books, shop, rate):
        quote = books.quote(shop.link, rate)
        books.owner.execute("UPDATE exchange.rate SET valid = '[2020-01-01,2020-01-02)'")
        assert shop.post("import", theirs=100).code == "no-rate"
        assert shop.post("import", quote=quote).code is None

    def test_is_for_its_party_and_member(self, books, shop, rate):
        assert shop.post("import", quote=str(uuid7())).code == "quote-not-found"
        other = books.wallet()
        quote = books.quote(books.link(shop.issuer, other), rate)
        assert shop.post("import", quote=quote).code == "quote-not-found"

    def test_is_not_used_up_by_a_refusal(self, books, shop, rate):
        quote = books.quote(shop.link, rate)
        assert shop.post("import", quote=quote, cap=29).code == "position-limit"
        assert shop.post("import", quote=quote, cap=30).code is None

    def test_counts_towards_the_daily_cap(self, books, shop):
        capped = books.rate(shop.issuer, daily_cap=100)
        quote = books.quote(shop.link, capped)
        shop.post("import", theirs=1).unwrap()
        assert shop.post("import", quote=quote).code == "daily-cap"
