"""One of everything: a shop for whose every operation there is a request that would succeed."""

import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kit.ids import to_text, uuid7
from kit.secrets import Secrets
from partners import keys
from partners.api.operations import Operation, Posting, Upload
from partners.exchanges import exchanging
from partners.public_keys import PrivateKey, proof_of_possession
from settlement import closing
from settlement.bank import invoices
from tests.attacks.wire import Request, Wire, sign, unsigned
from tests.factories import build_sealer
from tests.partners.exchanges.conftest import wallet_of
from tests.server import SECRET, Coalition, Partner, base64url
from tests.settlement import steps
from tests.settlement.bank.agreed import agree_account
from web.app import OPERATIONS

ORIGIN = "https://shop.example"

_STEP = re.compile(r"<(?:\w+:)?(\w+)>")
_KINDS = {
    "member": "mbr",
    "authorization": "aut",
    "transaction": "jrn",
    "quote": "quo",
    "reconciliation": "rec",
    "dispute": "dsp",
    "evidence": "evd",
    "approval": "apv",
    "exchange": "exg",
}
_QUERIES = {
    "addReconciliationLines": "?part=1",
    "putDisputeEvidence": "?name=a.txt",
    "listStatementLines": "?side=accepted",
    "listStatementProofs": "?side=accepted",
    "getTreeConsistency": "?first={size}&second={size}",
}  # without which there is no such request
_FILES = {
    "addReconciliationLines": b"reference,kind,points\nR-1,spent,3\n",
    "putDisputeEvidence": b"%PDF-1.7 a receipt",
}


@dataclass
class Scene:
    """A shop that issues and accepts, its objects by name, and a stranger who owns nothing."""

    coalition: Coalition
    shop: Partner
    stranger: Partner
    objects: dict[str, str]
    ready: dict[str, dict[str, str]]  # By operation, objects of its own in the state it needs.

    def path(self, operation: Operation, **other: str) -> str:
        """The operation's path, to the shop's objects or to others."""
        ids = {**self.objects, **self.ready.get(operation.name, {}), **other}
        path = _STEP.sub(lambda step: ids[step[1]], operation.path)
        return path + _QUERIES.get(operation.name, "").format(**self.objects)

    def content(self, name: str) -> dict[str, Any] | None:
        """The content of a request that would succeed."""
        member, reference = self.objects["member"], f"N-{secrets.token_hex(6)}"
        contents: dict[str, dict[str, Any]] = {
            "enrolMember": {"reference": reference, "daily_limit": 5},
            "linkMember": {"token": self.objects["token"], "daily_limit": 5},
            "createLinkToken": {},
            "createPaymentCode": {"max_points": 10},
            "accrue": {"member": member, "reference": reference, "points": 7},
            "quoteImport": {"member": member, "theirs": 100},
            "importPoints": {"member": member, "reference": reference, "theirs": 100},
            "clawBack": {"reference": reference, "points": 1},
            "authorize": {"member": member, "reference": reference, "points": 3},
            "capture": {"points": 2},
            "void": {},
            "redeem": {"member": member, "reference": reference, "points": 3},
            "refund": {
                "transaction": self.objects["redemption"],
                "reference": reference,
                "points": 1,
            },
            "proposeRate": {
                "direction": "export",
                "theirs": 1,
                "ours": 2,
                "valid_from": "2027-01-01T00:00:00Z",
            },
            "createReconciliation": {"window": self.objects["window"], "side": "accepted"},
            "matchReconciliation": {"lines": 1},
            "openDisputes": {"lines": [{"journal": self.objects["sale"]}], "reason": "other"},
            "contestFindings": {"reason": "other"},
            "answerDispute": {"accepts": False},
            "escalateDispute": {},
            "withdrawDispute": {},
            "putReturnOrigins": {"origins": [ORIGIN]},
            "putExchangeEndpoint": {"url": "http://127.0.0.1:9/exchange"},
            "askApproval": {
                "points": 5,
                "reference": reference,
                "description": "Two tickets",
                "return_url": f"{ORIGIN}/done",
            },
        }
        if name == "postBatch":
            return {"orders": [self.line(one) for one in ("accrue", "redeem")]}
        if name == "registerKey":
            return key_content(self.shop, PrivateKey.generate(), ["till"])
        return contents.get(name)

    def line(self, name: str, **other: str) -> dict[str, Any]:
        """A line of a batch that does what this operation does; `other` names objects."""
        operation = named(name)
        if not isinstance(operation, Posting):
            raise TypeError(f"{name} is nothing that a batch does")
        ids = {place: self.objects[place] for place in _STEP.findall(operation.path)}
        return {"kind": operation.kind, **(self.content(name) or {}), **ids, **other}

    def request(self, operation: Operation, content: Any = None, **other: str) -> Request:
        """Unsigned; `other` names objects in the path."""
        if content is None and operation.body is not None:
            content = self.content(operation.name) or {}
        method, path = operation.method, self.path(operation, **other)
        if isinstance(operation, Upload):
            content = content or _FILES[operation.name]
            made = unsigned(self.coalition.server, method, path, content)
            return made.but(content_type=operation.types[0])
        return unsigned(self.coalition.server, method, path, content)

    def signed(self, operation: Operation, content: Any = None, **signing: Any) -> Request:
        """Signed by the shop, or as the arguments say."""
        partner = signing.pop("partner", self.shop)
        return sign(self.request(operation, content), partner, **signing)


