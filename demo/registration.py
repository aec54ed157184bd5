"""How the eight brands come to the hub: with keys, and terms that a second person approved."""

from typing import Any

from demo.brands import BRANDS, Brand, Rate
from demo.hub import Hub, HubFailed
from demo.keyring import SCOPES, Keyring, private_file
from demo.operator_desk import OperatorDesk
from sdk.python.tongbao_client import Client

PROPOSER, APPROVER = "Mei 梅", "Jun 军"
SINCE = "2017-01-01"
UNDO_DAYS = 14
# What a yuan is worth: examples, not quotations.
FX = {"HKD": "1.118", "JPY": "16.8"}


def register(hub: Hub, desk: OperatorDesk) -> Keyring:
    """Everything a brand needs before it can trade; the hub must be serving. Raises HubFailed."""
    folder = hub.home / "keys"
    folder.mkdir(mode=0o700)
    for operator in (PROPOSER, APPROVER):
        desk.run("operators", "add", operator)
    for currency, rate in FX.items():
        reason = "an example, not a quotation"
        words = (currency, rate, "--from", SINCE, "--as", PROPOSER, "--reason", reason)
        _approve(desk, desk.run("fx", "propose", *words, "--json"))
    ids: dict[str, str] = {}
    for brand in BRANDS:
        desk.run("partners", "add", brand.slug, "--name", brand.name)
        for name, scopes in SCOPES.items():
            options = [word for scope in scopes for word in ("--scope", scope)]
            file = private_file(folder, brand.slug, name)
            key = desk.run("keys", "generate", brand.slug, "--out", file, *options, "--json")
            ids[f"{brand.slug}/{name}"] = key["id"]
        _agree_on_terms(desk, brand)
        desk.run("partners", "activate", brand.slug)
    keyring = Keyring(folder=folder, origin=hub.origin, ids=ids)
    keyring.save()
    offices = keyring.clients("office")
    for brand in BRANDS:
        for direction, agreed in (("import", brand.imports), ("export", brand.exports)):
            if agreed:
                _propose_rate(desk, offices[brand.slug], brand, direction, agreed)
    return keyring


def _agree_on_terms(desk: OperatorDesk, brand: Brand) -> None:
    terms = {
        "issue-price": brand.issue_price,
        "accept-price": brand.accept_price,
        "fee-ppm": brand.fee_ppm,
        "prefunded-ppm": brand.prefunded_ppm,
        "currency": brand.currency,
        "cap": brand.cap,
        "expiry-months": brand.expiry_months,
        "from": SINCE,
        "as": PROPOSER,
        "reason": f"{brand.name} joins the coalition",
    }
    options = [word for name, value in terms.items() for word in (f"--{name}", str(value))]
    _approve(desk, desk.run("terms", "propose", brand.slug, *options, "--json"))


def _propose_rate(
    desk: OperatorDesk, office: Client, brand: Brand, direction: str, rate: Rate
) -> None:
    """The brand itself proposes its rate, by the signed API; the hub's people approve it."""
    content: dict[str, Any] = {
        "direction": direction,
        "theirs": rate.theirs,
        "ours": rate.ours,
        "minimum": rate.step,
        "step": rate.step,
        "fee_ppm": rate.fee_ppm,
        "undo_days": UNDO_DAYS,
        "valid_from": f"{SINCE}T00:00:00Z",
    }
    answer = office.call("POST", "/v1/rates", content)
    if answer.status != 202:
        raise HubFailed(f"{brand.slug} could not propose its rate: {answer.body}")
    _approve(desk, answer.body)


def _approve(desk: OperatorDesk, proposal: dict[str, Any]) -> None:
    desk.run("proposals", "approve", proposal["id"], "--as", APPROVER)
