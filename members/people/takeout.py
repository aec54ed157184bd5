"""Everything that the hub keeps about a person, as JSON or as tables: piece by piece, so that a
long life costs no more memory than a short one."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, Final, cast
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy.orm import Session

from exchange import history, links
from kit import ids
from kit.clock import rfc3339
from kit.csv_lines import Cell, stream
from kit.database import Database
from kit.secrets import Secrets
from members.people import passkeys, persons, sessions, store

AT_ONCE: Final = 500  # rows of one look into the database

Line = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Takeout:
    """Whose data, and where it is. `brands` names parties; `today` is a day of the hub's zone."""

    database: Database
    secrets: Secrets
    person: UUID
    wallet: int
    brands: dict[int, str]
    today: date
    now: datetime

    def as_json(self) -> Iterator[bytes]:
        """One object: the profile, and a list for each table."""
        yield b'{"profile": ' + _text(self._profile()).encode()
        for name, _, rows in self._tables():
            yield f',\n"{name}": ['.encode()
            separator = b"\n"
            for row in rows():
                yield separator + _text(row).encode()
                separator = b",\n"
            yield b"\n]"
        yield b"}\n"

    def as_zip(self) -> Iterator[bytes]:
        """An archive with a CSV for each table."""
        sink = _Sink()
        profile = self._profile()
        tables = [("profile", tuple(profile), lambda: iter([profile])), *self._tables()]
        with ZipFile(cast(IO[bytes], sink), "w", ZIP_DEFLATED) as archive:
            for name, head, rows in tables:
                entry = ZipInfo(f"{name}.csv", self.now.timetuple()[:6])
                entry.compress_type = ZIP_DEFLATED
                with archive.open(entry, "w", force_zip64=True) as file:
                    for piece in stream(head, _cells(head, rows())):
                        file.write(piece)
                        yield sink.take()
        yield sink.take()

    def _tables(self) -> list[tuple[str, tuple[str, ...], Callable[[], Iterator[Line]]]]:
        return [
            ("lots", ("issuer", "points", "held", "spendable_from", "expires_on"), self._lots),
            (
                "history",
                (
                    "id", "at", "kind", "brand", "points", "owed", "reference", "rate_theirs",
                    "rate_ours", "theirs", "fee", "undoes", "undone", "note",
                ),
                self._history,
            ),
            (
                "consents",
                ("brand", "since", "daily_limit", "shares_balance", "answers", "last_used_at"),
                self._consents,
            ),
            ("sessions", ("device", "how", "opened_at", "seen_at"), self._sessions),
            ("passkeys", ("name", "added_at", "used_at"), self._passkeys),
            ("notices", ("at", "kind", "facts", "read_at", "delivery"), self._notices),
            (
                "gifts",
                ("id", "direction", "points", "moved", "state", "given_at", "ended_at", "words"),
                self._gifts,
            ),
        ]  # fmt: skip

    def _profile(self) -> Line:
        with self.database.transaction() as session:
            row = store.person(session, self.person)
            known = persons.particulars(session, self.secrets, self.person)
            if row is None or known is None:
                raise LookupError(self.person)
            sums = history.sums(session, self.wallet, self.today)
        return {
            "phone": known.phone,
            "name": known.name,
            "language": row["language"],
            "theme": row["theme"],
            "opened_at": row["opened_at"],
            "phone_verified_at": row["phone_verified_at"],
            "available": sums.available,
            "held": sums.held,
            "pending": sums.pending,
            "frozen": sums.frozen,
            "downloaded_at": self.now,
        }

    def _lots(self) -> Iterator[Line]:
        with self.database.transaction() as session:
            found = history.lots(session, self.wallet, self.today)
        for lot in found:
            yield {
                "issuer": self._brand(lot.issuer),
                "points": lot.available,
                "held": lot.held,
                "spendable_from": lot.spendable_from,
                "expires_on": lot.expires_on,
            }

    def _history(self) -> Iterator[Line]:
        before: UUID | None = None
        while True:
            with self.database.transaction() as session:
                found = history.page(session, self.wallet, limit=AT_ONCE, before=before) or []
            for one in found[:AT_ONCE]:
                yield {
                    "id": ids.to_text("jrn", one.id),
                    "at": one.at,
                    "kind": one.kind,
                    "brand": self._brand(one.party),
                    "points": one.points,
                    "owed": one.owed,
                    "reference": one.reference,
                    "rate_theirs": one.rate and one.rate[0],
                    "rate_ours": one.rate and one.rate[1],
                    "theirs": one.theirs,
                    "fee": one.fee,
                    "undoes": one.undoes and ids.to_text("jrn", one.undoes),
                    "undone": one.undone,
                    "note": one.note,
                }
            if len(found) <= AT_ONCE:
                return
            before = found[AT_ONCE - 1].id

    def _consents(self) -> Iterator[Line]:
        with self.database.transaction() as session:
            found = links.of_wallet(session, self.wallet)
        for link in found:
            yield {
                "brand": self._brand(link["party_id"]),
                "since": link["linked_at"],
                "daily_limit": link["daily_limit"],
                "shares_balance": link["shares_balance"],
                "answers": link["answers"],
                "last_used_at": link["last_used_at"],
            }

    def _sessions(self) -> Iterator[Line]:
        with self.database.transaction() as session:
            found = sessions.of(session, self.person, self.now)
        for row in found:
            yield {name: row[name] for name in ("device", "how", "opened_at", "seen_at")}

    def _passkeys(self) -> Iterator[Line]:
        with self.database.transaction() as session:
            found = passkeys.of(session, self.secrets, self.person)
        for one in found:
            yield {"name": one.name, "added_at": one.added_at, "used_at": one.used_at}

    def _notices(self) -> Iterator[Line]:
        for row in self._paged(store.notices_before):
            yield {
                "at": row["at"],
                "kind": row["kind"],
                "facts": row["facts"],
                "read_at": row["read_at"],
                "delivery": row["state"],
            }

    def _gifts(self) -> Iterator[Line]:
        for row in self._paged(store.gifts_before):
            yield {
                "id": ids.to_text("gft", row["id"]),
                "direction": "given" if row["given"] else "received",
                "points": row["points"],
                "moved": row["moved"],
                "state": row["state"],
                "given_at": row["given_at"],
                "ended_at": row["ended_at"],
                "words": None if row["sealed"] is None else self.secrets.unseal(row["sealed"]),
            }

    def _paged(self, page: Callable[[Session, UUID, UUID | None, int], list[Any]]) -> Iterator[Any]:
        before: UUID | None = None
        while True:
            with self.database.transaction() as session:
                found = page(session, self.person, before, AT_ONCE)
            yield from found
            if len(found) < AT_ONCE:
                return
            before = found[-1]["id"]

    def _brand(self, party: int | None) -> str | None:
        return None if party is None else self.brands.get(party)


class _Sink:
    """A file that nobody can wind back: what was written is taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """There is nothing between."""

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def _cells(head: tuple[str, ...], rows: Iterable[Line]) -> Iterator[list[Cell]]:
    for row in rows:
        yield [_cell(row[name]) for name in head]


def _cell(value: Any) -> Cell:
    match value:
        case None | str():
            return value
        case bool():
            return "yes" if value else "no"
        case int():
            return value
        case dict():
            return _text(value)
        case _:
            return _plain(value)


def _text(value: Line) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)
