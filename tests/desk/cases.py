"""A month with two contested sales, for the desk's pages about them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kit.database import Database
from kit.ids import to_text
from partners.api.operations import File
from settlement import store
from settlement.disputes import opening, steps
from settlement.reconciliation import receiving, records
from tests.books import Books
from tests.settlement.coalition import Coalition


@dataclass
class Month:
    """600 and 400 of Market's points were spent at Fuel, a fen each; the month is still open."""

    hub: Coalition
    first: UUID
    second: UUID
    window: str

    @property
    def database(self) -> Database:
        return self.hub.database

    def now(self) -> datetime:
        return datetime.now(UTC)

    def contest(self, journal: UUID, *, escalate: bool = True, **said: Any) -> str:
        """Market contests a sale, Fuel rejects, Market asks the hub: the dispute's public id."""
        market, fuel = self.hub.parties["market"], self.hub.parties["fuel"]
        now = datetime.now(UTC)
        with self.database.transaction() as session:
            (made,) = opening.open_disputes(
                session,
                party=market,
                lines=[opening.Line(journal)],
                **{"reason": "duplicate", "words": "Rung up twice.", "now": now, **said},
            )
            if escalate:
                steps.answer(
                    session, party=fuel, dispute=made, accepts=False, words="Two meals.", now=now
                )
                steps.escalate(session, party=market, dispute=made, words="", now=now)
        return to_text("dsp", made)

    def record(self, rows: str, *, side: records.Side = "accepted", slug: str = "fuel") -> str:
        """A partner's record of the closed month, matched: its public id."""
        now, party = datetime.now(UTC), self.hub.parties[slug]
        with self.database.transaction() as session:
            begun = receiving.begin(
                session, party=party, window=self.window, side=side, tolerance=300, many=False,
                now=now,
            )  # fmt: skip
            file = File(rows.encode(), records.CSV, "utf-8")
            part = receiving.receive(session, begun.id, 1, file, party=party, now=now)
            receiving.ask(session, begun.id, lines=part["lines"], party=party, now=now)
        return to_text("rec", begun.id)

    def nets(self, window: str) -> dict[str, int]:
        """What each pays or receives; the nets are nought together."""
        found = self.hub.nets(window)
        assert sum(found.values()) == 0
        return {slug: net for slug, net in found.items() if net}

    def statements(self, window: str) -> set[str]:
        with self.database.transaction() as session:
            id_ = store.get_window(session, window).id
            return {row["number"] for row in store.last_statements(session, id_).values()}


def month(books: Books) -> Month:
    hub = Coalition(books)
    hub.close("2026-10")
    books.owner.execute("DELETE FROM settlement.head")
    for slug in ("market", "fuel"):
        hub.partner(slug, name=slug.title(), issue_price=1_000_000, accept_price=1_000_000)
    wallet = hub.wallet()
    hub.issue("market", wallet, 10_000)
    first = hub.spend("fuel", wallet, 600, reference="R-1")
    second = hub.spend("fuel", wallet, 400, reference="R-2")
    return Month(hub, UUID(first), UUID(second), hub.window)
