"""`bin/bench desk`: how long every page of the desk takes, with millions of journals behind it.

A year's windows are filled and closed month by month, a hub serves them, and somebody with every
role opens each page again and again over a connection that stays open. The pages are those that the
application has: one that is new is measured, or the run says what it does not know of it.
"""

import http.client
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any
from urllib.parse import quote

import psycopg
from flask import Flask

from bench import report
from bench.figures import Figure
from bench.measuring import Meter
from bench.months import filled_months
from bench.place import Hub, Place, hub
from bench.plan import Plan
from exchange import rollup
from kit.database import Database
from kit.ids import to_text
from kit.secrets import Secrets
from settlement.book_checks import checking
from settlement.finance import keeping
from staff import store as personnel
from staff.audit.recording import acting_from, record
from staff.people import sessions, store
from staff.roles import Role
from web import config, desk

TARGET = 300.0  # ms at p95, of the slowest page
PARTNERS = 50
WHO = "bench"
ENTRIES = 200_000  # of the audit log
LOOKS = 40  # at each page
WARM = 3

# What stands in an address, by the word before it and its own name: each is a question to the
# database. Nothing stands for what strangers see, or for what a filled database has none of.
_KNOWN: Mapping[tuple[str, str], str] = {
    ("windows", "name"): 'SELECT name FROM exchange."window" WHERE closed_at IS NOT NULL'
    " ORDER BY id DESC LIMIT 1",
    ("windows", "slug"): "SELECT slug FROM partners.partner ORDER BY id LIMIT 1",
    ("pay", "payment"): "SELECT number::text FROM settlement.payment ORDER BY window_id DESC LIMIT"
    " 1",
    ("partners", "slug"): "SELECT slug FROM partners.partner ORDER BY id LIMIT 1",
    ("liability", "issuer"): "SELECT slug FROM partners.partner ORDER BY id LIMIT 1",
    ("journals", "name"): "SELECT id FROM exchange.journal ORDER BY party_id, kind, id LIMIT 1",
    ("audit", "name"): "SELECT id FROM staff.audit ORDER BY at DESC LIMIT 1",
    ("people", "name"): f"SELECT name FROM staff.operator WHERE name = '{WHO}'",
    ("exports", "window"): 'SELECT name FROM exchange."window" WHERE closed_at IS NOT NULL'
    " ORDER BY id DESC LIMIT 1",
    ("exports", "form"): "SELECT 'csv'",
}
_PREFIXES = {("journals", "name"): "jrn", ("audit", "name"): "aud"}
_NOT_HERE = (
    r"/desk/(sign-in|invitation|prove|exports)\b",  # strangers' pages, and steps of a ceremony
    r"/desk/account/",  # one's own devices
    r"/desk/windows/<name>/pay/files/",  # files, of windows for which none were made
)
# Addresses beside the bare ones: what is asked of a page is what makes it slow.
_ASKED = (
    "/desk/windows/{open}",
    "/desk/search?q={journal}",
    "/desk/search?q=H-00000017-20",
    "/desk/search?q=nothing+of+the+kind",
    f"/desk/audit?who={WHO}",
    "/desk/books/roll-forward?period={month}",
)


@dataclass(frozen=True, slots=True)
class Page:
    """How long one page took, in milliseconds, and what it answered."""

    path: str
    status: int
    kind: str
    ms: list[float]

    @property
    def p50(self) -> float:
        return quantiles(self.ms, n=100, method="inclusive")[49]

    @property
    def p95(self) -> float:
        return quantiles(self.ms, n=100, method="inclusive")[94]

    @property
    def counts(self) -> bool:
        """A page is HTML; a file may take as long as it is large."""
        return self.kind == "text/html"


def run(plan: Plan, journals: int = 1_000_000) -> list[Figure]:
    """The slowest page of the desk at p95, over --journals in twelve windows."""
    journals = 20_000 if plan.quick else journals
    looks = 3 if plan.quick else LOOKS
    with report.bar(plan.console, f"Filling in {journals:,} journals", 12) as advance:
        context = filled_months(
            plan.home, journals=journals, partners=PARTNERS, progress=lambda name: advance(name)
        )
        place = context.__enter__()
    try:
        return _measured(plan, place, journals, looks)
    finally:
        context.__exit__(None, None, None)


def _measured(plan: Plan, place: Place, journals: int, looks: int) -> list[Figure]:
    token, jobs = _inhabited(plan, place)
    with hub(place) as running, _connection(running) as connection, Meter() as meter:
        pages = [_look(connection, token, path, looks) for path in addresses(place)]
    wrong = [page for page in pages if page.status >= 400]
    shown = [page for page in pages if page.counts and page.status == 200]
    report.show_rows(
        plan.console,
        f"Pages of the desk, {journals:,} journals, {looks} looks at each; ms",
        ("page", "p50", "p95", "max"),
        [
            (page.path, f"{page.p50:,.0f}", f"{page.p95:,.0f}", f"{max(page.ms):,.0f}")
            for page in sorted(pages, key=lambda page: -page.p95)
        ],
    )
    report.show_rows(
        plan.console, "Made ahead by jobs, seconds", ("job", "s"),
        [(name, f"{seconds:,.1f}") for name, seconds in jobs.items()],
    )  # fmt: skip
    if wrong:
        raise RuntimeError(f"refused: {', '.join(f'{one.path} {one.status}' for one in wrong)}")
    slowest = max(shown, key=lambda page: page.p95)
    slow = sum(page.p95 > TARGET for page in shown)
    steals = (meter.steal,)
    return report.finish(
        plan,
        place,
        "desk",
        [
            Figure("desk", (slowest.p95,), steals, TARGET, at_most=True, unit=" ms"),
            Figure("pages over it", (float(slow),), steals),
            Figure("pages", (float(len(shown)),), steals),
            *(Figure(name, (seconds,), steals, unit=" s") for name, seconds in jobs.items()),
        ],
        journals=journals,
        pages=[
            {"page": page.path, "p50": page.p50, "p95": page.p95, "max": max(page.ms)}
            for page in pages
        ],
    )


