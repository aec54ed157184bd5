"""One client process: tills and offices of all brands, for its share of the households."""

import signal
import time
from collections import defaultdict
from collections.abc import Sequence
from multiprocessing.connection import Connection

from demo.keyring import Keyring
from demo.shopping import NotAsPlanned, Shopping
from demo.steps import Step
from demo.tally import Tally
from sdk.python.tongbao_client import OutcomeUnknown, UnverifiedAnswer

TOLD_EVERY = 20  # Steps between two words about the progress.


def run(steps: Sequence[Step], keyring: Keyring, pipe: Connection) -> None:
    """Carry out the steps; send (steps done since the last word, None), at last (…, the tally)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends us.
    tally = Tally()
    clients = keyring.clients("till")
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
