"""The month's end: the desk closes the window, the brands fetch what they pay and receive."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from demo.asking import get
from demo.brands import BRANDS
from demo.figures import Debt, Figures, Payment, Position
from demo.hub import Hub, HubFailed
from demo.keyring import Keyring
from demo.operator_desk import OperatorDesk
from demo.registration import PROPOSER
from demo.tally import Tally
from sdk.python.tongbao_client import PublicKey, fetch_hub_keys


def close(desk: OperatorDesk, window: str, next_window: str) -> dict[str, Any]:
    """Close the window and return its figures, as the desk shows them. Raises HubFailed."""
    desk.run("windows", "close", window, "--next", next_window, "--as", PROPOSER)
    shown: dict[str, Any] = desk.run("windows", "show", window, "--json")
    return shown


def fetch_statements(
    hub: Hub, keyring: Keyring, window: str, tally: Tally
) -> dict[str, dict[str, Any]]:
    """Every brand's statement in force, by slug, fetched under its own key and kept as JSON, CSV.

    Raises HubFailed when one is missing or was not signed by the hub, UnverifiedAnswer.
    """
    folder_of(hub).mkdir(exist_ok=True)
    hub_keys = fetch_hub_keys(hub.origin)
    statements = {}
    for slug, office in keyring.clients("office").items():
        listed = get(office, "/v1/statements", tally)["statements"]
        of_window = [each for each in listed if each["window"] == window]
        line = max(of_window, key=lambda each: int(each["revision"]))
        path = f"/v1/statements/{line['number']}"
        statements[slug] = get(office, path, tally)
        document = _canonical(statements[slug])
        _check_signature(line, document, hub_keys)
        file = file_of(hub, slug, line["number"])
        file.write_bytes(document)
        file.with_suffix(".csv").write_bytes(get(office, f"{path}/csv", tally))
    return statements


def folder_of(hub: Hub) -> Path:
    """Where the month's statements lie."""
    return hub.home / "statements"


def file_of(hub: Hub, slug: str, number: str) -> Path:
    """One brand's copy of its statement, as JSON."""
    return folder_of(hub) / f"statement-{number}-{slug}.json"


def _canonical(statement: dict[str, Any]) -> bytes:
    """The bytes the hub signed: a statement is written in one way only."""
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def _check_signature(
    line: dict[str, Any], document: bytes, hub_keys: Mapping[str, PublicKey]
) -> None:
    key = hub_keys.get(line["key_id"])
    if not isinstance(key, Ed25519PublicKey):
        raise HubFailed(f"{line['number']} is signed with a key the hub does not publish")
    try:
        key.verify(bytes.fromhex(line["signature"]), document)
    except InvalidSignature:
        raise HubFailed(f"{line['number']} is not what the hub signed") from None


def read_figures(shown: dict[str, Any], statements: dict[str, dict[str, Any]]) -> Figures:
    """The desk's figures with the brands' statements beside them."""
    names = {int(party): name for party, name in shown["names"].items()}
    names |= {statements[brand.slug]["party"]: brand.name for brand in BRANDS}
    owed: dict[tuple[int, int], int] = {}
    for each in shown["obligations"]:
        pair = each["debtor"], each["creditor"]
        owed[pair] = owed.get(pair, 0) + each["amount"]
    return Figures(
        currency=shown["currency"],
        names=names,
        debts=[Debt(debtor=a, creditor=b, amount=owed[a, b]) for a, b in sorted(owed)],
        positions=[Position(**each) for each in shown["positions"]],
        payments=[Payment(**each) for each in shown["payments"]],
        statements=statements,
    )
