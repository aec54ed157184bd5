"""Reconciliation at the desk: the work list, both records, answers, disputes and files."""

import json

import pytest

from kit.ids import to_text
from settlement.reconciliation import receiving
from tests.books import Books
from tests.desk.cases import Month, month
from tests.desk.conftest import SignIn
from tests.members.visitor import Answer, Visitor

NEW = "/desk/reconciliation/new"
TRUE = "reference,kind,points\nR-1,spent,600\nR-2,spent,400\n"
# One sale has other points, one is not there, and one is not in the books.
WRONG = "reference,kind,points\nR-1,spent,610\nR-9,spent,90\n"


@pytest.fixture
def scene(books: Books) -> Month:
    made = month(books)
    made.hub.close("2026-11")
    return made


@pytest.fixture
def fay(sign_in: SignIn) -> Visitor:
    return sign_in("fay", "finance")


def page(record: str) -> str:
    return f"/desk/reconciliation/{record}"


def places(answer: Answer) -> dict[str, str]:
    """The findings one may choose, by their outcome."""
    found = [part.split('"')[0] for part in answer.text.split('name="finding" value="')[1:]]
    return {place.partition(".")[0]: place for place in found}


def upload(
    visitor: Visitor, content: bytes, name: str = "fuel.csv", on: str = NEW, **fields: str
) -> Answer:
    """Send the form as a browser does: in parts, with the file as it stands."""
    sent = {"csrf_token": visitor.token(on), "partner": "fuel", "window": "2026-10"}
    sent |= {"side": "accepted", "charset": "utf-8", "tolerance": "300", **fields}
    line = b"--edge\r\nContent-Disposition: form-data; name="
    body = b"".join(line + f'"{key}"\r\n\r\n{value}\r\n'.encode() for key, value in sent.items())
    body += line + f'"file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'.encode()
    body += content + b"\r\n--edge--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=edge"}
    return visitor.send("POST", NEW, headers=kind, body=body)


class TestList:
    def test_says_what_will_be_here(self, fay: Visitor, scene: Month) -> None:
        assert "No partner has sent a record yet." in fay.get("/desk/reconciliation").words

    def test_shows_first_what_needs_a_person(self, fay: Visitor, scene: Month) -> None:
        wrong, true = scene.record(WRONG), scene.record(TRUE)
        lines = fay.get("/desk/reconciliation?format=csv").text.splitlines()
        assert [line.split(",")[0] for line in lines[1:]] == [wrong, true]
        words = fay.get("/desk/reconciliation").words
        assert "2 3 Needs a person" in words
        assert "2 0 All lines match" in words

    def test_filters(self, fay: Visitor, scene: Month) -> None:
        scene.record(WRONG), scene.record(TRUE)
        for query, count in {
            "state=unanswered": 1, "state=closed": 1, "partner=fuel": 2, "partner=market": 0,
            "window=2026-10": 2, "window=2026-11": 0, "window=1999-01": 0, "sort=-lines": 2,
        }.items():  # fmt: skip
            lines = fay.get(f"/desk/reconciliation?{query}&format=csv").text.splitlines()
            assert len(lines) == 1 + count, query


