import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.csv_lines import safe_cell
from settlement.statement_checks import check
from settlement.statement_files import COLUMNS, as_csv, as_json, decimal
from settlement.statements import Due, Statement, Transfer, number
from tests.settlement.samples import (
    HELD,
    HUB,
    MARKET,
    YEN,
    build_statement,
    crowd,
    disputed,
    in_yen,
    paid,
    quiet,
)


def rows(statement: Statement) -> list[dict[str, str]]:
    text = as_csv(statement).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


class TestNumber:
    def test_names_window_and_sequence(self) -> None:
        assert number("2017-01", 3) == "ST-2017-01-000003"

    def test_of_a_revision_says_so(self) -> None:
        assert number("2017-01", 3, 2) == "ST-2017-01-000003-r2"


class TestStatement:
    def test_fee_is_what_the_partner_owes_for_accepting(self) -> None:
        assert build_statement().fee == 36

    @pytest.mark.parametrize(("settled", "direction"), [(1, "receives"), (-1, "pays"), (0, "even")])
    def test_direction(self, settled: int, direction: str) -> None:
        assert build_statement(settled=settled).direction == direction


class TestCheck:
    def test_finds_nothing_wrong_with_a_good_one(self) -> None:
        assert check(build_statement()) == []
        assert check(in_yen()) == []
        assert check(disputed()) == []
        assert check(crowd(40)) == []
        assert check(quiet()) == []
        assert check(build_statement(cover=-64, net=700, settled=700, collect=paid(700))) == []

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"opened_at": datetime(2017, 1, 1)}, "zone"),  # noqa: DTZ001 - the fault itself
            ({"opened_at": datetime(2017, 2, 2, tzinfo=UTC)}, "closed before"),
            ({"opening": 5001}, "outstanding points come to 6351, not 6350"),
            ({"issued": 3001}, "outstanding points"),
            ({"clawed_back": 101}, "outstanding points"),
            ({"expired": 401}, "outstanding points"),
            ({"net": 765, "settled": 765}, "obligations and cover come to 764, not 765"),
            ({"settled": 763}, "net converts to 764, not 763"),
            ({"residue": 1}, "converting leaves 0, not 1"),
            ({"settlement_currency": "JPY"}, "rate"),
            ({"rate": YEN}, "rate"),
            ({"collect": ()}, "payments come to 0, not 764"),
            (
                {
                    "collect": (
                        Transfer(party=MARKET, name="Market", amount=765),
                        Transfer(party=HUB, name="Hub", amount=-1),
                    )
                },
                "not positive",
            ),
            ({"spent": ()}, "own tills differ"),
            ({"spent_elsewhere": 1201}, "spent with others as issuer come to 1201, not 1200"),
            ({"refunded_here": 1}, "refunded at its own tills come to 1, not 0"),
            ({"accepted_points": 1999}, "spent with others as acceptor come to 1999, not 2000"),
            ({"held_back": (HELD,)}, "spent with others as issuer come to 1000, not 1200"),
            ({"brought_in": (HELD,)}, "spent with others as issuer come to 1400, not 1200"),
            ({"cover": 1}, "obligations and cover come to 765, not 764"),
        ],
    )
    def test_names_what_does_not_add_up(self, changes: dict[str, Any], problem: str) -> None:
        assert any(problem in found for found in check(build_statement(**changes)))

    def test_sales_must_be_the_obligation(self) -> None:
        first, own = build_statement().spent
        wrong = build_statement(spent=(replace(first, amount=899), own))
        assert check(wrong) == ["sales with 11 come to 900, not 899"]

    def test_the_residue_is_what_the_rate_leaves(self) -> None:
        assert check(replace(in_yen(), residue=3)) == ["converting leaves 2, not 3"]


