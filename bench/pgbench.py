"""The references. First: pgbench calling `exchange.post` with one redemption, over the same data.

Claim, nonce and evidence are what the hub would send for the same request. What is missing is all
that the hub does around the call: reading, verifying, validating, rendering, signing.

Second, where the function itself may have changed: what pgbench does when left to itself.
"""

import functools
import json
import os
import re
import subprocess
from collections.abc import Callable

from bench.asking import POINTS
from bench.measuring import Meter, Take
from bench.place import Place
from kit import postgres
from kit.database import HOT_SETTINGS

CLIENTS = 8
SCALE = 10  # branches of its own bank: each of the clients usually has one to itself


def redemptions(place: Place, meter: Callable[[], Meter], seconds: float) -> Callable[[], Take]:
    """A take of redemptions by 8 clients, prepared, for whole seconds."""
    return functools.partial(_take, meter, ["-f", "-", place.app_url], seconds, _script(place))


def its_own(place: Place, meter: Callable[[], Meter], seconds: float) -> Callable[[], Take]:
    """A take of pgbench's own transactions, which are like TPC-B's and nothing of ours."""
    _run(["-i", "-q", "-s", str(SCALE), place.owner_url])
    return functools.partial(_take, meter, ["-b", "tpcb-like", place.owner_url], seconds)


def _take(meter: Callable[[], Meter], what: list[str], seconds: float, script: str = "") -> Take:
    length = str(max(1, round(seconds)))
    with meter() as measured:
        said = _run(
            ["-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", length, *what], script
        )
    found = re.search(r"tps = ([0-9.]+)", said)
    if found is None:
        raise RuntimeError(f"pgbench printed no rate: {said}")
    return Take.of(float(found[1]) * measured.seconds, measured)


def _script(place: Place) -> str:
    parties = ",".join(str(till.party) for till in place.tills)
    evidence = json.dumps({"key_id": "k" * 24, "base": "b" * 420, "signature": "s" * 128,
                           "body": "y" * 90})  # fmt: skip
    return f"""\\set n random(1, {place.members})
SELECT code FROM exchange.post(jsonb_build_array(jsonb_build_object(
    'kind', 'redemption', 'party', (ARRAY[{parties}])[1 + :n % {len(place.tills)}],
    'key', left(gen_random_uuid()::text, 24), 'fingerprint', repeat('ab', 32),
    'key_id', 'pgbench', 'nonce', left(gen_random_uuid()::text, 24), 'id', uuidv7(),
    'link', (lpad(to_hex(:n::integer), 12, '0') || '70008000000000000000')::uuid,
    'signed_at', extract(epoch FROM now())::bigint, 'points', {POINTS},
    'reference', left('T-' || gen_random_uuid()::text, 18),
    'evidence', '{evidence}'::jsonb)), NULL);
"""


def _run(arguments: list[str], script: str = "") -> str:
    """What pgbench prints. Raises RuntimeError when it does not end well."""
    done = subprocess.run(
        [postgres.binary("pgbench"), *arguments],
        input=script, capture_output=True, text=True, check=False,
        env=os.environ | {"PGOPTIONS": " ".join(f"-c {k}={v}" for k, v in HOT_SETTINGS.items())},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"pgbench failed: {done.stdout}{done.stderr[-2000:]}")
    return done.stdout
