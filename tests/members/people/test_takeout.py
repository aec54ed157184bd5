"""Everything to take away, over HTTP."""

import csv
import io
import json
import tracemalloc
import zipfile

import pytest

from kit.database import Database
from members.people import takeout
from members.people.takeout import Takeout
from tests.books import Books
from tests.members.people.authenticator import Authenticator
from tests.members.people.test_passkeys import add
from tests.members.visitor import SECRETS, SignedIn, Site, Visitor, sign_in_as

TABLES = {"lots", "history", "consents", "sessions", "passkeys", "notices", "gifts"}


@pytest.fixture
def lived(site: Site, visitor: Visitor, database: Database, books: Books) -> SignedIn:
    who = sign_in_as(visitor, database, name="=Formula")
    party = books.party()
    for number in range(7):
        books.issue(party, who.wallet, 100 + number)
    books.post("redemption", party=party, link=books.link(party, who.wallet), points=50).unwrap()
    add(visitor, Authenticator(site.origin))
    return who


class TestDownload:
    def test_as_json_has_everything(
        self, visitor: Visitor, lived: SignedIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(takeout, "AT_ONCE", 3)
        answer = visitor.get("/settings/download.json")
        assert answer.status == 200
        assert answer.headers["Content-Disposition"] == 'attachment; filename="tongbao.json"'
        assert answer.headers["Cache-Control"] == "no-store"
        found = answer.json()
        assert set(found) == {"profile"} | TABLES
        assert found["profile"]["phone"] == lived.number
        assert found["profile"]["available"] == 671
        assert [one["points"] for one in found["history"]] == [
            -50, 106, 105, 104, 103, 102, 101, 100
        ]  # fmt: skip
        assert sum(one["points"] for one in found["lots"]) == 671
        assert len(found["consents"]) == len(found["sessions"]) == len(found["passkeys"]) == 1
        assert [one["kind"] for one in found["notices"]] == ["passkey-added"]

    def test_as_tables_has_the_same(self, visitor: Visitor, lived: SignedIn) -> None:
        archive = zipfile.ZipFile(io.BytesIO(visitor.get("/settings/download.zip").body))
        assert archive.testzip() is None
        assert set(archive.namelist()) == {f"{name}.csv" for name in TABLES | {"profile"}}
        found = visitor.get("/settings/download.json").json()
        for name in TABLES:
            rows = list(
                csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode("utf-8-sig")))
            )
            assert len(rows) == len(found[name]), name
        profile = next(csv.DictReader(io.StringIO(archive.read("profile.csv").decode("utf-8-sig"))))
        assert profile["name"] == "'=Formula"

    def test_of_somebody_with_nothing_is_whole(self, visitor: Visitor, database: Database) -> None:
        sign_in_as(visitor, database)
        found = visitor.get("/settings/download.json").json()
        assert {name: len(found[name]) for name in TABLES - {"sessions"}} == dict.fromkeys(
            TABLES - {"sessions"}, 0
        )

    @pytest.mark.parametrize("kind", ["json", "zip"])
    def test_needs_a_fresh_proof(self, visitor: Visitor, database: Database, kind: str) -> None:
        sign_in_as(visitor, database, proved=False)
        path = f"/settings/download.{kind}"
        assert visitor.get(path).location == f"/prove?next={path}"

    def test_is_never_all_in_memory(
        self, site: Site, lived: SignedIn, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A history of 20,000 lines takes no more than one of 2,000."""
        made = Takeout(
            database=database, secrets=SECRETS, person=lived.person, wallet=lived.wallet,
            brands={}, today=site.clock().date(), now=site.clock(),
        )  # fmt: skip
        [line] = json.loads(b"".join(made.as_json()))["history"][:1]
        peaks = []
        for number in (2_000, 20_000):
            monkeypatch.setattr(
                Takeout, "_history", lambda _, number=number: (dict(line) for _ in range(number))
            )
            tracemalloc.start()
            size = sum(len(piece) for piece in made.as_json())
            size += sum(len(piece) for piece in made.as_zip())
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert size > 100 * number
        assert peaks[1] < peaks[0] * 1.3
