"""Links that sign in, made by command: once, for a day, in development alone."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from click.testing import CliRunner, Result

from kit.database import Database
from kit.ids import to_text
from members.enrolment import Consent, enrol
from partners.public_keys import PrivateKey
from tests.books import Books
from tests.cluster import Address
from tests.members.visitor import Site, Visitor, next_number
from tests.server import SECRET
from web.cli import hub
from web.commands.context import Context


@pytest.fixture(autouse=True)
def settings(address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "hub.pem"
    key.write_text(PrivateKey.generate().to_pem())
    for name, value in {
        "HUB_HOME": str(tmp_path),
        "HUB_SECRET": SECRET,
        "HUB_KEY_FILE": str(key),
        "DATABASE_URL": address.owner,
        "HUB_APP_DATABASE_URL": address.application,
    }.items():
        monkeypatch.setenv(name, value)


def run(*words: str) -> Result:
    context = Context()
    try:
        return CliRunner().invoke(hub, ("members", "sign-in-link", *words), obj=context)
    finally:
        if "database" in vars(context):
            context.database.close()


def path(*words: str) -> str:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return urlsplit(json.loads(result.stdout)["link"]).path


class TestLink:
    def test_signs_in_once(self, site: Site, visitor: Visitor, database: Database) -> None:
        link = path(next_number(), "--name", "Li Mei")
        answer = visitor.get(link)
        assert (answer.status, answer.location) == (303, "/wallet")
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Li Mei" in visitor.go("/settings").words
        other = site.visitor()
        assert "That link is used or too old." in other.go(link).words
        assert other.get("/settings").status == 303

    def test_proves_nothing(self, visitor: Visitor) -> None:
        visitor.get(path(next_number()))
        assert visitor.get("/settings/erase").location == "/prove?next=/settings/erase"

    def test_lives_a_day(self, site: Site, visitor: Visitor) -> None:
        link = path(next_number())
        site.clock.advance(days=1, minutes=1)
        assert visitor.get(link).location == "/sign-in"

    def test_is_for_the_person_of_a_number_who_is_here(
        self, site: Site, visitor: Visitor, owner: psycopg.Connection
    ) -> None:
        number = next_number()
        path(number)
        visitor.get(path(number))
        assert len(owner.execute("SELECT FROM members.person").fetchall()) == 1

    def test_gives_somebody_new_the_wallet_of_a_member(
        self, visitor: Visitor, database: Database, books: Books, site: Site
    ) -> None:
        party = books.party()
        with database.transaction() as session:
            link = enrol(session, party=party, reference=None, consent=Consent(), now=site.clock())
        books.post("accrual", party=party, link=str(link.id), points=70).unwrap()
        member = to_text("mbr", link.id)
        visitor.get(path(next_number(), "--partner", str(party), "--member", member))
        assert "Points left: 70." in visitor.go("/settings").words
        refused = run(next_number(), "--partner", str(books.party()), "--member", member)
        assert refused.exit_code == 2

    @pytest.mark.parametrize("number", ["", "hello", "010 6552 9988"])
    def test_needs_a_mobile_number(self, database: Database, number: str) -> None:
        assert run(number).exit_code == 2

    def test_is_in_no_log_nor_table(
        self,
        visitor: Visitor,
        owner: psycopg.Connection,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        link = path(next_number())
        token = link.rsplit("/", 1)[1]
        rows = owner.execute("SELECT l::text FROM members.sign_in_link l").fetchall()
        assert len(rows) == 1
        assert token not in str(rows)
        visitor.get(link)
        visitor.get(link)
        assert token not in "".join(capfd.readouterr())
