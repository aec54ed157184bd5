"""Activity: what is asked for, once each, in order; and receipts that lead both ways."""

import csv
import re
from urllib.parse import quote
from uuid import UUID

import pytest

from kit.ids import to_text, uuid7
from tests.books import PRICE, Books
from tests.members.purse import Purse
from tests.members.visitor import Answer


def said(answer: Answer) -> list[str]:
    """What each line of the list says, newest first."""
    found = re.findall(r'<a class="whole" href="/wallet/activity/.*?</a>', answer.text, re.S)
    return [
        re.sub(r"\s+", " ", re.sub(r"<time.*?</time>|<[^>]*>", " ", line, flags=re.S)).strip()
        for line in found
    ]


def rows(answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(answer.body.decode("utf-8-sig").splitlines()))


class Shop:
    """A purse at two shops, with a little of everything in it."""

    def __init__(self, purse: Purse) -> None:
        self.purse = purse
        self.market = purse.coalition.partner("market")
        self.florist = purse.coalition.partner("florist")
        self.at_market, self.at_florist = purse.link(self.market), purse.link(self.florist)
        self.market.accrue(self.at_market, 500, "A-1")
        self.sale = self.florist.redeem(self.at_florist, 100, "R-1").body["id"]
        undone = {"transaction": self.sale, "reference": "B-1", "points": 30}
        self.refund = self.florist.call("POST", "/v1/refunds", undone).body["id"]
        self.hold = self.florist.authorise(self.at_florist, 50, "H-1").body["id"]


@pytest.fixture
def shop(purse: Purse) -> Shop:
    return Shop(purse)


class TestList:
    def test_nothing_yet(self, purse: Purse) -> None:
        assert "Nothing has happened yet" in purse.visitor.get("/wallet/activity").words

    def test_newest_first_with_holds_that_are_open(self, shop: Shop) -> None:
        answer = shop.purse.visitor.get("/wallet/activity")
        assert said(answer) == [
            "Held at Florist H-1 −50",
            "Refunded by Florist undoes an earlier one B-1 +30",
            "Spent at Florist 30 of it undone R-1 −100",
            "Earned at Market A-1 +500",
        ]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("kind=earned", ["Earned at Market A-1 +500"]),
            ("kind=held", ["Held at Florist H-1 −50"]),
            ("brand=market", ["Earned at Market A-1 +500"]),
            ("kind=spent&brand=market", []),
            ("kind=held&brand=market", []),
            ("period=2020", []),
        ],
    )
    def test_filters(self, shop: Shop, query: str, expected: list[str]) -> None:
        answer = shop.purse.visitor.get(f"/wallet/activity?{query}")
        assert answer.status == 200
        assert said(answer) == expected
        if not expected:
            assert "Nothing matches these filters. Clear filters" in answer.words

    def test_equal_views_have_one_address(self, shop: Shop) -> None:
        get = shop.purse.visitor.get
        typed = get("/wallet/activity?period=+2026-q3&brand=market&kind=")
        assert (typed.status, typed.location) == (
            303, "/wallet/activity?brand=market&period=2026-Q3",
        )  # fmt: skip
        assert get(typed.location).status == 200

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ("period=last+week", "Enter a month, a quarter or days: 2026-11, 2026-Q3,"),
            ("kind=stolen", "Choose a kind from the list"),
            ("brand=nobody", "Choose a brand from the list"),
        ],
    )
    def test_a_wrong_filter_is_said_and_kept(self, shop: Shop, query: str, sentence: str) -> None:
        answer = shop.purse.visitor.get(f"/wallet/activity?{query}")
        assert answer.status == 422
        assert answer.words.count(sentence) == 2  # In the summary, and at the field.
        assert said(answer) == []

    def test_pages_lead_on_and_back(self, shop: Shop) -> None:
        orders = [
            shop.purse.coalition.books.order(
                "accrual", party=shop.market.party, points=n + 1, link=link, price=PRICE
            )
            for link in [self_link(shop)]
            for n in range(120)
        ]
        shop.purse.coalition.books.post_all(orders)
        get = shop.purse.visitor.get
        first = get("/wallet/activity?kind=earned")
        seen, page = said(first), first
        while older := re.search(r'href="([^"]*)" rel="next"', page.text):
            page = get(older.group(1).replace("&amp;", "&"))
            assert page.status == 200
            seen += said(page)
        assert len(seen) == 121
        assert len(set(re.findall(r"\+\d+$", "\n".join(seen), re.M))) == 121
        newest = re.search(r'href="([^"]*)" rel="prev"', page.text)
        assert newest is not None
        assert newest.group(1) == "/wallet/activity?kind=earned"
        file = rows(get("/wallet/activity.csv?kind=earned"))
        assert len(file) == 121
        assert sum(int(row["points"]) for row in file) == sum(range(1, 121)) + 500

    @pytest.mark.parametrize(
        "cursor", ["nonsense", to_text("jrn", UUID(int=1)), "aut_1", "' OR 1=1"]
    )
    def test_a_dead_cursor_leads_to_the_first_page(self, shop: Shop, cursor: str) -> None:
        answer = shop.purse.visitor.go(f"/wallet/activity?kind=earned&before={quote(cursor)}")
        assert answer.path == "/wallet/activity?kind=earned"
        assert "That place in the list is gone This is the first page." in answer.words
        assert said(answer) == ["Earned at Market A-1 +500"]

    def test_another_s_entry_is_no_cursor(self, shop: Shop, books: Books) -> None:
        other = shop.purse.another(books)
        answer = other.visitor.go(f"/wallet/activity?before={shop.sale}")
        assert "That place in the list is gone" in answer.words