def addresses(place: Place) -> list[str]:
    """Every page that answers a GET, and some with what makes them slow.

    Raises RuntimeError for a page of whose address something is not known.
    """
    with psycopg.connect(place.superuser_url) as connection:
        found: dict[tuple[str, str], str] = {}

        def known(key: tuple[str, str]) -> str:
            if key not in found:
                row = connection.execute(_KNOWN[key]).fetchone()
                if row is None:
                    raise RuntimeError(f"nothing to open a page of {key} with")
                [value] = row
                found[key] = quote(to_text(_PREFIXES[key], value) if key in _PREFIXES else value)
            return found[key]

        paths = [_filled(rule, known) for rule in rules() if not _is_elsewhere(rule)]
        names = connection.execute(
            'SELECT name FROM exchange."window" ORDER BY id DESC LIMIT 2'
        ).fetchall()
        given = {
            "open": names[0][0],
            "month": names[1][0],
            "journal": known(("journals", "name")),
        }
    return [*paths, *(path.format(**given) for path in _ASKED)]


def rules() -> list[str]:
    """The desk's addresses as the application knows them."""
    app = Flask("desk")
    for pages in desk.PAGES:
        app.register_blueprint(pages)
    return sorted(
        str(rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and str(rule).startswith("/desk")
    )


def _is_elsewhere(rule: str) -> bool:
    return any(re.match(each, rule) for each in _NOT_HERE)


def _filled(rule: str, known: Any) -> str:
    path, word = "", ""
    for part in rule.split("/")[1:]:
        filled = part
        for name in re.findall(r"<(?:\w+:)?(\w+)>", part):
            if (word, name) not in _KNOWN:
                raise RuntimeError(f"bench/desk.py does not know what {name} is in {rule}")
            filled = re.sub(rf"<(?:\w+:)?{name}>", known((word, name)), filled)
        if "<" not in part:
            word = part
        path += f"/{filled}"
    return path


def _inhabited(plan: Plan, place: Place) -> tuple[str, dict[str, float]]:
    """Somebody signed in with every role, a long audit log, and what jobs make ahead: the token,
    and the seconds that each job took."""
    secrets = Secrets(config.load(place.environment).secret)
    now = datetime.now(UTC)
    database = Database(place.app_url)
    try:
        with database.transaction() as session:
            personnel.insert_operator(session, WHO, [role.value for role in Role], now)
            personnel.insert_operator(session, "another", [Role.APPROVER.value], now)
            operator = store.operator_named(session, WHO)
            if operator is None:
                raise RuntimeError("nobody can sign in")
            opened = sessions.begin(
                session, secrets, operator["id"], how="passkey", device="bench",
                address="127.0.0.1", now=now, proved=True,
            )  # fmt: skip
            with acting_from("127.0.0.1"):
                record(session, who=WHO, what="signed-in", object_=WHO, now=now)
        with psycopg.connect(place.superuser_url, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO staff.audit (id, at, who, what, object, place, reason)"
                " SELECT gen_random_uuid(), at - n * interval '1 minute', who, what, object, place,"
                " '' FROM staff.audit, generate_series(1, %s) n WHERE who = %s",
                (1_000 if plan.quick else ENTRIES, WHO),
            )
            connection.execute("VACUUM (ANALYZE) staff.audit")
        plan.console.print("Making reports ahead, and checking the books")
        return opened.token, _jobs(database, now)
    finally:
        database.close()


def _jobs(database: Database, now: datetime) -> dict[str, float]:
    took: dict[str, float] = {}
    with _timed(took, "rolling up"), database.transaction() as session:
        rollup.roll_up(session)
    with _timed(took, "reports of a month"):
        while keeping.make_next(database, now, "CNY"):
            pass
    for name, check in (
        ("quick check", checking.check_quickly),
        ("full check", checking.check_in_full),
    ):
        with _timed(took, name):
            wrong = [each.name for each in check(database, now) if each.count]
        if wrong:
            raise RuntimeError(f"the books do not balance: {', '.join(wrong)}")
    return took


@contextmanager
def _timed(took: dict[str, float], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    took[name] = time.perf_counter() - began


@contextmanager
def _connection(running: Hub) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=600)
    try:
        yield connection
    finally:
        connection.close()


def _look(connection: http.client.HTTPConnection, token: str, path: str, looks: int) -> Page:
    """Open a page so often. One that is no page, or that leads elsewhere, is opened once."""
    status, kind, took = _open(connection, token, path)
    again = looks if status == 200 and kind == "text/html" else 0
    for _ in range(min(again, WARM)):
        _open(connection, token, path)
    ms = [_open(connection, token, path)[2] for _ in range(again)]
    return Page(path, status, kind, ms if len(ms) > 1 else [took, took])


def _open(connection: http.client.HTTPConnection, token: str, path: str) -> tuple[int, str, float]:
    began = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": f"desk={token}", "Accept": "text/html"})
    answer = connection.getresponse()
    answer.read()
    took = 1000 * (time.perf_counter() - began)
    return answer.status, answer.headers.get_content_type(), took
