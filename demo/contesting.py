"""One line is contested: left out of the net, answered, and given back in the next window."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from demo.asking import get, pages, post
from demo.hub import HubFailed
from demo.keyring import Keyring
from demo.operator_desk import OperatorDesk
from demo.registration import PROPOSER
from demo.tally import Tally

TILL, ISSUER = "lantern", "harvest"
_FEWEST = 100  # Points, so that it can be seen in the money.


@dataclass(frozen=True, kw_only=True, slots=True)
class Contested:
    """A dispute that ended; `correction` is the refund's journal in the open window."""

    dispute: str
    reference: str
    points: int
    revision: int
    outcome: str
    correction: str


def contest(
    desk: OperatorDesk,
    keyring: Keyring,
    window: str,
    statements: Mapping[str, Mapping[str, Any]],
    undone: Container[str],
    tally: Tally,
) -> Contested:
    """A till forgot to give points back for goods that came back; the issuer agrees.

    `undone` are the receipts that came back already. Raises HubFailed, UnverifiedAnswer.
    """
    offices = keyring.clients("office")
    issuer = statements[ISSUER]["party"]
    path = f"/v1/statements/{statements[TILL]['number']}/lines?side=accepted&limit=100"
    for page in pages(offices[TILL], path, tally):
        for line in page["lines"]:
            kept = line["kind"] == "spent" and line["reference"] not in undone
            if kept and line["issuer"] == issuer and line["points"] >= _FEWEST:
                return _carry_through(desk, offices, window, line, tally)
    raise HubFailed(f"{TILL} accepted nothing of {ISSUER}'s that could be contested")


def _carry_through(
    desk: OperatorDesk,
    offices: Mapping[str, Any],
    window: str,
    line: Mapping[str, Any],
    tally: Tally,
) -> Contested:
    content = {
        "lines": [{"journal": line["journal"], "issuer": line["issuer"]}],
        "reason": "returned",
        "words": f"Receipt {line['reference']}: the guest was repaid, the points were forgotten.",
    }
    (opened,) = post(offices[TILL], "/v1/disputes", content, tally)["disputes"]
    dispute = opened["id"]
    revised = desk.run("disputes", "revise", window, "--as", PROPOSER, "--json")
    answer = {"accepts": True, "words": "Agreed."}
    post(offices[ISSUER], f"/v1/disputes/{dispute}/answer", answer, tally)
    ended = get(offices[TILL], f"/v1/disputes/{dispute}", tally)
    return Contested(
        dispute=dispute,
        reference=line["reference"],
        points=line["points"],
        revision=revised["revision"],
        outcome=ended["outcome"],
        correction=ended["correction"],
    )
