"""A shop that asks, a member with points that it does not know, and the clock of approvals."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kit.ids import from_text
from kit.secrets import Secrets
from partners.asking import asking
from partners.asking.asking import Decider
from sdk.python.tongbao_client import Answer
from tests.server import SECRET, Coalition, Partner

ORIGIN = "https://travel.example"


@dataclass
class Asking:
    """`shop` has registered its origin; `member` is the `bank`'s, with 5,000 points."""

    coalition: Coalition
    shop: Partner
    bank: Partner
    member: str

    def ask(self, partner: Partner | None = None, **content: Any) -> Answer:
        body = {
            "points": 1_000,
            "reference": f"TR-{secrets.token_hex(6)}",
            "description": "Flight on 6 December",
            "return_url": f"{ORIGIN}/checkout?cart=7",
            **content,
        }
        return (partner or self.shop).call("POST", "/v1/approvals", body)

    def asked(self, **content: Any) -> str:
        answer = self.ask(**content)
        assert answer.status == 201, answer.body
        return str(answer.body["id"])

    def decider(self, partner: Partner | None = None, member: str | None = None) -> Decider:
        """The member behind a partner's id."""
        link = from_text("mbr", member or self.member)
        with self.coalition.database.transaction() as session:
            row = session.execute(
                text(
                    "SELECT m.id, m.wallet_id FROM exchange.link l"
                    " JOIN members.member m ON m.wallet_id = l.wallet_id WHERE l.id = :link"
                ),
                {"link": link},
            ).one()
        return Decider(member=row.id, wallet=row.wallet_id)

    def approve(self, approval: str, by: Decider | None = None) -> None:
        with self.coalition.database.transaction() as session:
            asking.approve(
                session,
                self.id(approval),
                by or self.decider(),
                secrets_=Secrets(SECRET.encode()),
                now=datetime.now(UTC),
            )

    def refuse(self, approval: str, by: Decider | None = None) -> None:
        with self.coalition.database.transaction() as session:
            asking.refuse(session, self.id(approval), by or self.decider(), datetime.now(UTC))

    def state(self, approval: str) -> str:
        return str(self.shop.call("GET", f"/v1/approvals/{approval}").body["state"])

    def spend(self, approval: str, partner: Partner | None = None, **content: Any) -> Answer:
        body = {"approval": approval, "points": 1_000, "reference": f"R-{secrets.token_hex(6)}"}
        path = content.pop("path", "/v1/authorizations")
        return (partner or self.shop).call("POST", path, body | content)

    def available(self) -> int:
        answer = self.bank.call("GET", f"/v1/members/{self.member}/balance")
        return int(answer.body["available"])

    def expire(self, approval: str, *, code: bool = False) -> None:
        """Let ten minutes (or, of what was approved, fifteen) be over."""
        owner = self.coalition.books.owner
        owner.execute(
            "UPDATE partners.approval SET asked_at = asked_at - interval '10 minutes',"
            " expires_at = expires_at - interval '10 minutes',"
            " decided_at = decided_at - interval '10 minutes' WHERE id = %s",
            (self.id(approval),),
        )
        if code:
            owner.execute(
                "UPDATE exchange.payment_code SET expires_at = now() WHERE digest ="
                " (SELECT code_digest FROM partners.approval WHERE id = %s)",
                (self.id(approval),),
            )

    @staticmethod
    def id(approval: str) -> UUID:
        found = from_text("apv", approval)
        assert found is not None
        return found


@pytest.fixture
def asking_shop(coalition: Coalition) -> Asking:
    shop, bank = coalition.partner("travel"), coalition.partner("bank")
    put = shop.call("PUT", "/v1/return-origins", {"origins": [ORIGIN]})
    assert put.status == 200, put.body
    member = bank.enrol(shares_balance=True)
    bank.accrue(member, 5_000)
    return Asking(coalition, shop, bank, member)
