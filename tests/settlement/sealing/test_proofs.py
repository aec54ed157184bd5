"""A partner checks its statement over HTTP and offline: lines, proofs, heads, the verifier."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import pytest

from kit.ids import from_text
from partners.public_keys import PrivateKey
from settlement import closing, deferrals, revisions, store
from settlement.sealing.seal import seal_window
from settlement.sealing.sealer import Sealer
from tests.server import ROOT, SECRET, Coalition, Partner, Server, coalition  # noqa: F401

VERIFIER = ROOT / "bin" / "verify-statement"

Files = dict[str, Any]


class Month:
    """Market issues, Fuel accepts, and each spends some points of both; closed when told to."""

    def __init__(self, hub: Coalition, server: Server, folder: Path) -> None:
        self.hub = hub
        self.origin = server.origin
        private = PrivateKey.from_pem(server.key_file.read_text())
        self.sealer = Sealer(
            next(iter(server.keys)), private, SECRET.encode(), folder / "heads.ndjson"
        )
        self.window = "window 1"
        self.close("2026-11")
        self.market, self.fuel = hub.partner("market"), hub.partner("fuel", accept_price=900_000)
        self.member = self.market.enrol()
        self.linked = self.fuel.link(self.market, self.member)

    def trade(self) -> None:
        """Lines of every kind: two issuers in a sale, an own till, a capture, and undoing."""
        self.fuel.accrue(self.linked, 100)  # Spent first: the second sale takes of both issuers.
        self.market.accrue(self.member, 1000)
        accrual = self.market.accrue(self.member, 40).body["id"]
        for number in range(3):
            sale = self.fuel.redeem(self.linked, 90 + number).body["id"]
        refund = {"transaction": sale, "points": 20, "reference": f"B-{sale}"}
        assert self.fuel.call("POST", "/v1/refunds", refund).status == 201
        self.market.redeem(self.member, 300)
        held = self.fuel.authorise(self.linked, 60).body["id"]
        captured = self.fuel.call("POST", f"/v1/authorizations/{held}/capture", {"points": 50})
        assert captured.status in (200, 201), captured.body
        clawback = {"points": 30, "reference": f"C-{accrual}"}
        answer = self.market.call("POST", f"/v1/accruals/{accrual}/clawbacks", clawback)
        assert answer.status == 201, answer.body

    def close(self, following: str) -> str:
        closed, self.window = self.window, following
        closing.close(
            self.hub.database,
            window=closed,
            next_name=following,
            currency="CNY",
            by="mei",
            now=datetime.now(UTC),
            signer=self.sealer,
        )
        return closed

    def seal(self) -> None:
        """All that there is, once every transaction of the tests' server has ended."""
        with self.hub.database.transaction() as session:
            window = store.get_window(session, self.window).id
        seal_window(self.hub.database, window, self.sealer, datetime.now(UTC))

    def files(self, partner: Partner, number: str, limit: int = 3) -> Files:
        """All that the verifier takes, by what it is; every page of both sides."""
        with urlopen(f"{self.origin}/.well-known/tongbao-keys") as answer:  # noqa: S310
            files: Files = {"keys": json.load(answer)}
        files["statement"] = get(partner, f"/v1/statements/{number}")
        files["signature"] = get(partner, f"/v1/statements/{number}/signature")
        for side in ("accepted", "issued"):
            path = f"/v1/statements/{number}/proofs?side={side}&limit={limit}"
            for page, body in enumerate(pages(partner, path)):
                files[f"{side}-{page}"] = body
        return files


def get(partner: Partner, path: str) -> Any:
    answer = partner.call("GET", path)
    assert answer.status == 200, answer.body
    return answer.body


def pages(partner: Partner, path: str) -> Iterator[Any]:
    """Every page of a list, by the links that lead from one to the next."""
    following: str | None = path
    while following:
        answer = partner.call("GET", following)
        assert answer.status == 200, answer.body
        yield answer.body
        link = answer.headers.get("link", "")
        following = link[link.index("<") + 1 : link.index(">")] if link else None


def numbers(partner: Partner) -> list[str]:
    """Of its statements, the newest first."""
    return [each["number"] for each in get(partner, "/v1/statements")["statements"]]


