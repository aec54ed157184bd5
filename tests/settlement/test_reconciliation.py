"""Partners hold their own records against the books, through the signed API."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import text

from exchange import windows
from kit.ids import to_text
from sdk.python.tongbao_client import Answer
from settlement.reconciliation import api, findings, receiving
from tests.server import Coalition, Partner, coalition  # noqa: F401 - the fixture

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
Row = tuple[Any, ...]


def close(hub: Coalition, next_name: str) -> None:
    """The books of a window are what is reconciled: its money need not be worked out."""
    with hub.database.transaction() as session:
        windows.close_and_open_next(session, next_name)


def moment(minutes: float) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat()


def as_csv(rows: list[Row]) -> bytes:
    """Rows of reference, kind, points and, if known, minutes past noon."""
    lines = ["reference,kind,points,at"]
    for reference, kind, points, *minutes in rows:
        lines.append(f"{reference},{kind},{points},{moment(minutes[0]) if minutes else ''}")
    return "\n".join(lines).encode()


@pytest.fixture
def shops(coalition: Coalition) -> tuple[Partner, Partner]:  # noqa: F811 - the fixture
    """Market's points, spent and given back at Fuel, in a window that has closed: 2026-11.

    R-1 … R-4 of 100, 200, 300 and 400 points, a minute apart, and 50 back of R-4 as F-1. R-9 is of
    the window before.
    """
    close(coalition, "2026-10")
    market, fuel = coalition.partner("market"), coalition.partner("fuel")
    member = market.enrol()
    market.accrue(member, 5_000, "A-1")
    there = fuel.link(market, member)
    fuel.redeem(there, 900, "R-9", occurred_at=moment(0))
    close(coalition, "2026-11")
    for number in range(1, 5):
        fuel.redeem(there, 100 * number, f"R-{number}", occurred_at=moment(number))
    sale = fuel.call("GET", "/v1/transactions?reference=R-4").body["transactions"][0]["id"]
    fuel.call(
        "POST",
        "/v1/refunds",
        {"transaction": sale, "reference": "F-1", "points": 50, "occurred_at": moment(5)},
    )
    close(coalition, "2026-12")
    return market, fuel


@pytest.fixture
def fuel(shops: tuple[Partner, Partner]) -> Partner:
    return shops[1]


TRUE: list[Row] = [
    *(("R-1", "spent", 100, 1), ("R-2", "spent", 200, 2), ("R-3", "spent", 300, 3)),
    *(("R-4", "spent", 400, 4), ("F-1", "refund", 50, 5)),
]


def begin(partner: Partner, side: str = "accepted", **fields: Any) -> str:
    """A new reconciliation's path."""
    answer = partner.call(
        "POST", "/v1/reconciliations", {"window": "2026-11", "side": side, **fields}
    )
    assert answer.status == 201, answer.body
    assert answer.body["state"] == "loading"
    return f"/v1/reconciliations/{answer.body['id']}"


def add(partner: Partner, path: str, body: bytes, part: int = 1, **options: Any) -> Answer:
    options = {"content_type": "text/csv", **options}
    return partner.call("POST", f"{path}/lines?part={part}", body, **options)


def match(partner: Partner, rows: list[Row], side: str = "accepted", **fields: Any) -> str:
    """A record of these rows, matched; its path."""
    path = begin(partner, side, **fields)
    assert add(partner, path, as_csv(rows)).status == 201
    answer = partner.call("POST", f"{path}/matching", {"lines": len(rows)})
    assert answer.status == 202, answer.body
    return path


def found(partner: Partner, path: str, outcome: str | None = None) -> list[dict[str, Any]]:
    query = f"?outcome={outcome}" if outcome else ""
    listed: list[dict[str, Any]] = partner.call("GET", f"{path}/findings{query}").body["findings"]
    return listed


def told(finding: dict[str, Any]) -> Row:
    """Outcome, what differs, and the references and points of both sides."""
    theirs, ours = finding["theirs"] or {}, finding["ours"] or {}
    return (
        finding["outcome"],
        " ".join(finding["differs"]),
        theirs.get("reference"),
        theirs.get("points"),
        ours.get("reference"),
        ours.get("points"),
    )


