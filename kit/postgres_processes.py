"""Which processes are the hub's own PostgreSQL: those that work in its data folder.

A process id in a file is only a hint, for ids are reused and a zombie keeps its own; and a name
is none at all, for other PostgreSQL servers have it too.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kit.postgres_account import Account, Place, PostgresError, open_private

END_WAIT = 10.0  # seconds
LOCK_WAIT = 330.0  # longer than the longest start


@dataclass(frozen=True)
class Postmaster:
    """What the server writes about itself into postmaster.pid."""

    pid: int
    port: int
    socket_dir: Path | None
    status: str  # starting, ready, stopping


def find_postmaster(place: Place) -> Postmaster | None:
    seen = read_postmaster(place)
    return seen if seen and _works_in(seen.pid, place.data, place.account) else None


def read_postmaster(place: Place) -> Postmaster | None:
    try:
        lines = (place.data / "postmaster.pid").read_text(errors="replace").split("\n")
        pid, port, sockets, status = int(lines[0]), int(lines[3]), lines[4], lines[7].strip()
    except (FileNotFoundError, IndexError, ValueError):  # Absent, or being written.
        return None
    return Postmaster(pid, port, Path(sockets) if sockets else None, status)


def is_alive(pid: int, *, names: tuple[str, ...] = ("postgres",)) -> bool:
    """Whether this is a process of such a name, and no zombie."""
    try:
        record = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    name, _, rest = record.partition("(")[2].rpartition(")")
    return name in names and rest.split()[0] not in "ZX"


def _works_in(pid: int, data: Path, account: Account) -> bool:
    if not is_alive(pid):
        return False
    folder = Path(f"/proc/{pid}/cwd")
    try:
        return folder.samefile(data)
    except (FileNotFoundError, ProcessLookupError):
        return False
    except PermissionError:
        # Root in a container may not look at another account's process; the account itself may.
        look: list[str | Path] = ["/bin/sh", "-c", '[ "$1" -ef "$2" ]', "sh", folder, data]
        return account.lent and account.run(look).returncode == 0


def processes(place: Place) -> list[int]:
    """Every live process of the server, the postmaster first."""
    pids = sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    found = [pid for pid in pids if _works_in(pid, place.data, place.account)]
    seen = read_postmaster(place)
    return sorted(found, key=lambda pid: not (seen and seen.pid == pid))


def wait_until_gone(place: Place, seconds: float) -> None:
    if not wait_for(lambda: not processes(place), seconds):
        raise PostgresError(f"PostgreSQL is still stopping after {seconds:.0f} s: {place.log}")


def end_processes(place: Place) -> None:
    def none_left() -> bool:
        pids = processes(place)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids

    if not wait_for(none_left, END_WAIT):
        raise PostgresError(f"Processes in {place.data} do not end: {processes(place)}")


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Let one process at a time start or stop this server; the others wait, but not for ever."""
    path = place.desk / "lock"
    handle = open_private(path, os.O_RDWR)
    try:
        if not wait_for(lambda: try_lock(handle), LOCK_WAIT):
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
            raise PostgresError(
                f"Process {holder} has been starting or stopping PostgreSQL for more than "
                f"{LOCK_WAIT:.0f} s, by {path}. End it, then try again; see {place.log}."
            )
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        try:
            yield
        finally:
            # Closing is not enough: a child forked meanwhile may hold a copy of the handle.
            fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


def try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