@pytest.fixture
def month(coalition: Coalition, server: Server, tmp_path: Path) -> Month:  # noqa: F811
    return Month(coalition, server, tmp_path)


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Writes the files and runs the verifier on them: how it ended, and what it said."""

    def run(files: Files, *options: str) -> tuple[int, str]:
        names = []
        for name, file in files.items():
            names.append(tmp_path / f"{name}.json")
            names[-1].write_text(json.dumps(file))
        done = subprocess.run(
            [sys.executable, str(VERIFIER), *map(str, names), *options],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        return done.returncode, done.stdout + done.stderr

    return run


class TestStatement:
    def test_of_each_partner_verifies_with_all_its_lines(self, month, verify):
        month.trade()
        month.close("2026-12")
        for partner, issued, accepted in ((month.market, 8, 1), (month.fuel, 3, 6)):
            files = month.files(partner, numbers(partner)[0])
            assert len(files) > 5  # Several pages of one side at least.
            code, said = verify(files)
            assert code == 0, said
            assert f"{issued} lines of points issued are sealed, and are all there are" in said
            assert f"{accepted} lines of points accepted are sealed, and are all there are" in said

    def test_without_trade_verifies_as_well(self, month, verify):
        month.close("2026-12")
        code, said = verify(month.files(month.market, numbers(month.market)[0]))
        assert code == 0, said
        assert "0 lines of points accepted are sealed, and are all there are" in said

    def test_tells_an_issuer_nothing_of_tills_and_members(self, month):
        month.trade()
        month.close("2026-12")
        text = ""
        number = numbers(month.market)[0]
        for what in ("lines", "proofs"):
            [page] = pages(month.market, f"/v1/statements/{number}/{what}?side=issued&limit=1000")
            text += json.dumps(page)
        assert "reference" not in text
        assert '"till"' not in text
        assert f'"party": {month.fuel.party}' not in text

    def test_tells_an_acceptor_nothing_of_lots(self, month):
        month.trade()
        month.close("2026-12")
        number = numbers(month.fuel)[0]
        for what in ("lines", "proofs"):
            [page] = pages(month.fuel, f"/v1/statements/{number}/{what}?side=accepted&limit=1000")
            assert '"lot' not in json.dumps(page)
            assert "expires_on" not in json.dumps(page)


def line(files: Files, name: str = "accepted-0") -> Any:
    return files[name]["lines"][0]


def spoil_statement(files: Files) -> None:
    files["statement"]["net"] += 1


def spoil_signature(files: Files) -> None:
    files["signature"]["signature"] = "00" * 64


def spoil_points(files: Files) -> None:
    line(files)["points"] += 1


def spoil_part(files: Files) -> None:
    for shown in files["accepted-0"]["leaves"][0]["disclosed"]:
        if shown["part"]["part"] == "line":
            shown["part"]["points"] += 1


def spoil_leaf(files: Files) -> None:
    files["accepted-0"]["leaves"][0]["parts"][0] = "00" * 32


def spoil_node(files: Files) -> None:
    nodes = files["accepted-0"]["nodes"]
    nodes[next(iter(nodes))] = "00" * 32


def hide_leaf(files: Files) -> None:
    leaf = files["accepted-0"]["leaves"][0]
    files["accepted-0"]["nodes"][f"{leaf['index']}-{leaf['index'] + 1}"] = "00" * 32


def drop_line(files: Files) -> None:
    del files["accepted-0"]["lines"][0]


def drop_page(files: Files) -> None:
    del files["accepted-1"]


def repeat_page(files: Files) -> None:
    files["again"] = files["accepted-0"]


def repeat_leaf(files: Files) -> None:
    leaves = files["accepted-0"]["leaves"]
    leaves.insert(0, leaves[0] | {"journal": "jrn_made_up"})


def hold_back(files: Files) -> None:
    line(files)["status"] = "held_back"


def change_reference(files: Files) -> None:
    line(files)["reference"] = "R-other"


def change_window(files: Files) -> None:
    line(files)["window"] = "2026-10"


def forget_keys(files: Files) -> None:
    files["keys"]["keys"] = []


def leave_out_signature(files: Files) -> None:
    del files["signature"]


SPOILERS = {
    spoil_statement: "the statement is not what",
    spoil_signature: "the statement is not what",
    spoil_points: "points, not",
    spoil_part: "a part is not the one sealed",
    spoil_leaf: "not under the statement's head",
    spoil_node: "not under the statement's head",
    hide_leaf: "hides a leaf",
    drop_line: "the lines given come to",
    drop_page: "the lines given come to",
    repeat_page: "is there twice",
    repeat_leaf: "is there twice",
    hold_back: "the lines given come to",
    change_reference: "is of another till or sale",
    change_window: "is of window 2026-11",
    forget_keys: "is not among the hub's keys",
    leave_out_signature: "one signature is needed",
}


class TestVerifier:
    def test_names_what_was_tampered_with(self, month, verify):
        month.trade()
        month.close("2026-12")
        good = month.files(month.fuel, numbers(month.fuel)[0])
        for spoil, reason in SPOILERS.items():
            files = copy.deepcopy(good)
            spoil(files)
            code, said = verify(files)
            assert code == 1, (spoil.__name__, said)
            assert "WRONG" in said, spoil.__name__
            assert reason in said, (spoil.__name__, said)

    def test_takes_no_statement_that_does_not_add_up_though_it_is_signed(self, month, verify):
        month.trade()
        month.close("2026-12")
        good = month.files(month.fuel, numbers(month.fuel)[0])
        for name in ("closing", "net", "settled", "fee"):
            files = copy.deepcopy(good)
            files["statement"][name] += 1
            document = json.dumps(
                files["statement"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
            )
            signature = month.sealer.private.sign(f"{document}\n".encode())
            files["signature"]["signature"] = signature.hex()
            code, said = verify(files)
            assert (code, "adds up" in said) == (1, False), (name, said)

    def test_trusts_a_key_by_its_fingerprint(self, month, verify):
        month.close("2026-12")
        files = month.files(month.fuel, numbers(month.fuel)[0])
        _, said = verify(files)
        fingerprint = said.split("fingerprint ")[1].split()[0]
        assert verify(files, "--trust", fingerprint)[0] == 0
        code, said = verify(files, "--trust", "ab" * 32)
        assert (code, "not among the hub's keys" in said) == (1, True)

    def test_finds_the_older_log_in_the_newer_one(self, month, verify):
        month.trade()
        month.seal()
        old = get(month.fuel, "/v1/tree/head")
        month.trade()
        month.close("2026-12")
        files = month.files(month.fuel, numbers(month.fuel)[0]) | {"old": old}
        sizes = f"first={old['size']}&second={files['statement']['head']['size']}"
        code, said = verify(files)
        assert (code, "has no proof that leads to" in said) == (1, True)
        files["consistency"] = get(month.fuel, f"/v1/tree/consistency?{sizes}")
        code, said = verify(files)
        assert code == 0, said
        assert f"the log still begins with the {old['size']} leaves" in said
        files["consistency"]["path"][0] = "00" * 32
        code, said = verify(files)
        assert (code, "the older log was rewritten" in said) == (1, True)


class TestHeads:
    def test_are_listed_the_largest_first(self, month):
        for _ in range(3):
            month.trade()
            month.seal()
        found = [
            head["size"]
            for page in pages(month.fuel, "/v1/tree/heads?limit=2")
            for head in page["heads"]
        ]
        assert found == sorted(found, reverse=True)
        assert found[0] == get(month.fuel, "/v1/tree/head")["size"]

    def test_there_is_none_before_anything_is_sealed(self, coalition):  # noqa: F811
        answer = coalition.partner().call("GET", "/v1/tree/head")
        assert (answer.status, answer.body["type"].rpartition("/")[2]) == (404, "head-not-found")

    def test_refuses_sizes_that_are_none_or_go_backwards(self, month):
        month.trade()
        month.seal()
        size = get(month.fuel, "/v1/tree/head")["size"]
        for first, second, status in ((size, size, 200), (size, 1, 422), (size - 1, size, 404)):
            path = f"/v1/tree/consistency?first={first}&second={second}"
            assert month.fuel.call("GET", path).status == status


class TestLines:
    def test_of_anothers_statement_are_not_found(self, month):
        month.close("2026-12")
        number = numbers(month.fuel)[0]
        for what in ("lines?side=issued", "proofs?side=issued", "signature"):
            assert month.market.call("GET", f"/v1/statements/{number}/{what}").status == 404

    def test_are_read_page_by_page_without_a_gap(self, month):
        month.trade()
        month.close("2026-12")
        number = numbers(month.market)[0]
        path = f"/v1/statements/{number}/lines?side=issued"
        [whole] = pages(month.market, f"{path}&limit=1000")
        single = [line for page in pages(month.market, f"{path}&limit=1") for line in page["lines"]]
        assert single == whole["lines"]
        assert [each["kind"] for each in single].count("spent") == 4
        assert {each["status"] for each in single} == {"settled"}

    def test_contested_ones_are_held_back_and_brought_into_the_next(self, month, verify):
        month.trade()
        window = month.close("2026-12")
        [first] = pages(month.fuel, f"/v1/statements/{numbers(month.fuel)[0]}/lines?side=accepted")
        one = next(each for each in first["lines"] if each["issuer"] == month.market.party)
        journal, now = from_text("jrn", one["journal"]), datetime.now(UTC)
        database, because = month.hub.database, uuid4()
        with database.transaction() as session:
            id_ = store.get_window(session, window).id
            deferral = deferrals.defer_line(
                session, id_, journal, one["issuer"], because=because, now=now
            )
        revisions.revise(
            database, window=window, reason="dispute", by="mei", now=now, signer=month.sealer,
            because=because,
        )  # fmt: skip
        with database.transaction() as session:
            deferrals.release(session, deferral, now)
        month.trade()
        month.close("2027-01")
        for partner, side in ((month.fuel, "accepted"), (month.market, "issued")):
            newest, revised, original = numbers(partner)
            for number, status in (
                (original, "settled"),
                (revised, "held_back"),
                (newest, "brought_in"),
            ):
                files = month.files(partner, number)
                code, said = verify(files)
                assert code == 0, (number, said)
                found = {
                    each["status"]
                    for name, page in files.items()
                    if name.startswith(side)
                    for each in page["lines"]
                    if (each["journal"], each.get("issuer", partner.party))
                    == (one["journal"], one["issuer"])
                }
                assert found == {status}, number
