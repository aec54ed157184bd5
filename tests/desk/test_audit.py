"""The audit log at the desk: who did what, what changed, and the proof that it stands so."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from kit.database import Database
from kit.ids import to_text
from settlement.sealing import seal, store
from settlement.sealing.sealer import Sealer
from staff.audit.recording import acting_from, record
from tests.desk.conftest import SignIn
from tests.members.visitor import Site, Visitor
from tests.server import ROOT

NOW = datetime(2026, 11, 22, 8, 20, 8, 330_000, tzinfo=UTC)


@pytest.fixture
def auditor(sign_in: SignIn) -> Visitor:
    return sign_in("ida", "auditor")


def act(
    database: Database,
    what: str = "window-closed",
    object_: str = "window 2026-10",
    *,
    who: str = "fay",
    at: datetime = NOW,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> UUID:
    with database.transaction() as session, acting_from("10.2.0.14, passkey, ses_4"):
        return record(
            session,
            who=who,
            what=what,
            object_=object_,
            now=at,
            reason=reason,
            before=before,
            after=after,
        )


def page(entry: UUID) -> str:
    return f"/desk/audit/{to_text('aud', entry)}"


@pytest.fixture
def sealer(site: Site) -> Sealer:
    """What seals for the site; its file of heads is empty, as the database is."""
    site.sealer.heads.unlink(missing_ok=True)
    return site.sealer


def seal_all(database: Database, sealer: Sealer, leaves: int) -> None:
    """Seal until there are so many leaves: other tests' transactions may hold it back."""
    size = 0
    while size < leaves:
        seal.seal(database, sealer, datetime.now(UTC))
        with database.transaction() as session:
            size, _ = store.end(session)
    seal.publish(database, sealer, datetime.now(UTC))


