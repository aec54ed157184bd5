"""`bin/bench rendering`: all statements of a window as files, from figures to folder.

Everybody trades with everybody. Data is the statement drawn up, its JSON, its CSV and a workbook;
pages are PDFs in both languages. Starting the processes and cutting the font count.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from bench import report
from bench.figures import Figure
from bench.measuring import Meter
from bench.plan import Plan
from partners.agreement import MILLION, Terms
from settlement.documents.figures import LANGUAGES, Language
from settlement.documents.folder import Kind, Signed, write
from settlement.drafting import Period, draft, points_of
from settlement.movements import Movement
from settlement.reckoning import FLOAT, HUB, reckon
from settlement.statement_files import as_csv, as_json
from settlement.statements import Statement, TreeHead, number

DATA_TARGET = 20.0  # partners a second
PAGES_TARGET = 4.0  # PDFs a second
FIRST = 10  # the first partner's number


@dataclass(frozen=True, slots=True)
class _Take:
    rate: float
    steal: float


def run(plan: Plan, partners: int = 50) -> list[Figure]:
    """Partners a second as data (JSON, CSV, XLSX), and PDFs a second, of `--partners`."""
    partners = 4 if plan.quick else partners
    period = _period(range(FIRST, FIRST + partners))
    folder = plan.home / "statements"
    data, pages = [], []
    with report.bar(plan.console, "Writing", 2 * plan.rounds) as advance:
        for _ in range(plan.rounds):
            data.append(_data(folder, period, partners))
            advance("data", 1)
            pages.append(_write(folder, _drawn(period, partners), LANGUAGES, ["pdf"]))
            advance("pages", 1)
    shutil.rmtree(folder, ignore_errors=True)
    figures = [
        _figure("rendering", data, DATA_TARGET, " partners/s"),
        _figure("pages", pages, PAGES_TARGET, " PDFs/s"),
    ]
    report.show_figures(plan.console, figures)
    report.write(
        plan.home / "rendering.json",
        {
            **figures[0].as_json(),
            "figures": [figures[1].as_json()],
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "partners": partners,
            "quick": plan.quick,
        },
    )
    plan.console.print(f"rendering: {figures[0].text()}", highlight=False, soft_wrap=True)
    return figures


def _figure(name: str, takes: Sequence[_Take], target: float, unit: str) -> Figure:
    rates, steals = tuple(take.rate for take in takes), tuple(take.steal for take in takes)
    return Figure(name, rates, steals, target, unit=unit)


def _data(folder: Path, period: Period, partners: int) -> _Take:
    with Meter() as meter:
        _fill(folder, _drawn(period, partners), ["zh"], ["json", "csv", "xlsx"])
    return _Take(partners / meter.seconds, meter.steal)


def _write(
    folder: Path, statements: Sequence[Signed], languages: Sequence[Language], kinds: list[Kind]
) -> _Take:
    with Meter() as meter:
        _fill(folder, statements, languages, kinds)
    return _Take(len(statements) * len(languages) / meter.seconds, meter.steal)


def _fill(
    folder: Path,
    statements: Sequence[Signed],
    languages: Sequence[Language],
    kinds: Sequence[Kind],
) -> None:
    for _ in write(folder, statements, languages, kinds):
        pass


def _drawn(period: Period, partners: int) -> list[Signed]:
    return [
        _signed(draft(period, FIRST + place, number=number(period.window, place + 1)))
        for place in range(partners)
    ]


def _signed(statement: Statement) -> Signed:
    return Signed(
        number=statement.number,
        document=as_json(statement),
        csv=as_csv(statement),
        key_id="hub-bench",
        signature=bytes(64),
    )


def _period(parties: range) -> Period:
    """A month in which each accepted some thousand points of each."""
    moved = [_sale(one, other) for one in parties for other in parties]
    terms = {party: _terms(party) for party in parties}
    closed = datetime(2026, 12, 1, tzinfo=UTC)
    return Period(
        window="2026-11",
        opened_at=datetime(2026, 11, 1, tzinfo=UTC),
        closed_at=closed,
        due_on=date(2026, 12, 8),
        movements=moved,
        content=moved,
        reckoning=reckon(
            moved, terms, currencies=dict.fromkeys(parties, "CNY"), rates={}, base="CNY"
        ),
        rates={},
        outstanding={party: 10**9 + points_of(moved, party).change for party in parties},
        names={HUB: "通宝 Tongbao", FLOAT: "Float"}
        | {
            party: f"{'百货商店' if party % 2 else 'Department Store'} {party}" for party in parties
        },
        head=TreeHead(
            size=10**6, root="ab" * 32, at=closed, key_id="hub-bench", signature="cd" * 64
        ),
    )


def _sale(issuer: int, acceptor: int) -> Movement:
    return Movement(
        kind="spent",
        issuer=issuer,
        acceptor=acceptor,
        points=1_000 + 37 * issuer + 11 * acceptor,
        valued_terms=issuer,
        issue_terms=issuer,
        acceptor_terms=acceptor,
    )


def _terms(party: int) -> Terms:
    return Terms(
        id=party,
        party=party,
        issue_price=MILLION,
        accept_price=970_000,
        fee_ppm=10_000,
        prefunded_ppm=0,
        breakage_hub_ppm=0,
        currency="CNY",
    )
