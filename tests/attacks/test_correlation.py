"""Two brands that put together all they were ever told cannot tell who is whose customer (T25)."""

import json
import re
from typing import Any

from tests.server import Coalition, Partner

MEMBERS = 40
# Words of the protocol, amounts and times: what is not the name of anybody or anything.
_NAME = re.compile(r"[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}")


def names(answers: list[Any]) -> set[str]:
    """Every id in what was answered."""
    return set(_NAME.findall(json.dumps(answers)))


def told(partner: Partner, member: str, reference: str) -> list[Any]:
    """All that a brand can get out of the hub about a member."""
    earned = partner.accrue(member, 50, f"{reference}-a").body
    hold = partner.authorise(member, 10, f"{reference}-h").body
    captured = partner.call("POST", f"/v1/authorizations/{hold['id']}/capture", {}).body
    spent = partner.redeem(member, 10, f"{reference}-r").body
    return [
        earned,
        hold,
        captured,
        spent,
        partner.call("GET", f"/v1/members/{member}").body,
        partner.call("GET", f"/v1/members/{member}/balance?points=5").body,
        partner.call("GET", f"/v1/transactions/{spent['id']}").body,
        partner.call("GET", f"/v1/authorizations/{hold['id']}").body,
        partner.call("POST", f"/v1/members/{member}/payment-codes", {"max_points": 5}).body,
    ]


def test_no_name_is_common_to_two_brands(coalition: Coalition) -> None:
    market, florist = coalition.partner("market"), coalition.partner("florist")
    of_market: list[Any] = []
    of_florist: list[Any] = []
    for number in range(MEMBERS):
        here = market.enrol(shares_balance=True)
        there = florist.link(market, here, shares_balance=True)
        assert here != there
        of_market += told(market, here, f"M{number}")
        of_florist += told(florist, there, f"F{number}")
    assert len(names(of_market)) > 3 * MEMBERS
    assert not names(of_market) & names(of_florist)
    # Nor is another brand ever named.
    assert "florist" not in json.dumps(of_market).lower()
    assert "market" not in json.dumps(of_florist).lower()


def test_a_member_of_another_brand_is_as_one_who_is_not(coalition: Coalition) -> None:
    market, florist = coalition.partner("market"), coalition.partner("florist")
    theirs = market.enrol()
    nobodys = "mbr_01kdexw000ff6yvw0j6hb7c9nb"

    def answers(member: str) -> list[tuple[int, str]]:
        asked = (
            florist.call("GET", f"/v1/members/{member}"),
            florist.call("GET", f"/v1/members/{member}/balance?points=1"),
            florist.accrue(member, 1, f"a-{member[-4:]}"),
            florist.redeem(member, 1, f"r-{member[-4:]}"),
            florist.call("POST", f"/v1/members/{member}/link-tokens", {}),
        )
        return [(each.status, each.body["code"]) for each in asked]

    assert answers(theirs) == answers(nobodys)
    assert {status for status, _ in answers(theirs)} == {404}
