"""Market issues most of the points and does not pay for them: shown, agreed, done, made good."""

from datetime import UTC, datetime
from typing import Any

import pytest

from settlement import closing
from settlement.defaults.errors import (
    CoveredAlready,
    DefaultChanged,
    DefaultExists,
    DefaultNotFound,
    NothingDue,
    RecoveryTooLarge,
    SecurityShort,
)
from settlement.errors import SettlementStepRefused
from staff.errors import SecondPersonRequired
from tests.factories import build_sealer
from tests.server import Coalition, Partner, coalition  # noqa: F401 - the fixture
from tests.web.desk import Desk


class Scene:
    """Market owes Fuel 600 and Sushi 200, Fuel owes Market 100: nets of −700, 500 and 200."""

    def __init__(self, hub: Coalition) -> None:
        self.hub = hub
        self.sealer = build_sealer()
        self.close("window 1", "2026-11")
        fair = {"accept_price": 1_000_000, "fee_ppm": 0}
        self.market = hub.partner("market", collateral=300, fund_share=50, **fair)
        self.fuel = hub.partner("fuel", fund_share=60, **fair)
        self.sushi = hub.partner("sushi", fund_share=40, **fair)
        self.desk = Desk(hub.database, self.sealer)
        member = self.market.enrol()
        self.market.accrue(member, 1000)
        self.fuel.redeem(self.fuel.link(self.market, member), 600)
        self.sushi.redeem(self.sushi.link(self.market, member), 200)
        other = self.fuel.enrol()
        self.fuel.accrue(other, 100)
        self.market.redeem(self.market.link(self.fuel, other), 100)
        self.member = member
        self.close("2026-11", "2026-12")

    def close(self, window: str, next_name: str) -> None:
        closing.close(
            self.hub.database,
            window=window,
            next_name=next_name,
            currency="CNY",
            by="ann",
            now=datetime.now(UTC),
            signer=self.sealer,
        )

    def secure(self) -> None:
        for slug, account, amount in (
            ("market", "collateral", 300),
            ("market", "fund", 50),
            ("fuel", "fund", 60),
            ("sushi", "fund", 40),
        ):
            self.desk.agree("defaults", "deposit", slug, account, str(amount))

    def nets(self, window: str = "2026-11") -> dict[str, int]:
        """By each partner's own statement, fetched under its own key."""
        found = {}
        for partner in (self.market, self.fuel, self.sushi):
            found[partner.slug] = statement(partner, window)["net"]
        return found


def statement(partner: Partner, window: str) -> dict[str, Any]:
    """A partner's statement of a window that is in force now."""
    number = partner.call("GET", f"/v1/windows/{window}").body["figures"]["statement"]
    body: dict[str, Any] = partner.call("GET", f"/v1/statements/{number}").body
    return body


@pytest.fixture
def scene(coalition: Coalition) -> Scene:  # noqa: F811 - the fixture
    return Scene(coalition)


class TestDryRun:
    def test_shows_both_ways_and_does_neither(self, scene: Scene) -> None:
        scene.secure()
        without, cover = scene.desk.json("defaults", "dry-run", "2026-11", "market")
        assert (without["method"], without["shortfall"], without["shares"]) == ("without", 700, [])
        assert nets_of(scene, without) == {"market": 0, "fuel": 0, "sushi": 0}
        assert [(each["step"], each["amount"]) for each in cover["shares"]] == [
            ("collateral", 300),
            ("own-contribution", 50),
            ("mutual-fund", 60),
            ("mutual-fund", 40),
            ("loss", 179),  # 250 in proportion to 500…
            ("loss", 71),  # …and 200.
        ]
        assert nets_of(scene, cover) == {"market": 0, "fuel": 321, "sushi": 129}
        assert scene.nets() == {"market": -700, "fuel": 500, "sushi": 200}
        shown = scene.desk.run("defaults", "dry-run", "2026-11", "market").stdout
        assert "own-contribution" in shown
        assert "Everybody's net" in shown

    def test_refuses_one_that_is_to_receive(self, scene: Scene) -> None:
        with pytest.raises(NothingDue):
            scene.desk.run("defaults", "dry-run", "2026-11", "fuel")
        with pytest.raises(DefaultNotFound):
            scene.desk.run("defaults", "show", "2026-11", "fuel")

    def test_refuses_a_window_that_is_open(self, scene: Scene) -> None:
        with pytest.raises(SettlementStepRefused):
            scene.desk.run("defaults", "dry-run", "2026-12", "market")


