"""The page on verifying: what it fetches, the command it shows, and what that says."""

import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.books import Books
from tests.factories import build_sealer
from tests.server import ROOT, Coalition, Server
from tests.settlement.sealing.test_proofs import Month, get, numbers
from tests.web.desk import Desk

PAGE = (ROOT / "docs" / "verifying.md").read_text("utf-8")
COMMANDS = re.findall(r"^```console\n(.*?)^```", PAGE, re.M | re.S)
SHOWN = re.findall(r"^```text\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture
def kept(coalition: Coalition, server: Server, tmp_path: Path) -> Path:
    """Fuel's folder: what the page's table says to keep, each under a name of its own."""
    month = Month(coalition, server, tmp_path)
    month.trade()
    month.seal()
    older = get(month.fuel, "/v1/tree/head")
    month.trade()
    month.close("2026-12")
    files = month.files(month.fuel, numbers(month.fuel)[0], limit=1000)
    sizes = f"first={older['size']}&second={files['statement']['head']['size']}"
    files |= {"older": older, "consistency": get(month.fuel, f"/v1/tree/consistency?{sizes}")}
    folder = tmp_path / "kept"
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def lasting(text: str) -> str:
    """Without what is another every time: key, fingerprint, entry, time."""
    text = re.sub(r"hub-[\w-]+", "hub-key", text)
    text = re.sub(r"fingerprint [0-9a-f]+…?", "fingerprint", text)
    text = re.sub(r"aud_[0-9a-z]{26}", "aud", text)
    return re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|\+00:00)", "then", text)


def test_the_command_says_what_is_shown(kept: Path) -> None:
    command, shown = COMMANDS[0], SHOWN[0]
    program, pattern = shlex.split(command)
    done = subprocess.run(
        [sys.executable, str(ROOT / program), *sorted(kept.glob(pattern))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert lasting(done.stdout).splitlines() == lasting(shown).splitlines()


def test_an_entry_of_the_audit_log_is_proven_as_shown(books: Books, tmp_path: Path) -> None:
    desk = Desk(books.database, build_sealer())

    def sealed(leaves: int) -> dict[str, Any]:
        """Others' transactions may hold it back."""
        while (head := desk.json("seal", "now")).get("size") != leaves:
            time.sleep(0.05)
        return head

    desk.json("partners", "add", "aurora", "--name", "Aurora Supermarket")
    desk.json("partners", "activate", "aurora")
    head = sealed(2)
    desk.json("partners", "suspend", "aurora")
    desk.propose("partners", "restore", "aurora")
    sealed(4)
    prove, verify = COMMANDS[1].splitlines()
    entry = desk.json("audit", "list")[1]["id"]
    words = [entry if word.startswith("aud_") else word for word in shlex.split(prove)[1:]]
    words[-1] = str(tmp_path / words[-1])
    assert desk.run(*words).exit_code == 0
    keys = [desk.signer.private.public_key.to_jwk(desk.signer.id)]
    (tmp_path / "keys.json").write_text(json.dumps({"keys": keys}))
    (tmp_path / "head-of-2.json").write_text(json.dumps(head))
    program, *names = shlex.split(verify)
    done = subprocess.run(
        [sys.executable, str(ROOT / program), *names],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.replace("head of 3", "head of 4")  # If others made it two heads.
    assert lasting(said).splitlines() == lasting(SHOWN[1]).splitlines()
