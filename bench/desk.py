"""`bin/bench desk`: how long every page of the desk takes, with millions of journals behind it.

A year's windows are filled and closed month by month, a hub serves them, and somebody with every
role opens each page again and again over a connection that stays open. The pages are those that the
application has: one that is new is measured, or the run says what it does not know of it.
"""

import http.client
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any
from urllib.parse import quote

import psycopg

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
from web import config
from web.app import create_app

TARGET = 300.0  # ms at p95, of the slowest page
PARTNERS = 50
WHO = "bench"
ENTRIES = 200_000  # of the audit log
FINDINGS = 10_000  # of the record that differs
LOOKS = 40  # at each page
WARM = 3

# What stands in an address, by the word before it and its own name: each is a question to the
# database. Nothing stands for what strangers see, or for what a filled database has none of.
_WINDOW = 'SELECT name FROM exchange."window" WHERE closed_at IS NOT NULL ORDER BY id DESC LIMIT 1'
_PARTNER = "SELECT slug FROM partners.partner ORDER BY party_id LIMIT 1"
_STATEMENT = "SELECT number FROM settlement.statement ORDER BY window_id DESC LIMIT 1"
_KNOWN: Mapping[tuple[str, str], str] = {
    ("windows", "name"): _WINDOW,
    ("windows", "slug"): _PARTNER,
    (
        "pay",
        "payment",
    ): "SELECT w.name || '-R' || p.revision || '-P' || lpad(p.number::text, 6, '0')"
    ' FROM settlement.payment p JOIN exchange."window" w ON w.id = p.window_id'
    " ORDER BY w.id DESC LIMIT 1",
    ("partners", "slug"): _PARTNER,
    ("liability", "issuer"): _PARTNER,
    ("journals", "name"): "SELECT id FROM exchange.journal ORDER BY party_id, kind, id LIMIT 1",
    ("audit", "name"): f"SELECT id FROM staff.audit WHERE who = '{WHO}' ORDER BY at DESC LIMIT 1",
    ("approvals", "name"): "SELECT id FROM staff.proposal ORDER BY proposed_at DESC LIMIT 1",
    ("people", "name"): f"SELECT name FROM staff.operator WHERE name = '{WHO}'",
    ("statements", "number"): _STATEMENT,
    ("reconciliation", "name"): "SELECT id FROM settlement.reconciliation LIMIT 1",
    ("disputes", "name"): "SELECT id FROM settlement.dispute LIMIT 1",
}
_PREFIXES = {"journals": "jrn", "audit": "aud", "approvals": "prp", "reconciliation": "rec",
             "disputes": "dsp"}  # fmt: skip
