"""Contested lines through the signed API, from the opening to the money of two settlements."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exchange.invariants import INVARIANTS as BOOKS
from exchange.invariants import check
from settlement import closing, revisions, store
from settlement.disputes import overdue
from settlement.disputes.invariants import INVARIANTS as DISPUTES
from settlement.invariants.windows import INVARIANTS as WINDOWS
from settlement.sealing.sealer import Sealer
from tests.factories import build_sealer
from tests.server import Coalition, Partner, coalition  # noqa: F401 - the fixture
from tests.settlement import steps
from tests.web.desk import Desk

REFUSED = {
    "nothing": (404, "line-not-found"),
    "others": (404, "line-not-found"),
    "own till": (422, "line-not-disputable"),
    "accrual": (422, "line-not-disputable"),
}


@dataclass
class Scene:
    """Market's points at Fuel's tills, 600 and 400; and 100 of Fuel's own with the second."""

    hub: Coalition
    market: Partner
    fuel: Partner
    cafe: Partner
    first: str
    second: str
    own: str
    accrual: str
    sealer: Sealer

    def close(self, window: str, next_name: str) -> None:
        closing.close(
            self.hub.database,
            window=window,
            next_name=next_name,
            currency="CNY",
            by="mei",
            now=datetime.now(UTC),
            signer=replace(self.sealer, heads=build_sealer().heads),
        )

    def revise(self, window: str) -> int:
        return revisions.revise(
            self.hub.database,
            window=window,
            reason="dispute",
            by="mei",
            now=datetime.now(UTC),
            signer=self.sealer,
        )

    def approve(self, window: str) -> None:
        with self.hub.database.transaction() as session:
            steps.approve(session, window, datetime.now(UTC), by="li")

    def net(self, partner: Partner, window: str) -> int:
        found: int = partner.call("GET", f"/v1/windows/{window}").body["figures"]["net"]
        return found

    def open(self, partner: Partner, *journals: str, **fields: Any) -> Any:
        body = {"lines": [{"journal": each} for each in journals], "reason": "not-ours"} | fields
        return partner.call("POST", "/v1/disputes", body)

    def opened(self, partner: Partner, journal: str, **fields: Any) -> str:
        answer = self.open(partner, journal, **fields)
        assert answer.status == 201, answer.body
        found: str = answer.body["disputes"][0]["id"]
        return found

    def act(self, partner: Partner, dispute: str, step: str, **body: Any) -> Any:
        return partner.call("POST", f"/v1/disputes/{dispute}/{step}", body)

    def see(self, partner: Partner, dispute: str) -> dict[str, Any]:
        answer = partner.call("GET", f"/v1/disputes/{dispute}")
        assert answer.status == 200, answer.body
        body: dict[str, Any] = answer.body
        return body


@pytest.fixture
def scene(coalition: Coalition) -> Scene:  # noqa: F811 - the fixture
    market, fuel = coalition.partner("market"), coalition.partner("fuel", accept_price=900_000)
    cafe = coalition.partner("cafe")
    member = market.enrol()
    accrual = market.accrue(member, 5000).body["id"]
    at_fuel = fuel.link(market, member)
    first = fuel.redeem(at_fuel, 600, "R-1").body["id"]
    own = market.redeem(member, 50, "M-1").body["id"]
    second = fuel.redeem(at_fuel, 400, "R-2").body["id"]
    hub = Scene(coalition, market, fuel, cafe, first, second, own, accrual, build_sealer())
    hub.close("window 1", "2026-12")
    return hub


@pytest.fixture(autouse=True)
def whole(scene: Scene) -> Iterator[None]:
    """After each test every invariant of the hub holds."""
    yield
    with scene.hub.database.engine.connect() as connection:
        results = check(connection, [*BOOKS, *WINDOWS, *DISPUTES])
    wrong = [one for one in results if one.violations]
    assert not wrong, wrong


