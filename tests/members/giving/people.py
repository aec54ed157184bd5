"""People who give: each has a wallet, and a number as giving knows it, its blind index."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from kit.database import Database
from kit.ids import uuid7
from kit.secrets import Secrets
from members.giving import gifts, joining, purses
from members.people import erasing, persons
from members.people.numbers import blind_index
from tests.books import FAR, Books
from tests.members.visitor import SECRETS, next_number

__all__ = ["SECRETS", "People", "Person"]


@dataclass(frozen=True)
class Person:
    id: UUID
    wallet: int
    number: bytes


@dataclass
class People:
    """Everything that giving can do, with defaults for what a test does not name."""

    database: Database
    books: Books
    secrets: Secrets = SECRETS
    issuer: int = field(init=False)
    _phones: dict[bytes, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.issuer = self.books.party()

    def transaction(self) -> AbstractContextManager[Session]:
        return self.database.transaction()

    def number(self) -> bytes:
        """One that nobody has, or not yet."""
        phone = next_number()
        index = blind_index(self.secrets, phone)
        self._phones[index] = phone
        return index

    def person(
        self, points: int = 0, *, number: bytes | None = None, expires_on: str = str(FAR)
    ) -> Person:
        wallet = self.books.wallet(points=points, issuer=self.issuer, expires_on=expires_on)
        member = uuid7()
        self.books.owner.execute(
            "INSERT INTO members.member VALUES (%s, %s, 1, clock_timestamp())", (member, wallet)
        )
        number = number or self.number()
        with self.transaction() as session:
            person = persons.open_person(
                session, self.secrets, self._phones[number], member=member, now=self.now()
            )
        return Person(person, wallet, number)

    def erase(self, person: Person) -> None:
        """As from the settings' page."""
        with self.transaction() as session:
            erasing.erase(session, person.id, self.now())

    def now(self) -> datetime:
        return datetime.now(UTC)

    def new(
        self,
        giver: Person,
        to: Person | bytes,
        points: int = 100,
        *,
        id_: UUID | None = None,
        daily_limit: int = 1_000_000,
        note: str = "",
    ) -> gifts.NewGift:
        return gifts.NewGift(
            id=id_ or uuid7(),
            giver=giver.id,
            wallet=giver.wallet,
            to_index=to.number if isinstance(to, Person) else to,
            points=points,
            daily_limit=daily_limit,
            words={"to": "139****0000", "sender": "138****1111", "note": note},
        )

    def give(
        self,
        giver: Person,
        to: Person | bytes,
        points: int = 100,
        *,
        at: datetime | None = None,
        **more: object,
    ) -> UUID:
        with self.transaction() as session:
            return gifts.give(
                session,
                self.new(giver, to, points, **more),  # type: ignore[arg-type]
                secrets_=self.secrets,
                now=at or self.now(),
            )

    def accept(self, gift: UUID, recipient: Person, *, at: datetime | None = None) -> int:
        with self.transaction() as session:
            return gifts.accept(session, gift, recipient=recipient.id, now=at or self.now())

    def decline(self, gift: UUID, recipient: Person) -> int:
        with self.transaction() as session:
            return gifts.decline(session, gift, recipient=recipient.id, now=self.now())

    def take_back(self, gift: UUID, giver: Person) -> int:
        with self.transaction() as session:
            return gifts.take_back(session, gift, giver=giver.id, now=self.now())

    def bring_back(self, *, after: timedelta = gifts.WAITS) -> int:
        return gifts.bring_back(self.database, self.now() + after)

    def gift(self, gift: UUID) -> gifts.Gift:
        """As its giver sees it."""
        [row] = self.books.rows("SELECT giver_id FROM members.gift WHERE id = %s", gift)
        with self.transaction() as session:
            return gifts.seen_by(
                session, gift, row.giver_id, secrets_=self.secrets, now=self.now()
            )[0]

    def escrow(self, gift: UUID) -> int:
        [row] = self.books.rows("SELECT escrow_id FROM members.gift WHERE id = %s", gift)
        return int(row.escrow_id)

    def available(self, person: Person) -> int:
        return self.books.balance(person.wallet)[0]

    # --- purses ---

    def purse(self, opener: Person, name: str = "Home") -> UUID:
        with self.transaction() as session:
            return purses.open_(
                session,
                id_=uuid7(),
                person=opener.id,
                name=name,
                secrets_=self.secrets,
                now=self.now(),
            )

    def purse_wallet(self, purse: UUID) -> int:
        [row] = self.books.rows("SELECT wallet_id FROM members.purse WHERE id = %s", purse)
        return int(row.wallet_id)

    def invite(
        self, purse: UUID, opener: Person, to: Person | bytes, daily_limit: int = 500
    ) -> None:
        with self.transaction() as session:
            joining.invite(
                session,
                purse,
                opener=opener.id,
                to_index=to.number if isinstance(to, Person) else to,
                words={"to": "139****0000", "sender": "138****1111"},
                daily_limit=daily_limit,
                secrets_=self.secrets,
                now=self.now(),
            )

    def invitation(self, person: Person) -> UUID:
        """The one that waits for this person."""
        with self.transaction() as session:
            [found] = joining.invited(session, person.id, secrets_=self.secrets, now=self.now())
        return found.id

    def join(self, purse: UUID, opener: Person, person: Person, daily_limit: int = 500) -> None:
        self.invite(purse, opener, person, daily_limit)
        invitation = self.invitation(person)
        with self.transaction() as session:
            joining.join(session, invitation, person=person.id, now=self.now())

    def contribute(
        self,
        purse: UUID,
        person: Person,
        points: int = 100,
        *,
        id_: UUID | None = None,
        daily_limit: int = 1_000_000,
    ) -> None:
        with self.transaction() as session:
            purses.contribute(
                session,
                id_=id_ or uuid7(),
                purse=purse,
                person=person.id,
                wallet=person.wallet,
                points=points,
                daily_limit=daily_limit,
                now=self.now(),
            )

    def close(self, purse: UUID, person: Person) -> int:
        with self.transaction() as session:
            return purses.close(session, purse, person=person.id, now=self.now())

    def allowance(self, purse: UUID, person: Person) -> int:
        with self.transaction() as session:
            return purses.allowance(session, purse, person.id, self.now())