class TestOne:
    def test_that_agrees_says_so_with_the_files_digest(self, fay: Visitor, scene: Month) -> None:
        answer = fay.get(page(scene.record(TRUE)))
        assert "All 2 lines match" in answer.words
        digest = "SELECT encode(digest, 'hex') AS it FROM settlement.reconciliation_part"
        assert scene.hub.books.rows(digest)[0].it in answer.words
        assert "R-1 line 2 of the file 600" in fay.get(answer.path + "?show=matched").words

    def test_sets_both_records_beside_each_other(self, fay: Visitor, scene: Month) -> None:
        answer = fay.get(page(scene.record(WRONG)))
        assert "3 of 2 lines need a person" not in answer.words
        assert "3 differences in 2 lines need a person" in answer.words
        assert "R-1 line 2 of the file 600" in answer.words
        assert "610 — Differs points differ" in answer.words
        assert 'class="num differs">610' in answer.text
        lines = fay.get(f"{answer.path}?format=csv").text.splitlines()
        assert [line.split(",")[0] for line in lines[1:]] == [
            "differing", "missing_here", "missing_there",
        ]  # fmt: skip

    def test_pages_both_ways(self, fay: Visitor, scene: Month) -> None:
        rows = "".join(f"R-{number},spent,7\n" for number in range(100, 160))
        there = page(scene.record("reference,kind,points\n" + rows))
        first = fay.get(f"{there}?rows=25")
        assert "Older" in first.words
        after = first.text.split('rel="next"')[0].rpartition('href="')[2].split('"')[0]
        second = fay.get(after.replace("&amp;", "&"))
        before = second.text.split('rel="prev"')[0].rpartition('href="')[2].split('"')[0]
        assert places(fay.get(before.replace("&amp;", "&"))) == places(first)
        assert places(second) != places(first)

    def test_an_auditor_has_no_buttons(self, sign_in: SignIn, scene: Month) -> None:
        there = page(scene.record(WRONG))
        ida = sign_in("ida", "auditor")
        assert "Answered by: operations, finance" in ida.get(there).words
        assert "Resolve selected" not in ida.get(there).words
        assert ida.get(f"{there}/resolve?finding=differing.1").status == 403
        assert ida.get(NEW).status == 403

    def test_tells_how_far_it_has_come(self, fay: Visitor, scene: Month) -> None:
        there = page(scene.record(TRUE))
        assert fay.get(f"{there}/progress").location == there
        with scene.database.transaction() as session:
            session.connection().exec_driver_sql(
                "UPDATE settlement.reconciliation SET state = 'waiting', matched_at = NULL,"
                " closed_at = NULL"
            )
        assert "2 lines wait to be matched." in fay.get(f"{there}/progress").words
        assert f'data-poll="{there}/progress"' in fay.get(there).text
        scene.hub.books.owner.execute("DELETE FROM settlement.reconciliation_finding")
        scene.hub.books.owner.execute("DELETE FROM settlement.reconciliation_outcome")
        assert receiving.match_next(scene.database, scene.now()) == 1
        assert "All 2 lines match" in fay.get(there).words


class TestAnswering:
    def test_proposes_asks_why_and_keeps_it(self, fay: Visitor, scene: Month, books: Books) -> None:
        there = page(scene.record(WRONG))
        chosen = places(fay.get(there))
        assert chosen.keys() == {"differing", "missing_here", "missing_there"}
        one = chosen["missing_here"]
        asked = fay.get(f"{there}/resolve?finding={one}")
        assert "Answer 1 line Ours 0, theirs 90 points" in asked.words
        assert asked.form(f"{there}/resolve").fields[f"as.{one}"] == "correction"
        assert "Fill this in" in fay.post(f"{there}/resolve").words
        answer = fay.submit(f"{there}/resolve", on=asked.path, reason="sent twice by their till")
        assert "1 line is answered. Nothing in the books has changed." in answer.words
        assert "The partner corrects: sent twice by their till (fay" in answer.words
        assert "2 differences in 2 lines need a person" in answer.words
        (entry,) = books.rows("SELECT who, what, object, before, after FROM staff.audit"
                              " WHERE what LIKE 'reconciliation%%'")  # fmt: skip
        assert (entry.who, entry.what) == ("fay", "reconciliation-answered")
        assert (entry.before, entry.after["open"]) == ({"open": 3}, 2)

    def test_is_done_once_and_of_all_or_none(self, fay: Visitor, scene: Month) -> None:
        there = page(scene.record(WRONG))
        chosen = places(fay.get(there))
        both = f"{there}/resolve?finding={chosen['differing']}&finding={chosen['missing_there']}"
        form = fay.get(both).form(f"{there}/resolve").fields
        fay.submit(f"{there}/resolve", on=f"{there}/resolve?finding={chosen['differing']}",
                   reason="agreed on the phone")  # fmt: skip
        sent = [*form.items(), ("finding", chosen["differing"])]
        sent = [(name, "late" if name == "reason" else value) for name, value in sent]
        again = fay.follow(fay.send("POST", f"{there}/resolve", sent))  # type: ignore[arg-type]
        assert "One of these lines has been answered meanwhile." in again.words
        assert "2 differences in 2 lines need a person" in again.words

    @pytest.mark.parametrize("finding", ["matched.1", "differing.99", "x", "differing.1.2", ""])
    def test_of_what_is_no_difference_is_refused(
        self, fay: Visitor, scene: Month, finding: str
    ) -> None:
        there = page(scene.record(WRONG))
        words = fay.go(f"{there}/resolve?finding={finding}").words
        assert "Choose at least one line that does not agree." in words


