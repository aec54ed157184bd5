"""The coalition of the finance guide, and somebody who follows the guide command by command."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from uuid import UUID

from demo.bank import Transaction, orders, statement
from kit.errors import Refusal
from kit.ids import from_text, to_text
from settlement.disputes import opening, steps
from settlement.disputes.opening import Line
from tests.factories import build_member
from tests.hledger import find_hledger
from tests.server import ROOT
from tests.settlement.coalition import Coalition
from tests.web.desk import Desk

REST = 4_500  # Minor units that Coral pays later.
OURS = "6222020200112233445"
ACCOUNTS = {"aurora": "4400112233", "ember": "3100445566", "coral": "DE89370400440532013000"}
_ID = re.compile(r"\b(prp|jrn|ent|dsp|rec)_[0-9a-z]{26}\b")
_SHORT = re.compile(r"\b([a-z]{3})_…")


def seed(hub: Coalition) -> None:
    """A month of three merchants: the guide's example."""
    hub.books.owner.execute("""UPDATE exchange."window" SET name = '2026-11'""")
    hub.window = "2026-11"
    hub.partner("aurora", accept_price=970_000, fee_ppm=10_000, cap=50_000)
    hub.partner("ember", accept_price=960_000, fee_ppm=10_000)
    hub.partner(
        "coral",
        accept_price=970_000,
        fee_ppm=10_000,
        prefunded_ppm=1_000_000,
        breakage_hub_ppm=500_000,
    )
    first, second, third, old = (hub.wallet() for _ in range(4))
    hub.issue("aurora", first, 40_000, reference="A-1")
    hub.spend("ember", first, 6_600, reference="E-1")
    hub.spend("ember", first, 3_000, reference="E-2")
    hub.spend("ember", first, 400, reference="E-3")
    hub.issue("ember", second, 6_000, reference="E-4")
    hub.spend("aurora", second, 6_000, reference="A-2")
    hub.issue("coral", old, 1_000, expires_on=date(2026, 10, 31), reference="C-1")
    hub.expire(old, on=datetime(2026, 11, 1, tzinfo=UTC))
    hub.issue("coral", third, 19_000, reference="C-2")
    hub.spend("aurora", third, 5_000, reference="A-3")


class Reader:
    """Types what the guide shows; what others do meanwhile, and the bank, happens in between.

    An id cut short, as `prp_…`, stands for the last one of its kind that was printed.
    """

    def __init__(self, hub: Coalition, folder: Path) -> None:
        self.hub = hub
        self.folder = folder
        self.desk = Desk(hub.database, hub.signer)
        self.seen: dict[str, str] = {}
        with hub.database.transaction() as session:
            self.seen["mbr"] = to_text("mbr", build_member(session, hub.parties["aurora"]).id)
        for slug, account in ACCOUNTS.items():
            mandate = ("--mandate", "M-17", "--mandate-on", "2026-01-05") if slug == "coral" else ()
            self.desk.agree(
                "bank", "account", "propose", slug, "--name", slug.title(), "--account", account,
                "--bank", "工商银行", "--bank-code", "102100099996", "--from", "2026-01-01",
                *mandate,
            )  # fmt: skip
        self._before: dict[str, Callable[[], None]] = {
            "bin/hub disputes list": self._contest,
            "bin/hub disputes show": self._escalate,
            "bin/hub reconciliations run": self._keep_record,
            "bin/verify-statement": self._fetch_keys,
            "bin/hub bank import first.xml": lambda: self._bank_says("first", short=True),
            "bin/hub bank import second.xml": lambda: self._bank_says("second", short=False),
        }

    def type(self, command: str) -> str:
        """What the command prints."""
        for begin, happen in self._before.items():
            if command.startswith(begin):
                del self._before[begin]
                happen()
                break
        words = shlex.split(self._in_full(command))
        printed = self._run(words)
        for kind, id_ in ((found[1], found[0]) for found in _ID.finditer(printed)):
            self.seen[kind] = id_
        return printed

    def _in_full(self, command: str) -> str:
        today = datetime.now(UTC).date()
        first = today.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        ahead = (last + timedelta(days=32)).replace(day=1)  # In whatever zone, a day to come.
        days = {"2026-11-01": first, "2026-11-30": last, "2027-01-01": ahead}
        command = _SHORT.sub(lambda found: self.seen[found[1]], command)
        for said, day in days.items():
            command = command.replace(said, day.isoformat())
        return command

    def _run(self, words: list[str]) -> str:
        if words[0] == "bin/hub":
            try:
                result = self.desk.run(*words[1:])
                assert result.exit_code == 0, (words, result.output, result.exception)
                return result.stdout
            except Refusal as refused:
                return f"Refused ({refused.code}): {refused.detail}"
        done = subprocess.run(
            [*_program(words[0]), *words[1:]], capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    # --- what others do ---

    def _journal(self, reference: str) -> UUID:
        query = "SELECT id FROM exchange.journal WHERE reference = %s"
        found: UUID = self.hub.books.rows(query, reference)[0].id
        return found

    def _contest(self) -> None:
        with self.hub.database.transaction() as session:
            opening.open_disputes(
                session,
                party=self.hub.parties["aurora"],
                lines=[Line(self._journal("E-3"), None)],
                reason="duplicate",
                words="the same basket as E-2",
                now=datetime.now(UTC),
            )

    def _escalate(self) -> None:
        dispute = from_text("dsp", self.seen["dsp"])
        assert dispute is not None
        now = datetime.now(UTC)
        with self.hub.database.transaction() as session:
            steps.answer(
                session, party=self.hub.parties["ember"], dispute=dispute, accepts=False,
                words="two baskets", now=now,
            )  # fmt: skip
            steps.escalate(
                session, party=self.hub.parties["aurora"], dispute=dispute,
                words="see the receipts", now=now,
            )  # fmt: skip

    def _keep_record(self) -> None:
        rows = ["reference,kind,points", "E-1,spent,6600", "E-2,spent,3100", "E-9,spent,250"]
        (self.folder / "ember.csv").write_text("\n".join(rows) + "\n")

    def _fetch_keys(self) -> None:
        signer = self.hub.signer
        keys = {"keys": [signer.private.public_key.to_jwk(signer.id)]}
        (self.folder / "keys.json").write_text(json.dumps(keys))

    def _bank_says(self, name: str, *, short: bool) -> None:
        """The hub's account: first all that was asked but for Coral's last 45 yuan, then these."""
        asked = [
            each
            for file in sorted((self.folder / "bank").glob("*.xml"))
            for each in orders(file.read_bytes())
        ]
        done = [
            replace(each, amount=each.amount - REST * (each.direction == "in")) for each in asked
        ]
        if not short:
            done = [Transaction(direction="in", amount=REST, counterparty="Coral")]
        today = datetime.now(UTC).date()
        document = statement(done, number=name, account=OURS, currency="CNY", on=today)
        (self.folder / f"{name}.xml").write_bytes(document)


def _program(name: str) -> list[str]:
    if name == "hledger":
        return [find_hledger() or "hledger"]
    here = Path(sys.executable).parent / name if name == "bean-check" else ROOT / name
    return [sys.executable, str(here)]


def shown(text: str) -> Iterator[tuple[str, list[str]]]:
    """Every command of the `console` blocks, with the lines that are shown below it."""
    for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S):
        lines = block.replace("\\\n", " ").splitlines()
        number = 0

        def of_command(line: str) -> int:
            nonlocal number
            number += line.startswith("$ ")
            return number

        for _, group in groupby(lines, of_command):
            command, *below = group
            yield command.removeprefix("$ "), below
