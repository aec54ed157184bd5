"""Spending points: redemption at once; or authorise, then capture, void or let go."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from kit.ids import uuid7

NOON = datetime(2030, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def till(books):
    """An acceptor with a wide mandate for a wallet of 100 points."""
    issuer, acceptor = books.party(), books.party()
    wallet = books.wallet(points=100, issuer=issuer)
    link = books.link(acceptor, wallet)

    def post(kind, **fields):
        return books.post(kind, **{"party": acceptor, "link": link} | fields)

    def end(kind, hold, **fields):
        return books.post(kind, **{"party": acceptor, "hold": hold} | fields)

    return SimpleNamespace(
        issuer=issuer, acceptor=acceptor, wallet=wallet, link=link, post=post, end=end
    )


@pytest.fixture(params=["redemption", "authorisation"])
def kind(request):
    """The two ways to spend: what they refuse, they refuse alike."""
    return request.param


class TestSpending:
    def test_refuses_in_the_order_of_its_docstring(self, books, kind):
        acceptor, wallet = books.party(state="suspended"), books.wallet(points=5)
        link = books.link(acceptor, wallet, active=False, daily_limit=0)
        books.freeze(wallet)

        def attempt(reference):
            order = {"party": acceptor, "link": link, "points": 10, "reference": reference}
            return books.post(kind, **order).code

        assert attempt("taken") == "partner-not-active"
        books.set_state(acceptor, "open")
        other = books.link(acceptor, books.wallet(points=1))
        books.post(kind, party=acceptor, link=other, points=1, reference="taken").unwrap()
        assert attempt("taken") == "duplicate-reference"
        assert attempt("free") == "member-not-found"
        books.link(acceptor, wallet, active=True)
        assert attempt("free") == "no-mandate"
        books.link(acceptor, wallet, daily_limit=9)
        assert attempt("free") == "mandate-limit"
        books.link(acceptor, wallet, daily_limit=10)
        assert attempt("free") == "wallet-frozen"
        books.freeze(wallet, frozen=False)
        assert attempt("free") == "insufficient-points"
        books.issue(books.party(), wallet, 5)
        assert attempt("free") is None
        assert sum(books.balance(wallet)) == (0 if kind == "redemption" else 10)

    def test_takes_what_expires_first_then_what_is_oldest(self, books, till, kind):
        other = books.party()
        books.issue(other, till.wallet, 20, expires_on="2090-01-01")
        books.issue(till.issuer, till.wallet, 30, expires_on="2090-01-01")
        books.issue(other, till.wallet, 40, expires_on="2089-01-01")
        till.post(kind, points=70).unwrap()
        left = [(lot.issuer_id, str(lot.expires_on), lot.available) for lot in
                books.lots(till.wallet) if lot.available]  # fmt: skip
        assert left == [
            (till.issuer, "2090-01-01", 20),
            (till.issuer, "2099-12-31", 100),
        ]

    def test_takes_nothing_that_is_pending(self, books, till, kind):
        books.issue(till.issuer, till.wallet, 50, spendable_from="2030-06-16")
        assert till.post(kind, points=101, moment=NOON).code == "insufficient-points"
        assert till.post(kind, points=101, moment=NOON + timedelta(days=1)).code is None

    def test_takes_nothing_that_expired(self, books, till, kind):
        """A lot is good for the whole of its last day, in the hub's own zone."""
        books.issue(till.issuer, till.wallet, 50, expires_on="2030-06-15")
        books.settings(zone="Asia/Shanghai")
        last = datetime(2030, 6, 15, 15, 59, 59, tzinfo=UTC)
        late = {"points": 101, "moment": last + timedelta(seconds=1)}
        assert till.post(kind, **late).code == "insufficient-points"
        assert till.post(kind, points=101, moment=last).code is None

    def test_tells_how_much_there_is_only_when_the_member_shares_it(self, books, till, kind):
        refused = till.post(kind, points=101)
        assert refused.facts == {"requested": 101, "available": 100}
        books.link(till.acceptor, till.wallet, shares_balance=False)
        assert till.post(kind, points=101).facts == {"requested": 101}

    def test_names_the_first_use_of_a_reference(self, till, kind):
        first = till.post(kind, points=1, reference="R").unwrap()
        refused = till.post(kind, points=1, reference="R")
        assert refused.code == "duplicate-reference"
        assert refused.facts == {"first": first["id"], "kind": kind}

    def test_knows_no_other_partys_name_for_a_member(self, books, till, kind):
        assert till.post(kind, party=books.party(), points=1).code == "member-not-found"