class TestCovered:
    def test_is_done_as_shown_and_made_good_in_reverse(self, scene: Scene) -> None:
        scene.secure()
        before = statement(scene.market, "2026-11")["number"]
        done = scene.desk.agree("defaults", "propose", "2026-11", "market", "--method", "cover")
        assert done["effect"] == "window 2026-11 stands at revision 2"
        assert scene.nets() == {"market": 0, "fuel": 321, "sushi": 129}
        now = statement(scene.market, "2026-11")
        assert (now["number"], now["replaces"], now["cover"]) == (f"{before}-r2", before, 700)
        assert statement(scene.fuel, "2026-11")["cover"] == -179
        # It issues no more; what it issued can still be spent.
        assert scene.market.accrue(scene.member, 1).status == 403
        held = {row["slug"]: row for row in scene.desk.json("defaults", "fund")}
        assert (held["market"]["collateral"], held["market"]["collateral_agreed"]) == (0, 300)
        assert [held[slug]["fund"] for slug in held] == [0, 0, 0]

        with pytest.raises(RecoveryTooLarge):
            scene.desk.propose("defaults", "cure", "2026-11", "market", "--amount", "701")
        done = scene.desk.agree("defaults", "cure", "2026-11", "market", "--amount", "300")
        assert done["effect"].startswith("300 came, of which 250")
        held = {row["slug"]: row["fund"] for row in scene.desk.json("defaults", "fund")}
        assert held == {"market": 0, "fuel": 30, "sushi": 20}
        shown = scene.desk.json("defaults", "show", "2026-11", "market")
        assert [(row["step"], row["gave"], row["got_back"]) for row in shown] == [
            ("collateral", 300, 0),
            ("own-contribution", 50, 0),
            ("mutual-fund", 60, 30),
            ("mutual-fund", 40, 20),
            ("loss", 179, 179),
            ("loss", 71, 71),
        ]
        [listed] = scene.desk.json("defaults", "list")
        assert (listed["missing"], listed["cured_at"]) == (400, None)
        scene.desk.agree("defaults", "cure", "2026-11", "market")
        held = {row["slug"]: row for row in scene.desk.json("defaults", "fund")}
        assert (held["market"]["collateral"], held["market"]["fund"]) == (300, 50)
        with pytest.raises(DefaultNotFound):
            scene.desk.propose("defaults", "cure", "2026-11", "market")

    def test_without_any_security_those_it_owes_share_the_loss(self, scene: Scene) -> None:
        scene.desk.agree("defaults", "propose", "2026-11", "market", "--method", "cover")
        assert scene.nets() == {"market": 0, "fuel": 0, "sushi": 0}

    def test_one_person_cannot_do_it(self, scene: Scene) -> None:
        words = ("defaults", "propose", "2026-11", "market", "--method", "cover")
        proposal = scene.desk.propose(*words)
        with pytest.raises(SecondPersonRequired):
            scene.desk.run("proposals", "approve", proposal["id"], "--as", "ann")
        assert scene.nets()["market"] == -700

    def test_what_was_shown_or_nothing(self, scene: Scene) -> None:
        proposal = scene.desk.propose(
            "defaults", "propose", "2026-11", "market", "--method", "cover"
        )
        scene.secure()
        with pytest.raises(DefaultChanged):
            scene.desk.approve(proposal)
        assert scene.nets()["market"] == -700

    def test_once(self, scene: Scene) -> None:
        words = ("defaults", "propose", "2026-11", "market", "--method", "cover")
        scene.desk.agree(*words)
        with pytest.raises(DefaultExists):
            scene.desk.propose(*words)

    def test_another_of_the_window_is_covered_as_well(self, scene: Scene) -> None:
        scene.desk.agree("defaults", "propose", "2026-11", "market", "--method", "cover")
        with pytest.raises(CoveredAlready):
            scene.desk.run("defaults", "dry-run", "2026-11", "fuel", "--method", "without")


class TestWithout:
    def test_its_part_waits_and_comes_back_once_it_is_cured(self, scene: Scene) -> None:
        scene.desk.agree("defaults", "propose", "2026-11", "market", "--method", "without")
        assert scene.nets() == {"market": 0, "fuel": 0, "sushi": 0}
        assert scene.market.accrue(scene.member, 1).status == 403
        scene.close("2026-12", "2027-01")
        assert scene.nets("2026-12") == {"market": 0, "fuel": 0, "sushi": 0}
        done = scene.desk.agree("defaults", "cure", "2026-11", "market")
        assert done["effect"] == "what was left out comes into the next settlement"
        scene.close("2027-01", "2027-02")
        assert scene.nets("2027-01") == {"market": -700, "fuel": 500, "sushi": 200}


class TestSecurity:
    def test_two_people_book_what_came_and_what_goes(self, scene: Scene) -> None:
        proposal = scene.desk.propose("defaults", "deposit", "fuel", "fund", "60")
        with pytest.raises(SecondPersonRequired):
            scene.desk.run("proposals", "approve", proposal["id"], "--as", "ann")
        assert scene.desk.approve(proposal)["effect"] == "deposit of 60 booked"
        scene.desk.agree("defaults", "withdraw", "fuel", "fund", "59")
        with pytest.raises(SecurityShort):
            scene.desk.agree("defaults", "withdraw", "fuel", "fund", "2")
        shown = scene.desk.run("defaults", "fund")
        assert "The mutual fund holds 1." in shown.stdout


def nets_of(scene: Scene, outcome: dict[str, Any]) -> dict[str, int]:
    slugs = {each.party: each.slug for each in (scene.market, scene.fuel, scene.sushi)}
    return {
        slugs[each["party"]]: each["after"] for each in outcome["nets"] if each["party"] in slugs
    }