class TestOpening:
    def test_leaves_the_line_out_of_the_net(self, scene: Scene) -> None:
        with scene.hub.database.transaction() as session:
            before = {
                row["party"]: row["net"]
                for row in store.positions(session, store.get_window(session, "window 1").id)
            }
        scene.opened(scene.market, scene.first)
        assert scene.revise("window 1") == 2
        with scene.hub.database.transaction() as session:
            after = {
                row["party"]: row["net"]
                for row in store.positions(session, store.get_window(session, "window 1").id)
            }
        assert after[scene.market.party] == before[scene.market.party] + 600
        assert after[scene.fuel.party] == before[scene.fuel.party] - 535  # 540 less a fee of 1 %.

    @pytest.mark.parametrize("what", REFUSED)
    def test_is_refused(self, scene: Scene, what: str) -> None:
        asks, journal = {
            "nothing": (scene.market, "jrn_01m81rhhxmem8s4jz1ampnyhaf"),
            "others": (scene.cafe, scene.first),
            "own till": (scene.market, scene.own),
            "accrual": (scene.market, scene.accrual),
        }[what]
        answer = scene.open(asks, journal)
        assert (answer.status, answer.body["code"]) == REFUSED[what]
        assert asks.call("GET", "/v1/disputes").body["disputes"] == []

    def test_is_for_all_lines_or_none(self, scene: Scene) -> None:
        assert scene.open(scene.market, scene.first, scene.own).status == 422
        assert scene.market.call("GET", "/v1/disputes").body["disputes"] == []
        assert len(scene.open(scene.market, scene.first, scene.second).body["disputes"]) == 2

    def test_is_done_once_for_a_line(self, scene: Scene) -> None:
        first = scene.opened(scene.market, scene.first)
        answer = scene.open(scene.fuel, scene.first)
        assert (answer.status, answer.body["code"]) == (409, "dispute-exists")
        assert (answer.body["dispute"], answer.body["line"]) == (first, scene.first)

    def test_ends_with_the_approval_and_with_the_calendars_day(self, scene: Scene) -> None:
        scene.hub.books.owner.execute(
            "UPDATE settlement.settlement SET disputes_until = current_date - 1"
        )
        answer = scene.open(scene.market, scene.first)
        assert (answer.status, answer.body["code"]) == (409, "dispute-too-late")
        scene.hub.books.owner.execute(
            "UPDATE settlement.settlement SET disputes_until = current_date + 9"
        )
        scene.approve("window 1")
        answer = scene.open(scene.market, scene.first)
        assert (answer.body["code"], answer.body["state"]) == ("dispute-too-late", "approved")

    def test_may_be_done_while_the_window_is_open(self, scene: Scene) -> None:
        member = scene.market.enrol()
        scene.market.accrue(member, 100)
        sale = scene.fuel.redeem(scene.fuel.link(scene.market, member), 100).body["id"]
        scene.opened(scene.fuel, sale)
        scene.close("2026-12", "2027-01")
        assert scene.net(scene.market, "2026-12") == 0

    def test_may_be_done_while_it_is_closing(self, scene: Scene) -> None:
        member = scene.market.enrol()
        scene.market.accrue(member, 100)
        sale = scene.fuel.redeem(scene.fuel.link(scene.market, member), 100).body["id"]
        with scene.hub.database.transaction() as session:
            closing.begin(session, window="2026-12", next_name="x", currency="CNY", by="mei")
        scene.opened(scene.market, sale)
        closing.resume(
            scene.hub.database,
            window="2026-12",
            now=datetime.now(UTC),
            signer=replace(scene.sealer, heads=build_sealer().heads),
        )
        assert scene.net(scene.market, "2026-12") == 0


class TestWhatEachSideSees:
    def test_the_acceptor_its_receipt_the_issuer_no_acceptor(self, scene: Scene) -> None:
        dispute = scene.opened(scene.market, scene.first, words="Nobody of ours.")
        acceptors, issuers = scene.see(scene.fuel, dispute), scene.see(scene.market, dispute)
        assert (acceptors["you"], issuers["you"]) == ("acceptor", "issuer")
        assert acceptors.pop("reference") == "R-1"
        assert "reference" not in issuers
        acceptors["you"] = issuers["you"]
        assert acceptors == issuers
        assert "uel" not in str(issuers)
        assert issuers["acts"] == "acceptor"
        assert [(each["step"], each["by"]) for each in issuers["steps"]] == [("opened", "issuer")]

    def test_nobody_else_anything(self, scene: Scene) -> None:
        dispute = scene.opened(scene.market, scene.first)
        missing = scene.cafe.call("GET", "/v1/disputes/dsp_01m81rhhxmem8s4jz1ampnyhaf")
        for step in "", "/answer", "/escalation", "/withdrawal":
            method, body = ("POST", {"accepts": True} if step == "/answer" else {}) if step else (
                "GET", None,
            )  # fmt: skip
            answer = scene.cafe.call(method, f"/v1/disputes/{dispute}{step}", body)
            assert (answer.status, answer.body["code"]) == (404, missing.body["code"])

    def test_lists_come_in_pages_and_by_state(self, scene: Scene) -> None:
        one, two = (scene.opened(scene.market, each) for each in (scene.first, scene.second))
        scene.act(scene.market, one, "withdrawal")
        page = scene.fuel.call("GET", "/v1/disputes?limit=1")
        assert [each["id"] for each in page.body["disputes"]] == [two]
        assert f"cursor={two}" in page.headers["link"]
        rest = scene.fuel.call("GET", f"/v1/disputes?limit=1&cursor={two}")
        assert [each["id"] for each in rest.body["disputes"]] == [one]
        assert "link" not in rest.headers
        found = scene.fuel.call("GET", "/v1/disputes?state=resolved&window=2026-12").body
        assert found["disputes"] == []
        found = scene.fuel.call("GET", "/v1/disputes?state=resolved").body
        assert [each["id"] for each in found["disputes"]] == [one]


