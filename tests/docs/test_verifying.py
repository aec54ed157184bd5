"""The page on verifying: what it fetches, the command it shows, and what that says."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import ROOT, Coalition, Server
from tests.settlement.sealing.test_proofs import Month, get, numbers

PAGE = (ROOT / "docs" / "verifying.md").read_text("utf-8")


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
    """Without what is another every time: key, fingerprint, time."""
    text = re.sub(r"hub-[\w-]+", "hub-key", text)
    text = re.sub(r"fingerprint [0-9a-f]+…?", "fingerprint", text)
    return re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "then", text)


def test_the_command_says_what_is_shown(kept: Path) -> None:
    (command,) = re.findall(r"^```console\n(.*?)^```", PAGE, re.M | re.S)
    (shown,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.M | re.S)
    program, pattern = shlex.split(command)
    done = subprocess.run(
        [sys.executable, str(ROOT / program), *sorted(kept.glob(pattern))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert lasting(done.stdout).splitlines() == lasting(shown).splitlines()
