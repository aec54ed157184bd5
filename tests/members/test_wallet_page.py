"""The wallet's figures: they are those of the books, and they add up."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.books import PRICE, Books
from tests.members.purse import Purse


def figures(words: str) -> dict[str, int]:
    """Available, held, pending and in all, as the page says them."""
    found = {"available": re.search(r"Available ([\d,]+) points", words)}
    for name in ("Held", "Pending", "In all"):
        found[name.lower()] = re.search(rf"{name} ([\d,]+)", words)
    return {name: int(m.group(1).replace(",", "")) for name, m in found.items() if m}


def lines(text: str) -> list[tuple[str, ...]]:
    """The rows of the table of lots, its total last: the words of each cell."""
    table = re.search(r"<table class=\"table\">.*?</table>", text, re.S)
    assert table is not None
    return [
        tuple(
            re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<span class=\"more\">.*?</span>|<[^>]*>", "",
                                       cell, flags=re.S)).strip()
            for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.S)
        )
        for row in re.findall(r"<tr>.*?</tr>", table.group(), re.S)[1:]
    ]  # fmt: skip


@pytest.fixture
def full(purse: Purse, books: Books) -> Purse:
    """Lots of two issuers; of one 120 are held, 40 more are pending."""
    market, fuel = purse.coalition.partner("market"), purse.coalition.partner("fuel")
    at_market, at_fuel = purse.link(market), purse.link(fuel)
    mine, theirs = (
        {"party": each.party, "link": link_of(books, each.party, purse.wallet), "price": PRICE}
        for each in (market, fuel)
    )
    books.post("accrual", **mine, points=3_000, expires_on=str(in_days(40))).unwrap()
    books.post("accrual", **theirs, points=2_240, expires_on=str(in_days(71))).unwrap()
    books.post("accrual", **theirs, points=5_200, expires_on=str(in_days(400))).unwrap()
    books.post("accrual", **mine, points=40, expires_on=str(in_days(400)),
               spendable_from=str(in_days(7))).unwrap()  # fmt: skip
    market.authorise(at_market, 120)
    fuel.redeem(at_fuel, 20)
    return purse


def in_days(days: int) -> date:
    return datetime.now(UTC).date() + timedelta(days=days)


def link_of(books: Books, party: int, wallet: int) -> str:
    [row] = books.rows(
        "SELECT id FROM exchange.link WHERE party_id = %s AND wallet_id = %s", party, wallet
    )
    return str(row.id)


class TestEmpty:
    def test_says_how_points_come(self, purse: Purse) -> None:
        answer = purse.visitor.get("/wallet")
        assert answer.status == 200
        assert figures(answer.words) == {"available": 0, "held": 0, "pending": 0, "in all": 0}
        assert "No points yet. Link a brand, then buy there." in answer.words
        assert "Nothing has happened yet" in answer.words
        assert "Show payment code" not in answer.words

    def test_strangers_sign_in_first(self, purse: Purse) -> None:
        for path in ("/wallet", "/wallet/activity", "/wallet/months.csv", "/brands", "/freeze"):
            answer = purse.site.visitor().get(path)
            assert answer.status == 303
            assert answer.location.startswith("/sign-in?next=/")

    def test_in_chinese(self, purse: Purse) -> None:
        purse.visitor.language = "zh"
        words = purse.visitor.get("/wallet").words
        assert "可用 0积分" in words
        assert "还没有积分。去品牌页关联一个品牌，消费即可获得。" in words


class TestFull:
    def test_what_is_there_adds_up(self, full: Purse, books: Books) -> None:
        words = full.visitor.get("/wallet").words
        found = figures(words)
        assert found == {"available": 10_300, "held": 120, "pending": 40, "in all": 10_460}
        assert sum(books.balance(full.wallet)) == found["in all"]
        assert "worth about ¥103.00 at any brand" in words

    def test_every_lot_by_issuer_expiry_and_state_with_its_worth(self, full: Purse) -> None:
        *lots, total = lines(full.visitor.get("/wallet").text)
        assert [(lot[0], lot[2].split()[0], *lot[3:]) for lot in lots] == [
            ("Market", "Available", "2,860", "¥28.60"),
            ("Fuel", "Available", "2,240", "¥22.40"),
            ("Fuel", "Available", "5,200", "¥52.00"),
            ("Market", "Held", "120", "¥1.20"),
            ("Market", "Pending", "40", "¥0.40"),
        ]
        assert (total[0], *total[3:]) == ("In all", "10,460", "¥104.60")

    def test_many_lots_are_one_line_until_they_are_asked_for(
        self, purse: Purse, books: Books
    ) -> None:
        market = purse.coalition.partner("market")
        purse.link(market)
        link = link_of(books, market.party, purse.wallet)
        for number in range(12):
            books.post("accrual", party=market.party, link=link, price=PRICE, points=number + 1,
                       expires_on=str(in_days(100 + number))).unwrap()  # fmt: skip
        *first, others, total = lines(purse.visitor.get("/wallet").text)
        assert [int(line[3]) for line in first] == list(range(1, 9))
        assert (others[0], *others[3:]) == ("4 other lots", "42", "¥0.42")
        *every, foot = lines(purse.visitor.get("/wallet?lots=all").text)
        assert [int(line[3]) for line in every] == list(range(1, 13))
        assert (foot, foot[3]) == (total, "78")

    def test_what_expires_in_ninety_days(self, full: Purse) -> None:
        words = full.visitor.get("/wallet").words
        assert "Expires in 90 days: 5,100 points" in words
        soon = words[words.index("Expires in 90 days") : words.index("What I have")]
        assert re.search(r"40 days Market 2,860 .* 71 days Fuel 2,240", soon)

    def test_what_is_held_and_until_when(self, full: Purse) -> None:
        words = full.visitor.get("/wallet").words
        held = words[words.index("Held for a sale") :]
        assert re.match(r"Held for a sale Market until \d+ \w+ \d{4}, \d\d:\d\d 120 ", held)

    def test_what_happened_last(self, full: Purse) -> None:
        words = full.visitor.get("/wallet").words
        recent = words[words.index("Activity Filter") :]
        assert re.search(r"Spent at Fuel R-\S+ −20 .*Held at Market H-\S+ −120 ", recent)

    def test_earned_and_spent_as_a_picture_and_as_a_file(self, full: Purse) -> None:
        answer = full.visitor.get("/wallet")
        assert "Earned 10,480 and spent 20 points in 12 months" in answer.words
        file = full.visitor.get("/wallet/months.csv")
        assert file.headers["Content-Disposition"] == 'attachment; filename="months.csv"'
        head, *rows = file.body.decode("utf-8-sig").split()
        assert head == "month,earned,spent"
        assert len(rows) == 12
        assert rows[-1] == f"{datetime.now(UTC):%Y-%m},10480,20"

    def test_what_is_owed(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        member = purse.link(market)
        earned = market.accrue(member, 100).body["id"]
        market.redeem(member, 90)
        undone = {"reference": "back"}
        assert market.call("POST", f"/v1/accruals/{earned}/clawbacks", undone).status == 201
        words = purse.visitor.get("/wallet").words
        assert ("90 points are still owed and will come off the next points Market gives you."
                in words)  # fmt: skip

    def test_nobody_else_s(self, full: Purse, books: Books) -> None:
        other = full.another(books)
        assert figures(other.visitor.get("/wallet").words)["in all"] == 0
