"""`bin/bench` from end to end, as short as it can be."""

import json
import os
import re
import subprocess
from pathlib import Path

from tests.server import ROOT


def test_the_till_is_measured_from_end_to_end(hub_home: Path) -> None:
    done = subprocess.run(
        [ROOT / "bin" / "bench", "till", "--quick"],
        env=os.environ | {"HUB_HOME": str(hub_home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    last = done.stdout.strip().splitlines()[-1]
    assert re.fullmatch(r"till: \d+\.\d\d \(\d+\.\d\d–\d+\.\d\d, target 0\.45\)", last)
    written = json.loads((hub_home / "bench" / "till.json").read_text("utf-8"))
    assert written["quick"] is True
    assert written["low"] <= written["figure"] <= written["high"]
    assert {"processor", "cores", "memory_gib", "kernel", "postgresql", "python"} == set(
        written["machine"]
    )
    (one,) = written["rounds"]
    assert set(one) == {
        "pgbench", "Ed25519 × 16", "Ed25519 × 64", "P-256 × 16", "P-256 × 64",
    }  # fmt: skip
    for name, take in one.items():
        assert take["rate"] > 0
        assert take["cpu_us"]["database"] > 0
        assert (take["cpu_us"]["hub"] > 0) == (name != "pgbench")
    names = [figure["name"] for figure in written["figures"]]
    assert "p99 at 70% of the peak" in names


def test_every_command_explains_itself() -> None:
    done = subprocess.run(
        [ROOT / "bin" / "bench", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    for name in (
        "till",
        "mix",
        "batch",
        "growth",
        "skew",
        "window",
        "wallet",
        "desk",
        "closing",
        "memory",
        "profile",
        "gate",
        "reconciliation",
    ):
        assert f"  {name} " in done.stdout
