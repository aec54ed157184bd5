"""All statements of a window as files in a folder, drawn by several processes at once."""

import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from settlement.documents import fonts, keeping, pictures
from settlement.documents.figures import Language
from settlement.documents.loading import from_json
from settlement.documents.page import characters
from settlement.documents.svg import as_svg

Kind = Literal["json", "csv", "xlsx", "pdf", "svg"]

KINDS: tuple[Kind, ...] = ("json", "csv", "xlsx", "pdf", "svg")


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """A statement as it was issued, and what proves it."""

    number: str
    document: bytes
    csv: bytes
    key_id: str
    signature: bytes


def write(
    folder: Path,
    statements: Sequence[Signed],
    languages: Sequence[Language],
    kinds: Sequence[Kind],
    *,
    processes: int | None = None,
) -> Iterator[str]:
    """Write each statement's files, and yield its number once it has them.

    Named after the number: `….statement.json` with `….signature.json`, `….csv`, and for each
    language `….zh.xlsx`, `….zh.pdf`, `….zh.flow.svg`, `….zh.matrix.svg`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    letters: set[str] = set()
    if "pdf" in kinds:
        letters = set().union(*(characters(from_json(each.document)) for each in statements))
    with _workers(processes or os.cpu_count() or 1, letters) as pool:
        jobs = [pool.submit(write_one, folder, each, languages, kinds) for each in statements]
        for job in jobs:
            yield job.result()


def write_one(
    folder: Path, signed: Signed, languages: Sequence[Language], kinds: Sequence[Kind]
) -> str:
    """One statement's files, as `write` names them; gives its number."""

    def put(ending: str, content: bytes) -> None:
        (folder / f"{signed.number}.{ending}").write_bytes(content)

    statement = from_json(signed.document)
    if "json" in kinds:
        put("statement.json", signed.document)
        proof = {
            "statement": signed.number,
            "digest": sha256(signed.document).hexdigest(),
            "key_id": signed.key_id,
            "signature": signed.signature.hex(),
        }
        put("signature.json", json.dumps(proof).encode() + b"\n")
    if "csv" in kinds:
        put("csv", signed.csv)
    for language in languages:
        if "xlsx" in kinds:
            put(f"{language}.xlsx", keeping.make(statement, "xlsx", language))
        if "pdf" in kinds:
            put(f"{language}.pdf", keeping.make(statement, "pdf", language))
        if "svg" in kinds:
            for name, draw in (("flow", pictures.own_flow), ("matrix", pictures.own_matrix)):
                drawn = as_svg(draw(statement, language), name=name, language=language)
                put(f"{language}.{name}.svg", drawn)
    return signed.number


def _workers(processes: int, letters: set[str]) -> AbstractContextManager[Executor]:
    """Copies of a process that has learnt to draw, and has none of this one's connections."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([keeping.__name__])
    return ProcessPoolExecutor(
        processes,
        mp_context=context,
        initializer=fonts.cut_for,
        initargs=(letters,),
    )
