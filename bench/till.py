"""`bin/bench till`: signed redemptions a second, beside pgbench calling the same function.

Both do one redemption of one order, over the same data, with claim, nonce and evidence. The hub
also parses, verifies a signature, validates, renders and signs; pgbench does none of that, so the
ratio is what a partner's request costs beyond the database's own work.
"""

import json
import platform
import random
import re
import secrets
import statistics
import subprocess
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import load
from bench.place import Hub, Place, filled, hub
from kit import ids, postgres
from partners.public_keys import PublicKey
from partners.signing import Message, parse_signature, sign_request, verify_response

TARGET = 0.45
CONNECTIONS = 16
POINTS = 3


@dataclass(frozen=True, slots=True)
class Round:
    pgbench: float  # before and after, the mean
    hub: float
    p50_ms: float
    p99_ms: float

    @property
    def ratio(self) -> float:
        return self.hub / self.pgbench


def run(home: Path, *, members: int, rounds: int, seconds: float, out: Path) -> float:
    """Print the figures, write them as JSON to `out`, return the median ratio."""
    console = Console()
    console.print(f"Filling a database with {members:,} members …")
    with filled(home, members=members, tills=8) as place, hub(place) as running:
        script = _pgbench_script(place, home)
        warm = load.run(running.port, _requests(place, running, 500)[0], CONNECTIONS)
        count = max(500, int(warm.per_second * seconds))
        measured: list[Round] = []
        with Progress(console=console) as progress:
            task = progress.add_task("Rounds: pgbench, hub, pgbench", total=rounds)
            before = _pgbench(place, script, seconds)
            for _ in range(rounds):
                requests, messages = _requests(place, running, count)
                result = load.run(running.port, requests, CONNECTIONS)
                _verify(running, result, messages)
                after = _pgbench(place, script, seconds)
                measured.append(_round(result, (before + after) / 2))
                before = after
                progress.advance(task)
    return _report(console, measured, members, out)


def _round(result: load.Result, reference: float) -> Round:
    if set(result.statuses) != {201}:
        raise RuntimeError(f"not every redemption was made: {result.statuses}")
    times = sorted(result.latencies)
    return Round(
        reference,
        result.per_second,
        1000 * times[len(times) // 2],
        1000 * times[int(len(times) * 0.99)],
    )


def _requests(place: Place, running: Hub, count: int) -> tuple[list[bytes], list[Message]]:
    """Distinct redemptions, signed just now: a signature is good for a minute."""
    authority = f"127.0.0.1:{running.port}"
    requests, messages = [], []
    for _ in range(count):
        number = random.randint(1, place.members)
        till = place.tills[number % len(place.tills)]
        message = _message(number, authority)
        signature = sign_request(
            message,
            origin=running.origin,
            key_id=till.key_id,
            key=till.private,
            nonce=secrets.token_urlsafe(18),
            created=int(time.time()),
        )
        headers = {**message.headers, **{k.lower(): v for k, v in signature.items()}}
        message = Message("POST", message.target, authority, headers, message.body)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        requests.append(
            f"POST {message.target} HTTP/1.1\r\nhost: {authority}\r\n{lines}"
            f"content-length: {len(message.body)}\r\n\r\n".encode()
            + message.body
        )
        messages.append(message)
    return requests, messages


def _message(number: int, authority: str) -> Message:
    body = {
        "member": ids.to_text("mbr", _link(number)),
        "points": POINTS,
        "reference": f"T-{secrets.token_hex(8)}",
    }
    headers = {
        "content-type": "application/json",
        "idempotency-key": secrets.token_urlsafe(18),
    }
    return Message("POST", "/v1/redemptions", authority, headers, json.dumps(body).encode())


def _link(number: int) -> UUID:
    return UUID(bytes=md5(f"link{number}".encode(), usedforsecurity=False).digest())


def _verify(running: Hub, result: load.Result, messages: list[Message]) -> None:
    """Every sampled answer is signed by the hub, over that very request."""
    for number, head, body in result.sample:
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (
                line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:]
            )
        }
        request = messages[number]
        verify_response(
            request,
            parse_signature(request.headers),
            origin=running.origin,
            status=int(head[9:12]),
            headers=headers,
            body=body,
            hub_keys=_public(running),
        )


def _public(running: Hub) -> dict[str, PublicKey]:
    return {
        name: PublicKey.from_raw("ed25519", key.public_bytes_raw())
        for name, key in running.keys.items()
    }


def _pgbench_script(place: Place, home: Path) -> Path:
    """The same order as the hub makes of a request, with evidence of the same size."""
    parties = ",".join(str(till.party) for till in place.tills)
    evidence = json.dumps({"key_id": "k" * 24, "base": "b" * 420, "signature": "s" * 128,
                           "body": "y" * 90})  # fmt: skip
    path = home / "redemption.sql"
    path.write_text(
        f"""\\set n random(1, {place.members})
SELECT code FROM exchange.post(jsonb_build_array(jsonb_build_object(
    'kind', 'redemption', 'party', (ARRAY[{parties}])[1 + :n % {len(place.tills)}],
    'key', replace(gen_random_uuid()::text, '-', ''), 'fingerprint', repeat('ab', 32),
    'key_id', 'pgbench', 'nonce', gen_random_uuid()::text, 'id', gen_random_uuid(),
    'link', md5('link' || :n)::uuid, 'points', {POINTS}, 'reference', gen_random_uuid()::text,
    'evidence', '{evidence}'::jsonb)), NULL);
"""
    )
    return path


def _pgbench(place: Place, script: Path, seconds: float) -> float:
    done = subprocess.run(
        [
            postgres.binary("pgbench"), "-n", "-M", "prepared", "-c", "8", "-j", "2",
            "-T", str(max(1, round(seconds))), "-f", script, place.app_url,
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench printed no rate: {done.stdout}{done.stderr}")
    return float(found[1])


def _report(console: Console, measured: list[Round], members: int, out: Path) -> float:
    table = Table(
        title=f"Single signed redemptions, {members:,} members, {CONNECTIONS} connections"
    )
    for name in ("round", "pgbench a second", "hub a second", "ratio", "p50 ms", "p99 ms"):
        table.add_column(name, justify="right")
    for number, one in enumerate(measured, 1):
        table.add_row(
            str(number), f"{one.pgbench:,.0f}", f"{one.hub:,.0f}", f"{one.ratio:.2f}",
            f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}",
        )  # fmt: skip
    console.print(table)
    ratios = [one.ratio for one in measured]
    median = statistics.median(ratios)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(
        json.dumps(
            {
                "name": "till", "figure": median, "low": min(ratios), "high": max(ratios),
                "target": TARGET, "members": members, "machine": platform.platform(),
                "python": platform.python_version(), "at": datetime.now(UTC).isoformat(),
                "rounds": [asdict(one) for one in measured],
            },
            indent=2,
        )
    )  # fmt: skip
    console.print(f"Written to {out}")
    hub_rate = statistics.median(one.hub for one in measured)
    reference = statistics.median(one.pgbench for one in measured)
    console.print(f"{hub_rate:,.0f} signed redemptions a second beside pgbench's {reference:,.0f}")
    print(f"till: {median:.2f} ({min(ratios):.2f}–{max(ratios):.2f}, target {TARGET})")
    return median
