"""One client process: tills and offices of all brands, for its share of the households."""

import signal
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from demo.shopping import NotAsPlanned, Shopping
from demo.steps import Step
from demo.tally import Tally
from sdk.python.tongbao_client import Client, OutcomeUnknown, UnverifiedAnswer, fetch_hub_keys

TOLD_EVERY = 20  # Steps between two words about the progress.
PATIENCE = 30.0  # Seconds to wait for an answer.


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where the hub is, and per brand the key its tills sign with."""

    origin: str
    keys: dict[str, tuple[str, Path]]  # Brand to key id and private key file.

    def clients(self) -> dict[str, Client]:
        """A client per brand, each believing only what the hub's published keys signed."""
        hub_keys = fetch_hub_keys(self.origin)
        return {
            brand: Client(self.origin, key_id, path.read_bytes(), hub_keys, timeout=PATIENCE)
            for brand, (key_id, path) in self.keys.items()
        }


def run(steps: Sequence[Step], access: Access, pipe: Connection) -> None:
    """Carry out the steps; send (steps done since the last word, None), at last (…, the tally)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends us.
    tally = Tally()
    clients = access.clients()
    households: dict[int, Shopping] = defaultdict(lambda: Shopping(clients, tally))
    lost: set[int] = set()
    started = time.monotonic()
    for number, step in enumerate(steps, 1):
        if step.household not in lost and not _do(households[step.household], step, tally):
            lost.add(step.household)  # What follows would build on what did not happen.
        if number % TOLD_EVERY == 0:
            pipe.send((TOLD_EVERY, None))
    tally.seconds = time.monotonic() - started
    pipe.send((len(steps) % TOLD_EVERY, tally))


def _do(shopping: Shopping, step: Step, tally: Tally) -> bool:
    try:
        shopping.do(step)
    except NotAsPlanned as surprise:
        tally.surprises.append(str(surprise))
    except UnverifiedAnswer as unverified:
        tally.unverified += 1
        told = unverified.content[:200].decode(errors="replace")
        tally.surprises.append(f"{step.reference}: {unverified} ({unverified.status} {told})")
    except OutcomeUnknown as unknown:
        tally.surprises.append(f"{step.reference}: {unknown}")
    else:
        return True
    return False