def open_findings(partner: Partner, rows: list[Row], **fields: Any) -> list[Row]:
    path = match(partner, rows, **fields)
    return [told(each) for each in found(partner, path) if each["outcome"] != "matched"]


class TestAgreement:
    def test_a_true_record_closes_itself(self, fuel: Partner) -> None:
        path = match(fuel, TRUE)
        body = fuel.call("GET", path).body
        assert (body["state"], body["lines"], body["points"]) == ("closed", 5, 1_050)
        assert body["closed_at"] == body["matched_at"]
        outcomes = {each["outcome"]: each for each in body["outcomes"]}
        assert outcomes.pop("matched") == {
            "outcome": "matched",
            "findings": 5,
            "their_lines": 5,
            "their_points": 1_050,
            "our_journals": 5,
            "our_points": 1_050,
        }
        assert {each["findings"] for each in outcomes.values()} == {0}
        assert {each["outcome"] for each in found(fuel, path)} == {"matched"}

    def test_lines_and_transactions_are_named(self, fuel: Partner) -> None:
        path = begin(fuel)
        add(fuel, path, as_csv(TRUE[:2]), part=1)
        body = b"".join(
            json.dumps({"reference": r, "kind": k, "points": p, "at": moment(m)}).encode() + b"\n"
            for r, k, p, m in TRUE[2:]
        )
        assert add(fuel, path, body, part=7, content_type="application/x-ndjson").body == {
            "part": 7,
            "lines": 3,
            "points": 750,
        }
        fuel.call("POST", f"{path}/matching", {"lines": 5})
        listed = found(fuel, path, "matched")
        assert [each["theirs"]["lines"] for each in listed] == [
            ["1:2"], ["1:3"], ["7:1"], ["7:2"], ["7:3"],
        ]  # fmt: skip
        sale = fuel.call("GET", "/v1/transactions?reference=R-1").body["transactions"][0]
        assert listed[0]["ours"] == {
            "transactions": [sale["id"]],
            "reference": "R-1",
            "kind": "spent",
            "points": 100,
            "at": "2026-11-20T12:01:00.000Z",
            "window": "2026-11",
        }

    def test_times_that_are_not_known_are_not_compared(self, fuel: Partner) -> None:
        assert open_findings(fuel, [row[:3] for row in TRUE], tolerance_seconds=0) == []

    @pytest.mark.parametrize(("late", "differs"), [(60, False), (60.001, True), (-60.001, True)])
    def test_times_agree_within_the_tolerance(
        self, late: float, differs: bool, fuel: Partner
    ) -> None:
        rows = [("R-1", "spent", 100, 1 + late / 60), *TRUE[1:]]
        expected = [("differing", "time", "R-1", 100, "R-1", 100)] if differs else []
        assert open_findings(fuel, rows, tolerance_seconds=60) == expected