class TestContesting:
    def test_opens_a_dispute_for_the_partner(
        self, fay: Visitor, scene: Month, books: Books
    ) -> None:
        there = page(scene.record(WRONG))
        place = places(fay.get(there))["missing_there"]
        asked = fay.get(f"{there}/dispute?finding={place}")
        assert "Open a dispute for Fuel? 400 points" in asked.words
        sent = asked.form(f"{there}/dispute").fields
        line = asked.text.split('name="line" value="')[1].split('"')[0]
        sent |= {"line": line, "cause": "not-ours", "words": "Fuel, by phone"}
        answer = fay.follow(fay.send("POST", f"{there}/dispute", sent))
        assert "Dispute: Fuel v Market" in answer.words
        assert "Fuel, by phone (by the hub, for Fuel)" in answer.words
        assert "Contested" in fay.get(there).words
        (entry,) = books.rows("SELECT after FROM staff.audit WHERE what = 'dispute-opened'")
        assert entry.after["for"] == "fuel"
        (row,) = books.rows("SELECT opened_by, state FROM settlement.dispute")
        assert (row.opened_by, row.state) == (scene.hub.parties["fuel"], "opened")

    def test_too_late_says_so(self, fay: Visitor, scene: Month, books: Books) -> None:
        there = page(scene.record(WRONG))
        place = places(fay.get(there))["missing_there"]
        books.owner.execute("UPDATE settlement.settlement SET disputes_until = '2000-01-01'")
        asked = fay.get(f"{there}/dispute?finding={place}")
        sent = asked.form(f"{there}/dispute").fields
        line = asked.text.split('name="line" value="')[1].split('"')[0]
        sent |= {"line": line, "cause": "not-ours", "words": "by phone"}
        answer = fay.send("POST", f"{there}/dispute", sent)
        assert answer.status == 422
        assert "It is too late to contest lines of this window." in answer.words
        without = fay.send("POST", f"{there}/dispute", {**sent, "line": f"{line}9"})
        assert "Choose at least one line." in without.words
        assert books.rows("SELECT FROM settlement.dispute") == []


class TestUploading:
    def test_takes_and_matches_a_file(self, fay: Visitor, scene: Month, books: Books) -> None:
        answer = fay.follow(upload(fay, TRUE.encode()))
        assert "All 2 lines match" in answer.words
        (entry,) = books.rows("SELECT who, after FROM staff.audit"
                              " WHERE what = 'reconciliation-received'")  # fmt: skip
        assert (entry.who, entry.after["lines"]) == ("fay", 2)
        assert json.dumps(entry.after["digest"]) in json.dumps(entry.after)

    def test_of_an_unreadable_one_nothing_is_taken(
        self, fay: Visitor, scene: Month, books: Books
    ) -> None:
        answer = upload(fay, b"reference,kind,points\nR-1,spent,600\nR-2,sold,4.5\nR-3,spent,x\n")
        assert answer.status == 422
        assert "Line Column Expected 3 kind spent or refunded" in answer.words
        assert "4 points a whole number from 1 on" in answer.words
        assert "Nothing of it was taken." in answer.words
        assert books.rows("SELECT FROM settlement.reconciliation") == []

    def test_says_what_is_missing(self, fay: Visitor, scene: Month) -> None:
        answer = upload(fay, b"", partner="nobody", window="2026-11", tolerance="-1")
        assert answer.status == 422
        assert answer.words.count("Choose one of these") == 4  # In the summary and by each field.
        assert "Choose a file that is not empty" in answer.words
        assert "Enter seconds, up to 86,400" in answer.words

    def test_takes_8_mb_of_who_may_and_reads_nothing_of_strangers(
        self, fay: Visitor, scene: Month, site: object
    ) -> None:
        body = b"reference,kind,points\n" + b"R-1,spent,600\n" * 8_000
        assert upload(fay, body).status == 303
        assert upload(fay, b"x" * (9 * 2**20)).status == 413
        assert fay.send("POST", NEW, {"csrf_token": "forged"}).status == 403
        fay.cookies["desk"] = "nobody's"  # Whatever a stranger says that it is.
        for _ in range(2):
            answer = fay.send("POST", NEW, {"csrf_token": "forged"})
            assert (answer.status, answer.location) == (303, "/desk/sign-in")
            fay.cookies.pop("desk", None)


def test_of_no_record_nothing_is_found(fay: Visitor, scene: Month) -> None:
    for name in ("14", to_text("rec", scene.first)):
        assert fay.get(page(name)).status == 404
