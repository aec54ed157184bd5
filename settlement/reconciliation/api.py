"""The partner API of `settlement.reconciliation`."""

import io
from typing import Final

from sqlalchemy.orm import Session

from kit.ids import to_text
from partners.api.operations import (
    SETTLE,
    Call,
    Change,
    Data,
    Document,
    Facts,
    File,
    Operation,
    Page,
    Read,
    Upload,
)
from settlement.errors import WindowNotClosed, WindowNotFound
from settlement.reconciliation import files, findings, receiving, records, schemas, store
from settlement.reconciliation.errors import (
    FindingsTooMany,
    PartTaken,
    ReconciliationNotFound,
    ReconciliationUnfinished,
    RecordComplete,
    RecordIncomplete,
    RecordMalformed,
    RecordsTooMany,
    RecordTooLong,
)
from settlement.reconciliation.matching import OUTCOMES
from settlement.reconciliation.store import Reconciliation

MAX_PART: Final = 8 * 1024 * 1024  # bytes; some 130,000 lines
MAX_FILE: Final = 50_000  # findings in one file: it is made in memory
_ONE: Final = "/v1/reconciliations/<rec:reconciliation>"


def _begin(call: Call, session: Session, data: Data) -> Facts:
    record = receiving.begin(
        session,
        party=call.party,
        window=data["window"],
        side=data["side"],
        tolerance=data["tolerance_seconds"],
        many=data["many"],
        now=call.now,
    )
    return findings.summary(session, record)


def _mine(call: Call, session: Session) -> Reconciliation:
    return receiving.get(session, call.id("reconciliation"), call.party)


def _list(call: Call, session: Session, data: Data) -> Page:
    limit = data["limit"]
    found = store.listed(session, call.party, before=data.get("cursor"), limit=limit)
    more = to_text("rec", found[limit - 1].id) if len(found) > limit else None
    return Page({"reconciliations": [findings.head(each) for each in found[:limit]]}, more)


def _get(call: Call, session: Session, _: Data) -> Facts:
    return findings.summary(session, _mine(call, session))


def _add(call: Call, session: Session, data: Data, file: File) -> Facts:
    row = receiving.receive(
        session,
        call.id("reconciliation"),
        data["part"],
        file,
        party=call.party,
        now=call.now,
    )
    return {name: row[name] for name in ("part", "lines", "points")}


def _match(call: Call, session: Session, data: Data) -> Facts:
    record = receiving.ask(
        session, call.id("reconciliation"), lines=data["lines"], party=call.party, now=call.now
    )
    return findings.summary(session, record)


def _findings(call: Call, session: Session, data: Data) -> Page:
    wanted = [data["outcome"]] if "outcome" in data else OUTCOMES
    found, cursor = findings.page(
        session, _mine(call, session), wanted, cursor=data.get("cursor"), limit=data["limit"]
    )
    return Page({"findings": found}, cursor)


def _some(call: Call, session: Session, data: Data) -> list[Facts]:
    """What goes into one file. Raises ReconciliationUnfinished, FindingsTooMany."""
    wanted = [data["outcome"]] if "outcome" in data else findings.OPEN
    found, more = findings.page(session, _mine(call, session), wanted, cursor=None, limit=MAX_FILE)
    if more is not None:
        raise FindingsTooMany(limit=MAX_FILE)
    return found


def _csv(call: Call, session: Session, data: Data) -> Document:
    file = io.StringIO(newline="")
    files.write_csv(_some(call, session, data), file)
    return Document(file.getvalue().encode(), files.CSV)


def _xlsx(call: Call, session: Session, data: Data) -> Document:
    file = io.BytesIO()
    files.write_xlsx(_some(call, session, data), file)
    return Document(file.getvalue(), files.XLSX)


OPERATIONS: tuple[Operation, ...] = (
    Change(
        name="createReconciliation",
        method="POST",
        path="/v1/reconciliations",
        scopes=SETTLE,
        tag="Reconciliation",
        summary="Begin to hold your own record of a closed window against the hub's",
        body=schemas.ReconciliationBody,
        answer=schemas.ReconciliationAnswer,
        status=201,
        refusals=(WindowNotFound, WindowNotClosed, RecordsTooMany),
        example={"window": "2026-11", "side": "accepted", "tolerance_seconds": 300},
        work=_begin,
        when_suspended=True,  # What was traded is settled all the same.
    ),
    Read(
        name="listReconciliations",
        method="GET",
        path="/v1/reconciliations",
        scopes=SETTLE,
        tag="Reconciliation",
        summary="Your reconciliations, newest first",
        query=schemas.ReconciliationsQuery,
        answer=schemas.ReconciliationsAnswer,
        read=_list,
    ),
    Read(
        name="getReconciliation",
        method="GET",
        path=_ONE,
        scopes=SETTLE,
        tag="Reconciliation",
        summary="How far one has come, and what it came to",
        answer=schemas.ReconciliationAnswer,
        refusals=(ReconciliationNotFound,),
        read=_get,
    ),
    Upload(
        name="addReconciliationLines",
        method="POST",
        path=f"{_ONE}/lines",
        scopes=SETTLE,
        tag="Reconciliation",
        summary="A part of your record: reference, kind, points and at, a line each",
        types=(records.CSV, records.NDJSON),
        max_body=MAX_PART,
        query=schemas.PartQuery,
        answer=schemas.PartAnswer,
        status=201,
        refusals=(
            ReconciliationNotFound,
            RecordComplete,
            PartTaken,
            RecordMalformed,
            RecordTooLong,
        ),
        work=_add,
        when_suspended=True,
    ),
    Change(
        name="matchReconciliation",
        method="POST",
        path=f"{_ONE}/matching",
        scopes=SETTLE,
        tag="Reconciliation",
        summary="That was all of it: match; at once if that is quick, else ask again in a while",
        body=schemas.MatchingBody,
        answer=schemas.ReconciliationAnswer,
        status=202,
        refusals=(ReconciliationNotFound, RecordComplete, RecordIncomplete, RecordTooLong),
        example={"lines": 12408},
        work=_match,
        when_suspended=True,
    ),
    Read(
        name="listFindings",
        method="GET",
        path=f"{_ONE}/findings",
        scopes=SETTLE,
        tag="Reconciliation",
        summary="What agrees and what does not, by outcome",
        query=schemas.FindingsQuery,
        answer=schemas.FindingsAnswer,
        refusals=(ReconciliationNotFound, ReconciliationUnfinished),
        read=_findings,
    ),
    Read(
        name="getFindingsCsv",
        method="GET",
        path=f"{_ONE}/csv",
        scopes=SETTLE,
        tag="Reconciliation",
        summary="What does not agree, or one outcome, as CSV",
        query=schemas.OutcomeQuery,
        answer=None,
        content="text/csv",
        refusals=(ReconciliationNotFound, ReconciliationUnfinished, FindingsTooMany),
        read=_csv,
    ),
    Read(
        name="getFindingsXlsx",
        method="GET",
        path=f"{_ONE}/xlsx",
        scopes=SETTLE,
        tag="Reconciliation",
        summary="The same for a spreadsheet",
        query=schemas.OutcomeQuery,
        answer=None,
        content=files.XLSX,
        refusals=(ReconciliationNotFound, ReconciliationUnfinished, FindingsTooMany),
        read=_xlsx,
    ),
)
