"""A member with points who pays at tills: both are real, and so is the hub between them."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from kit.database import Database
from kit.ids import from_text, to_text
from tests.books import Books
from tests.members.visitor import Answer, SignedIn, Site, Visitor, sign_in_as
from tests.server import Answer as Told
from tests.server import Coalition, Partner


def digits(page: Answer) -> str:
    """The code that a page shows, as it is copied."""
    found = re.search(r'<p class="digits code">(.*?)</p>', page.text)
    assert found is not None, page.words
    return re.sub(r"<[^>]*>", "", found[1])


def state_of(page: Answer) -> str:
    """Where the page asks what became of its code."""
    found = re.search(r'data-state="([^"]+)"', page.text)
    assert found is not None, page.words
    return found[1]


@dataclass
class Paying:
    """`issuer` gave the member 10,000 points; `till` does not know the member."""

    site: Site
    coalition: Coalition
    issuer: Partner
    till: Partner
    visitor: Visitor
    member: SignedIn

    @property
    def at_issuer(self) -> str:
        """The issuer's name for the member."""
        row = self.coalition.books.owner.execute(
            "SELECT id FROM exchange.link WHERE wallet_id = %s AND party_id = %s",
            (self.member.wallet, self.issuer.party),
        ).fetchone()
        assert row is not None
        return to_text("mbr", row[0])

    def code(self, path: str = "/pay") -> str:
        return digits(self.visitor.get(path))

    def spend(
        self, code: str, points: int = 100, till: Partner | None = None, path: str = "redemptions"
    ) -> Told:
        body = {"payment_code": code, "points": points, "reference": f"T-{secrets.token_hex(6)}"}
        return (till or self.till).call("POST", f"/v1/{path}", body)

    def hold(self, code: str, points: int = 1_200) -> str:
        return str(self.spend(code, points, path="authorizations").body["id"])

    def live(self, page: Answer) -> Answer:
        """What the page's script gets when it asks."""
        return self.visitor.get(state_of(page), **{"X-Fragment": "1"})

    def someone(self, points: int = 10_000) -> tuple[Visitor, SignedIn]:
        """Another member, signed in elsewhere."""
        visitor = self.site.visitor()
        return visitor, member_of(self.coalition, self.issuer, visitor, points)


def member_of(
    coalition: Coalition, issuer: Partner, visitor: Visitor, points: int = 10_000
) -> SignedIn:
    """Somebody to whom the issuer gave points, signed in."""
    member = issuer.enrol()
    if points:
        issuer.accrue(member, points)
    row = coalition.books.owner.execute(
        "SELECT wallet_id FROM exchange.link WHERE id = %s", (from_text("mbr", member),)
    ).fetchone()
    assert row is not None
    return sign_in_as(visitor, coalition.database, wallet=row[0])


@pytest.fixture
def paying(
    site: Site,
    database: Database,
    books: Books,
    visitor: Visitor,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Paying]:
    monkeypatch.setattr("partners.brands._KEEP_SECONDS", 0.0)  # These brands are seconds old.
    coalition = Coalition(site, database, books)  # type: ignore[arg-type]
    issuer, till = coalition.partner("market"), coalition.partner("restaurant")
    member = member_of(coalition, issuer, visitor)
    yield Paying(site, coalition, issuer, till, visitor, member)
    coalition.close()
