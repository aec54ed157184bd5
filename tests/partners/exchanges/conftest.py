"""A member with points at a bank and an account at an airline that exchanges both ways."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from kit.database import Database
from kit.ids import from_text
from kit.secrets import Secrets
from partners.exchanges import driving, exchanging, store
from partners.exchanges.calling import Answer, Caller
from partners.exchanges.machine import Direction
from partners.exchanges.store import Row
from partners.public_keys import PrivateKey
from tests.partners.exchanges.programme import Programme, programme
from tests.server import SECRET, Coalition, Partner

SECRETS = Secrets(SECRET.encode())
LIMIT = 100_000
UNDO_DAYS = 14


class Clock:
    """The database's own time, moved ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Trade:
    """`bank` gave the member 5,000 points; at the `airline` it has 900 miles.

    Ten points are three miles, both ways; an export costs 1 %.
    """

    coalition: Coalition
    database: Database
    owner: psycopg.Connection
    bank: Partner
    airline: Partner
    member: str
    traveller: str
    wallet: int
    programme: Programme
    caller: Caller
    clock: Clock

    def quote(self, direction: Direction, amount: int, **other: Any) -> UUID:
        with self.database.transaction() as session:
            return exchanging.quote(
                session,
                **{
                    "wallet": self.wallet,
                    "party": self.airline.party,
                    "direction": direction,
                    "amount": amount,
                    "limit": LIMIT,
                    "now": self.clock(),
                    **other,
                },
            )

    def confirm(self, exchange: UUID, **other: Any) -> None:
        with self.database.transaction() as session:
            exchanging.confirm(
                session,
                exchange,
                **{
                    "wallet": self.wallet,
                    "limit": LIMIT,
                    "secrets": SECRETS,
                    "now": self.clock(),
                    **other,
                },
            )

    def advance(self, exchange: UUID) -> Answer | None:
        return driving.advance(self.database, self.caller, exchange)

    def begun(self, direction: Direction, amount: int) -> UUID:
        """Quoted and confirmed."""
        exchange = self.quote(direction, amount)
        self.confirm(exchange)
        return exchange

    def done(self, direction: Direction, amount: int) -> UUID:
        exchange = self.begun(direction, amount)
        self.advance(exchange)
        assert self.row(exchange)["state"] == "done"
        return exchange

    def undo(self, exchange: UUID) -> None:
        with self.database.transaction() as session:
            exchanging.undo(session, exchange, wallet=self.wallet, now=self.clock())

    def later(self, **by: float) -> int:
        """Time goes by, and the job runs; how many exchanges got an answer."""
        self.clock.ahead += timedelta(**by)
        return driving.ask_partners(self.database, self.caller)

    def row(self, exchange: UUID) -> Row:
        with self.database.transaction() as session:
            row = store.find(session, exchange, self.wallet)
        assert row is not None
        return row

    def row_of(self, path: str) -> Row:
        """The exchange whose page this is."""
        found = from_text("exg", path.rpartition("/")[2])
        assert found is not None
        return self.row(found)

    def balance(self) -> tuple[int, int]:
        """Available and held."""
        with self.database.transaction() as session:
            row = session.execute(
                text("SELECT available, held FROM exchange.wallet WHERE id = :id"),
                {"id": self.wallet},
            ).one()
        return row.available, row.held

    def journals(self, kind: str) -> int:
        with self.database.transaction() as session:
            count: int = session.execute(
                text("SELECT count(*) FROM exchange.journal WHERE wallet_id = :w AND kind = :kind"),
                {"w": self.wallet, "kind": kind},
            ).scalar_one()
        return count


def wallet_of(database: Database, member: str) -> int:
    with database.transaction() as session:
        wallet: int = session.execute(
            text("SELECT wallet_id FROM exchange.link WHERE id = :id"),
            {"id": from_text("mbr", member)},
        ).scalar_one()
    return wallet


@pytest.fixture
def trade(coalition: Coalition, database: Database, owner: psycopg.Connection) -> Iterator[Trade]:
    bank, airline = coalition.partner("bank"), coalition.partner("airline")
    member = bank.enrol(shares_balance=True)
    traveller = airline.link(bank, member, reference="FF-004471")
    bank.accrue(member, 5_000)
    agreed = {"undo_days": UNDO_DAYS}
    coalition.rate(airline, 3, 10, direction="import", minimum=3, step=3, **agreed)
    coalition.rate(airline, 3, 10, direction="export", minimum=150, fee_ppm=10_000, **agreed)
    clock = Clock()
    server = coalition.server
    key = PrivateKey.from_pem(server.key_file.read_text())
    (key_id,) = server.keys
    with programme(server.keys, clock=clock, balance=900) as made:
        put = airline.call("PUT", "/v1/exchange-endpoint", {"url": made.url})
        assert put.status == 200, put.body
        yield Trade(
            coalition,
            database,
            owner,
            bank,
            airline,
            member,
            traveller,
            wallet_of(database, member),
            made,
            Caller(key_id, key, False, clock),
            clock,
        )