class TestSteps:
    def test_accepted_the_points_go_back_and_the_money_comes_to_nothing(self, scene: Scene) -> None:
        dispute = scene.opened(scene.market, scene.first)
        scene.revise("window 1")
        answer = scene.act(scene.fuel, dispute, "answer", accepts=True, words="Our mistake.")
        assert (answer.body["state"], answer.body["outcome"]) == ("resolved", "upheld")
        assert answer.body["upheld_points"] == 600
        refund = scene.fuel.call("GET", f"/v1/transactions/{answer.body['correction']}").body
        assert (refund["kind"], refund["points"], refund["undoes"]) == ("refund", 600, scene.first)
        assert refund["reference"].startswith(f"{dispute}.")
        scene.close("2026-12", "2027-01")
        assert (scene.net(scene.market, "2026-12"), scene.net(scene.fuel, "2026-12")) == (0, 0)
        said = scene.market.call("GET", "/v1/windows/2026-12").body["figures"]["statement"]
        statement = scene.market.call("GET", f"/v1/statements/{said}").body
        assert (statement["adjusted"], statement["zone"]) == (600, "UTC")
        brought = [(each["kind"], each["points"]) for each in statement["brought_in"]]
        assert brought == [("spent", 600)]

    def test_withdrawn_the_line_settles_in_the_next(self, scene: Scene) -> None:
        dispute = scene.opened(scene.market, scene.first)
        scene.revise("window 1")
        assert scene.act(scene.fuel, dispute, "withdrawal").body["code"] == "dispute-step-refused"
        assert scene.act(scene.market, dispute, "withdrawal").body["outcome"] == "withdrawn"
        scene.close("2026-12", "2027-01")
        assert scene.net(scene.fuel, "2026-12") == 534  # 540 less a fee of 1 %, up.

    @pytest.mark.parametrize(
        ("who", "step", "body"),
        [
            ("market", "answer", {"accepts": True}),
            ("market", "escalation", {}),
            ("fuel", "escalation", {}),
            ("fuel", "withdrawal", {}),
        ],
    )
    def test_out_of_turn_are_refused(
        self, scene: Scene, who: str, step: str, body: dict[str, Any]
    ) -> None:
        dispute = scene.opened(scene.market, scene.first)
        answer = scene.act(getattr(scene, who), dispute, step, **body)
        assert (answer.status, answer.body["code"]) == (409, "dispute-step-refused")
        assert scene.see(scene.market, dispute)["state"] == "opened"

    def test_after_the_end_are_refused(self, scene: Scene) -> None:
        dispute = scene.opened(scene.market, scene.first)
        scene.act(scene.fuel, dispute, "answer", accepts=True)
        for partner in scene.market, scene.fuel:
            for step, body in ("answer", {"accepts": True}), ("withdrawal", {}), ("escalation", {}):
                answer = scene.act(partner, dispute, step, **body)
                assert (answer.status, answer.body["code"]) == (409, "dispute-step-refused")

    def test_what_the_till_refunded_meanwhile_is_not_given_back_twice(self, scene: Scene) -> None:
        dispute = scene.opened(scene.market, scene.first)
        scene.fuel.call(
            "POST", "/v1/refunds", {"transaction": scene.first, "points": 450, "reference": "B-1"}
        )
        answer = scene.act(scene.fuel, dispute, "answer", accepts=True)
        assert (answer.status, answer.body["upheld_points"]) == (200, 150)

    def test_nothing_left_to_give_back(self, scene: Scene) -> None:
        dispute = scene.opened(scene.market, scene.first)
        scene.fuel.call("POST", "/v1/refunds", {"transaction": scene.first, "reference": "B-1"})
        answer = scene.act(scene.fuel, dispute, "answer", accepts=True)
        assert (answer.status, answer.body["code"]) == (422, "upheld-points-refused")
        assert scene.act(scene.market, dispute, "withdrawal").status == 200