class TestDifferences:
    def test_missing_here(self, fuel: Partner) -> None:
        rows = [*TRUE, ("R-8", "spent", 80, 8)]
        assert open_findings(fuel, rows) == [("missing_here", "", "R-8", 80, None, None)]

    def test_missing_there(self, fuel: Partner) -> None:
        assert open_findings(fuel, TRUE[1:]) == [("missing_there", "", None, None, "R-1", 100)]

    def test_points(self, fuel: Partner) -> None:
        path = match(fuel, [("R-1", "spent", 110, 1), *TRUE[1:]])
        (finding,) = [each for each in found(fuel, path) if each["outcome"] != "matched"]
        assert told(finding) == ("differing", "points", "R-1", 110, "R-1", 100)
        assert finding["points_more"] == 10
        assert fuel.call("GET", path).body["state"] == "differs"

    def test_points_and_time(self, fuel: Partner) -> None:
        rows = [("R-1", "spent", 110, 60), *TRUE[1:]]
        assert open_findings(fuel, rows) == [("differing", "points time", "R-1", 110, "R-1", 100)]

    def test_kind(self, fuel: Partner) -> None:
        rows = [("R-1", "refund", 100, 1), *TRUE[1:]]
        assert open_findings(fuel, rows) == [("differing", "kind", "R-1", 100, "R-1", 100)]

    def test_a_copy(self, fuel: Partner) -> None:
        path = match(fuel, [*TRUE, TRUE[2], TRUE[2]])
        copies = found(fuel, path, "duplicate")
        assert [told(each) for each in copies] == [("duplicate", "", "R-3", 300, None, None)] * 2
        assert [each["theirs"]["lines"] for each in copies] == [["1:7"], ["1:8"]]

    def test_a_copy_of_what_is_missing(self, fuel: Partner) -> None:
        row = ("R-8", "spent", 80, 8)
        assert open_findings(fuel, [*TRUE, row, row]) == [
            ("duplicate", "", "R-8", 80, None, None),
            ("missing_here", "", "R-8", 80, None, None),
        ]

    def test_booked_in_another_window(self, fuel: Partner) -> None:
        path = match(fuel, [*TRUE, ("R-9", "spent", 900, 0)])
        (finding,) = found(fuel, path, "differing")
        assert told(finding) == ("differing", "window", "R-9", 900, "R-9", 900)
        assert finding["ours"]["window"] == "2026-10"

    def test_under_another_reference(self, fuel: Partner) -> None:
        rows = [("R-1x", "spent", 100, 1), *TRUE[1:]]
        assert open_findings(fuel, rows) == [("differing", "reference", "R-1x", 100, "R-1", 100)]

    def test_under_another_reference_but_not_near(self, fuel: Partner) -> None:
        rows = [("R-1x", "spent", 100, 20), *TRUE[1:]]
        assert open_findings(fuel, rows) == [
            ("missing_here", "", "R-1x", 100, None, None),
            ("missing_there", "", None, None, "R-1", 100),
        ]

    def test_what_could_be_either_is_neither(self, fuel: Partner) -> None:
        rows = [("R-1x", "spent", 100, 1), ("R-1y", "spent", 100, 1), *TRUE[1:]]
        assert [row[0] for row in open_findings(fuel, rows)] == [
            *("missing_here", "missing_here", "missing_there"),
        ]

    def test_nothing_at_all(self, fuel: Partner) -> None:
        assert [row[0] for row in open_findings(fuel, [])] == ["missing_there"] * 5


class TestMany:
    SPLIT = (("R-4", "spent", 150, 4), ("R-4", "spent", 250, 4.5))

    def test_several_of_theirs_for_one_of_ours(self, fuel: Partner) -> None:
        rows = [*TRUE[:3], *self.SPLIT, TRUE[4]]
        path = match(fuel, rows, many=True)
        assert fuel.call("GET", path).body["state"] == "closed"
        (several,) = [each for each in found(fuel, path) if len(each["theirs"]["lines"]) > 1]
        assert told(several) == ("matched", "", "R-4", 400, "R-4", 400)
        assert several["theirs"]["lines"] == ["1:5", "1:6"]

    def test_only_where_it_is_allowed(self, fuel: Partner) -> None:
        assert open_findings(fuel, [*TRUE[:3], *self.SPLIT, TRUE[4]]) == [
            ("differing", "points", "R-4", 150, "R-4", 400),
            ("missing_here", "", "R-4", 250, None, None),
        ]

    def test_only_if_the_sums_agree(self, fuel: Partner) -> None:
        rows = [*TRUE[:3], self.SPLIT[0], ("R-4", "spent", 251, 4), TRUE[4]]
        assert [row[0] for row in open_findings(fuel, rows, many=True)] == [
            "differing",
            "missing_here",
        ]

    def test_late_ones_differ_in_time(self, fuel: Partner) -> None:
        rows = [*TRUE[:3], self.SPLIT[0], ("R-4", "spent", 250, 30), TRUE[4]]
        assert open_findings(fuel, rows, many=True) == [
            ("differing", "time", "R-4", 400, "R-4", 400)
        ]

    def test_one_of_theirs_for_all_of_a_time(self, fuel: Partner) -> None:
        rows = [("DAY-1", "spent", 1_000, 3), TRUE[4]]
        path = match(fuel, rows, many=True)
        assert fuel.call("GET", path).body["state"] == "closed"
        (day,) = [each for each in found(fuel, path) if each["differs"]]
        assert told(day) == ("matched", "reference", "DAY-1", 1_000, None, 1_000)
        assert len(day["ours"]["transactions"]) == 4

    def test_several_of_theirs_of_another_reference(self, fuel: Partner) -> None:
        parts = [("X-1", "spent", 150, 4), ("X-2", "spent", 250, 4)]
        path = match(fuel, [*TRUE[:3], *parts, TRUE[4]], many=True)
        (several,) = [each for each in found(fuel, path) if each["differs"]]
        assert told(several) == ("matched", "reference", None, 400, "R-4", 400)

    def test_not_when_another_line_is_near(self, fuel: Partner) -> None:
        rows = [("DAY-1", "spent", 1_000, 3), ("X", "spent", 7, 3), TRUE[4]]
        assert [row[0] for row in open_findings(fuel, rows, many=True)] == [
            *["missing_here"] * 2,
            *["missing_there"] * 4,
        ]