class TestAsJson:
    def test_is_canonical(self) -> None:
        text = as_json(build_statement())
        assert text.endswith(b"}\n")
        assert text.count(b"\n") == 1
        again = json.dumps(
            json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert text.decode() == again + "\n"

    def test_holds_the_figures(self) -> None:
        found = json.loads(as_json(in_yen()))
        assert found["format"] == "tongbao-statement-1"
        assert found["name"] == "通宝加油"
        assert found["opened_at"] == "2017-01-01T00:00:00.000Z"
        assert found["fee"] == 36
        assert found["direction"] == "receives"
        assert found["rate"] == {
            "base": "CNY",
            "quote": "JPY",
            "numerator": 201,
            "denominator": 10,
        }
        assert found["due_on"] == "2017-02-08"
        assert found["head"]["at"] == "2017-02-01T00:00:09.000Z"
        assert found["bank"]["account"] == "6222000012345678"

    def test_the_same_moment_in_another_zone_gives_the_same_bytes(self) -> None:
        shanghai = timezone(timedelta(hours=8))
        moved = build_statement(opened_at=datetime(2017, 1, 1, 8, tzinfo=shanghai))
        assert as_json(moved) == as_json(build_statement())

    def test_names_no_member(self) -> None:
        assert b"member" not in as_json(build_statement())
        assert b"wallet" not in as_json(build_statement())


class TestAsCsv:
    def test_has_a_mark_a_head_and_dos_line_ends(self) -> None:
        text = as_csv(build_statement())
        assert text.startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n")
        assert text.count(b"\n") == text.count(b"\r\n")

    def test_every_row_names_its_statement(self) -> None:
        assert {(row["statement"], row["window"]) for row in rows(build_statement())} == {
            ("ST-2017-01-000003", "2017-01")
        }

    def test_points_add_up_to_the_closing(self) -> None:
        found = [row for row in rows(build_statement()) if row["section"] == "points"]
        *moves, closing = [int(row["points"]) for row in found]
        assert sum(moves) == closing == 6350

    def test_amounts_add_up_to_the_net(self) -> None:
        found = rows(build_statement())
        dues = [row["amount"] for row in found if row["section"] in ("owes", "owed")]
        assert dues == ["-1.00", "-0.36", "-9.00", "18.00"]
        (net,) = [row["amount"] for row in found if row["kind"] == "net"]
        assert net == "7.64"

    def test_shows_the_rate_and_the_settled_amount(self) -> None:
        found = [row for row in rows(in_yen()) if row["section"] == "settlement"]
        assert [(row["kind"], row["amount"], row["currency"]) for row in found] == [
            ("of which fee", "-0.36", "CNY"),
            ("net", "7.64", "CNY"),
            ("residue to the hub", "0.02", "CNY"),
            ("at 201/10 JPY per CNY", "", ""),
            ("receives", "153", "JPY"),
        ]

    def test_refunds_and_transfers_have_rows_of_their_own(self) -> None:
        found = [
            (row["section"], row["counterparty"], row["kind"], row["points"], row["amount"])
            for row in rows(build_statement())
        ]
        assert ("spent", "Market", "refunded", "-200", "") in found
        assert ("payments", "Market", "collect", "", "7.64") in found

    def test_what_is_held_back_and_brought_in_has_rows(self) -> None:
        found = [
            (row["section"], row["counterparty"], row["kind"], row["points"])
            for row in rows(disputed())
        ]
        assert ("held back", "Market", "spent as issuer", "200") in found
        assert ("brought in", "Market", "spent as issuer", "200") in found

    def test_cover_joins_the_settlement(self) -> None:
        (cover,) = [row for row in rows(build_statement(cover=-64)) if "cover" in row["kind"]]
        assert cover["amount"] == "-0.64"

    def test_no_name_becomes_a_formula(self) -> None:
        evil = Due(party=MARKET, name='=HYPERLINK("x")', kind="spent", points=1, amount=1)
        found = rows(build_statement(owed=(evil,)))
        assert [row["counterparty"] for row in found if row["section"] == "owed"] == [
            '\'=HYPERLINK("x")'
        ]


class TestDecimal:
    @pytest.mark.parametrize(
        ("amount", "currency", "text"),
        [
            (0, "CNY", "0.00"),
            (5, "CNY", "0.05"),
            (-5, "CNY", "-0.05"),
            (-38405, "CNY", "-384.05"),
            (20, "JPY", "20"),
            (-20, "JPY", "-20"),
            (1001, "KWD", "1.001"),
        ],
    )
    def test_table(self, amount: int, currency: str, text: str) -> None:
        assert decimal(amount, currency) == text


class TestSafeCell:
    @pytest.mark.parametrize(
        ("text", "cell"),
        [
            ("Market", "Market"),
            ("通宝", "通宝"),
            ("A+B", "A+B"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1", "' =1"),
            ("\t=1", "' =1"),
            ("\u200b=1", "'\u200b=1"),
            ("＝1", "'＝1"),
            ("a\r\nb", "a  b"),
            ("a;=1", "a,=1"),
        ],
    )
    def test_table(self, text: str, cell: str) -> None:
        assert safe_cell(text) == cell

    @given(st.text())
    def test_never_begins_like_a_formula(self, text: str) -> None:
        assert not safe_cell(text).lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
