"""A peer: a program in this folder, run in `.venv-peers`, with a database of its own."""

import json
import os
import secrets
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import asking
from bench.measuring import Meter, Take
from bench.peers import environment
from bench.place import ROOT, Hub, Place
from partners.public_keys import ED25519, PrivateKey

# The quickest of sync and gthread, 2 and 4 workers, 2 and 4 threads, on two cores.
SERVER = ("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--keep-alive", "75")


@dataclass(slots=True)
class Peer:
    """A program of this folder, and how many transfers it was seen to make.

    Its database lies on the server of the hub that it runs beside.
    """

    name: str
    place: Place
    python: Path
    done: int = 0

    @classmethod
    @contextmanager
    def beside(cls, place: Place, name: str, *filling: str, given: str = "") -> Iterator[Self]:
        """A peer whose database is filled by its own `fill`, and goes when the block ends."""
        peer = cls(name, place, environment.python())
        with psycopg.connect(place.server.url(role="postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {peer.database} OWNER hub_owner")
            try:
                peer.tell("fill", *filling, given=given)
                with psycopg.connect(peer.url, autocommit=True) as its_own:
                    its_own.execute("VACUUM (ANALYZE)")
                yield peer
            finally:
                connection.execute(f"DROP DATABASE {peer.database} WITH (FORCE)")

    @property
    def database(self) -> str:
        return f"{self.place.database}_{self.name}"

    @property
    def url(self) -> str:
        return self.place.server.url(self.database)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"PEER_URL": self.url, "PYTHONDONTWRITEBYTECODE": "1"}

    def _command(self, *words: str) -> list[str | Path]:
        return [self.python, "-m", f"bench.peers.{self.name}", *words]

    def tell(self, *words: str, given: str = "") -> str:
        """What the program prints. Raises CalledProcessError; its own words go to our stderr."""
        return subprocess.run(
            self._command(*words), cwd=ROOT, env=self.environment, input=given,
            stdout=subprocess.PIPE, text=True, check=True,
        ).stdout  # fmt: skip

    def check(self) -> None:
        """Raises RuntimeError unless its books add up, with as many transfers as it made."""
        found = json.loads(self.tell("check"))
        if found != {"transfers": self.done, "faults": {}}:
            raise RuntimeError(f"{self.name}: {self.done} transfers were made; its books: {found}")

    def run(self, *words: str) -> Take:
        """A take of its own `run`. It says when it is ready, and what its processes cost."""
        with subprocess.Popen(
            self._command("run", *words), cwd=ROOT, env=self.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("a process without the pipes that it was given")
            process.stdout.readline()
            with Meter(database=postmaster(self.place)) as meter:
                process.stdin.write("go\n")
                process.stdin.flush()
                said = process.stdout.readline()
        if process.returncode or not said:
            raise RuntimeError(f"{self.name} ended with {process.returncode}")
        found: dict[str, Any] = json.loads(said)
        count = int(found["transfers"])
        self.done += count
        cost = {"hub": found["cpu_seconds"], "database": meter.cpu["database"]}
        each = {name: 1e6 * used / max(count, 1) for name, used in cost.items()}
        return Take(count / found["seconds"], meter.steal, each)


def postmaster(place: Place) -> int:
    """The process id of the place's PostgreSQL."""
    return int((place.server.data / "postmaster.pid").read_text().split()[0])


def members_of(place: Place) -> str:
    """The place's tills and members, as the ordinary stack's `fill` reads them."""
    tills = [
        {
            "party": till.party,
            "key_id": till.keys[ED25519].id,
            "public": PrivateKey.from_pem(till.keys[ED25519].pem).public_key.raw.hex(),
        }
        for till in place.tills
    ]
    links = [asking.member(number) for number in range(1, place.members + 1)]
    return json.dumps({"tills": tills, "links": links})


@contextmanager
def served(peer: Peer) -> Iterator[Hub]:
    """The ordinary stack behind gunicorn, with a key of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    raw = secrets.token_bytes(32)
    key = Ed25519PrivateKey.from_private_bytes(raw).public_key()
    settings = {"PEER_ORIGIN": f"http://127.0.0.1:{port}", "PEER_KEY": raw.hex()}
    process = subprocess.Popen(
        [
            peer.python, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *SERVER,
            "--log-level", "warning", f"bench.peers.{peer.name}:create_app()",
        ],
        cwd=ROOT, env=peer.environment | settings,
    )  # fmt: skip
    try:
        _wait(process, port)
        yield Hub(port, process, {"ordinary": key})
    finally:
        process.terminate()
        process.wait(40)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("gunicorn ended before it answered")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("gunicorn does not answer")
