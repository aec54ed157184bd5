"""How often something may be done: buckets by keyed digests, so that neither names nor addresses
are kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket that holds `most` and gains one each `each`."""

    what: str
    most: int
    each: timedelta


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of one table: `digest`, its key `bucket_pk`, and `full_at`, when one is full
    again, which says how much is in it."""

    table: str

    def take(
        self, session: Session, secrets_: Secrets, limit: Limit, whose: str, now: datetime
    ) -> datetime | None:
        """Take one. None when there was one; else when there will be."""
        digest = _digest(secrets_, limit, whose)
        taken = session.execute(
            text(
                f"INSERT INTO {self.table} AS b (digest, full_at)"  # noqa: S608 - our own name
                " VALUES (:digest, CAST(:now AS timestamptz) + :each)"
                " ON CONFLICT ON CONSTRAINT bucket_pk DO UPDATE"
                " SET full_at = greatest(b.full_at, CAST(:now AS timestamptz)) + :each"
                " WHERE b.full_at <= CAST(:now AS timestamptz) + :each * (:most - 1)"
                " RETURNING digest"
            ),
            {"digest": digest, "each": limit.each, "most": limit.most, "now": now},
        ).first()
        if taken is not None:
            return None
        full_at: datetime = session.execute(
            text(f"SELECT full_at FROM {self.table} WHERE digest = :digest"),  # noqa: S608
            {"digest": digest},
        ).scalar_one()
        return full_at - limit.each * (limit.most - 1)

    def fill(self, session: Session, secrets_: Secrets, limit: Limit, whose: str) -> None:
        """Forgive what was taken."""
        session.execute(
            text(f"DELETE FROM {self.table} WHERE digest = :digest"),  # noqa: S608
            {"digest": _digest(secrets_, limit, whose)},
        )

    def forget(self, session: Session, now: datetime) -> None:
        """Drop full ones: they are as good as none."""
        session.execute(
            text(f"DELETE FROM {self.table} WHERE full_at <= :now"),  # noqa: S608
            {"now": now},
        )


def network(address: str | None) -> str:
    """Whom an address counts for: of IPv6, everybody has 64 bits to themselves."""
    if not address:
        return ""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return found.packed[:8].hex()


def _digest(secrets_: Secrets, limit: Limit, whose: str) -> bytes:
    return secrets_.digest(f"bucket {limit.what}", whose)
