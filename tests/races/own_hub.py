"""A hub and a database server of a test's own, to be killed: workers, the hub, the database."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from partners.public_keys import PrivateKey
from sdk.python.tongbao_client import fetch_hub_keys
from tests.cluster import Address
from tests.server import ROOT, Server, _wait_until_up, environment, free_port


class OwnHub:
    """Two workers on a port that stays the same from one life to the next."""

    def __init__(self, address: Address, folder: Path) -> None:
        self.address, self.folder = address, folder
        self.port = free_port()
        self.key_file = folder / "hub-key.pem"
        self.key_file.write_text(PrivateKey.generate().to_pem())
        self.process: subprocess.Popen[bytes] | None = None
        self.lives = 0

    def start(self) -> Server:
        """The hub, answering."""
        origin, log = f"http://127.0.0.1:{self.port}", self.folder / "log"
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "granian", "--interface", "wsgi",
                    "--host", "127.0.0.1", "--port", str(self.port), "--workers", "2",
                    "--blocking-threads", "16", "--backlog", "1024", "--no-log",
                    "--respawn-failed-workers", "--respawn-interval", "0.1",
                    "--workers-kill-timeout", "2", "wsgi:application",
                ],
                cwd=ROOT,
                env=environment(self.address, self.port, self.key_file),
                stdout=file,
                stderr=file,
            )  # fmt: skip
        _wait_until_up(self.process, origin, log)
        self.lives += 1
        return Server(origin, self.port, self.process, log, self.key_file, fetch_hub_keys(origin))

    def workers(self) -> list[int]:
        """The processes that answer requests."""
        assert self.process is not None
        tasks = Path(f"/proc/{self.process.pid}/task")
        try:
            found = [
                each for task in tasks.iterdir() for each in (task / "children").read_text().split()
            ]
        except OSError:
            return []
        return [pid for pid in map(int, found) if _serves(pid)]

    def kill_worker(self, number: int) -> bool:
        """SIGKILL one of the workers; False when there is none at this moment.

        Granian starts a worker again, but ends as a whole when that one dies within seconds. Then
        whatever watches over it (systemd, Docker) starts it anew; here it is this method.
        """
        assert self.process is not None
        if self.process.poll() is not None:
            self.start()
        found = self.workers()
        if not found:
            return False
        os.kill(found[number % len(found)], signal.SIGKILL)
        return True

    def kill(self) -> None:
        """SIGKILL it all, the parent first, so that nothing is started again."""
        assert self.process is not None
        workers = self.workers()
        self.process.kill()
        self.process.wait()
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(_serves(pid) for pid in workers):
            time.sleep(0.01)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()


def _serves(pid: int) -> bool:
    """Alive, and not multiprocessing's helper that keeps track of what is left behind."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return bool(command) and b"resource_tracker" not in command