class TestLog:
    def test_says_what_will_stand_here_while_there_is_nothing(self, auditor: Visitor) -> None:
        answer = auditor.get("/desk/audit")
        assert answer.status == 200
        assert "Every act of the hub's people will stand here" in answer.words

    def test_shows_who_did_what_the_newest_first(
        self, auditor: Visitor, database: Database
    ) -> None:
        act(database, at=NOW - timedelta(days=1))
        act(database, "member-unmasked", "mbr_3F7Q2K", who="risk-02", reason="lost phone")
        words = auditor.get("/desk/audit").words
        assert words.index("unmasked name") < words.index("fay closed the window")
        assert "2026 08:20:08" in words
        assert "reason: lost phone" in words
        assert "10.2.0.14, passkey" in words
        assert "ses_4" not in words

    def test_is_cut_by_each_filter(self, auditor: Visitor, database: Database) -> None:
        act(database, reason="the first")
        act(database, "window-settled", reason="the second")
        act(database, object_="window 2026-11", reason="the third")
        act(database, who="ben", reason="the fourth")
        act(database, at=NOW - timedelta(days=40), reason="the fifth")
        wanted = {
            "who=ben": ["fourth"],
            "what=window-settled": ["second"],
            "object=window+2026-11": ["third"],
            "period=2026-10": ["fifth"],
            "who=fay&what=window-closed&period=2026-11&object=window+2026-10": ["first"],
            "who=nobody": [],
        }
        for query, reasons in wanted.items():
            words = auditor.get(f"/desk/audit?{query}").words
            found = [each for each in ("first", "second", "third", "fourth", "fifth")
                     if f"reason: the {each}" in words]  # fmt: skip
            assert found == reasons, query
        assert "Nothing matches these filters." in words

    def test_a_period_that_is_none_is_said_beside_its_field(self, auditor: Visitor) -> None:
        answer = auditor.get("/desk/audit?period=lately")
        assert answer.status == 422
        assert 'value="lately"' in answer.text
        assert answer.words.count("Enter a period such as") == 2

    def test_is_paged_both_ways_without_a_gap(self, auditor: Visitor, database: Database) -> None:
        for number in range(60):  # All of one moment in pairs: ties are broken by id.
            act(database, at=NOW + timedelta(seconds=number // 2), reason=f"number {number:02}")
        seen, answer = set(), auditor.get("/desk/audit?rows=25")
        pages = [answer]
        while 'rel="next"' in answer.text:
            answer = auditor.get(link(answer.text, "next"))
            pages.append(answer)
        for each in pages:
            seen |= {n for n in range(60) if f"number {n:02}" in each.words}
        assert len(pages) == 3
        assert seen == set(range(60))
        back = auditor.get(link(answer.text, "prev"))
        assert back.words.count("reason: number") == 25
        assert [n for n in range(60) if f"number {n:02}" in back.words] == [
            n for n in range(60) if f"number {n:02}" in pages[1].words
        ]

    def test_a_place_that_is_none_is_the_first_page(
        self, auditor: Visitor, database: Database
    ) -> None:
        act(database)
        for place in ("nonsense", "WzEsMl0", "WyJ4IiwieSJd"):
            assert "closed the window" in auditor.get(f"/desk/audit?after={place}").words

    def test_is_had_as_csv_with_its_filters(self, auditor: Visitor, database: Database) -> None:
        act(database, reason="=1+1", before={"state": "open"}, after={"state": "closed"})
        act(database, who="ben")
        answer = auditor.get("/desk/audit?who=fay&format=csv")
        assert "attachment" in answer.headers["Content-Disposition"]
        head, row, *rest = answer.text.removeprefix("\ufeff").splitlines()
        assert head == "id,at,who,what,object,from,reason,before,after"
        assert "2026-11-22T08:20:08.330Z,fay,window-closed,window 2026-10" in row
        assert "'=1+1" in row
        assert '""closed""' in row
        assert rest == []

    def test_is_read_in_chinese(self, sign_in: SignIn, database: Database) -> None:
        act(database)
        words = sign_in("mei", "auditor", language="zh").get("/desk/audit").words
        assert "关账" in words
        assert "2026-11-22 08:20:08" in words


def link(text: str, rel: str) -> str:
    before = text.partition(f'rel="{rel}"')[0]
    return before.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")


class TestEntry:
    def test_shows_before_and_after_and_from_where(
        self, auditor: Visitor, database: Database
    ) -> None:
        entry = act(
            database,
            reason="month end",
            before={"state": "open", "same": 1},
            after={"state": "closed", "same": 1, "net": -12, "content": {"files": ["a", "b"]}},
        )
        words = auditor.get(page(entry)).words
        assert "fay: closed the window" in words
        assert "State Open Closed" in words
        assert "net — −12" in words
        assert "Content · files — a, b" in words
        assert "same" not in words
        assert "10.2.0.14, passkey, ses_4" in words
        assert "2026-11-22T08:20:08.330Z" in words

    def test_that_there_is_none_of_is_not_found(self, auditor: Visitor) -> None:
        for path in (page(UUID(int=7)), "/desk/audit/prp_1", "/desk/audit/aud_1"):
            assert auditor.get(path).status == 404

    def test_leads_to_its_object_and_to_all_that_was_done_to_it(
        self, auditor: Visitor, database: Database
    ) -> None:
        text = auditor.get(page(act(database))).text
        assert 'href="/desk/windows/2026-10"' in text
        assert 'href="/desk/audit?object=window%202026-10"' in text

    def test_is_being_sealed_and_then_late(
        self, auditor: Visitor, database: Database, site: Site
    ) -> None:
        fresh = act(database, at=datetime.now(UTC))
        assert "Being sealed" in auditor.get(page(fresh)).words
        late = act(database, at=datetime.now(UTC) - timedelta(minutes=2))
        answer = auditor.get(page(late))
        assert "Seal late" in answer.words
        assert "The log was never sealed." in answer.words
        assert auditor.get(f"{page(late)}/proof").status == 303

    def test_is_verified_each_time_it_is_shown(
        self, auditor: Visitor, database: Database, sealer: Sealer
    ) -> None:
        first, second = act(database), act(database, who="ben")
        seal_all(database, sealer, 2)
        for index, entry in enumerate((first, second)):
            words = auditor.get(page(entry)).words
            assert "Leaf, path and signature verified" in words
            assert f"Leaf {index}" in words
            assert "Sealed in head 2" in words

    def test_may_be_verified_again_by_an_auditor(
        self, auditor: Visitor, database: Database, sealer: Sealer
    ) -> None:
        entry = act(database)
        seal_all(database, sealer, 1)
        path = page(entry)
        words = auditor.submit(f"{path}/verify", on=path).words
        assert "Verified again at" in words
        assert "up to head 1, which is kept outside the database" in words

    @pytest.mark.corrupts_books
    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ("UPDATE staff.audit SET who = 'ben'", "The entry is not what was sealed."),
            ("UPDATE staff.audit SET before = 'null'", "The entry is not what was sealed."),
            ("UPDATE settlement.head SET root = sha256('x')", "not signed by the hub"),
            ("UPDATE settlement.head SET at = at + interval '1 s'", "not signed by the hub"),
        ],
    )
    def test_that_was_rewritten_says_so(
        self,
        auditor: Visitor,
        database: Database,
        sealer: Sealer,
        owner: psycopg.Connection,
        change: str,
        says: str,
    ) -> None:
        entry = act(database)
        seal_all(database, sealer, 1)
        owner.execute(change)
        words = auditor.get(page(entry)).words
        assert "This entry does not verify" in words
        assert says in words
        assert says in auditor.submit(f"{page(entry)}/verify", on=page(entry)).words


