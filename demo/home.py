"""The demonstration's own home: made afresh each time, never anybody's real hub."""

import fcntl
import os
import shutil
from pathlib import Path
from typing import TextIO

from kit import postgres
from kit.postgres_account import find_place

MARK = "made-by-bin-demo"
_WARNING = "Everything in this folder belongs to bin/demo, which deletes it when it starts.\n"


class HomeRefused(Exception):  # noqa: N818 - the house names what is the case
    """The folder is somebody else's, or in use; the text says what to do."""


def location() -> Path:
    """`demo` inside HUB_HOME, which is `.hub` unless the environment names another."""
    return Path(os.environ.get("HUB_HOME") or ".hub").resolve() / "demo"


def claim(home: Path) -> TextIO:
    """Become the one demonstration of this home until the returned file is closed.

    Raises HomeRefused when another one runs there, naming its process.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    lock = (home.parent / "demo.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        told = lock.read().strip() or "a process"
        lock.close()
        raise HomeRefused(
            f"A demonstration is running already ({told}). Stop it with Ctrl-C there or with "
            "`kill` and that number, or give this one another home: HUB_HOME=/tmp/other bin/demo"
        ) from None
    note(lock, f"process {os.getpid()}")
    return lock


def note(lock: TextIO, text: str) -> None:
    """Leave word in the lock for whoever finds it taken."""
    lock.seek(0)
    lock.truncate()
    lock.write(f"{text}\n")
    lock.flush()


def make_fresh(home: Path) -> bool:
    """Delete what an earlier demonstration left and begin anew; True when there was one.

    Raises HomeRefused when the folder was not made by a demonstration.
    """
    before = home.exists()
    if before and any(home.iterdir()) and not (home / MARK).is_file():
        raise HomeRefused(f"{home} was not made by bin/demo: move it away, or set HUB_HOME.")
    if before:
        postgres.stop(home)
        place = find_place(home)
        if place is not None and place.room != place.desk:  # Run by root, the data lie elsewhere.
            shutil.rmtree(place.room)
        shutil.rmtree(home)
    home.mkdir(parents=True)
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)  # The account PostgreSQL is lent must pass.
    (home / MARK).write_text(_WARNING, encoding="utf-8")
    return before
