"""Partners' records: what is read of them, and what is refused with its line."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from kit.ids import to_text
from partners.api.operations import File
from settlement.reconciliation.errors import RecordMalformed
from settlement.reconciliation.records import CSV, NDJSON, SHOWN, Line, read

HEAD = "reference,kind,points,at\n"
JOURNAL = "jrn_01kdexw000ff6yvw0j6hb7c9nb"


def lines(content: str | bytes, media_type: str = CSV, side="accepted", charset=None):
    body = content if isinstance(content, bytes) else content.encode()
    return list(read(File(body, media_type, charset), side))


def refused(content: str | bytes, media_type: str = CSV, side="accepted", charset=None):
    with pytest.raises(RecordMalformed) as caught:
        lines(content, media_type, side, charset)
    return [(error["line"], error["detail"]) for error in caught.value.facts["errors"]]


class TestCsv:
    def test_columns_in_any_order(self) -> None:
        assert lines("points,kind,reference\n120,redemption,R-1\n") == [
            Line(2, "R-1", "spent", 120, None)
        ]

    def test_time_when_it_is_known(self) -> None:
        content = HEAD + "R-1,spent,5,2026-11-22T18:05:11+01:00\nR-2,spent,5,\n"
        assert [line.at for line in lines(content)] == [
            datetime(2026, 11, 22, 17, 5, 11, tzinfo=UTC),
            None,
        ]

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_empty_lines_are_counted_and_left_out(self, end: str) -> None:
        content = f"reference,kind,points{end}{end}R-1,spent,5{end}{end}"
        assert [line.number for line in lines(content)] == [3]

    def test_quoted_fields(self) -> None:
        assert lines('reference,kind,points\n"R,""1""",spent,5\n')[0].reference == 'R,"1"'

    def test_no_lines_at_all(self) -> None:
        assert lines("reference,kind,points\n") == []

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            ("", 1),
            ("reference,kind\nR-1,spent\n", 1),
            ("reference,kind,points,points\n", 1),
            ("reference,kind,points,member\n", 1),
            ("Reference,kind,points\n", 1),
            ("reference;kind;points\n", 1),
            ("reference,kind,points\nR-1,spent,5,6\n", 2),
            ("reference,kind,points\nR-1,spent\n", 2),
            ('reference,kind,points\nR-1,spent,5\n"R-2,spent,5\n', 3),
            ('reference,kind,points\n"R-1"x,spent,5\n', 2),
        ],
    )
    def test_no_such_table(self, content: str, line: int) -> None:
        assert [number for number, _ in refused(content)] == [line]

    @pytest.mark.parametrize(
        "points",
        ["", "0", "-5", "+5", "1.5", "05", " 5", "5 ", "1e3", "1_000", "٥", "1000000000001"],
    )
    def test_points_are_whole_numbers_in_digits(self, points: str) -> None:
        ((line, detail),) = refused(f"reference,kind,points\nR-1,spent,{points}\n")
        assert (line, detail.split()[0]) == (2, "points")

    @pytest.mark.parametrize("reference", ["", " R", "R ", "R\t1", "é", "点", "R" * 65])
    def test_references_are_plain(self, reference: str) -> None:
        ((_, detail),) = refused(f'reference,kind,points\n"{reference}",spent,5\n')
        assert detail.startswith("reference")

    @pytest.mark.parametrize("kind", ["", "Spent", "issued", "theft"])
    def test_kinds_are_those_of_the_side(self, kind: str) -> None:
        ((_, detail),) = refused(f"reference,kind,points\nR-1,{kind},5\n")
        assert "spent, redemption, capture, refunded, refund" in detail

    @pytest.mark.parametrize(
        "at", ["2026-11-22", "2026-11-22T17:05:11", "2026-13-22T17:05:11Z", "22.11.2026", "now"]
    )
    def test_times_have_a_zone(self, at: str) -> None:
        ((_, detail),) = refused(f"{HEAD}R-1,spent,5,{at}\n")
        assert detail.startswith("at must")

    def test_every_faulty_line_is_told_up_to_a_number(self) -> None:
        content = "reference,kind,points\n" + "R-1,spent,5\nR-2,spent,x\n" * 30
        told = refused(content)
        assert [number for number, _ in told] == list(range(3, 3 + 2 * SHOWN, 2))


class TestEncoding:
    @pytest.mark.parametrize("charset", [None, "utf-8", "us-ascii", "gbk", "gb18030"])
    def test_plain_text_reads_the_same_in_all(self, charset: str | None) -> None:
        assert len(lines(b"reference,kind,points\nR-1,spent,5\n", charset=charset)) == 1

    def test_a_byte_order_mark_is_no_part_of_the_first_name(self) -> None:
        assert len(lines(b"\xef\xbb\xbfreference,kind,points\nR-1,spent,5\n")) == 1

    def test_gbk_that_does_not_say_so_is_found_at_its_line(self) -> None:
        content = "reference,kind,points\nR-1,spent,5\n收据,spent,5\n"
        assert refused(content.encode("gbk")) == [(3, "These bytes are no UTF-8.")]
        ((line, detail),) = refused(content.encode("gbk"), charset="gbk")
        assert (line, detail.split()[0]) == (3, "reference")

    def test_utf_16_is_named(self) -> None:
        assert "UTF-16" in refused("reference,kind,points\n".encode("utf-16"))[0][1]

    def test_other_encodings(self) -> None:
        assert refused(b"reference,kind,points\n", charset="utf-7")[0][0] == 0


class TestNdjson:
    def test_an_object_a_line(self) -> None:
        content = (
            '{"reference":"R-1","kind":"refund","points":5,"at":"2026-11-22T17:05:11Z"}\n'
            '\n{"kind":"spent","points":7,"reference":"R-2"}'
        )
        assert [(line.number, line.kind, line.points) for line in lines(content, NDJSON)] == [
            (1, "refunded", 5),
            (3, "spent", 7),
        ]

    @pytest.mark.parametrize(
        "line",
        [
            "5",
            "[]",
            "{",
            '{"reference":"R-1"}',
            '{"reference":"R-1","kind":"spent","points":5,"points":6}',
            '{"reference":"R-1","kind":"spent","points":5,"member":"x"}',
            '{"reference":"R-1","kind":"spent","points":"5"}',
            '{"reference":"R-1","kind":"spent","points":5.0}',
            '{"reference":"R-1","kind":"spent","points":true}',
            '{"reference":["R-1"],"kind":"spent","points":5}',
            '{"reference":"R-1","kind":["spent"],"points":5}',
            '{"reference":"R-1","kind":"spent","points":5,"at":5}',
            '{"reference":"\\u0000","kind":"spent","points":5}',
        ],
    )
    def test_anything_else(self, line: str) -> None:
        good = '{"reference":"R-1","kind":"spent","points":5}\n'
        assert [number for number, _ in refused(good + line + "\n", NDJSON)] == [2]


class TestSides:
    def test_issued(self) -> None:
        content = "reference,kind,points\nA,accrual,5\nI,import,5\nC,clawback,5\n"
        assert [line.kind for line in lines(content, side="issued")] == [
            "issued",
            "issued",
            "clawed_back",
        ]

    def test_spent_is_by_the_ids_of_transactions(self) -> None:
        (line,) = lines(f"reference,kind,points\n{JOURNAL},spent,5\n", side="spent")
        assert to_text("jrn", UUID(line.reference)) == JOURNAL
        assert "jrn_" in refused("reference,kind,points\nR-1,spent,5\n", side="spent")[0][1]