class TestMandate:
    def test_is_per_day_of_the_hubs_zone(self, books, till, kind):
        books.settings(zone="Asia/Shanghai")
        books.link(till.acceptor, till.wallet, daily_limit=30)
        before = datetime(2030, 6, 15, 15, 59, tzinfo=UTC)
        assert till.post(kind, points=20, moment=before).code is None
        assert till.post(kind, points=10, moment=before).code is None
        refused = till.post(kind, points=1, moment=before)
        assert refused.code == "mandate-limit"
        assert refused.facts == {"requested": 1, "limit": 30, "left": 0}
        assert till.post(kind, points=30, moment=before + timedelta(minutes=1)).code is None

    def test_counts_what_was_refused_for_nothing(self, books, till, kind):
        books.link(till.acceptor, till.wallet, daily_limit=150)
        assert till.post(kind, points=120).code == "insufficient-points"
        assert till.post(kind, points=100).code is None

    def test_of_one_party_is_none_of_anothers(self, books, till, kind):
        books.link(till.acceptor, till.wallet, daily_limit=10)
        other = books.party()
        books.link(other, till.wallet, daily_limit=10)
        assert till.post(kind, points=10).code is None
        assert till.post(kind, party=other, link=books.link(other, till.wallet), points=10).code is None  # fmt: skip  # noqa: E501