class TestProof:
    def test_is_verified_offline_with_a_head_that_was_kept(
        self, auditor: Visitor, database: Database, sealer: Sealer, tmp_path: Path
    ) -> None:
        act(database)
        seal_all(database, sealer, 1)
        kept = auditor.get("/desk/audit/head").json()
        entry = act(database, who="王", before={"state": "open"}, reason="month end")
        seal_all(database, sealer, 2)
        act(database)
        seal_all(database, sealer, 3)
        later = auditor.get("/desk/audit/head").json()
        keys = auditor.get("/.well-known/tongbao-keys").json()
        assert (kept["size"], later["size"]) == (1, 3)
        for head in (kept, later):
            proof = auditor.get(f"{page(entry)}/proof?kept={head['size']}").json()
            code, said = verify(tmp_path, proof=proof, keys=keys, head=head)
            assert code == 0, said
            assert "is sealed as leaf 1" in said
            assert "who: 王" in said
            assert f"it is the same log as that of the head of {head['size']}" in said

    def test_for_a_head_that_never_was_is_refused(
        self, auditor: Visitor, database: Database, sealer: Sealer
    ) -> None:
        entry = act(database)
        seal_all(database, sealer, 1)
        path = f"{page(entry)}/proof?kept=77"
        assert "No head of the sealed log covers 77 leaves." in auditor.go(path).words
        assert auditor.get(f"{page(entry)}/proof?kept=many").status == 404

    def test_that_was_spoilt_is_refused_by_the_verifier(
        self, auditor: Visitor, database: Database, sealer: Sealer, tmp_path: Path
    ) -> None:
        act(database)
        seal_all(database, sealer, 1)
        first = auditor.get("/desk/audit/head").json()
        entry = act(database)
        seal_all(database, sealer, 2)
        text = auditor.get(f"{page(entry)}/proof").text
        keys = auditor.get("/.well-known/tongbao-keys").json()
        for says, spoil in SPOILERS.items():
            proof = json.loads(text)
            spoil(proof)
            code, said = verify(tmp_path, proof=proof, keys=keys)
            assert (code, says in said) == (1, True), said
        code, said = verify(tmp_path, proof=json.loads(text), keys=keys, head=first)
        assert (code, "ask for it with that size" in said) == (1, True), said


SPOILERS: dict[str, Callable[[Any], None]] = {
    "a part is not the one sealed": lambda p: part(p).update(who="ben"),
    "it is not under its head": lambda p: p["nodes"].update({"0-1": "00" * 32}),
    "the head is not what": lambda p: p["head"].update(root="00" * 32),
    "not among the hub's keys": lambda p: p["head"].update(key_id="other"),
    "proven under another head": lambda p: p.update(tree_size=1),
    "is not what is proven": lambda p: p.update(entry="aud_other"),
    "is not shown": lambda p: p["leaves"][0].update(disclosed=[]),
}


def part(proof: dict[str, Any]) -> dict[str, Any]:
    return proof["leaves"][0]["disclosed"][0]["part"]


def verify(folder: Path, **files: Any) -> tuple[int, str]:
    """Run the verifier on these files: how it ended, and what it said."""
    names = []
    for name, content in files.items():
        names.append(folder / f"{name}.json")
        names[-1].write_text(json.dumps(content))
    done = subprocess.run(
        [sys.executable, str(ROOT / "bin" / "verify-statement"), *map(str, names)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    return done.returncode, done.stdout + done.stderr