class TestFile:
    def test_has_what_is_filtered_and_no_formula(self, shop: Shop) -> None:
        shop.market.accrue(shop.at_market, 5, "=1+1")
        get = shop.purse.visitor.get
        everything = rows(get("/wallet/activity.csv"))
        assert [(r["kind"], r["brand"], r["points"], r["reference"]) for r in everything] == [
            ("earned", "Market", "5", "'=1+1"),
            ("held", "Florist", "-50", "H-1"),
            ("refunded", "Florist", "30", "B-1"),
            ("spent", "Florist", "-100", "R-1"),
            ("earned", "Market", "500", "A-1"),
        ]
        assert everything[2]["undoes"] == everything[3]["id"] == shop.sale
        some = rows(get("/wallet/activity.csv?kind=refunded&brand=florist"))
        assert [row["id"] for row in some] == [shop.refund]

    def test_a_wrong_filter_leads_to_the_page(self, shop: Shop) -> None:
        answer = shop.purse.visitor.get("/wallet/activity.csv?period=soon")
        assert (answer.status, answer.location) == (303, "/wallet/activity?period=soon")


class TestReceipt:
    def test_what_when_where_and_from_which_lots(self, shop: Shop) -> None:
        answer = shop.purse.visitor.get(f"/wallet/activity/{shop.sale}")
        assert answer.status == 200
        for words in (
            "Spent at Florist −100 points",
            "Undone in part",
            "Brand Florist",
            "Receipt number R-1",
            f"Reference {shop.sale}",
        ):
            assert words in answer.words
        assert re.search(r"From these lots .* Market \d+ \w+ \d{4} 100 In all 100", answer.words)

    def test_leads_to_what_undid_it_and_back(self, shop: Shop) -> None:
        sale = shop.purse.visitor.get(f"/wallet/activity/{shop.sale}")
        assert f'href="/wallet/activity/{shop.refund}"' in sale.text
        assert "Undone by Refunded by Florist" in sale.words
        refund = shop.purse.visitor.get(f"/wallet/activity/{shop.refund}")
        assert f'href="/wallet/activity/{shop.sale}"' in refund.text
        assert "Undoes Spent at Florist" in refund.words

    def test_a_hold_as_it_is_now(self, shop: Shop) -> None:
        get = shop.purse.visitor.get
        held = get(f"/wallet/activity/{shop.hold}")
        assert "Held at Florist −50 points Held Waiting for the final amount." in held.words
        assert "data-poll" in held.text
        done = shop.florist.call(
            "POST", f"/v1/authorizations/{shop.hold}/capture", {"points": 45}
        ).body["transaction"]
        part = get(f"/wallet/activity/{shop.hold}?part=1")
        assert "Captured in part" in part.words
        assert f'href="/wallet/activity/{done}"' in part.text
        assert "data-poll" not in get(f"/wallet/activity/{shop.hold}").text
        assert f'href="/wallet/activity/{shop.hold}"' in get(f"/wallet/activity/{done}").text

    def test_another_s_is_as_good_as_none(self, shop: Shop, books: Books) -> None:
        other = shop.purse.another(books)
        missing = other.visitor.get(f"/wallet/activity/{to_text('jrn', uuid7())}")
        assert missing.status == 404
        for id_ in (
            shop.sale,
            shop.refund,
            shop.hold,
            shop.sale.replace("jrn_", "aut_"),
            shop.at_market,
            "jrn_",
            "csv",
        ):
            answer = other.visitor.get(f"/wallet/activity/{id_}")
            assert (answer.status, answer.words) == (404, missing.words), id_
        mistyped = shop.purse.visitor.get(f"/wallet/activity/{shop.hold.replace('aut_', 'jrn_')}")
        assert mistyped.status == 404


def self_link(shop: Shop) -> str:
    """The books' own id of the market's link."""
    [row] = shop.purse.coalition.books.rows(
        "SELECT id FROM exchange.link WHERE party_id = %s AND wallet_id = %s",
        shop.market.party,
        shop.purse.wallet,
    )
    return str(row.id)