class TestPaymentCode:
    def spend(self, till, kind, code, **fields):
        return till.post(kind, **{"link": None, "code": code, "points": 10} | fields)

    def test_stands_for_the_member_and_a_mandate(self, books, till, kind):
        books.link(till.acceptor, till.wallet, daily_limit=0)
        done = self.spend(till, kind, books.payment_code(till.wallet)).unwrap()
        assert "member" not in done
        assert books.balance(till.wallet)[0] == 90

    def test_is_good_once(self, books, till, kind):
        code = books.payment_code(till.wallet)
        assert self.spend(till, kind, code).code is None
        assert self.spend(till, kind, code).code == "payment-code-invalid"

    def test_is_not_used_up_by_a_refusal(self, books, till, kind):
        code = books.payment_code(till.wallet)
        books.freeze(till.wallet)
        assert self.spend(till, kind, code).code == "wallet-frozen"
        books.freeze(till.wallet, frozen=False)
        assert self.spend(till, kind, code).code is None

    @pytest.mark.parametrize(
        ("made", "asked"),
        [
            ({"max_points": 9}, {}),
            ({"expires_at": NOON}, {"moment": NOON}),
            ({"party": 1}, {}),
        ],
        ids=["too much", "expired", "another party's"],
    )
    def test_is_invalid_for_one_reason_or_another_and_never_says_which(
        self, books, till, kind, made, asked
    ):
        code = books.payment_code(till.wallet, **made)
        refused = self.spend(till, kind, code, **asked)
        assert (refused.code, refused.facts) == ("payment-code-invalid", {})

    def test_is_good_to_its_limits(self, books, till, kind):
        limits = {"max_points": 10, "expires_at": NOON, "party": till.acceptor}
        code = books.payment_code(till.wallet, **limits)
        moment = NOON - timedelta(microseconds=1)
        assert self.spend(till, kind, code, moment=moment).code is None

    def test_unknown_is_invalid(self, till, kind):
        assert self.spend(till, kind, "00" * 32).code == "payment-code-invalid"

    def test_of_another_wallet_than_the_link_is_invalid(self, books, till, kind):
        code = books.payment_code(books.wallet(points=10))
        assert self.spend(till, kind, code, link=till.link).code == "payment-code-invalid"

    def test_guessing_locks_out_for_the_minute_even_the_right_code(self, books, till, kind):
        books.settings(code_failures_a_minute=2)
        code = books.payment_code(till.wallet, expires_at=NOON + timedelta(hours=1))
        for _ in range(2):
            guess = self.spend(till, kind, "00" * 32, moment=NOON)
            assert guess.code == "payment-code-invalid"
        locked = books.order(kind, party=till.acceptor, code=code, points=10)
        assert books.post_all([locked], moment=NOON)[0].code == "too-many-codes"
        assert self.spend(till, kind, "00" * 32, moment=NOON).code == "too-many-codes"
        # Not an answer to keep: the same request succeeds a minute later.
        again = locked | {"nonce": "nonce-of-a-second-try-"}
        [outcome] = books.post_all([again], moment=NOON + timedelta(minutes=1))
        assert (outcome.code, outcome.replayed) == (None, False)

    def test_is_good_once_inside_an_array(self, books, till, kind):
        code = books.payment_code(till.wallet)
        outcomes = books.post_all(
            [books.order(kind, party=till.acceptor, code=code, points=p) for p in (20, 30, 10)]
        )
        assert [outcome.code for outcome in outcomes] == [
            None, "payment-code-invalid", "payment-code-invalid"]  # fmt: skip
        assert books.balance(till.wallet)[0] == 80

    def test_is_good_for_the_second_when_the_first_is_refused(self, books, till, kind):
        code = books.payment_code(till.wallet)
        outcomes = books.post_all(
            [books.order(kind, party=till.acceptor, code=code, points=p) for p in (101, 100)]
        )
        assert [outcome.code for outcome in outcomes] == ["insufficient-points", None]

    def test_guessing_inside_an_array_locks_out_the_rest_of_it(self, books, till, kind):
        books.settings(code_failures_a_minute=3)
        wrong = [f"{number:064x}" for number in range(5)]
        right = books.payment_code(till.wallet, expires_at=NOON + timedelta(minutes=1))
        other = books.order(kind, party=books.party(), code=wrong[0], points=1)
        orders = [
            books.order(kind, party=till.acceptor, code=code, points=1)
            for code in [*wrong[:2], right, *wrong[2:]]
        ]
        link = books.link(till.acceptor, books.wallet(points=1))
        by_link = books.order(kind, party=till.acceptor, link=link, points=1)
        outcomes = books.post_all([*orders, other, by_link], moment=NOON)
        assert [outcome.code for outcome in outcomes] == [
            "payment-code-invalid",
            "payment-code-invalid",
            None,
            "payment-code-invalid",
            "too-many-codes",
            "too-many-codes",
            "payment-code-invalid",
            None,
        ]
        query = "SELECT failures FROM exchange.code_failure WHERE party_id = %s"
        assert books.rows(query, till.acceptor) == [(3,)]
        keys = [order["key"] for order in orders]
        claims = books.rows("SELECT key FROM exchange.claim WHERE key = ANY (%s)", keys)
        assert {claim.key for claim in claims} == set(keys[:4])  # The others may try again.

    def test_guessing_of_one_party_locks_out_no_other(self, books, till, kind):
        books.settings(code_failures_a_minute=1)
        self.spend(till, kind, "00" * 32, moment=NOON)
        code = books.payment_code(till.wallet, expires_at=NOON + timedelta(hours=1))
        other = {"party": books.party(), "moment": NOON}
        assert self.spend(till, kind, code, **other).code is None


class TestRedemption:
    def test_moves_points_to_the_acceptor_and_says_so(self, books, till):
        done = till.post("redemption", points=30, reference="R1", moment=NOON).unwrap()
        assert done == {
            "id": done["id"],
            "kind": "redemption",
            "member": till.link,
            "points": 30,
            "reference": "R1",
            "at": NOON.isoformat(),
        }
        assert books.balance(till.wallet) == (70, 0)
        [line] = books.postings(done["id"])
        assert (line.movement, line.party_id, line.issuer_id, line.points) == (
            "spent", till.acceptor, till.issuer, 30)  # fmt: skip

    def test_leaves_the_issuers_exposure_as_it_was(self, books, till):
        till.post("redemption", points=30).unwrap()
        assert books.exposure(till.issuer) == 100

    def test_takes_the_last_point(self, books, till):
        assert till.post("redemption", points=100).code is None
        assert till.post("redemption", points=1).code == "insufficient-points"