class TestSides:
    def test_what_an_issuer_issued(self, shops: tuple[Partner, Partner]) -> None:
        market, _ = shops
        assert open_findings(market, [], side="issued") == []
        path = match(market, [("A-1", "accrual", 5_000)], side="issued")
        (finding,) = found(market, path)
        assert told(finding) == ("differing", "window", "A-1", 5_000, "A-1", 5_000)

    def test_what_was_spent_of_its_points(self, shops: tuple[Partner, Partner]) -> None:
        market, fuel = shops
        listed = fuel.call("GET", "/v1/transactions").body["transactions"]
        rows = [(each["id"], each["kind"], each["points"]) for each in listed]
        assert [row[:4] for row in open_findings(market, rows, side="spent")] == [
            ("differing", "window", rows[-1][0], 900)
        ]
        path = match(market, rows[:-1], side="spent")
        assert market.call("GET", path).body["state"] == "closed"
        finding = found(market, path)[0]
        assert finding["ours"]["reference"] == finding["ours"]["transactions"][0]
        assert "R-" not in json.dumps(finding), "an acceptor's own reference"

    def test_what_it_neither_issued_nor_accepted(
        self,
        shops: tuple[Partner, Partner],
        coalition: Coalition,  # noqa: F811 - the fixture
    ) -> None:
        stranger = coalition.partner()
        listed = shops[1].call("GET", "/v1/transactions").body["transactions"]
        rows = [(each["id"], each["kind"], each["points"]) for each in listed]
        assert {row[0] for row in open_findings(stranger, rows, side="spent")} == {"missing_here"}
        assert {row[0] for row in open_findings(stranger, TRUE)} == {"missing_here"}


