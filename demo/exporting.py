"""The month as plain-text accounting, and what the accountants' own tools say of it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from demo.operator_desk import OperatorDesk


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """One exported file; `agrees` is None where the tool that checks it is not installed."""

    file: Path
    check: str
    agrees: bool | None
    said: str = ""


def export(desk: OperatorDesk, window: str, folder: Path) -> list[Book]:
    """Write the window for hledger and for beancount, and check what can be checked."""
    folder.mkdir()
    books = []
    for form, ending, words in (
        ("hledger", "journal", ("hledger", "-f", "FILE", "check")),
        ("beancount", "beancount", ("bean-check", "--no-cache", "FILE")),
    ):
        file = folder / f"{window}.{ending}"
        desk.run("books", "export", "--window", window, "--format", form, "--to", file)
        books.append(_checked(file, words))
    return books


def _checked(file: Path, words: tuple[str, ...]) -> Book:
    told = " ".join(words).replace("FILE", file.name)
    # The tests' tools, where they have run: one is a package's, the other unpacked beside it.
    beside = (Path(sys.prefix) / "bin", Path(sys.prefix) / "hledger" / "usr" / "bin")
    path = os.pathsep.join([*map(str, beside), os.environ.get("PATH", os.defpath)])
    tool = shutil.which(words[0], path=path)
    if tool is None:
        return Book(file=file, check=told, agrees=None)
    arguments = [str(file) if word == "FILE" else word for word in words[1:]]
    done = subprocess.run(
        [tool, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return Book(file=file, check=told, agrees=done.returncode == 0, said=done.stdout)