def key_content(
    partner: Partner,
    private: PrivateKey,
    scopes: list[str],
    *,
    text: str | None = None,
    created: int | None = None,
    proof_of: str | None = None,
) -> dict[str, Any]:
    """What registers a key; the arguments make it wrong."""
    created = int(time.time()) if created is None else created
    public = private.public_key.to_text()
    owner = proof_of or keys.public_id(partner.partner_id)
    return {
        "public_key": text or public,
        "scopes": scopes,
        "created": created,
        "proof": base64url(private.sign(proof_of_possession(owner, public, created))),
    }


def missing(name: str) -> str:
    """An id of the right shape that nothing has."""
    if name in _KINDS:
        return to_text(_KINDS[name], uuid7())
    return {"key": f"key_{secrets.token_hex(10)}", "redemption": to_text("jrn", uuid7())}.get(
        name, "NOBODY-000001"
    )


def set_up(coalition: Coalition, wire: Wire) -> Scene:
    """Trade a little, close a window, trade a little more."""
    # The name that fixtures give the window has a space, which no path may hold.
    coalition.books.owner.execute("UPDATE exchange.\"window\" SET name = replace(name, ' ', '-')")
    shop, stranger = coalition.partner(), coalition.partner()
    coalition.rate(shop, 10, 3)
    member = shop.enrol(reference="C-1", shares_balance=True)
    shop.accrue(member, 1_000)
    shop.redeem(member, 10)
    till = coalition.partner()
    at_till = till.link(shop, member)
    till.redeem(at_till, 10)
    statement = _close(coalition, shop)
    answer = stranger.call("POST", f"/v1/members/{stranger.enrol()}/link-tokens", {})
    objects = {
        "member": member,
        "transaction": shop.accrue(member, 100).body["id"],
        "redemption": shop.redeem(member, 10).body["id"],
        "authorization": shop.authorise(member, 20).body["id"],
        "quote": shop.call("POST", "/v1/quotes", {"member": member, "theirs": 50}).body["id"],
        "token": answer.body["token"],
        "statement": statement,
        "invoice": _invoice(coalition, shop, till),
    }
    with coalition.database.transaction() as session:
        spare = keys.register(
            session, party=shop.party, key=_spare_key(shop), now=datetime.now(UTC)
        )
    objects["key"] = spare["id"]
    objects["window"] = shop.call("GET", "/v1/windows").body["windows"][1]["name"]  # It closed.
    body = {"window": objects["window"], "side": "accepted"}
    objects["reconciliation"] = shop.call("POST", "/v1/reconciliations", body).body["id"]
    objects["size"] = str(shop.call("GET", "/v1/tree/head").body["size"])
    objects["sale"] = till.redeem(at_till, 2).body["id"]
    objects["dispute"] = _dispute(shop, till, at_till)
    path = f"/v1/disputes/{objects['dispute']}/evidence?name=a.txt"
    put = shop.call("POST", path, b"a receipt", content_type="text/plain")
    objects["evidence"] = put.body["id"]
    shop.call("PUT", "/v1/return-origins", {"origins": [ORIGIN]})
    asked = {"points": 5, "reference": "T-1", "description": "x", "return_url": f"{ORIGIN}/"}
    objects["approval"] = shop.call("POST", "/v1/approvals", asked).body["id"]
    objects["exchange"] = _exchange(coalition, shop, member)
    ready = {"answerDispute": {"dispute": _dispute(till, till, at_till)}}
    ready["withdrawDispute"] = {"dispute": _dispute(shop, till, at_till)}
    answered = _dispute(shop, till, at_till)
    till.call("POST", f"/v1/disputes/{answered}/answer", {"accepts": False})
    ready["escalateDispute"] = {"dispute": answered}
    return Scene(coalition, shop, stranger, objects, ready)


