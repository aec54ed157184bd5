"""hledger for the tests: the system's, or Debian's package unpacked into .venv without root."""

import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

_UNPACKED = Path(sys.prefix) / "hledger"


@cache
def find_hledger() -> str | None:
    """The program, or None where there is neither it nor a Debian to take it from."""
    binary = _UNPACKED / "usr" / "bin" / "hledger"
    found = shutil.which("hledger")
    if found is None and not binary.exists():
        _unpack()
    found = found or (str(binary) if binary.exists() else None)
    return found if found and _runs(found) else None


def _unpack() -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return
    with tempfile.TemporaryDirectory(dir=sys.prefix) as made:
        whole = Path(made) / "whole"
        got = subprocess.run(
            ["apt-get", "download", "hledger"], cwd=made, capture_output=True, check=False
        )
        packages = list(Path(made).glob("hledger_*.deb"))
        if got.returncode or not packages:
            return
        subprocess.run(["dpkg", "-x", packages[0], whole], capture_output=True, check=True)
        try:
            whole.rename(_UNPACKED)  # At once, for another process may be doing the same.
        except OSError:
            shutil.rmtree(whole)


def _runs(program: str) -> bool:
    """Are its libraries there?"""
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
