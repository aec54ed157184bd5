"""What a member reads of a wallet, and that it adds up."""

import re
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from exchange import acceptance, history, ledger, transfers

NOON = datetime(2030, 6, 15, 12, tzinfo=UTC)
TODAY = NOON.date()


@pytest.fixture
def read(database):
    """Ask one of the functions, with a transaction of its own."""

    def ask(function, *arguments, **options):
        with database.transaction() as session:
            return getattr(history, function)(session, *arguments, **options)

    return ask


@pytest.fixture
def life(books):
    """A wallet to which everything happened, noon by noon, and the ids of what did."""
    market, diner = books.party(), books.party()
    wallet, friend = books.wallet(), books.wallet()
    link = {"party": diner, "link": books.link(diner, wallet)}
    did = {}

    def at(day):
        return NOON.replace(day=day)

    did["earned"] = books.issue(market, wallet, 500, moment=at(1), expires_on="2030-12-31")
    did["later"] = books.issue(market, wallet, 90, moment=at(2), spendable_from="2030-07-01")
    did["spent"] = books.post("redemption", **link, points=200, moment=at(3)).unwrap()["id"]
    did["refunded"] = books.post(
        "refund", party=diner, undoes=did["spent"], points=50, moment=at(4)
    ).unwrap()["id"]
    did["given"] = books.post(
        "transfer", wallet=wallet, to_wallet=friend, points=30, moment=at(5)
    ).unwrap()["id"]
    did["received"] = books.post(
        "transfer", wallet=friend, to_wallet=wallet, points=10, moment=at(6)
    ).unwrap()["id"]
    did["clawed_back"] = books.post(
        "clawback", party=market, undoes=did["earned"], points=20, moment=at(7)
    ).unwrap()["id"]
    did["hold"] = books.post("authorisation", **link, points=60, moment=at(8)).unwrap()["id"]
    return wallet, market, diner, did


class TestWhatThereIs:
    def test_sums_and_lots_add_up(self, read, life):
        wallet, *_ = life
        sums = read("sums", wallet, TODAY)
        assert (sums.available, sums.held, sums.pending, sums.total) == (250, 60, 90, 400)
        lots = read("lots", wallet, TODAY)
        assert sum(lot.available + lot.held for lot in lots) == sums.total
        assert [lot.spendable_from for lot in lots] == [None, date(2030, 7, 1)]

    def test_what_expired_is_not_there(self, read, life):
        wallet, *_ = life
        after = date(2031, 1, 1)
        assert read("sums", wallet, after).available == 90
        assert [(lot.available, lot.held) for lot in read("lots", wallet, after)] == [
            (0, 60),
            (90, 0),
        ]

    def test_holds_with_their_lots(self, read, life):
        wallet, market, diner, did = life
        (hold,) = read("holds", wallet)
        assert (str(hold.id), hold.party, hold.points) == (did["hold"], diner, 60)
        (part,) = read("hold_parts", wallet, hold.id)
        assert (part.issuer, part.expires_on, part.points) == (market, date(2030, 12, 31), 60)


