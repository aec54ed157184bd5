"""The reference: pgbench calling `exchange.post` with one redemption, over the same data.

Claim, nonce and evidence are what the hub would send for the same request. What is missing is all
that the hub does around the call: reading, verifying, validating, rendering, signing.
"""

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


def redemptions(place: Place, meter: Callable[[], Meter], seconds: float) -> Callable[[], Take]:
    """A take of redemptions by 8 clients, prepared, for whole seconds."""
    script = _script(place)

    def take() -> Take:
        length = max(1, round(seconds))
        with meter() as measured:
            rate = _run(place, script, length)
        return Take.of(rate * measured.seconds, measured)

    return take


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


def _run(place: Place, script: str, seconds: int) -> float:
    done = subprocess.run(
        [
            postgres.binary("pgbench"), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2",
            "-T", str(seconds), "-f", "-", place.app_url,
        ],
        input=script, capture_output=True, text=True, check=False,
        env=os.environ | {"PGOPTIONS": " ".join(f"-c {k}={v}" for k, v in HOT_SETTINGS.items())},
    )  # fmt: skip
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench printed no rate: {done.stdout}{done.stderr[-2000:]}")
    return float(found[1])
