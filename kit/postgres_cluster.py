"""Making the hub's own database: initdb, settings, roles. It appears finished or not at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path

from kit.postgres_account import (
    Place,
    PostgresError,
    make_private_folder,
    sync_folder,
    write_private,
)

LOGIN_ROLES = ("postgres", "hub_owner", "hub_app_login")
INITDB_WAIT = 300  # seconds

SETTINGS = {
    # What a commit promises. The hub refuses to run with any of these off.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # The same answers whoever starts it, wherever.
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A laptop's share.
    "max_connections": "100",
    "max_wal_size": "2GB",
    "min_wal_size": "160MB",
    "checkpoint_timeout": "10min",
    "wal_compression": "off",  # The wheel has neither lz4 nor zstd, and pglz costs more than disk.
    "jit": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # The details of a refused row are a member's name and telephone number: not for a log.
    "log_error_verbosity": "terse",
}

# One statement a line: that is how PostgreSQL reads them in single-user mode.
ROLES = """\
CREATE ROLE hub_owner LOGIN NOSUPERUSER CREATEROLE CREATEDB PASSWORD '{hub_owner}'
CREATE ROLE hub_app NOLOGIN
CREATE ROLE hub_app_login LOGIN INHERIT PASSWORD '{hub_app_login}'
GRANT hub_app TO hub_app_login
GRANT hub_app TO hub_owner WITH ADMIN TRUE, INHERIT FALSE, SET TRUE
GRANT pg_monitor TO hub_owner
CREATE DATABASE hub OWNER hub_owner
REVOKE ALL ON DATABASE hub FROM PUBLIC
GRANT CONNECT, TEMPORARY ON DATABASE hub TO hub_app
REVOKE ALL ON DATABASE postgres FROM PUBLIC
REVOKE ALL ON DATABASE template1 FROM PUBLIC
GRANT CONNECT ON DATABASE postgres TO hub_owner
"""
# It sees every database from here, and a dump of `hub` stays restorable without a superuser.
STATISTICS = "CREATE EXTENSION pg_stat_statements\n"


def create(place: Place, programs: Path) -> None:
    """Make `place.data` with its databases and roles, and the passwords beside it.

    A creation that was cut short is begun anew. Raises PostgresError with initdb's own words.
    """
    passwords = {role: secrets.token_urlsafe(24) for role in LOGIN_ROLES}
    for left in place.room.glob("data.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    # A name of its own: the initdb of a starter that was killed may be at work in the last one.
    draft = place.room / f"data.new-{secrets.token_hex(4)}"
    make_private_folder(draft, place.account)
    counts = (programs.parent / "lib" / "pg_stat_statements.so").exists()
    settings = SETTINGS | {"shared_buffers": shared_buffers()}
    if counts:
        settings["shared_preload_libraries"] = "pg_stat_statements"
    _initdb(place, programs, draft, settings, passwords["postgres"])
    _run_sql(place, programs, draft, ROLES.format(**passwords) + STATISTICS * counts)
    # The passwords first: data without them would be of no use to anybody.
    write_private(place.desk / "secrets", json.dumps(passwords))
    draft.rename(place.data)
    sync_folder(place.room)


def shared_buffers() -> str:
    """256 MB, or 64 MB on a small machine and in a container with Docker's 64 MB of /dev/shm."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    shared = Path("/dev/shm")  # noqa: S108 - measured, not written to
    room = shutil.disk_usage(shared).total if shared.is_dir() else memory
    return "256MB" if memory >= 2 << 30 and room >= 256 << 20 else "64MB"


def _initdb(
    place: Place, programs: Path, draft: Path, settings: dict[str, str], password: str
) -> None:
    password_file = place.room / "password"
    command: list[str | Path] = [
        programs / "initdb",
        f"--pgdata={draft}",
        "--username=postgres",
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
        "--encoding=UTF8",
        "--locale=C",  # not the caller's: the order of names would depend on who ran this first
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        *(f"--set={name}={value}" for name, value in settings.items()),
    ]
    write_private(password_file, password)
    try:
        if place.account.lent:
            os.chown(password_file, place.account.uid, place.account.gid)
        _finish(place, "initdb", command)
    finally:
        password_file.unlink()


def _run_sql(place: Place, programs: Path, draft: Path, sql: str) -> None:
    """Single-user mode needs no port, so nobody can come in before the passwords are set."""
    command: list[str | Path] = [
        programs / "postgres",
        "--single",
        "-D",
        draft,
        "-c",
        "exit_on_error=on",
        "postgres",
    ]
    _finish(place, "making the roles", command, sql)


def _finish(place: Place, what: str, command: list[str | Path], sql: str = "") -> None:
    try:
        done = place.account.run(command, stdin=None, input=sql.encode(), timeout=INITDB_WAIT)
    except subprocess.TimeoutExpired as error:
        raise PostgresError(f"{what} took more than {INITDB_WAIT} s in {place.room}.") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise PostgresError(f"{what} failed in {place.room}:\n{said[-2000:]}")