class TestPages:
    def test_newest_first_with_what_each_changed(self, read, life):
        wallet, _, _, did = life
        entries = read("page", wallet, limit=10)
        assert [(each.kind, each.points) for each in entries] == [
            ("clawed_back", -20),
            ("received", 10),
            ("given", -30),
            ("refunded", 50),
            ("spent", -200),
            ("earned", 90),
            ("earned", 500),
        ]
        spent = entries[4]
        assert (str(spent.id), spent.undone) == (did["spent"], 50)
        assert str(entries[3].undoes) == did["spent"]

    def test_in_pieces_it_is_the_same(self, read, life):
        wallet, *_ = life
        whole = read("page", wallet, limit=10)
        pieces, before = [], None
        while some := read("page", wallet, limit=2, before=before):
            pieces += some[:2]
            before = some[:2][-1].id
        assert pieces == whole

    def test_filters(self, read, life):
        wallet, market, *_ = life
        ask = {"limit": 10}
        assert [e.kind for e in read("page", wallet, kinds=["spent", "given"], **ask)] == [
            "given",
            "spent",
        ]
        assert {e.party for e in read("page", wallet, party=market, **ask)} == {market}
        days = [
            e.at.day
            for e in read(
                "page", wallet, since=NOON.replace(day=3), until=NOON.replace(day=5), **ask
            )
        ]
        assert days == [4, 3]

    def test_every_kind_that_is_booked_is_read(self, owner):
        check = owner.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname ="
            " 'journal_kind_known'"
        ).fetchone()[0]
        booked = {kind for kinds in history._BOOKED.values() for kind in kinds}
        assert {*re.findall(r"'(\w+)'", check)} == booked
        assert {*history.KINDS} - history._BOOKED.keys() == {"received", "returned"}

    def test_exports_are_not_spends(self, read, books, database):
        shop, airline = books.party(), books.party()
        wallet = books.wallet(points=100)
        rate = books.rate(airline, direction="export", theirs=1, ours=4)
        books.post("redemption", party=shop, link=books.link(shop, wallet), points=7).unwrap()
        till = books.post(
            "authorisation", party=shop, link=books.link(shop, wallet), points=8
        ).unwrap()
        books.post("capture", party=shop, hold=till["id"]).unwrap()
        hold = books.post(
            "authorisation",
            party=airline,
            code=books.payment_code(wallet, party=airline),
            points=20,
            held_until="2090-01-01T00:00:00+00:00",
        ).unwrap()
        export = acceptance.export(party=airline, hold=UUID(hold["id"]), rate=rate, theirs=5, fee=0)
        ledger.post(database.hot, [export])[0].unwrap()
        (out,) = read("page", wallet, limit=5, kinds=["exported"])
        assert (out.points, out.rate, out.theirs, out.fee) == (-20, (1, 4), 5, 0)
        assert [e.points for e in read("page", wallet, limit=5, kinds=["spent"])] == [-8, -7]
        both = read("page", wallet, limit=5, kinds=["spent", "exported"])
        assert [e.points for e in both] == [-20, -8, -7]

    def test_a_gift_that_came_back_is_not_one_that_came(self, read, books, database):
        giver, escrow = books.wallet(points=9), books.wallet()
        books.post("transfer", wallet=giver, to_wallet=escrow, points=9).unwrap()
        for points, note in ((4, transfers.RETURNED), (5, None)):
            back = transfers.transfer(wallet=escrow, to_wallet=giver, points=points, note=note)
            ledger.post(database.hot, [back])[0].unwrap()
        kinds = [e.kind for e in read("page", giver, limit=5)]
        assert kinds == ["received", "returned", "given", "earned"]
        for kind, points in (("received", 5), ("returned", 4)):
            (found,) = read("page", giver, limit=5, kinds=[kind])
            assert (found.kind, found.points, found.other_wallet) == (kind, points, escrow)
        assert [e.kind for e in read("page", escrow, limit=5)] == ["given", "given", "received"]

    def test_of_another_wallet_is_nothing(self, read, life, books):
        *_, did = life
        other = books.wallet()
        assert read("page", other, limit=5, before=UUID(did["spent"])) is None
        assert read("entry", other, UUID(did["spent"])) is None
        assert read("parts", other, UUID(did["spent"])) == []
        assert read("undone_by", other, UUID(did["spent"])) == []
        assert read("hold_parts", other, UUID(did["hold"])) == []

    def test_one_with_its_lots_and_what_undid_it(self, read, life):
        wallet, market, diner, did = life
        entry = read("entry", wallet, UUID(did["spent"]))
        assert (entry.kind, entry.party, entry.points) == ("spent", diner, -200)
        (part,) = read("parts", wallet, entry.id)
        assert (part.issuer, part.points) == (market, -200)
        (undone,) = read("undone_by", wallet, entry.id)
        assert str(undone.id) == did["refunded"]


class TestMonths:
    def test_are_brought_forward_once(self, read, life, books):
        wallet, market, *_ = life
        june = date(2030, 6, 1)
        expected = history.Month(june, 500 + 90, 200)
        assert read("monthly", wallet, june) == [expected]
        assert read("monthly", wallet, june) == [expected]
        books.issue(market, wallet, 7, moment=NOON.replace(month=7))
        assert read("monthly", wallet, june)[1] == history.Month(date(2030, 7, 1), 7, 0)

    def test_of_an_empty_wallet(self, read, books):
        assert read("monthly", books.wallet(), date(2030, 1, 1)) == []
