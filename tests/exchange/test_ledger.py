"""The funnel: one claim, one effect, one saved answer; and arrays whose orders do not disturb."""

import json

import psycopg
import pytest

from exchange import ledger
from exchange.errors import (
    AnswerExpired,
    BooksClosed,
    IdempotencyKeyReused,
    InsufficientPoints,
    RequestInProgress,
    SignatureReplayed,
)
from kit.database import Busy


@pytest.fixture
def sale(books):
    """An order that succeeds: 10 of 100 points."""
    acceptor = books.party()
    wallet = books.wallet(points=100)
    link = books.link(acceptor, wallet)
    return books.order("redemption", party=acceptor, link=link, points=10)


def again(order, nonce="another-nonce-of-retry", **changes):
    """The same request, signed again."""
    return order | {"nonce": nonce} | changes


class TestIdempotency:
    def test_a_retry_gets_the_saved_answer_and_moves_nothing(self, books, sale):
        [first] = books.post_all([sale])
        [second] = books.post_all([again(sale)])
        assert (first.replayed, second.replayed) == (False, True)
        assert (second.code, second.facts) == (None, first.facts)
        assert books.rows("SELECT available FROM exchange.wallet")[0].available == 90

    def test_a_retry_of_a_refusal_is_refused_alike_though_it_would_succeed_now(self, books, sale):
        refused = sale | {"points": 101}
        [first] = books.post_all([refused])
        [wallet] = books.rows("SELECT id FROM exchange.wallet")
        books.issue(books.party(), wallet.id, 50)
        [second] = books.post_all([again(refused)])
        assert (first.code, second.code, second.replayed) == (
            "insufficient-points", "insufficient-points", True)  # fmt: skip
        assert second.facts == first.facts

    def test_a_retry_is_known_by_its_fingerprint_not_by_its_id(self, books, sale):
        books.post_all([sale])
        [outcome] = books.post_all([again(sale, id="00000000-0000-7000-8000-000000000000")])
        assert outcome.replayed

    def test_another_request_with_the_key_is_refused(self, books, sale):
        books.post_all([sale])
        [outcome] = books.post_all([again(sale, fingerprint="ff")])
        assert (outcome.code, outcome.replayed) == ("idempotency-key-reused", False)

    def test_the_same_key_of_another_party_is_another_key(self, books, sale):
        books.post_all([sale])
        [wallet] = books.rows("SELECT id FROM exchange.wallet")
        other = books.party()
        twin = again(sale, party=other, link=books.link(other, wallet.id), id=None)
        twin["id"] = books.order("redemption")["id"]
        assert books.post_all([twin])[0].code is None

    def test_a_twin_in_flight_is_told_so_at_once(self, books, sale, address):
        with psycopg.connect(address.application) as slow:
            slow.execute(ledger.POST, (json.dumps([sale]), None, None))
            [outcome] = books.post_all([again(sale)])
            assert outcome.code == "request-in-progress"
            slow.commit()
        assert books.post_all([again(sale, nonce="a-third-nonce-of-retry")])[0].replayed

    def test_a_twin_whose_first_died_does_the_work(self, books, sale, address):
        with psycopg.connect(address.application) as slow:
            slow.execute(ledger.POST, (json.dumps([sale]), None, None))
            slow.rollback()
        [outcome] = books.post_all([sale])
        assert (outcome.code, outcome.replayed) == (None, False)

    def test_an_answer_no_longer_kept_is_not_made_up(self, books, sale):
        old = sale | {"points": 101}
        books.post_all([old])
        books.owner.execute("UPDATE exchange.claim SET at = at - interval '31 days'")
        assert books.post_all([again(old)])[0].code == "answer-expired"

    def test_twins_inside_an_array_have_one_effect(self, books, sale):
        first, second = books.post_all([sale, again(sale)])
        assert (first.code, second.code) == (None, "request-in-progress")
        third = books.post_all([again(sale, "nonce-of-a-third-try--")])[0]
        assert third.replayed
        assert third.facts == first.facts

    def test_the_signed_request_is_kept(self, books, sale):
        books.post_all([sale | {"evidence": {"signature": "…"}}])
        [row] = books.rows("SELECT evidence FROM exchange.claim WHERE operation = 'redemption'")
        assert row.evidence == {"signature": "…"}