class TestSilence:
    def _pass(self, scene: Scene, days: int) -> int:
        return overdue.lapse_overdue(
            scene.hub.database, datetime.now(UTC) + timedelta(days=days, hours=1)
        )

    def test_of_the_other_side_escalates(self, scene: Scene) -> None:
        dispute = scene.opened(scene.market, scene.first)
        assert self._pass(scene, 6) == 0
        assert self._pass(scene, 7) == 1
        assert self._pass(scene, 7) == 0
        found = scene.see(scene.market, dispute)
        assert (found["state"], found["acts"]) == ("escalated", "hub")

    def test_of_the_opener_ends_it(self, scene: Scene) -> None:
        dispute = scene.opened(scene.market, scene.first)
        assert scene.act(scene.fuel, dispute, "answer", accepts=False).body["state"] == "answered"
        assert self._pass(scene, 7) == 1
        found = scene.see(scene.fuel, dispute)
        assert (found["state"], found["outcome"]) == ("resolved", "rejected")


class TestTheHub:
    @pytest.fixture
    def desk(self, scene: Scene) -> Desk:
        return Desk(scene.hub.database, scene.sealer)

    @pytest.fixture
    def escalated(self, scene: Scene) -> str:
        dispute = scene.opened(scene.market, scene.first, words="Not ours.")
        scene.act(scene.fuel, dispute, "answer", accepts=False, words="It is.")
        assert scene.act(scene.market, dispute, "escalation").body["state"] == "escalated"
        return dispute

    def test_upholds_in_part_with_two_people(
        self, scene: Scene, desk: Desk, escalated: str
    ) -> None:
        done = desk.agree("disputes", "resolve", escalated, "--uphold", "--points", "500")
        assert done["effect"] == "upheld, 500 points given back"
        found = scene.see(scene.market, escalated)
        assert (found["outcome"], found["upheld_points"]) == ("upheld", 500)
        assert [each["step"] for each in found["steps"]] == [
            "opened", "reject", "escalate", "uphold",
        ]  # fmt: skip

    def test_rejects(self, scene: Scene, desk: Desk, escalated: str) -> None:
        assert desk.agree("disputes", "resolve", escalated, "--reject")["effect"].startswith("reje")
        assert scene.see(scene.fuel, escalated)["outcome"] == "rejected"

    def test_gives_no_more_than_there_was(self, desk: Desk, escalated: str) -> None:
        with pytest.raises(Exception, match="Not so many points"):
            desk.propose("disputes", "resolve", escalated, "--uphold", "--points", "601")

    def test_decides_on_what_is_escalated_alone(self, scene: Scene, desk: Desk) -> None:
        dispute = scene.opened(scene.market, scene.second)
        with pytest.raises(Exception, match="not ready"):
            desk.propose("disputes", "resolve", dispute, "--reject")

    def test_lists_and_shows(self, scene: Scene, desk: Desk, escalated: str, tmp_path: Any) -> None:
        put(scene, scene.fuel, escalated, b"%PDF-1.7 a receipt", "application/pdf", "r.pdf")
        (line,) = desk.json("disputes", "list", "--state", "escalated")
        assert (line["id"], line["issuer"], line["acceptor"]) == (escalated, "Market", "Fuel")
        result = desk.run("disputes", "show", escalated, "--evidence", str(tmp_path))
        assert "Not ours." in result.output
        assert (tmp_path / "01-r.pdf").read_bytes() == b"%PDF-1.7 a receipt"

    def test_revises_from_the_command_line(self, scene: Scene, desk: Desk) -> None:
        scene.opened(scene.market, scene.first)
        assert desk.json("disputes", "revise", "window 1", "--as", "ann")["revision"] == 2


def put(scene: Scene, partner: Partner, dispute: str, content: bytes, kind: str, name: str) -> Any:
    path = f"/v1/disputes/{dispute}/evidence?name={name}"
    return partner.call("POST", path, content, content_type=kind)


