"""The peers' own virtual environment, `.venv-peers`: nothing in it is the hub's."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv-peers"
REQUIREMENTS = ROOT / "requirements-peers.txt"


def python() -> Path:
    """The interpreter of `.venv-peers`, which is made when it is missing or out of date."""
    interpreter, stamp = FOLDER / "bin" / "python", FOLDER / ".installed"
    wanted = f"{sys.version} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Installing what {REQUIREMENTS.name} lists into {FOLDER.name} …", file=sys.stderr)
        # Our own environment has no pip; the interpreter that it was made from has one.
        base = os.path.realpath(sys.executable)
        subprocess.run([base, "-m", "venv", "--clear", "--without-pip", FOLDER], check=True)
        subprocess.run(
            [
                base, "-m", "pip", "--python", interpreter, "install", "--quiet", "--no-deps",
                "--disable-pip-version-check", "--no-warn-script-location", "-r", REQUIREMENTS,
            ],
            check=True, stdout=sys.stderr,
        )  # fmt: skip
        stamp.write_text(wanted)
    return interpreter