class TestNonce:
    def test_is_good_once(self, books, sale):
        books.post_all([sale])
        assert books.post_all([sale])[0].code == "signature-replayed"

    def test_is_used_up_by_a_refusal(self, books, sale):
        books.post_all([sale | {"points": 101}])
        other = books.order("redemption") | {"nonce": sale["nonce"], "party": sale["party"]}
        assert books.post_all([other])[0].code == "signature-replayed"

    def test_of_one_key_is_none_of_anothers(self, books, sale):
        books.post_all([sale])
        assert books.post_all([sale | {"key_id": "another-key"}])[0].replayed

    def test_twice_in_one_array_is_replayed_the_second_time(self, books, sale):
        codes = [outcome.code for outcome in books.post_all([sale, sale])]
        assert codes == [None, "signature-replayed"]


class TestArray:
    def test_answers_in_order_and_spares_the_neighbours_of_a_refusal(self, books):
        acceptor = books.party()
        wallets = [books.wallet(points=10) for _ in range(3)]
        orders = [
            books.order("redemption", party=acceptor, link=books.link(acceptor, wallet), points=n)
            for wallet, n in zip(wallets, (5, 11, 7), strict=True)
        ]
        outcomes = books.post_all(orders)
        assert [outcome.code for outcome in outcomes] == [None, "insufficient-points", None]
        assert [outcome.facts.get("id") for outcome in outcomes] == [
            orders[0]["id"], None, orders[2]["id"]]  # fmt: skip
        assert [books.balance(wallet) for wallet in wallets] == [(5, 0), (10, 0), (3, 0)]

    def test_sees_what_the_order_before_did(self, books):
        issuer, acceptor = books.party(), books.party()
        wallet = books.wallet()
        earn = books.order("accrual", party=issuer, link=books.link(issuer, wallet), points=10)
        spend = books.order(
            "redemption", party=acceptor, link=books.link(acceptor, wallet), points=10
        )
        undo = books.order("refund", party=acceptor, undoes=spend["id"], points=4)
        assert [o.code for o in books.post_all([earn, spend, undo])] == [None] * 3
        assert books.balance(wallet) == (4, 0)

    def test_refuses_a_second_use_of_a_reference(self, books, sale):
        twin = again(sale, key="key-of-another-request", id=books.order("redemption")["id"])
        codes = [outcome.code for outcome in books.post_all([sale, twin])]
        assert codes == [None, "duplicate-reference"]

    @pytest.mark.parametrize("kind", ["accrual", "redemption", "authorisation"])
    def test_gives_a_reference_to_the_first_that_uses_it(self, books, kind):
        """Of other members, so that all come at once to where the books say that there is one."""
        party = books.party()
        orders = [
            books.order(
                kind,
                party=party,
                link=books.link(party, books.wallet(points=10)),
                points=10,
                reference=reference,
            )
            for reference in "ABCABCBCAACB"
        ]
        outcomes = books.post_all(orders)
        assert [outcome.code for outcome in outcomes] == [None] * 3 + ["duplicate-reference"] * 9
        firsts = {order["reference"]: order["id"] for order in orders[:3]}
        assert [outcome.facts.get("first") for outcome in outcomes[3:]] == [
            firsts[order["reference"]] for order in orders[3:]
        ]

    def test_a_reference_is_free_after_a_refusal(self, books):
        acceptor = books.party()
        orders = [
            books.order(
                "redemption",
                party=acceptor,
                link=books.link(acceptor, books.wallet(points=points)),
                points=10,
                reference="R",
            )
            for points in (9, 10)
        ]
        codes = [outcome.code for outcome in books.post_all(orders)]
        assert codes == ["insufficient-points", None]

    def test_asks_each_party_for_its_own_state_and_terms(self, books):
        orders = []
        for fields in {}, {"state": "suspended"}, {"unpriced": True}, {}:
            party = books.party(state=fields.pop("state", "open"))
            link = books.link(party, books.wallet(points=10))
            orders.append(books.order("redemption", party=party, link=link, points=10, **fields))
        codes = [outcome.code for outcome in books.post_all(orders)]
        assert codes == [None, "partner-not-active", "terms-missing", None]

    def test_mixes_new_and_old_requests(self, books, sale):
        acceptor, wallet = books.party(), books.wallet(points=100)
        old, changed, fresh = (
            books.order("redemption", party=acceptor, link=books.link(acceptor, wallet), points=10)
            for _ in range(3)
        )
        [first, _] = books.post_all([old, changed])
        outcomes = books.post_all(
            [fresh, again(old, "nonce-2"), again(changed, "nonce-3", fingerprint="ff"), old, sale]
        )
        assert [(outcome.code, outcome.replayed) for outcome in outcomes] == [
            (None, False),
            (None, True),
            ("idempotency-key-reused", False),
            ("signature-replayed", False),
            (None, False),
        ]
        assert outcomes[1].facts == first.facts
        assert books.balance(wallet) == (70, 0)

    def test_of_nothing_answers_nothing(self, books):
        assert books.post_all([]) == []


