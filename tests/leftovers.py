"""What a whole run of tests leaves on the disk: of the people whom tests plant, nothing (T28).

The database's write-ahead log has had every row that there ever was, the servers' logs every line.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

# Who signs in, in tests that look for what is left of them.
PLANTED = (
    "18612345678",
    "186 1234 5678",
    "Canary Wang",
    "王金丝雀",
    "13800138000",
    "138 0013 8000",
)


def leftovers(folders: Iterable[Path]) -> Iterator[str]:
    """Each file of a log under these folders that says something of somebody, and what it says."""
    for path in sorted(file for folder in folders for file in _logs(folder)):
        try:
            content = path.read_bytes()
        except OSError:  # The server has done with it meanwhile.
            continue
        for planted in PLANTED:
            if planted.encode() in content:
                yield f"{path} has {planted!r}"


def _logs(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and (path.parent.name == "pg_wal" or "log" in path.name.split(".")):
            yield path