class TestEvidence:
    def test_comes_back_byte_for_byte_to_both_sides(self, scene: Scene) -> None:
        dispute = scene.opened(scene.market, scene.first)
        content = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
        answer = put(scene, scene.fuel, dispute, content, "image/png", "till.png")
        assert answer.status == 201, answer.body
        assert answer.body["sha256"] == hashlib.sha256(content).hexdigest()
        for partner in scene.market, scene.fuel:
            (line,) = scene.see(partner, dispute)["evidence"]
            assert (line["name"], line["by"], line["size"]) == ("till.png", "acceptor", 264)
            got = partner.call("GET", f"/v1/disputes/{dispute}/evidence/{line['id']}")
            assert (got.status, got.body) == (200, content)
            assert got.headers["content-type"] == "image/png"
        got = scene.cafe.call("GET", f"/v1/disputes/{dispute}/evidence/{line['id']}")
        assert (got.status, got.body["code"]) == (404, "evidence-not-found")

    @pytest.mark.parametrize(
        ("content", "kind", "name", "code"),
        [
            (b"<html>", "image/png", "a.png", "evidence-refused"),
            (b"\xff\xfe", "text/plain", "a.txt", "evidence-refused"),
            (b"a", "text/plain", "..%2Fa", "evidence-refused"),
            (b"a", "text/plain", "%E6%8D%AE" * 100, "evidence-refused"),  # 300 bytes.
            (b"a", "text/plain", "a%C2%9B2J", "evidence-refused"),  # Clears a terminal.
            (b"a", "text/plain", "a%E2%80%AEfdp.exe", "evidence-refused"),  # Reads `aexe.pdf`.
            (b"a", "text/html", "a.html", "content-type-unsupported"),
        ],
    )
    def test_is_refused(
        self, scene: Scene, content: bytes, kind: str, name: str, code: str
    ) -> None:
        dispute = scene.opened(scene.market, scene.first)
        assert put(scene, scene.fuel, dispute, content, kind, name).body["code"] == code
        assert scene.see(scene.fuel, dispute)["evidence"] == []

    def test_is_limited_and_the_same_file_counts_once(self, scene: Scene) -> None:
        dispute = scene.opened(scene.market, scene.first)
        for number in range(10):
            content = f"page {number}".encode()
            assert put(scene, scene.fuel, dispute, content, "text/plain", "p.txt").status == 201
        assert put(scene, scene.market, dispute, b"page 3", "text/plain", "again").status == 201
        answer = put(scene, scene.fuel, dispute, b"page 11", "text/plain", "p.txt")
        assert (answer.status, answer.body["code"]) == (409, "too-much-evidence")
        # Whoever came first does not silence the other.
        assert put(scene, scene.market, dispute, b"no", "text/plain", "p.txt").status == 201


class TestFromARecord:
    def test_contests_in_one_call_what_does_not_agree(self, scene: Scene) -> None:
        scene.hub.books.owner.execute(
            "UPDATE exchange.\"window\" SET name = '2026-11' WHERE name = 'window 1'"
        )
        scene.hub.books.owner.execute(
            "UPDATE staff.audit SET object = 'window 2026-11' WHERE object = 'window window 1'"
        )
        body = {"window": "2026-11", "side": "spent"}
        record = scene.market.call("POST", "/v1/reconciliations", body).body["id"]
        lines = f"reference,kind,points\n{scene.first},spent,60\n{scene.own},spent,5\n"
        path = f"/v1/reconciliations/{record}"
        scene.market.call("POST", f"{path}/lines?part=1", lines.encode(), content_type="text/csv")
        contest = f"{path}/disputes"
        answer = scene.market.call("POST", contest, {"reason": "wrong-points"})
        assert (answer.status, answer.body["code"]) == (409, "reconciliation-unfinished")
        scene.market.call("POST", f"{path}/matching", {"lines": 2})
        answer = scene.market.call("POST", contest, {"reason": "wrong-points"})
        assert answer.status == 201, answer.body
        # The first differs, the second is missing in the record, the own till's is no dispute.
        assert len(answer.body["disputes"]) == 2
        assert answer.body["skipped"] == {"line-not-disputable": 1}
        assert answer.body["left"] is False
        said = [
            scene.see(scene.fuel, each)["steps"][0]["words"] for each in answer.body["disputes"]
        ]
        assert "By our record: differing: points" in said
        again = scene.market.call("POST", contest, {"reason": "wrong-points"})
        assert again.body["disputes"] == []
        assert again.body["skipped"] == {"dispute-exists": 2, "line-not-disputable": 1}
        answer = scene.fuel.call("POST", contest, {"reason": "other"})
        assert (answer.status, answer.body["code"]) == (404, "reconciliation-not-found")
