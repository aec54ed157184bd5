"""`bin/bench profile`: where the time of one redemption goes, in the hub and in the database.

py-spy samples a web process from outside, twice: all the time that a request spends in it, and the
time in which Python is at work (holds its lock, of which a process has one). The database's side is
what pg_stat_statements and, function by function, pg_stat_user_functions (`track_functions = all`)
counted meanwhile.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import psycopg

from bench import load, report
from bench.driver import Driver
from bench.figures import Figure
from bench.place import Place
from bench.plan import Plan
from bench.till import CONNECTIONS

SAMPLES = 200  # a second
GIL = "Python at work"
OURS = re.compile(r"\b(?:_?app|__call__|wsgi_app|application)\b.*\((?:web|partners)/")

NAME = r"^(?:\w+\.)*"  # of a method, behind its classes

# The first rule that a frame meets, from the innermost frame outwards, is where its time goes.
LAYERS = (
    ("logging", re.compile(r"structlog|web/logs|partners/api/answer_log|logging/")),
    ("render and sign", re.compile(rf"{NAME}(?:sign_response|sign|_?render|dumps?|refuse) ")),
    ("schema", re.compile(r"^_?loads? |marshmallow/|kit/quick_schemas|kit/strict_json")),
    (
        "funnel and database",
        re.compile(r"exchange/(?:funnel|ledger)|kit/database|psycopg|sqlalchemy"),
    ),
    ("parse and verify", re.compile(rf"{NAME}(?:verify_request|parse_signature|verifies|admit) ")),
    ("parse and verify", re.compile(r"partners/(?:signature|signing_wsgi|structured|api/gate)")),
    ("make the order", re.compile(r"\(exchange/|partners/api/acceptance|partners/directory")),
)
ELSEWHERE = "server"


def run(plan: Plan) -> list[Figure]:
    """A flame graph of a web process under load, and tables by layer and by SQL."""
    seconds = 2 if plan.quick else max(5, round(2 * plan.seconds))
    with report.filled_place(plan) as place:
        _count_functions(place)
        with Driver.over(place) as driver:
            picture = plan.home / "profile.svg"
            stacks = {}
            for name, options in (
                ("time in a request", ["--format", "raw", "--idle"]),
                (GIL, ["--format", "raw", "--gil"]),
            ):
                stacks[name] = _fold(_record(driver, plan.home / "profile.txt", seconds, options))
            _record(driver, picture, seconds, ["--format", "flamegraph"])
            layers = {name: by_layer(found) for name, found in stacks.items()}
            _show_layers(plan, layers)
            _show_database(plan, place)
            plan.console.print(f"Flame graph: {picture}", soft_wrap=True)
            shares = layers[GIL]
            figure = Figure(
                "profile", (100 * shares.get("parse and verify", 0.0),), (0.0,), unit=" %"
            )
            return report.finish(plan, place, "profile", [figure], layers=layers)


def _record(driver: Driver, path: Path, seconds: int, options: list[str]) -> str:
    """Sample one web process while the tills are at work; the text of what was written."""
    asker = driver.any_redemption()
    count = int(1.5 * (seconds + 3) * driver.known_rate)
    requests = driver.signer.sign([asker() for _ in range(count)])
    command: list[str | Path] = [
        Path(sys.executable).parent / "py-spy", "record", *options, "--output", path,
        "--pid", str(driver.hub.workers()[0]), "--duration", str(seconds),
        "--rate", str(SAMPLES),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as spy:
        result = load.closed(
            driver.connections(CONNECTIONS), requests, until=lambda: spy.poll() is not None
        )
        said = spy.communicate()[0].decode()
    driver.check(requests, result)
    if spy.returncode:
        raise RuntimeError(f"py-spy could not look: {said}")
    return path.read_text()


def _fold(text: str) -> list[tuple[list[str], int]]:
    """Stacks, outermost frame first, with how often each was seen."""
    lines = (line.rpartition(" ") for line in text.splitlines())
    return [(stack.split(";"), int(count)) for stack, _, count in lines]


def by_layer(stacks: Iterable[tuple[list[str], int]]) -> dict[str, float]:
    """Each layer's share of the samples in which a request was being answered."""
    seen: Counter[str] = Counter()
    for frames, count in stacks:
        if any(OURS.search(frame) for frame in frames):
            seen[_layer(frames)] += count
    total = sum(seen.values()) or 1
    return {name: count / total for name, count in seen.most_common()}


def _layer(frames: list[str]) -> str:
    for frame in reversed(frames):
        for name, rule in LAYERS:
            if rule.search(frame):
                return name
    return ELSEWHERE


def _show_layers(plan: Plan, layers: dict[str, dict[str, float]]) -> None:
    names = dict.fromkeys(name for found in layers.values() for name in found)
    rows = [(name, *(f"{found.get(name, 0):.1%}" for found in layers.values())) for name in names]
    report.show_rows(plan.console, "One redemption in a web process", ("layer", *layers), rows)


def _count_functions(place: Place) -> None:
    with psycopg.connect(place.superuser_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {place.database} SET track_functions = 'all'")
    with psycopg.connect(place.server.url("postgres", role="postgres")) as connection:
        connection.execute("SELECT pg_stat_statements_reset()")


def _show_database(plan: Plan, place: Place) -> None:
    with psycopg.connect(place.server.url("postgres", role="postgres")) as connection:
        statements = connection.execute(
            "SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 40), calls,"
            " mean_exec_time, shared_blks_dirtied::float8 / calls, wal_bytes::float8 / calls"
            " FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
            " WHERE d.datname = %s ORDER BY total_exec_time DESC LIMIT 5",
            (place.database,),
        ).fetchall()
    with psycopg.connect(place.superuser_url) as connection:
        functions = connection.execute(
            "SELECT schemaname || '.' || funcname, calls, self_time / calls, total_time / calls"
            " FROM pg_stat_user_functions WHERE calls > 0 ORDER BY self_time DESC LIMIT 10"
        ).fetchall()
    report.show_rows(
        plan.console,
        "Statements: mean time, pages dirtied, bytes of WAL (pg_stat_statements)",
        ("statement", "calls", "ms", "pages", "WAL"),
        [
            (query, f"{calls:,}", f"{ms:.3f}", f"{pages:.1f}", f"{wal:,.0f}")
            for query, calls, ms, pages, wal in statements
        ],
    )
    report.show_rows(
        plan.console,
        "Functions (pg_stat_user_functions)",
        ("function", "calls", "self ms", "total ms"),
        [(name, f"{calls:,}", f"{own:.3f}", f"{all_:.3f}") for name, calls, own, all_ in functions],
    )