class TestAuthorisation:
    def test_holds_points_where_they_are(self, books, till):
        done = till.post("authorisation", points=30, reference="R1", moment=NOON).unwrap()
        assert done == {
            "id": done["id"],
            "kind": "authorisation",
            "member": till.link,
            "points": 30,
            "state": "held",
            "reference": "R1",
            "at": NOON.isoformat(),
            "expires_at": (NOON + timedelta(minutes=15)).isoformat(),
        }
        assert books.balance(till.wallet) == (70, 30)
        assert till.post("redemption", points=71).code == "insufficient-points"

    def test_many_in_an_array_hold_as_many_points(self, books, till):
        """From several lots, for several acceptors, until a wallet or a mandate has no more."""
        books.issue(till.issuer, till.wallet, 15, expires_on="2090-01-01")
        other = books.party()
        limited = books.link(other, till.wallet, daily_limit=50)
        orders = [
            books.order("authorisation", party=party, link=link, points=points, online=online)
            for party, link, points, online in [
                (till.acceptor, till.link, 10, False),
                (other, limited, 40, True),
                (other, limited, 20, False),
                (till.acceptor, till.link, 70, False),
                (till.acceptor, till.link, 65, False),
            ]
        ]
        outcomes = books.post_all(orders, moment=NOON)
        assert [outcome.code for outcome in outcomes] == [
            None, None, "mandate-limit", "insufficient-points", None]  # fmt: skip
        assert outcomes[2].facts == {"requested": 20, "limit": 50, "left": 10}
        assert outcomes[3].facts == {"requested": 70, "available": 65}
        assert [o.facts.get("expires_at") for o in outcomes[:2]] == [
            (NOON + timedelta(minutes=15)).isoformat(),
            (NOON + timedelta(days=7)).isoformat(),
        ]
        assert books.balance(till.wallet) == (0, 115)
        parts = books.rows(
            "SELECT hl.points FROM exchange.hold_lot hl JOIN exchange.lot l"
            " ON l.wallet_id = hl.wallet_id AND l.id = hl.lot_id"
            " WHERE hl.hold_id = %s ORDER BY l.expires_on",
            orders[1]["id"],
        )
        assert parts == [(5,), (35,)]
        for outcome in outcomes:
            if outcome.code is None:
                party = other if outcome.facts["points"] == 40 else till.acceptor
                ended = {"party": party, "hold": outcome.facts["id"]}
                assert books.post("capture", moment=NOON, **ended).code is None
        assert books.balance(till.wallet) == (0, 0)

    def test_lasts_longer_online(self, till):
        done = till.post("authorisation", points=1, online=True, moment=NOON).unwrap()
        assert done["expires_at"] == (NOON + timedelta(days=7)).isoformat()


