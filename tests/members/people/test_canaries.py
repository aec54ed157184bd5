"""Nothing of a person is in the database or in the logs, to whoever steals them (T28)."""

import re

import psycopg
import pytest

from tests.members.people.test_erasing import erase
from tests.members.people.test_settings import by_code
from tests.members.visitor import Site, Visitor

NUMBER = "+8618612345678"
FORMS = (NUMBER, "18612345678", "186 1234 5678")
NAME = "Canary Wang 王金丝雀"


def every_word(owner: psycopg.Connection) -> str:
    """All rows of all tables as text, with what bytes would say if they were text."""
    tables = owner.execute(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    ).fetchall()
    found = []
    for (table,) in tables:
        for (row,) in owner.execute(f"SELECT t::text FROM {table} t").fetchall():
            found.append(row)
            for raw in re.findall(r"\\\\?x((?:[0-9a-f]{2})+)", row):
                found.append(bytes.fromhex(raw).decode("utf-8", "replace"))
    return "\n".join(found)


class TestCanaries:
    @pytest.fixture
    def secrets_used(self, site: Site, visitor: Visitor) -> list[str]:
        """A life, from the first code to before erasing; every secret that was shown."""
        by_code(site, visitor, NUMBER)
        used = [site.code(NUMBER), visitor.cookies["wallet"], visitor.cookies["device"]]
        visitor.submit("/settings/name", on="/settings/name", name=NAME)
        other = site.visitor()
        other.submit("/sign-in", on="/sign-in", phone="186 1234 5678")
        other.post("/sign-in/code", code="000000")
        other.post("/sign-in", on="/sign-in", phone=f"{NUMBER}99")
        visitor.get("/settings/download.json")
        visitor.get(f"/nowhere/{NAME.split()[0]}")
        return [*used, site.code(NUMBER)]

    def test_are_in_no_table(
        self, secrets_used: list[str], visitor: Visitor, owner: psycopg.Connection
    ) -> None:
        words = every_word(owner)
        assert "sign_in" not in words  # rows, not the catalogue
        assert len(words) > 1000
        for canary in (*FORMS, NAME, "Canary", "金丝雀", *secrets_used):
            assert not re.search(rf"(?<![0-9a-f]){re.escape(canary)}(?![0-9a-f])", words), canary

    def test_are_in_no_log(
        self,
        secrets_used: list[str],
        visitor: Visitor,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        erase(visitor)
        out, err = capfd.readouterr()
        for canary in (*FORMS, "Canary Wang", "金丝雀", *secrets_used):
            assert canary not in out + err, canary
