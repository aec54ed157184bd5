"""The hub under demonstration: its processes, started as anybody would start them."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path
from typing import TextIO

from kit import postgres

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "web.cli")  # What bin/hub runs, once it has the environment.
START_WAIT = 60.0
STOP_WAIT = 15.0


class HubFailed(Exception):  # noqa: N818 - the house names what happened
    """The hub did not do what was asked; the text holds what it said."""


class Hub:
    """One hub with a home and a port of its own. `close` leaves nothing running."""

    def __init__(self, home: Path, port: int, *, workers: int = 2) -> None:
        self.home = home
        self.port = port
        self.workers = workers
        self.origin = f"http://localhost:{port}"
        self.log = home / "hub.log"
        # What the caller's environment says of a real hub must not reach this one.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        kept.pop("DATABASE_URL", None)
        self.environment = kept | {
            "HUB_HOME": str(home),
            "HUB_PORT": str(port),
            "HUB_ORIGIN": self.origin,
            "PYTHONUTF8": "1",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None

    def tell(self, *arguments: str) -> tuple[int, str]:
        """Run `bin/hub …` as a person would; its exit status and all it said."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        return done.returncode, done.stdout

    def serve(self, lock: TextIO) -> None:
        """Start the server processes and wait until they are ready. Raises HubFailed.

        They inherit the home's lock: should we be killed, no second demonstration begins while
        they are left.
        """
        self._process = self._start(lock, "serve", "--workers", str(self.workers))
        until = time.monotonic() + START_WAIT
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > until:
                end = self.log.read_text("utf-8", "replace")[-2000:]
                raise HubFailed(f"The hub did not start; {self.log} ends:\n{end}")
            time.sleep(0.1)

    def work(self, lock: TextIO) -> None:
        """Start the worker, for what time brings."""
        self._worker = self._start(lock, "worker")

    def _start(self, lock: TextIO, *words: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*COMMAND, *words],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we stop it in our own order.
                pass_fds=(lock.fileno(),),
            )

    @property
    def process_id(self) -> int:
        """Of the server's first process."""
        assert self._process is not None  # noqa: S101 - asked only while it runs
        return self._process.pid

    def died(self) -> bool:
        """Has the server ended by itself?"""
        return self._process is not None and self._process.poll() is not None

    def close(self) -> None:
        """Stop the server, then its database."""
        for process in (self._worker, self._process):
            if process is not None:
                _end(process)
        self._worker = self._process = None
        postgres.stop(self.home)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.origin}/health/ready", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_WAIT)
            return


def choose_port() -> int:
    """HUB_PORT when it is set, else 8000 or the first free port after it.

    Raises HubFailed when HUB_PORT is taken.
    """
    wanted = os.environ.get("HUB_PORT")
    if wanted:
        if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
            raise HubFailed(f"HUB_PORT is not a port: {wanted!r}")
        if not _is_free(int(wanted)):
            raise HubFailed(f"Port {wanted} is taken: set HUB_PORT to another, or leave it unset.")
        return int(wanted)
    for port in range(8000, 8100):
        if _is_free(port):
            return port
    raise HubFailed("No port from 8000 to 8099 is free: set HUB_PORT to another.")


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