class TestCapture:
    @pytest.fixture
    def hold(self, till):
        return till.post("authorisation", points=30, reference="R", moment=NOON).unwrap()["id"]

    def test_refuses_in_the_order_of_its_docstring(self, books, till, hold):
        late = NOON + timedelta(minutes=15)
        books.set_state(till.acceptor, "suspended")
        order = {"party": till.acceptor, "points": 31}

        def attempt(hold=hold, moment=late):
            return books.post("capture", hold=hold, moment=moment, **order).code

        assert attempt(str(uuid7())) == "partner-not-active"
        books.set_state(till.acceptor, "open")
        assert attempt(str(uuid7())) == "authorization-not-found"
        assert attempt() == "hold-not-open"
        soon = late - timedelta(microseconds=1)
        assert attempt(moment=soon) == "exceeds-hold"
        order["points"] = 30
        assert attempt(moment=soon) is None

    def test_in_full_is_the_default(self, books, till, hold):
        done = till.end("capture", hold, moment=NOON).unwrap()
        assert done == {
            "id": done["id"],
            "kind": "capture",
            "authorization": hold,
            "state": "captured",
            "points": 30,
            "captured": 30,
            "released": 0,
            "reference": "R",
            "at": NOON.isoformat(),
        }
        assert books.balance(till.wallet) == (70, 0)
        assert books.journal(done["id"]).kind == "capture"

    def test_in_part_releases_the_rest(self, books, till, hold):
        done = till.end("capture", hold, points=12, moment=NOON).unwrap()
        assert (done["captured"], done["released"]) == (12, 18)
        assert books.balance(till.wallet) == (88, 0)

    def test_in_part_takes_what_expires_first(self, books, till):
        books.issue(till.issuer, till.wallet, 5, expires_on="2090-01-01")
        hold = till.post("authorisation", points=20, moment=NOON).unwrap()["id"]
        books.issue(till.issuer, till.wallet, 9, expires_on="2089-01-01")  # Not what was held.
        done = till.end("capture", hold, points=6, moment=NOON).unwrap()
        lines = [(str(line.expires_on), line.points) for line in books.postings(done["id"])]
        assert lines == [("2090-01-01", 5), ("2099-12-31", 1)]

    def test_happens_once(self, till, hold):
        till.end("capture", hold, moment=NOON).unwrap()
        refused = till.end("capture", hold, moment=NOON)
        assert (refused.code, refused.facts) == ("hold-not-open", {"state": "captured"})

    def test_tells_of_a_hold_that_has_expired_unswept(self, till, hold):
        refused = till.end("capture", hold, moment=NOON + timedelta(days=1))
        assert (refused.code, refused.facts) == ("hold-not-open", {"state": "expired"})

    def test_is_for_the_party_that_holds(self, books, hold):
        refused = books.post("capture", party=books.party(), hold=hold, moment=NOON)
        assert refused.code == "authorization-not-found"

    def test_spends_points_that_expired_while_held(self, books, till):
        """The hold's day counts: the till let the goods go on its word."""
        books.issue(till.issuer, till.wallet, 40, expires_on=str(NOON.date()))
        order = {"points": 40, "online": True, "moment": NOON}
        hold = till.post("authorisation", **order).unwrap()["id"]
        later = NOON + timedelta(days=3)
        assert books.post("lot-expiry", wallet=till.wallet, moment=later).code == "nothing-expired"
        assert till.end("capture", hold, moment=later).code is None

    def test_of_a_frozen_wallet_goes_through(self, books, till, hold):
        books.freeze(till.wallet)
        assert till.end("capture", hold, moment=NOON).code is None


class TestVoid:
    @pytest.fixture
    def hold(self, till):
        return till.post("authorisation", points=30, moment=NOON).unwrap()["id"]

    def test_lets_the_points_go(self, books, till, hold):
        done = till.end("void", hold, moment=NOON).unwrap()
        assert (done["state"], done["captured"], done["released"]) == ("voided", 0, 30)
        assert "id" not in done
        assert books.balance(till.wallet) == (100, 0)

    def test_refuses_in_the_order_of_its_docstring(self, till, hold):
        assert till.end("void", str(uuid7())).code == "authorization-not-found"
        till.end("capture", hold, moment=NOON).unwrap()
        assert till.end("void", hold).facts == {"state": "captured"}

    def test_is_open_to_a_suspended_party(self, books, till, hold):
        books.set_state(till.acceptor, "suspended")
        assert till.end("void", hold).code is None

    def test_gives_back_to_the_same_lots(self, books, till):
        books.issue(till.issuer, till.wallet, 5, expires_on="2090-01-01")
        before = books.lots(till.wallet)
        hold = till.post("authorisation", points=20, moment=NOON).unwrap()["id"]
        till.end("void", hold).unwrap()
        assert books.lots(till.wallet) == before


class TestAnyOrder:
    def test_points_expire_on_a_date(self, books, till):
        assert books.lots(till.wallet)[0].expires_on == date(2099, 12, 31)