def _dispute(opener: Partner, till: Partner, member: str) -> str:
    """A dispute about a sale of the shop's points at the till."""
    body = {"lines": [{"journal": till.redeem(member, 1).body["id"]}], "reason": "other"}
    return str(opener.call("POST", "/v1/disputes", body).body["disputes"][0]["id"])


def _exchange(coalition: Coalition, shop: Partner, member: str) -> str:
    """An import that the member has confirmed, and the shop was not asked for yet."""
    shop.call("PUT", "/v1/exchange-endpoint", {"url": "http://127.0.0.1:9/exchange"})
    wallet, now = wallet_of(coalition.database, member), datetime.now(UTC)
    with coalition.database.transaction() as session:
        made = exchanging.quote(
            session,
            wallet=wallet,
            party=shop.party,
            direction="import",
            amount=50,
            limit=1_000,
            now=now,
        )
        exchanging.confirm(
            session, made, wallet=wallet, limit=1_000, secrets=Secrets(SECRET.encode()), now=now
        )
    return to_text("exg", made)


def named(name: str) -> Operation:
    """The operation of this name."""
    return next(one for one in OPERATIONS if one.name == name)


def _spare_key(shop: Partner) -> keys.NewKey:
    private, created = PrivateKey.generate(), int(time.time())
    public = private.public_key.to_text()
    proof = private.sign(proof_of_possession(keys.public_id(shop.partner_id), public, created))
    return keys.NewKey(public=public, scopes=("settle",), created=created, proof=proof)


def _close(coalition: Coalition, shop: Partner) -> str:
    """Close the open window; the number of the shop's statement."""
    window = shop.call("GET", "/v1/windows").body["windows"][0]["name"]
    closing.close(
        coalition.database,
        window=window,
        next_name=f"n-{secrets.token_hex(4)}",
        currency="CNY",
        by="mei",
        now=datetime.now(UTC),
        signer=build_sealer(),
    )
    found = shop.call("GET", "/v1/statements").body["statements"]
    return str(found[0]["number"])


def _invoice(coalition: Coalition, shop: Partner, till: Partner) -> str:
    """What the shop owes for the window that closed; the number of the invoice."""
    window, now = shop.call("GET", "/v1/windows").body["windows"][1]["name"], datetime.now(UTC)
    with coalition.database.transaction() as session:
        for party in (1, till.party):
            agree_account(session, party, f"12345{party}", now=now)
        steps.approve(session, window, now, by="li")
        invoices.issue(session, window, now=now)
    return str(shop.call("GET", "/v1/invoices").body["invoices"][0]["number"])