_NOT_HERE = (
    r"/desk/(sign-in|invitation|prove)\b",  # strangers' pages, and steps of a ceremony
    r"/desk/account/",  # one's own devices
    r"/desk/members/<",  # a member, whom nobody opens without a reason
    r"/desk/(books/exports/<|invoices/)|/files?/|/evidence/",  # files, as long as they are large
    r"/desk/bank/|/bank/<|/default/",  # what a bank's file and a default would have brought
    r"/desk/health/exchanges/<",  # an exchange that nobody answers
)
# A record that differs from ours, and a dispute about one line.
_CASES = (
    """INSERT INTO settlement.reconciliation (id, party_id, window_id, side, tolerance, many, state,
           created_at, matched_at)
       SELECT gen_random_uuid(), p.party_id, w.id, 'accepted', 60, false, 'differs', now(), now()
       FROM (SELECT party_id FROM partners.partner ORDER BY party_id LIMIT 1) p,
            (SELECT max(id) - 1 AS id FROM exchange."window") w""",
    """INSERT INTO settlement.reconciliation_outcome
       SELECT id, 'differing', %(findings)s, %(findings)s, %(findings)s, %(findings)s, %(findings)s
       FROM settlement.reconciliation""",
    """INSERT INTO settlement.reconciliation_finding (reconciliation_id, outcome, number, differs,
           their_lines, their_reference, their_kind, their_points, their_at, our_journals,
           our_reference, our_kind, our_points, our_at, our_window_id)
       SELECT r.id, 'differing', j.n, '{points}', ARRAY[j.n], j.reference, j.kind, j.points + 1,
              j.at, ARRAY[j.id], j.reference, j.kind, j.points, j.at, j.window_id
       FROM settlement.reconciliation r CROSS JOIN LATERAL (
           SELECT *, row_number() OVER (ORDER BY id) AS n FROM exchange.journal
           WHERE party_id = r.party_id AND kind = 'redemption' ORDER BY id LIMIT %(findings)s) j""",
    """INSERT INTO settlement.dispute (id, window_id, journal_id, issuer_id, acceptor_id, points,
           opened_by, reason, state, opened_at)
       SELECT gen_random_uuid(), p.window_id, p.journal_id, p.issuer_id, p.party_id, p.points,
              p.issuer_id, 'not-ours', 'escalated', now()
       FROM (SELECT r.party_id, j.id FROM settlement.reconciliation r CROSS JOIN LATERAL (
                 SELECT id FROM exchange.journal
                 WHERE party_id = r.party_id AND kind = 'redemption' ORDER BY id DESC LIMIT 1) j) j
       JOIN exchange.posting p ON p.journal_id = j.id""",
    """INSERT INTO settlement.dispute_step (dispute_id, number, step, party_id, words, at)
       SELECT id, 1, 'opened', opened_by, 'a benchmark', opened_at FROM settlement.dispute""",
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
    def shown(self) -> str:
        """Short of its ids; with what it answered, if that was no page."""
        path = re.sub(r"_[0-9a-z]{20,}", "_…", self.path)
        return path if self.status == 200 else f"{path} ({self.status})"

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
    with ExitStack() as stack:
        with report.bar(plan.console, f"Filling in {journals:,} journals", 12) as advance:
            months = filled_months(
                plan.home,
                journals=journals,
                partners=PARTNERS,
                progress=lambda name: advance(name, 1),
            )
            place = stack.enter_context(months)
        return _measured(plan, place, journals, looks)


def _measured(plan: Plan, place: Place, journals: int, looks: int) -> list[Figure]:
    token, jobs = _inhabited(plan, place)
    with hub(place) as running, _connection(running) as connection, Meter() as meter:
        pages = [_look(connection, token, path, looks) for path in addresses(place)]
    # What a window's state forbids, or another's role, is an answer as well.
    wrong = [page for page in pages if page.status == 404 or page.status >= 500]
    shown = [page for page in pages if page.counts and page.status == 200]
    report.show_rows(
        plan.console,
        f"Pages of the desk, {journals:,} journals, {looks} looks at each; ms",
        ("page", "p50", "p95", "max"),
        [
            (
                page.shown,
                f"{page.p50:,.0f}",
                f"{page.p95:,.0f}",
                f"{max(page.ms):,.0f}",
            )
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
                kind = _PREFIXES.get(key[0])
                found[key] = quote(to_text(kind, value) if kind else value)
            return found[key]

        paths = [_filled(rule, known) for rule in rules(place) if not _is_elsewhere(rule)]
        names = connection.execute(
            'SELECT name FROM exchange."window" ORDER BY id DESC LIMIT 2'
        ).fetchall()
        given = {
            "open": names[0][0],
            "month": names[1][0],
            "journal": known(("journals", "name")),
        }
    return [*paths, *(path.format(**given) for path in _ASKED)]


def rules(place: Place) -> list[str]:
    """The desk's addresses as the application knows them."""
    app = create_app(config.load(place.environment))
    app.extensions["wallets"].funnel.close()
    app.extensions["database"].close()
    return sorted(
        str(rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and str(rule).startswith("/desk")
    )


def _is_elsewhere(rule: str) -> bool:
    return any(re.search(each, rule) for each in _NOT_HERE)


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
                session,
                secrets,
                operator["id"],
                how="passkey",
                device="bench",
                address="127.0.0.1",
                now=now,
                proved=True,
            )
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
        took = _jobs(database, now)
        with psycopg.connect(place.superuser_url) as connection:  # After the books were checked.
            for statement in _CASES:
                connection.execute(statement, {"findings": 100 if plan.quick else FINDINGS})
        return opened.token, took
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
