"""A member at the pages and merchants at the API, about one wallet."""

import re
from dataclasses import dataclass
from typing import Any

from tests.books import Books
from tests.members.visitor import Answer, SignedIn, Site, Visitor, sign_in_as
from tests.server import Coalition, Partner


@dataclass
class Purse:
    """Somebody signed in, with a wallet that merchants link, fill and spend from."""

    site: Site
    visitor: Visitor
    me: SignedIn
    coalition: Coalition

    @classmethod
    def of(cls, site: Site, books: Books, **how: Any) -> "Purse":
        visitor = site.visitor()
        coalition = Coalition(site, books.database, books)  # type: ignore[arg-type]
        return cls(site, visitor, sign_in_as(visitor, books.database, **how), coalition)

    @property
    def wallet(self) -> int:
        return self.me.wallet

    def another(self, books: Books, **how: Any) -> "Purse":
        """Somebody else in the same coalition."""
        visitor = self.site.visitor()
        me = sign_in_as(visitor, books.database, **how)
        return Purse(self.site, visitor, me, self.coalition)

    def token(self, sees: str = "balance", daily_limit: str = "500") -> str:
        """What the member shows a brand to be linked."""
        answer = self.visitor.post("/link-a-brand", sees=sees, daily_limit=daily_limit)
        assert answer.status == 200, answer.words
        return token_of(answer)

    def link(
        self, partner: Partner, sees: str = "balance", daily_limit: int = 500, **asks: Any
    ) -> str:
        """The partner's name for the member, who lets it see and spend so much."""
        asked = {"daily_limit": daily_limit, "shares_balance": sees == "balance", **asks}
        token = self.token(sees, str(daily_limit))
        answer = partner.call("POST", "/v1/members/links", {"token": token, **asked})
        assert answer.status == 201, answer.body
        return str(answer.body["id"])

    def close(self) -> None:
        self.coalition.close()


def token_of(answer: Answer) -> str:
    """The link token as the page shows it."""
    found = re.search(r'class="code token">([\w-]{32})<', answer.text)
    assert found is not None, answer.words
    return found.group(1)
