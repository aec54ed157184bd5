"""Who stands in a figure: names of parties as people read them, and their places at the desk."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.language import gettext as _
from settlement.reckoning import FLOAT, HUB

OWN = {HUB: "hub", FLOAT: "float"}


@dataclass(frozen=True, slots=True)
class Party:
    """`slug` is how addresses name it: a partner's own, or `hub` or `float`."""

    number: int
    slug: str
    name: str
    state: str  # of a partner; empty for the hub's own


class Parties:
    """All of them, by number or slug; read once for a page."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(
            text("SELECT party_id, slug, name, state FROM partners.partner ORDER BY name")
        )
        found = [Party(row.party_id, row.slug, row.name, row.state) for row in rows]
        found += [Party(HUB, "hub", _("The hub"), ""), Party(FLOAT, "float", _("Prepaid pool"), "")]
        self._by_number = {each.number: each for each in found}
        self._by_slug = {each.slug: each for each in found}

    def __getitem__(self, number: int) -> Party:
        return self._by_number[number]

    def name(self, number: int) -> str:
        return self._by_number[number].name

    def slug(self, number: int) -> str:
        return self._by_number[number].slug

    def find(self, slug: str) -> Party | None:
        """None for a slug that nobody has."""
        return self._by_slug.get(slug)

    def partners(self) -> list[Party]:
        """All but the hub's own, by name."""
        return [each for each in self._by_number.values() if each.number not in OWN]
