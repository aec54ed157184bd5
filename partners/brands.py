"""Partners as members know them: names by party, read at most every two seconds."""

import time
from collections.abc import Collection, Mapping

from sqlalchemy import text

from kit.database import Database
from members.pages.wiring import Brand

_KEEP_SECONDS = 2.0


class Registered:
    """The brands of the registry."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read_at = float("-inf")
        self._all: dict[int, Brand] = {}
        self._open: list[Brand] = []

    def all(self) -> Mapping[int, Brand]:
        self._refresh()
        return self._all

    def named(self, parties: Collection[int]) -> Mapping[int, Brand]:
        found = self.all()
        if all(party in found for party in parties):
            return found
        self._read_at = float("-inf")
        return self.all()

    def open(self) -> list[Brand]:
        self._refresh()
        return self._open

    def _refresh(self) -> None:
        if time.monotonic() - self._read_at < _KEEP_SECONDS:
            return
        with self._database.transaction() as session:
            rows = session.execute(
                text("SELECT party_id, name, slug, state FROM partners.partner ORDER BY name")
            ).all()
        made = [(Brand(row.party_id, row.name, row.slug), row.state) for row in rows]
        self._all = {brand.party: brand for brand, _ in made}
        self._open = [brand for brand, state in made if state == "active"]
        self._read_at = time.monotonic()