class TestBatch:
    """A part of a batch: many lines under one claim."""

    @pytest.fixture
    def lines(self, books):
        """Three sales of one acceptor: the second is for too many points."""
        acceptor = books.party()
        return [
            books.order(
                "redemption",
                party=acceptor,
                link=books.link(acceptor, books.wallet(points=10)),
                points=points,
            )
            for points in (4, 11, 6)
        ]

    def test_answers_each_line_and_keeps_one_claim(self, books, lines):
        outcomes = books.post_batch(lines)
        assert [outcome.code for outcome in outcomes] == [None, "insufficient-points", None]
        assert [outcome.facts.get("id") for outcome in outcomes] == [
            lines[0]["id"], None, lines[2]["id"]]  # fmt: skip
        query = "SELECT party_id, key, operation, jsonb_array_length(facts) FROM exchange.claim"
        assert books.rows(query + " WHERE operation = 'batch'") == [
            (lines[0]["party"], lines[0]["key"], "batch", 3)
        ]
        assert books.rows("SELECT FROM exchange.claim WHERE key = %s", lines[2]["key"]) == []
        keys = books.rows("SELECT DISTINCT request_key FROM exchange.journal WHERE points < 10")
        assert keys == [(lines[0]["key"],)]

    def test_is_replayed_line_by_line(self, books, lines):
        first = books.post_batch(lines)
        # Ids are made anew by every try: those that took effect are told.
        retry = [line | {"id": books.order("redemption")["id"]} for line in lines]
        second = books.post_batch(retry, nonce="another-nonce-of-retry")
        assert [o.code for o in second] == [o.code for o in first]
        assert [o.facts for o in second] == [o.facts for o in first]
        assert [o.replayed for o in second] == [True] * 3
        assert books.rows("SELECT sum(points) FROM exchange.journal WHERE points < 10") == [(10,)]

    def test_of_other_content_under_the_key_is_refused(self, books, lines):
        books.post_batch(lines)
        with pytest.raises(IdempotencyKeyReused):
            books.post_batch(lines[:2], nonce="another-nonce", fingerprint="ff")

    def test_and_a_single_request_share_the_keys_of_their_party(self, books, lines):
        books.post_all([lines[0]])
        with pytest.raises(IdempotencyKeyReused):
            books.post_batch(lines[1:], nonce="another-nonce", key=lines[0]["key"])
        assert books.post_batch(lines[1:])[1].code is None
        [single] = books.post_all([again(lines[0], "a-third-nonce", key=lines[1]["key"])])
        assert single.code == "idempotency-key-reused"

    def test_whose_twin_is_in_flight_is_told_so(self, books, lines, address):
        with psycopg.connect(address.application) as slow:
            slow.execute(ledger.POST, (json.dumps([lines[0]]), None, None))
            with pytest.raises(RequestInProgress):
                books.post_batch(lines, nonce="another-nonce")
            slow.rollback()
        assert books.post_batch(lines)[0].code is None  # The nonce and key of the first are free.

    def test_uses_its_nonce_up(self, books, lines):
        books.post_batch(lines[:2])
        with pytest.raises(SignatureReplayed):
            books.post_batch(lines[:2])
        with pytest.raises(SignatureReplayed):
            books.post_batch(lines[2:], nonce=lines[0]["nonce"])
        assert books.post_all([again(lines[2], lines[0]["nonce"])])[0].code == "signature-replayed"

    def test_needs_no_nonce_for_its_later_parts(self, books, lines):
        books.post_batch(lines[:1])
        rest = {"key": f"{lines[0]['key']}/1", "nonce": None, "signed_at": None, "evidence": None}
        assert [o.replayed for o in books.post_batch(lines[1:], **rest)] == [False] * 2
        assert [o.replayed for o in books.post_batch(lines[1:], **rest)] == [True] * 2
        assert books.rows("SELECT count(*) FROM exchange.nonce WHERE nonce IS NULL") == [(0,)]

    @pytest.mark.corrupts_books
    def test_an_answer_no_longer_kept_is_not_made_up(self, books, lines):
        books.post_batch(lines)
        books.owner.execute("UPDATE exchange.claim SET at = at - interval '31 days'")
        with pytest.raises(AnswerExpired):
            books.post_batch(lines, nonce="another-nonce")

    def test_is_undone_as_a_whole_by_a_line_that_cannot_be_read(self, books, lines):
        poisoned = lines[1] | {"id": "no uuid"}
        with pytest.raises(psycopg.DataError):
            books.post_batch([lines[0], poisoned, lines[2]])
        assert [o.replayed for o in books.post_batch(lines)] == [False] * 3

    def test_of_mixed_kinds_is_told_line_by_line(self, books, lines):
        """What the checker and the statements read: each line as if it had come alone."""
        party = lines[0]["party"]
        hold = lines[0] | {"kind": "authorisation"}
        gift = books.order("accrual", party=party, link=lines[1]["link"], points=3)
        books.post_batch([hold, lines[1], gift])
        query = "SELECT operation, facts ->> 'points' FROM exchange.told WHERE key = %s"
        told = books.rows(query + " ORDER BY 1", lines[0]["key"])
        assert told == [("accrual", "3"), ("authorisation", "4")]


class TestPost:
    def test_needs_an_open_window(self, books, sale):
        books.owner.execute('UPDATE exchange."window" SET closed_at = clock_timestamp()')
        with pytest.raises(BooksClosed):
            books.post_all([sale])

    def test_puts_journals_into_the_open_window(self, books, sale):
        books.close_window()
        books.post_all([sale])
        assert books.journal(sale["id"]).window_id == books.window_id

    def test_waits_a_second_for_a_lock_and_no_longer(self, books, sale, address):
        with psycopg.connect(address.owner) as other:
            other.execute("SELECT FROM exchange.wallet FOR UPDATE")
            with pytest.raises(Busy):
                books.post_all([sale])
        assert books.post_all([sale])[0].code is None

    def test_unwraps_into_facts_or_a_refusal(self, books, sale):
        [done] = books.post_all([sale])
        assert done.unwrap()["points"] == 10
        refused = again(sale, key="key-of-another-request", reference="another", points=1000)
        [outcome] = books.post_all([refused])
        with pytest.raises(InsufficientPoints) as caught:
            outcome.unwrap()
        assert caught.value.facts["requested"] == 1000
