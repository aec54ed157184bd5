"""Statements as files through the signed API, on a running hub."""

import io
import threading
from datetime import UTC, datetime

import pytest
from defusedxml import ElementTree
from openpyxl import load_workbook
from pypdf import PdfReader

from settlement import closing
from settlement.documents import keeping
from tests.factories import build_sealer
from tests.server import Coalition, Partner, coalition  # noqa: F401 - the fixture

ENDS = ("xlsx", "pdf", "flow", "matrix")


@pytest.fixture
def fuel(coalition: Coalition) -> Partner:  # noqa: F811 - the fixture
    """It accepted 600 of Market's points in 2026-11, which has closed."""
    close(coalition, "window 1", "2026-11")
    market, fuel = coalition.partner("market"), coalition.partner("fuel", accept_price=900_000)
    member = market.enrol()
    market.accrue(member, 1000)
    fuel.redeem(fuel.link(market, member), 600, "R-1")
    close(coalition, "2026-11", "2026-12")
    return fuel


def close(hub: Coalition, window: str, next_name: str) -> None:
    closing.close(
        hub.database,
        window=window,
        next_name=next_name,
        currency="CNY",
        now=datetime.now(UTC),
        signer=build_sealer(),
        by="finance",
    )


def number(partner: Partner) -> str:
    found: str = partner.call("GET", "/v1/statements").body["statements"][0]["number"]
    return found


def text(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_pdf_in_chinese_unless_asked_otherwise(fuel: Partner) -> None:
    path = f"/v1/statements/{number(fuel)}/pdf"
    answer = fuel.call("GET", path)
    assert answer.headers["content-type"] == "application/pdf"
    assert "净应收" in text(answer.body)
    assert "¥5.34" in text(answer.body)
    assert "Net receivable" in text(fuel.call("GET", f"{path}?language=en").body)


def test_xlsx(fuel: Partner) -> None:
    answer = fuel.call("GET", f"/v1/statements/{number(fuel)}/xlsx?language=en")
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    book = load_workbook(io.BytesIO(answer.body))
    assert [row[4] for row in book["Obligations"].iter_rows(min_row=2, values_only=True)] == [
        5.4,
        -0.06,
    ]


@pytest.mark.parametrize("picture", ["flow", "matrix"])
def test_pictures(fuel: Partner, picture: str) -> None:
    answer = fuel.call("GET", f"/v1/statements/{number(fuel)}/{picture}?language=en")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "¥5.40" in "".join(ElementTree.fromstring(answer.body).itertext())


def test_a_file_is_the_same_ever_after(
    fuel: Partner,
    coalition: Coalition,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = f"/v1/statements/{number(fuel)}/pdf"
    found: list[bytes] = []
    asking = [
        threading.Thread(target=lambda: found.append(fuel.call("GET", path).body)) for _ in range(4)
    ]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert len(set(found)) == 1
    with coalition.database.transaction() as session:
        monkeypatch.setattr(keeping, "make", lambda *_: pytest.fail("it was made already"))
        party, known = (
            session.connection()
            .exec_driver_sql(
                "SELECT party_id, number FROM settlement.statement"
                " JOIN settlement.statement_file USING (number)"
            )
            .one()
        )
        kept = keeping.file(session, party, known, "pdf", "zh", datetime.now(UTC))
    assert kept == found[0]


def test_of_another_are_not_found(fuel: Partner, coalition: Coalition) -> None:  # noqa: F811
    stranger, owned = coalition.partner("florist"), number(fuel)
    for end in ENDS:
        theirs = stranger.call("GET", f"/v1/statements/{owned}/{end}")
        missing = stranger.call("GET", f"/v1/statements/ST-2026-11-999999/{end}")
        assert theirs.status == missing.status == 404
        assert theirs.body["code"] == missing.body["code"] == "statement-not-found"


def test_refuses_other_languages(fuel: Partner) -> None:
    answer = fuel.call("GET", f"/v1/statements/{number(fuel)}/pdf?language=fr")
    assert answer.body["code"] == "request-invalid"


def test_the_job_draws_what_nobody_asked_for_yet(fuel: Partner, coalition: Coalition) -> None:  # noqa: F811
    with coalition.database.transaction() as session:
        issued = (
            session.connection()
            .exec_driver_sql("SELECT count(*) FROM settlement.statement")
            .scalar_one()
        )
    assert keeping.make_ahead(coalition.database, datetime.now(UTC)) == issued
    assert keeping.make_ahead(coalition.database, datetime.now(UTC)) == 0
    with coalition.database.transaction() as session:
        kept = (
            session.connection()
            .exec_driver_sql("SELECT count(*) FROM settlement.statement_file")
            .scalar_one()
        )
    assert kept == 4 * issued
    assert "¥5.34" in text(fuel.call("GET", f"/v1/statements/{number(fuel)}/pdf").body)
