"""What every brand keeps as proof, and the offline verifier's verdict on it."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.asking import get, pages
from demo.console import Advance
from demo.hub import ROOT, Hub, HubFailed
from demo.keyring import Keyring
from demo.tally import Tally
from sdk.python.tongbao_client import Client

_LINES = re.compile(r"^ok +([0-9]+) lines of points", re.MULTILINE)
_PAGE = 1000
VERIFIER = ROOT / "bin" / "verify-statement"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Of `bin/verify-statement` on one brand's files; `said` is its words, a line each."""

    slug: str
    lines: int
    verified: int
    good: bool
    said: tuple[str, ...]


def keep_head(office: Client, tally: Tally) -> dict[str, Any]:
    """The log's head at this moment. Raises HubFailed."""
    head: dict[str, Any] = get(office, "/v1/tree/head", tally)
    return head


def keep_proofs(
    hub: Hub,
    keyring: Keyring,
    statements: Mapping[str, Mapping[str, Any]],
    older: Mapping[str, Any],
    tally: Tally,
    advance: Advance,
) -> dict[str, int]:
    """Fetch what the verifier wants into `proofs/SLUG`, a step a brand; the lines of each.

    `older` is a head that was kept during the month. Raises HubFailed, UnverifiedAnswer.
    """
    with urllib.request.urlopen(f"{hub.origin}/.well-known/tongbao-keys", timeout=30) as answer:  # noqa: S310
        keys = json.load(answer)
    lines = {}
    for slug, office in keyring.clients("office").items():
        folder = folder_of(hub, slug)
        folder.mkdir(parents=True)
        number, size = statements[slug]["number"], statements[slug]["head"]["size"]
        sizes = f"first={older['size']}&second={size}"
        _keep(folder / "keys.json", keys)
        _keep(folder / "older-head.json", older)
        _keep(folder / "consistency.json", get(office, f"/v1/tree/consistency?{sizes}", tally))
        path = f"/v1/statements/{number}"
        _keep(folder / "signature.json", get(office, f"{path}/signature", tally))
        lines[slug] = 0
        for side in ("accepted", "issued"):
            asked = f"{path}/proofs?side={side}&limit={_PAGE}"
            for count, page in enumerate(pages(office, asked, tally), start=1):
                _keep(folder / f"{side}-{count:02d}.json", page)
                lines[slug] += len(page["lines"])
        advance(1)
    return lines


def verify(hub: Hub, slug: str, statement: Path, lines: int) -> Verdict:
    """Run the verifier as its reader would, on files alone. Raises HubFailed when it cannot."""
    files = [statement, *sorted(folder_of(hub, slug).glob("*.json"))]
    if not VERIFIER.is_file():
        raise HubFailed(f"{VERIFIER} is not there")
    done = subprocess.run(
        [sys.executable, VERIFIER, *files],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    verified = sum(map(int, _LINES.findall(done.stdout)))
    good = done.returncode == 0 and verified == lines
    said = tuple((done.stdout + done.stderr).splitlines())
    return Verdict(slug=slug, lines=lines, verified=verified, good=good, said=said)


def folder_of(hub: Hub, slug: str) -> Path:
    """Where a brand keeps its proofs."""
    return hub.home / "proofs" / slug


def _keep(file: Path, facts: Any) -> None:
    file.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