class TestParts:
    def test_the_same_part_again_is_one(self, fuel: Partner) -> None:
        path = begin(fuel)
        first, again = (add(fuel, path, as_csv(TRUE), part=2) for _ in range(2))
        assert first.body == again.body
        assert fuel.call("GET", path).body["lines"] == 5

    def test_other_content_of_the_same_number(self, fuel: Partner) -> None:
        path = begin(fuel)
        add(fuel, path, as_csv(TRUE))
        answer = add(fuel, path, as_csv(TRUE[1:]))
        assert (answer.status, answer.body["code"]) == (409, "part-taken")
        assert answer.body["lines"] == 5

    def test_what_cannot_be_read_leaves_nothing(self, fuel: Partner) -> None:
        path = begin(fuel)
        body = as_csv([("R", "spent", 5)] * 3_000) + b"\nR-1,spent,0,\n"
        answer = add(fuel, path, body)
        assert (answer.status, answer.body["code"]) == (422, "record-malformed")
        assert answer.body["errors"][0]["line"] == 3_002
        assert fuel.call("GET", path).body["lines"] == 0
        assert add(fuel, path, as_csv(TRUE)).status == 201

    @pytest.mark.parametrize(
        ("content_type", "body", "status", "code"),
        [
            ("application/json", b"{}", 415, "content-type-unsupported"),
            ("text/csv", b"", 415, "content-type-unsupported"),
            ("text/csv", b"x" * (api.MAX_PART + 1), 413, "content-too-large"),
            ("text/csv; charset=utf-16", b"reference", 422, "record-malformed"),
        ],
    )
    def test_files_that_are_not_taken(
        self, content_type: str, body: bytes, status: int, code: str, fuel: Partner
    ) -> None:
        path = f"{begin(fuel)}/lines?part=1"
        if status == 413:  # It is answered unsigned: nobody reads so much to learn who sent it.
            with pytest.raises(Exception, match="not signed") as caught:
                fuel.call("POST", path, body, content_type=content_type)
            assert caught.value.status == status  # type: ignore[attr-defined]
            return
        answer = fuel.call("POST", path, body, content_type=content_type)
        assert (answer.status, answer.body["code"]) == (status, code)

    def test_the_largest_part_there_may_be(self, fuel: Partner) -> None:
        path = begin(fuel)
        row = b"R-1,spent,1,\n"
        count = (api.MAX_PART - 25) // len(row)
        body = b"reference,kind,points,at\n" + row * count
        assert add(fuel, path, body).body == {"part": 1, "lines": count, "points": count}

    def test_a_record_has_an_end(self, fuel: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
        path = begin(fuel)
        row = b"R-1,spent,1,\n"
        for part in (1, 2):
            body = b"reference,kind,points,at\n" + row * 600_000
            answer = add(fuel, path, body, part=part)
        assert (answer.status, answer.body["code"]) == (413, "record-too-long")
        assert fuel.call("GET", path).body["lines"] == 600_000

    def test_a_retry_is_answered_with_what_was_saved(self, fuel: Partner) -> None:
        path, key = begin(fuel), "k" * 22
        first, again = (add(fuel, path, as_csv(TRUE), idempotency_key=key) for _ in range(2))
        assert (first.body, first.replayed, again.replayed) == (again.body, False, True)
        other = add(fuel, path, as_csv(TRUE[1:]), idempotency_key=key)
        assert other.body["code"] == "idempotency-key-reused"

    def test_the_file_is_no_evidence_but_its_digest_is(
        self,
        fuel: Partner,
        coalition: Coalition,  # noqa: F811 - the fixture
    ) -> None:
        add(fuel, begin(fuel), as_csv(TRUE))
        with coalition.database.transaction() as session:
            evidence = session.execute(
                text(
                    "SELECT evidence FROM exchange.claim WHERE operation = 'addReconciliationLines'"
                )
            ).scalar_one()
        assert set(evidence) == {"key_id", "base", "signature"}
        assert "content-digest" in evidence["base"]


class TestOrder:
    def test_the_window_must_have_closed(self, fuel: Partner) -> None:
        for window, code in (("2026-12", "window-not-closed"), ("2030-01", "window-not-found")):
            body = {"window": window, "side": "accepted"}
            answer = fuel.call("POST", "/v1/reconciliations", body)
            assert answer.body["code"] == code

    def test_there_are_not_too_many(self, fuel: Partner) -> None:
        for _ in range(receiving.MAX_RECORDS):
            begin(fuel)
        answer = fuel.call("POST", "/v1/reconciliations", {"window": "2026-11", "side": "accepted"})
        assert (answer.status, answer.body["code"]) == (409, "records-too-many")
        begin(fuel, "issued")

    def test_all_lines_must_have_come(self, fuel: Partner) -> None:
        path = begin(fuel)
        add(fuel, path, as_csv(TRUE[:3]))
        key = "k" * 22
        answer = fuel.call("POST", f"{path}/matching", {"lines": 5}, idempotency_key=key)
        assert (answer.status, answer.body["code"]) == (409, "record-incomplete")
        assert (answer.body["received"], answer.body["expected"]) == (3, 5)
        add(fuel, path, as_csv(TRUE[3:]), part=2)
        again = fuel.call("POST", f"{path}/matching", {"lines": 5}, idempotency_key=key)
        assert (again.status, again.body["state"]) == (202, "closed")

    def test_it_is_matched_once(self, fuel: Partner) -> None:
        path = match(fuel, TRUE)
        for answer in (
            add(fuel, path, as_csv(TRUE), part=2),
            fuel.call("POST", f"{path}/matching", {"lines": 5}),
        ):
            assert (answer.status, answer.body["code"]) == (409, "record-complete")

    def test_findings_come_after_matching(self, fuel: Partner) -> None:
        path = begin(fuel)
        for name in ("findings", "csv", "xlsx"):
            answer = fuel.call("GET", f"{path}/{name}")
            assert (answer.status, answer.body["code"]) == (409, "reconciliation-unfinished")

    def test_what_takes_long_waits_for_a_worker(
        self,
        fuel: Partner,
        coalition: Coalition,  # noqa: F811 - the fixture
    ) -> None:
        path = begin(fuel)
        rows = [*TRUE, *((f"X-{n}", "spent", 1) for n in range(receiving.AT_ONCE))]
        add(fuel, path, as_csv(rows))
        answer = fuel.call("POST", f"{path}/matching", {"lines": len(rows)})
        assert (answer.status, answer.body["state"]) == (202, "waiting")
        assert fuel.call("GET", f"{path}/findings").body["code"] == "reconciliation-unfinished"
        assert receiving.match_next(coalition.database, datetime.now(UTC)) == 1
        assert receiving.match_next(coalition.database, datetime.now(UTC)) == 0
        outcomes = {
            each["outcome"]: each["findings"] for each in fuel.call("GET", path).body["outcomes"]
        }
        assert outcomes == {
            "matched": 5,
            "missing_here": receiving.AT_ONCE,
            "missing_there": 0,
            "differing": 0,
            "duplicate": 0,
        }

    def test_a_matching_cut_short_is_done_again(
        self,
        fuel: Partner,
        coalition: Coalition,  # noqa: F811 - the fixture
    ) -> None:
        path = begin(fuel)
        add(fuel, path, as_csv(TRUE))
        with coalition.database.transaction() as session:
            session.execute(text("UPDATE settlement.reconciliation SET state = 'matching'"))
        assert receiving.match_next(coalition.database, datetime.now(UTC)) == 1
        assert fuel.call("GET", path).body["state"] == "closed"


class TestReading:
    def test_pages_lead_through_all_findings_once(self, fuel: Partner) -> None:
        path = match(fuel, [*TRUE[2:], ("R-8", "spent", 80, 8), ("R-7", "spent", 70, 7)])
        seen, target = [], f"{path}/findings?limit=3"
        while target:
            answer = fuel.call("GET", target)
            seen += answer.body["findings"]
            target = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
        assert seen == found(fuel, path)
        assert [each["outcome"] for each in seen] == [
            *["matched"] * 3,
            *["missing_here"] * 2,
            *["missing_there"] * 2,
        ]

    def test_the_list_is_ones_own_newest_first(
        self,
        shops: tuple[Partner, Partner],
    ) -> None:
        market, fuel = shops
        paths = [begin(fuel), match(fuel, TRUE), begin(fuel, "issued")]
        begin(market)
        first = fuel.call("GET", "/v1/reconciliations?limit=2")
        following = first.headers["link"].partition(">")[0].removeprefix("<")
        rest = fuel.call("GET", following).body["reconciliations"]
        listed = [*first.body["reconciliations"], *rest]
        assert [f"/v1/reconciliations/{each['id']}" for each in listed] == paths[::-1]

    def test_as_csv(self, fuel: Partner) -> None:
        rows = [*TRUE[1:], ("=1+1", "spent", 80, 8)]
        path = match(fuel, rows)
        answer = fuel.call("GET", f"{path}/csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        table = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
        assert [
            (each["outcome"], each["their_reference"], each["our_points"]) for each in table
        ] == [
            ("missing_here", "'=1+1", ""),
            ("missing_there", "", "100"),
        ]
        matched = fuel.call("GET", f"{path}/csv?outcome=matched").body.decode()
        assert len(matched.splitlines()) == 1 + 4

    def test_as_xlsx(self, fuel: Partner) -> None:
        path = match(fuel, [*TRUE[1:], ("=1+1", "spent", 80, 8)])
        answer = fuel.call("GET", f"{path}/xlsx")
        with ZipFile(io.BytesIO(answer.body)) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "=1+1" in sheet
        assert "<f>" not in sheet, "a reference became a formula"

    def test_a_file_has_an_end(
        self,
        fuel: Partner,
        coalition: Coalition,  # noqa: F811 - the fixture
    ) -> None:
        path = begin(fuel)
        rows = [(f"X-{n}", "spent", 1) for n in range(api.MAX_FILE + 1)]
        add(fuel, path, as_csv(rows))
        fuel.call("POST", f"{path}/matching", {"lines": len(rows)})
        receiving.match_next(coalition.database, datetime.now(UTC))
        for name in ("csv", "xlsx"):
            answer = fuel.call("GET", f"{path}/{name}?outcome=missing_here")
            assert (answer.status, answer.body["code"]) == (413, "findings-too-many")
        assert fuel.call("GET", f"{path}/csv?outcome=missing_there").status == 200

    def test_nobody_elses(self, shops: tuple[Partner, Partner]) -> None:
        market, fuel = shops
        path = match(fuel, TRUE)
        answers = [market.call("GET", f"{path}{end}") for end in ("", "/findings", "/csv", "/xlsx")]
        answers += [
            add(market, path, as_csv(TRUE), part=3),
            market.call("POST", f"{path}/matching", {"lines": 5}),
        ]
        assert {answer.body["code"] for answer in answers} == {"reconciliation-not-found"}


class TestCandidates:
    def test_each_issuers_part_of_what_does_not_agree(
        self,
        shops: tuple[Partner, Partner],
        coalition: Coalition,  # noqa: F811 - the fixture
    ) -> None:
        market, fuel = shops
        rows = [("R-1", "spent", 110, 1), *TRUE[2:], TRUE[2], ("R-8", "spent", 80, 8)]
        id_ = match(fuel, rows).rpartition("/")[2]
        with coalition.database.transaction() as session:
            record = next(iter(receiving.store.listed(session, fuel.party, before=None, limit=1)))
            assert to_text("rec", record.id) == id_
            listed = [
                (each.issuer, each.reference, each.theirs, each.ours, each.reason)
                for each in findings.candidates(session, record)
            ]
        assert listed == [
            (market.party, "R-1", 110, 100, "differing: points"),
            (None, "R-8", 80, None, "missing_here"),
            (market.party, "R-2", None, 200, "missing_there"),
        ]


class TestClearingAway:
    def test_lines_and_findings_go_and_the_sums_stay(
        self,
        fuel: Partner,
        coalition: Coalition,  # noqa: F811 - the fixture
    ) -> None:
        path, database = match(fuel, TRUE[1:]), coalition.database
        later = datetime.now(UTC) + receiving.KEPT
        assert receiving.clear_away(database, later - timedelta(hours=1)) == 0
        assert receiving.clear_away(database, later + timedelta(hours=1)) == 4 + 5
        assert fuel.call("GET", path).body["cleared_at"] is None
        assert receiving.clear_away(database, later + timedelta(hours=1)) == 0
        body = fuel.call("GET", path).body
        assert body["cleared_at"] is not None
        assert [each["findings"] for each in body["outcomes"]] == [0, 0, 4, 0, 1]
        assert found(fuel, path) == []
