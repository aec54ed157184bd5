"""What the hub's people find at the desk the next morning: a dispute, a record, two proposals."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.asking import pages, post
from demo.brands import BY_SLUG
from demo.hub import HubFailed
from demo.keyring import Keyring
from demo.operator_desk import OperatorDesk
from demo.registration import APPROVER, PROPOSER
from demo.tally import Tally

TILL, ISSUER = "northway", "evergreen"
Line = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """What was left to do: a record's differences, and proposals by their ids."""

    differences: int
    proposals: tuple[str, ...]


def contest(keyring: Keyring, statements: Mapping[str, Line], tally: Tally) -> str:
    """The id of a dispute that nobody answers. Raises HubFailed, UnverifiedAnswer."""
    issuer = statements[ISSUER]["party"]
    lines = _accepted(keyring, statements, tally)
    found = next((e for e in lines[::-1] if e["kind"] == "spent" and e["issuer"] == issuer), None)
    if found is None:
        raise HubFailed(f"{TILL} accepted nothing of {ISSUER}'s that could be contested")
    content = {
        "lines": [{"journal": found["journal"], "issuer": found["issuer"]}],
        "reason": "wrong-points",
        "words": f"Receipt {found['reference']}: the pump stopped early.",
    }
    office = keyring.clients("office")[TILL]
    (opened,) = post(office, "/v1/disputes", content, tally)["disputes"]
    return str(opened["id"])


def leave(
    desk: OperatorDesk,
    keyring: Keyring,
    window: str,
    statements: Mapping[str, Line],
    folder: Path,
    since: str,
    tally: Tally,
) -> Waiting:
    """Leave all of it. `since` is the day from which new terms are proposed.

    Raises HubFailed, UnverifiedAnswer.
    """
    lines = _accepted(keyring, statements, tally)
    return Waiting(
        differences=_differences(desk, window, _record(lines, folder / f"{TILL}-{window}.csv")),
        proposals=(propose_terms(desk, since), _adjustment(desk, keyring, tally)),
    )


def _accepted(keyring: Keyring, statements: Mapping[str, Line], tally: Tally) -> list[Line]:
    office = keyring.clients("office")[TILL]
    path = f"/v1/statements/{statements[TILL]['number']}/lines?side=accepted&limit=1000"
    return [line for page in pages(office, path, tally) for line in page["lines"]]


def _record(lines: Iterable[Line], file: Path) -> Path:
    """What the brand's own tills noted: one amount is another, one sale is not there, one more."""
    sold: dict[str, int] = {}
    for line in lines:
        if line["kind"] == "spent":
            sold[line["reference"]] = sold.get(line["reference"], 0) + line["points"]
    _, (reference, points), *rest = sorted(sold.items())
    rows = [(reference, points + 10), *rest, ("F-90002", 90)]
    file.parent.mkdir(exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(("reference", "kind", "points"))
        writer.writerows((reference, "spent", points) for reference, points in rows)
    return file


def _differences(desk: OperatorDesk, window: str, file: Path) -> int:
    words = ("--partner", TILL, "--window", window, "--side", "accepted", "--json")
    return len(desk.run("reconciliations", "run", file, *words)["findings"])


def propose_terms(desk: OperatorDesk, since: str) -> str:
    """A little more for each point that a brand accepts; the proposal's id."""
    brand = BY_SLUG[TILL]
    terms = {
        "issue-price": brand.issue_price,
        "accept-price": brand.accept_price + 3_000,
        "fee-ppm": brand.fee_ppm,
        "prefunded-ppm": brand.prefunded_ppm,
        "currency": brand.currency,
        "cap": brand.cap,
        "expiry-months": brand.expiry_months,
        "from": since,
        "as": PROPOSER,
        "reason": "The yearly review: fuel margins rose",
    }
    options = [word for name, value in terms.items() for word in (f"--{name}", str(value))]
    return str(desk.run("terms", "propose", brand.slug, *options, "--json")["id"])


def _adjustment(desk: OperatorDesk, keyring: Keyring, tally: Tally) -> str:
    till = keyring.clients("till")["moment"]
    content = {"reference": "complaint 311", "daily_limit": 0}
    member = post(till, "/v1/members", content, tally)["id"]
    words = ("--member", member, "--points", "300", "--direction", "credit", "--json")
    why = ("--as", APPROVER, "--reason", "Complaint 311: an album came late")
    return str(desk.run("adjustments", "propose", "moment", *words, *why)["id"])
