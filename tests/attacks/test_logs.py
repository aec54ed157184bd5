"""A log line says what was answered to which key, and nothing about a person."""

import re

from tests.server import Coalition


def test_nothing_of_a_member_is_logged(coalition: Coalition) -> None:
    market = coalition.partner()
    member = market.enrol(reference="CANARY-CUSTOMER", shares_balance=True)
    market.accrue(member, 77_123, "CANARY-RECEIPT")
    code = market.call("POST", f"/v1/members/{member}/payment-codes", {"max_points": 5}).body
    token = market.call("POST", f"/v1/members/{member}/link-tokens", {}).body
    market.redeem(member, 10**9, "CANARY-REFUSED")
    market.call("GET", f"/v1/members/{member}/balance?points=77123")
    market.call("POST", "/v1/accruals", {"member": member, "canary": "CANARY-FIELD"})
    log = coalition.server.log.read_text()
    assert '"operation": "accrue"' in log
    for canary in ("CANARY", member, code["code"], token["token"]):
        assert canary not in log
    assert not re.search(r"(?<![0-9.])77123(?![0-9])", log)  # A time may hold these digits.
