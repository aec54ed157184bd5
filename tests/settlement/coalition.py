"""A coalition in a few lines: partners with terms, trade between them, and windows that close."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import text

from settlement import closing, store
from tests.books import FAR, Books
from tests.factories import build_partner, build_proposal, build_sealer, build_terms
from tests.settlement import steps

NOW = datetime(2030, 1, 1, tzinfo=UTC)  # When the second half of every closing is worked out.


class Coalition:
    """Partners by slug; points move through the books, as they do behind the API."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.database = books.database
        self.signer = build_sealer()
        self.parties: dict[str, int] = {}
        self.window = str(books.rows('SELECT name FROM exchange."window"')[0].name)

    def partner(self, slug: str, *, name: str | None = None, **terms: Any) -> int:
        """A partner whose terms are those of `build_terms` but for what is named: its party."""
        party = self.books.party()
        with self.database.transaction() as session:
            build_partner(session, slug=slug, name=name or slug.title(), party=party)
            build_terms(session, party, **{"currency": "CNY"} | terms)
        self.parties[slug] = party
        return party

    def wallet(self) -> int:
        return self.books.wallet()

    def issue(
        self, slug: str, wallet: int, points: int, *, expires_on: date = FAR, **fields: Any
    ) -> str:
        return self.books.issue(
            self.parties[slug], wallet, points, expires_on=str(expires_on), **fields
        )

    def spend(self, slug: str, wallet: int, points: int, **fields: Any) -> str:
        party = self.parties[slug]
        return self.books.post(
            "redemption",
            party=party,
            link=self.books.link(party, wallet),
            points=points,
            **fields,
        ).unwrap()["id"]

    def refund(self, slug: str, sale: str, points: int | None = None, **fields: Any) -> str:
        return self.books.post(
            "refund", party=self.parties[slug], undoes=sale, points=points, **fields
        ).unwrap()["id"]

    def claw_back(self, slug: str, accrual: str, points: int | None = None) -> dict[str, Any]:
        return self.books.post(
            "clawback", party=self.parties[slug], undoes=accrual, points=points
        ).unwrap()

    def expire(self, wallet: int, *, on: datetime) -> None:
        self.books.post("lot-expiry", wallet=wallet, moment=on).unwrap()

    def begin(self, next_name: str) -> str:
        """The first half of closing alone, as when the hub is killed after it; the closed one."""
        closed, self.window = self.window, next_name
        with self.database.transaction() as session:
            closing.begin(
                session,
                window=closed,
                next_name=next_name,
                currency="CNY",
                by="mei",
            )
        return closed

    def resume(self, window: str) -> None:
        closing.resume(self.database, window=window, now=NOW, signer=self.signer)

    def close(self, next_name: str) -> str:
        """Close the open window; the name of the closed one."""
        closed, self.window = self.window, next_name
        closing.close(
            self.database,
            window=closed,
            next_name=next_name,
            currency="CNY",
            by="mei",
            now=NOW,
            signer=self.signer,
        )
        return closed

    def settle(self, window: str) -> None:
        """All steps that are left, whatever the bank says."""
        with self.database.transaction() as session:
            if store.get_window(session, window).state == "closed":
                steps.approve(session, window, NOW, by="li")
            steps.start_paying(session, window, NOW, by="mei")
            agreed = build_proposal(
                session, kind="settle-regardless", proposed_by="mei", decided_by="li"
            )
            closing.mark_settled(session, window, NOW, by="mei, li", regardless=agreed.id)

    # --- reading, by slug ---

    def id(self, window: str) -> int:
        with self.database.transaction() as session:
            return store.get_window(session, window).id

    def state(self, window: str) -> str:
        with self.database.transaction() as session:
            return store.get_window(session, window).state

    def obligations(self, window: str) -> set[tuple[str, str, str, int, int]]:
        """Those of more than nothing."""
        with self.database.transaction() as session:
            rows = store.obligations(session, store.get_window(session, window).id)
        return {
            (self.slug(each.debtor), self.slug(each.creditor), each.kind, each.points, each.amount)
            for each in rows
            if each.amount
        }

    def nets(self, window: str) -> dict[str, int]:
        with self.database.transaction() as session:
            rows = store.positions(session, store.get_window(session, window).id)
        return {self.slug(row["party"]): row["net"] for row in rows}

    def settled(self, window: str) -> dict[str, tuple[int, str]]:
        with self.database.transaction() as session:
            rows = store.positions(session, store.get_window(session, window).id)
        return {self.slug(row["party"]): (row["settles"], row["currency"]) for row in rows}

    def payments(self, window: str) -> list[tuple[str, str, int, str]]:
        with self.database.transaction() as session:
            rows = store.payments(session, store.get_window(session, window).id)
        return [
            (self.slug(row["payer"]), self.slug(row["payee"]), row["amount"], row["currency"])
            for row in rows
        ]

    def documents(self, window: str) -> dict[str, Any]:
        """The rows of settlement.statement, by slug."""
        rows = self.books.rows(
            "SELECT * FROM settlement.statement WHERE window_id = %s", self.id(window)
        )
        return {self.slug(row.party_id): row for row in rows}

    def exposure(self, slug: str) -> tuple[int, int]:
        """Points and money that count towards the cap."""
        with self.database.transaction() as session:
            row = session.execute(
                text("SELECT points, owed FROM exchange.exposure WHERE party_id = :party"),
                {"party": self.parties[slug]},
            ).one()
        return row.points, row.owed

    def slug(self, party: int) -> str:
        own = {1: "hub", 2: "float"}
        return own.get(party) or next(s for s, p in self.parties.items() if p == party)
