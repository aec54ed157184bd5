"""What time ends: lots past their day, holds past their moment; and the jobs that see to it."""

from datetime import UTC, datetime, timedelta

import pytest

from exchange import expiry
from kit.ids import uuid7

NOON = datetime(2030, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class TestLotExpiry:
    def test_sweeps_what_expired_into_breakage_as_one_journal(self, books):
        issuer, other = books.party(), books.party()
        wallet = books.wallet(points=10, issuer=issuer, expires_on="2030-06-14")
        books.issue(other, wallet, 20, expires_on="2030-06-13")
        books.issue(issuer, wallet, 30, expires_on="2030-06-15")
        done = books.post("lot-expiry", wallet=wallet, moment=NOON).unwrap()
        assert (done["kind"], done["points"]) == ("expiry", 30)
        assert books.balance(wallet) == (30, 0)
        lines = books.postings(done["id"])
        assert {(line.movement, line.issuer_id, line.points) for line in lines} == {
            ("expired", issuer, 10),
            ("expired", other, 20),
        }

    def test_refuses_in_the_order_of_its_docstring(self, books):
        assert books.post("lot-expiry", wallet=0).code == "wallet-not-found"
        assert books.post("lot-expiry", wallet=books.wallet()).code == "nothing-expired"

    def test_waits_for_the_end_of_the_day_in_the_hubs_zone(self, books):
        books.settings(zone="Asia/Shanghai")
        wallet = books.wallet(points=10, expires_on="2030-06-15")
        midnight = datetime(2030, 6, 15, 16, tzinfo=UTC)
        before = midnight - timedelta(microseconds=1)
        assert books.post("lot-expiry", wallet=wallet, moment=before).code == "nothing-expired"
        assert books.post("lot-expiry", wallet=wallet, moment=midnight).code is None

    def test_happens_once(self, books):
        wallet = books.wallet(points=10, expires_on="2030-06-14")
        books.post("lot-expiry", wallet=wallet, moment=NOON).unwrap()
        assert books.post("lot-expiry", wallet=wallet, moment=NOON).code == "nothing-expired"

    def test_spares_what_is_held_until_it_is_let_go(self, books):
        acceptor = books.party()
        wallet = books.wallet(points=10, expires_on="2030-06-15")
        order = {"link": books.link(acceptor, wallet), "points": 4, "online": True}
        hold = books.post("authorisation", party=acceptor, moment=NOON, **order).unwrap()["id"]
        swept = books.post("lot-expiry", wallet=wallet, moment=NOON + DAY).unwrap()
        assert swept["points"] == 6
        books.post("void", party=acceptor, hold=hold, moment=NOON + 2 * DAY).unwrap()
        swept = books.post("lot-expiry", wallet=wallet, moment=NOON + 2 * DAY).unwrap()
        assert swept["points"] == 4

    def test_leaves_the_exposure_to_the_closing(self, books):
        issuer = books.party()
        wallet = books.wallet(points=10, issuer=issuer, expires_on="2030-06-14")
        books.post("lot-expiry", wallet=wallet, moment=NOON).unwrap()
        assert books.exposure(issuer) == 10


@pytest.fixture
def hold(books):
    acceptor = books.party()
    wallet = books.wallet(points=10)
    order = {"link": books.link(acceptor, wallet), "points": 4}
    return books.post("authorisation", party=acceptor, moment=NOON, **order).unwrap()["id"]


class TestHoldExpiry:
    def test_releases_all_when_the_time_has_come(self, books, hold):
        moment = NOON + timedelta(minutes=15)
        early = moment - timedelta(microseconds=1)
        refused = books.post("hold-expiry", hold=hold, moment=early)
        assert (refused.code, refused.facts) == ("hold-not-open", {"state": "held"})
        done = books.post("hold-expiry", hold=hold, moment=moment).unwrap()
        assert (done["state"], done["released"]) == ("expired", 4)
        [wallet] = books.rows("SELECT available, held FROM exchange.wallet")
        assert tuple(wallet) == (10, 0)

    def test_of_no_hold_is_refused(self, books):
        assert books.post("hold-expiry", hold=str(uuid7())).code == "authorization-not-found"

    def test_is_the_end(self, books, hold):
        books.post("hold-expiry", hold=hold, moment=NOON + DAY).unwrap()
        [row] = books.rows("SELECT party_id FROM exchange.hold")
        for kind in ("capture", "void"):
            refused = books.post(kind, party=row.party_id, hold=hold, moment=NOON)
            assert (refused.code, refused.facts) == ("hold-not-open", {"state": "expired"})
        again = books.post("hold-expiry", hold=hold, moment=NOON + DAY)
        assert again.facts == {"state": "expired"}


class TestJobs:
    def test_expire_holds_ends_those_whose_time_is_over(self, books, database, hold):
        assert expiry.expire_holds(database, moment=NOON) == 0
        assert expiry.expire_holds(database, moment=NOON + DAY) == 1
        assert expiry.expire_holds(database, moment=NOON + DAY) == 0

    def test_expire_lots_sweeps_every_wallet(self, books, database, monkeypatch):
        monkeypatch.setattr(expiry, "BATCH", 2)
        issuer = books.party()
        wallets = [books.wallet(points=10, issuer=issuer, expires_on="2030-06-14") for _ in "123"]
        kept = books.wallet(points=10, issuer=issuer, expires_on="2030-06-15")
        assert expiry.expire_lots(database, moment=NOON) == 3
        assert {books.balance(wallet) for wallet in wallets} == {(0, 0)}
        assert books.balance(kept) == (10, 0)
        assert expiry.expire_lots(database, moment=NOON) == 0
