"""Reads stay fast, whatever the size: each by its indexes, for the member of ten years as well."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.orm import Session

import exchange.due
import partners.due
import settlement.due
import staff.due
import web.due
from exchange import reading
from exchange.funnel import Funnel
from kit.clock import system_clock
from kit.database import Database
from kit.ids import to_text
from kit.secrets import Secrets
from members import support
from partners.api.operations import ANY, Call, Hub, Read
from partners.directory import Directory, KeyRecord
from partners.exchanges import store
from partners.public_keys import PrivateKey
from settlement import condition, exposures, finding, outstanding
from settlement.bank import store as bank
from settlement.book_checks import standing
from settlement.documents import store as documents
from settlement.trust.record import MOST, record_of
from staff import approvals
from tests.cluster import Cluster, migrated_database
from tests.walks.plans import pages, plans, scanned
from tests.walks.years import Known, fill
from web.app import OPERATIONS

LARGE = 1_000  # Rows of a table that nobody may read from end to end.
FEW = 100  # Pages of 8 kB that a statement may touch; the largest table has 5,000.
# The totals of every window there was: 120 months are a few hundred pages.
# Lines explained are looked up in the terms and the journal one by one, as many as a page looks
# at; disputes in their journals.
MORE = {"getPosition": 600, "listExplanationLines": 300, "listDisputes": 150}


class Years(NamedTuple):
    database: Database
    members: dict[str, Known]
    large: set[str]


@pytest.fixture(scope="module")
def years(cluster: Cluster) -> Iterator[Years]:
    with migrated_database(cluster, "years") as address:
        database = Database(address.application)
        try:
            with psycopg.connect(address.owner, autocommit=True) as owner:
                known = fill(database, owner)
                rows = owner.execute("SELECT relname FROM pg_class WHERE reltuples > %s", (LARGE,))
                large = {name for (name,) in rows}
            yield Years(database, known, large)
        finally:
            database.close()


class Asked(NamedTuple):
    """What a read was given: the ids of its path, and its query."""

    path: dict[str, Any]
    query: dict[str, Any]


def questions(known: Known) -> dict[str, list[Asked]]:
    """Every read as it may be asked, by name."""
    page, later = {"limit": 10}, {"limit": 10, "cursor": "2020-01"}
    member, journal = {"member": known.member}, known.journal
    record = {"reconciliation": known.record}
    invoice = f"INV-77-{known.party}"
    kinds = [{"kind": kind} for kind in ("redemption", "accrual", "import")]
    lines = [
        Asked({"statement": f"ST-77-{known.party}"}, {"limit": 10, "side": side})
        for side in ("accepted", "issued")
    ]
    histories = [{}, *kinds, {"cursor": journal}, {"reference": "R-149999"}]
    return {
        "getMember": [Asked(member, {})],
        "getBalance": [Asked(member, {}), Asked(member, {"points": 5})],
        "getAuthorization": [Asked({"authorization": known.hold}, {})],
        "listTransactions": [Asked({}, page | history) for history in histories],
        "getTransaction": [Asked({"transaction": journal}, {})],
        "listWindows": [Asked({}, page), Asked({}, later)],
        "getWindow": [Asked({"window": "2020-01"}, {})],
        "listStatements": [
            Asked({}, page),
            Asked({}, {"limit": 10, "cursor": f"ST-77-{known.party}"}),
        ],
        "getStatement": [Asked({"statement": f"ST-77-{known.party}"}, {})],
        **{
            name: [Asked({"statement": f"ST-77-{known.party}"}, {"language": "zh"})]
            for name in ("getStatementXlsx", "getStatementPdf")
        },
        **{
            name: [Asked({"statement": f"ST-77-{known.party}"}, {"language": "en"})]
            for name in ("getStatementFlow", "getStatementMatrix")
        },
        "getStatementCsv": [Asked({"statement": f"ST-77-{known.party}"}, {})],
        "getPosition": [Asked({}, {})],
        "getExplanation": [Asked({"window": "2020-01"}, {})],
        "listExplanationLines": [
            Asked({"window": "2020-01"}, page | asked)
            for asked in ({}, {"side": "owed"}, {"side": "owes", "cursor": journal})
        ],
        "getEvidence": [Asked({"transaction": journal}, {})],
        "getTreeHead": [Asked({}, {})],
        "listTreeHeads": [Asked({}, {"limit": 5}), Asked({}, {"limit": 5, "cursor": 100_000})],
        "getTreeConsistency": [Asked({}, {"first": 15_000, "second": 150_000})],
        "getStatementSignature": [Asked({"statement": f"ST-77-{known.party}"}, {})],
        "listStatementLines": lines,
        "listStatementProofs": lines,
        "listReconciliations": [Asked({}, page), Asked({}, page | {"cursor": journal})],
        "getReconciliation": [Asked(record, {})],
        "listFindings": [Asked(record, page), Asked(record, page | {"outcome": "matched"})],
        "getFindingsCsv": [Asked(record, {})],
        "getFindingsXlsx": [Asked(record, {"outcome": "missing_here"})],
        "listPayments": [Asked({"window": "2020-01"}, {})],
        "listInvoices": [Asked({}, page), Asked({}, {"limit": 10, "cursor": invoice})],
        "getInvoice": [Asked({"invoice": invoice}, {})],
        "getInvoiceCsv": [Asked({"invoice": invoice}, {})],
        "getInvoicePdf": [Asked({"invoice": invoice}, {"language": "en"})],
        "listDisputes": [Asked({}, page), Asked({}, page | {"state": "resolved"})],
        "getDispute": [Asked({"dispute": known.dispute}, {})],
        "getDisputeEvidence": [Asked({"dispute": known.dispute, "evidence": known.dispute}, {})],
        "listReturnOrigins": [Asked({}, {})],
        "getApproval": [Asked({"approval": known.approval}, {})],
        "getExchangeEndpoint": [Asked({}, {})],
        "listExchanges": [
            Asked({}, page),
            Asked({}, page | {"cursor": known.exchange}),
            Asked({}, page | {"state": "asked"}),
        ],
        "getExchange": [Asked({"exchange": known.exchange}, {})],
        "listRates": [Asked({}, {})],
        "listKeys": [Asked({}, {})],
    }


READS = {each.name: each for each in OPERATIONS if isinstance(each, Read)}


def call(years: Years, known: Known, asked: Asked) -> Call:
    database = years.database
    funnel = Funnel([database.hot])
    hub = Hub(
        system_clock,
        Secrets(b"k" * 32),
        Directory(database),
        "CNY",
        funnel,
        "http://hub",
        production=True,
    )
    public = PrivateKey.generate().public_key
    key = KeyRecord("key_1", public, ANY, None, uuid4(), known.party, "slug", False)
    return Call(hub, key, datetime.now(UTC), asked.path)


def test_the_years_are_as_long_as_they_say(years: Years) -> None:
    assert {"journal", "posting", "lot", "link", "wallet", "hold", "total"} <= years.large


def test_a_page_of_all_is_of_every_kind_that_has_a_party(years: Years) -> None:
    with years.database.engine.connect() as connection:
        check = connection.exec_driver_sql(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname = 'journal_kind_known'"
        ).scalar_one()
    assert {*re.findall(r"'(\w+)'", check)} == {*reading.KINDS, "expiry", "transfer"}


def test_every_read_is_asked(years: Years) -> None:
    assert questions(years.members["plain"]).keys() == READS.keys()


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("who", ["plain", "long", "resting"])
def test_a_read_touches_few_pages(years: Years, name: str, who: str) -> None:
    known = years.members[who]
    for asked in questions(known)[name]:
        called = call(years, known, asked)

        def ask(session: Session, called: Call = called, query: Any = asked.query) -> Any:
            return READS[name].read(called, session, dict(query))

        for plan in plans(years.database, ask):
            assert not scanned(plan) & years.large, (asked.query, plan)
            assert pages(plan) <= MORE.get(name, FEW), (asked.query, plan)


def held(known: Known) -> dict[str, str]:
    """What somebody at the desk may hold in their hand, by what it is."""
    return {
        "journal": to_text("jrn", known.journal),
        "hold": to_text("aut", known.hold),
        "member": to_text("mbr", known.member),
        "dispute": to_text("dsp", known.dispute),
        "reconciliation": to_text("rec", known.record),
        "exchange": to_text("exg", known.exchange),
        "receipt": "R-149999",
        "statement": f"ST-77-{known.party}",
        "invoice": f"INV-77-{known.party}",
        "payment": "2020-01-R1-P000003",
        "window": "2020-0",
        "day": "2020-01-15",
        "nothing": "no such thing",
    }


@pytest.mark.parametrize("what", held(Known(1, *7 * [uuid4()])))
def test_the_desk_finds_by_indexes(years: Years, what: str) -> None:
    asked = held(years.members["plain"])[what]

    def ask(session: Session) -> bool:
        finding.find(session, asked)
        return True

    for plan in plans(years.database, ask):
        assert not scanned(plan) & years.large, (asked, plan)
        # A receipt may be of any partner and kind: some pages of the index for each pair.
        assert pages(plan) <= 600, (asked, plan)


def test_the_desk_asks_how_the_hub_is_at_any_size(years: Years) -> None:
    for plan in plans(years.database, condition.look):
        assert not scanned(plan) & years.large, plan
        assert pages(plan) <= 400, plan


@pytest.mark.parametrize(
    "ask",
    [
        settlement.due.due,
        partners.due.due,
        exchange.due.due,
        web.due.due,
        lambda session, now: staff.due.due(session, now, name="fay", approves=True),
        lambda session, now: staff.due.done_today(session, now),
        lambda session, now: approvals.still_open(session, now=now),
        lambda session, now: approvals.page(session, now=now, proposer=1, limit=51),
        lambda session, now: approvals.page(session, now=now, limit=51),
        lambda session, now: approvals.waiting_for(session, "amy", now=now),
        lambda session, now: approvals.waiting_about(
            session, "window-approval", {"window": "2026-11"}, now=now
        ),
        lambda session, now: approvals.original(session, UUID(int=7)),
        lambda session, _: standing(session),
        exposures.exposures,
        lambda session, _: [store.waiting(session, party, 2_001) for party in (None, 1)],
    ],
    ids=[
        "settlement",
        "partners",
        "rates",
        "jobs",
        "staff",
        "done",
        "waiting",
        "mine",
        "decided",
        "count",
        "about",
        "original",
        "books",
        "exposures",
        "exchanges",
    ],
)
def test_what_is_due_touches_few_pages(years: Years, ask: Any) -> None:
    now = datetime.now(UTC)
    for plan in plans(years.database, lambda session: [ask(session, now)]):
        assert not scanned(plan) & years.large, plan
        assert pages(plan) <= 2 * FEW, plan


@pytest.mark.parametrize("who", ["plain", "long", "resting"])
def test_a_member_is_looked_up_by_indexes(years: Years, who: str) -> None:
    known = years.members[who]

    def ask(session: Session) -> Any:
        found = support.by_link(session, known.member)
        assert found is not None
        assert known.member in support.links(session, found.wallet)
        return support.links_of_journal(session, known.journal), support.links_of_receipt(
            session, "R-1"
        )

    for plan in plans(years.database, ask):
        assert not scanned(plan) & years.large, plan
        assert pages(plan) <= 2 * FEW, plan  # A receipt is asked of each partner in turn.


def test_a_partners_record_is_read_window_by_window(years: Years) -> None:
    now = datetime.now(UTC)
    for plan in plans(years.database, lambda session: record_of(session, 3, now)):
        assert not scanned(plan) & years.large, plan
        assert pages(plan) <= 25 * MOST, plan  # The position, and each payment at its bank.


def test_points_outstanding_come_from_the_totals(years: Years) -> None:
    def ask(session: Session) -> Any:
        return outstanding.outstanding(session), outstanding.so_far(session)

    for plan in plans(years.database, ask):
        assert scanned(plan) & years.large <= {"total"}, plan
        assert pages(plan) <= 1_200, plan  # 120 months, of which each has every pair of partners.


def test_the_desk_shows_papers_by_their_numbers(years: Years) -> None:
    known = years.members["plain"]

    def ask(session: Session) -> bool:
        documents.owner(session, f"ST-77-{known.party}")
        bank.invoice(session, f"INV-77-{known.party}")
        bank.entries_of_file(session, bytes(32), limit=500)
        return True

    for plan in plans(years.database, ask):
        assert not scanned(plan) & years.large, plan
        assert pages(plan) <= FEW, plan
