"""The partner API of contested lines."""

import hashlib
from uuid import UUID

from sqlalchemy.orm import Session

from kit.database import Busy
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
from settlement import store as windows
from settlement.disputes import evidence, from_record, opening, schemas, steps, views
from settlement.disputes.errors import (
    DisputeExists,
    DisputeNotFound,
    DisputeStepRefused,
    DisputeTooLate,
    EvidenceNotFound,
    EvidenceRefused,
    LineNotDisputable,
    LineNotFound,
    TooMuchEvidence,
    UpheldPointsRefused,
)
from settlement.errors import WindowNotFound
from settlement.reconciliation.errors import ReconciliationNotFound, ReconciliationUnfinished


def _open(call: Call, session: Session, data: Data) -> Facts:
    made = opening.open_disputes(
        session,
        party=call.party,
        lines=[opening.Line(each["journal"], each.get("issuer")) for each in data["lines"]],
        reason=data["reason"],
        words=data["words"],
        now=call.now,
    )
    return {"disputes": [views.own(session, call.party, each) for each in made]}


def _contest(call: Call, session: Session, data: Data) -> Facts:
    done = from_record.contest(
        session,
        party=call.party,
        record=call.id("reconciliation"),
        reason=data["reason"],
        words=data["words"],
        now=call.now,
    )
    return {
        "disputes": [str(each) for each in done.disputes],
        "skipped": done.skipped,
        "left": done.left,
    }


def _list(call: Call, session: Session, data: Data) -> Page:
    window = data.get("window")
    found, cursor = views.page(
        session,
        call.party,
        window=None if window is None else windows.get_window(session, window).id,
        state=data.get("state"),
        before=data.get("cursor"),
        limit=data["limit"],
    )
    return Page({"disputes": found}, None if cursor is None else to_text("dsp", cursor))


def _one(call: Call, session: Session, _: Data) -> Facts:
    return views.own(session, call.party, call.id("dispute"))


def _answer(call: Call, session: Session, data: Data) -> Facts:
    row = steps.answer(
        session,
        party=call.party,
        dispute=call.id("dispute"),
        accepts=data["accepts"],
        words=data["words"],
        now=call.now,
    )
    return views.whole(session, row, call.party)


def _escalate(call: Call, session: Session, data: Data) -> Facts:
    row = steps.escalate(
        session, party=call.party, dispute=call.id("dispute"), words=data["words"], now=call.now
    )
    return views.whole(session, row, call.party)


def _withdraw(call: Call, session: Session, data: Data) -> Facts:
    row = steps.withdraw(
        session, party=call.party, dispute=call.id("dispute"), words=data["words"], now=call.now
    )
    return views.whole(session, row, call.party)


def _put(call: Call, session: Session, data: Data, file: File) -> Facts:
    made: UUID = evidence.put(
        session,
        party=call.party,
        dispute=call.id("dispute"),
        name=data["name"],
        media_type=file.media_type,
        content=file.body,
        now=call.now,
    )
    return {"id": str(made), "sha256": hashlib.sha256(file.body).hexdigest()}


def _get(call: Call, session: Session, _: Data) -> Document:
    found = evidence.get(
        session, party=call.party, dispute=call.id("dispute"), evidence=call.id("evidence")
    )
    return Document(bytes(found["content"]), found["media_type"])


_LINE = {"journal": "jrn_01m81rhhxmem8s4jz1ampnyhaf"}

OPERATIONS: tuple[Operation, ...] = (
    Change(
        name="openDisputes",
        method="POST",
        path="/v1/disputes",
        scopes=SETTLE,
        tag="Disputes",
        summary="Contest lines: they are left out of the net, all the rest settles",
        body=schemas.DisputesBody,
        answer=schemas.DisputesAnswer,
        status=201,
        refusals=(LineNotFound, LineNotDisputable, Busy, DisputeTooLate, DisputeExists),
        example={"lines": [_LINE], "reason": "duplicate", "words": "Rung up twice on till 4."},
        work=_open,
    ),
    Change(
        name="contestFindings",
        method="POST",
        path="/v1/reconciliations/<rec:reconciliation>/disputes",
        scopes=SETTLE,
        tag="Disputes",
        summary="Contest in one call what your record does not agree with",
        body=schemas.FindingsBody,
        answer=schemas.ContestedAnswer,
        status=201,
        refusals=(ReconciliationNotFound, ReconciliationUnfinished),
        example={"reason": "wrong-points"},
        work=_contest,
    ),
    Read(
        name="listDisputes",
        method="GET",
        path="/v1/disputes",
        scopes=SETTLE,
        tag="Disputes",
        summary="Your disputes, on whichever side, newest first",
        query=schemas.DisputesQuery,
        answer=schemas.DisputesAnswer,
        refusals=(WindowNotFound,),
        read=_list,
    ),
    Read(
        name="getDispute",
        method="GET",
        path="/v1/disputes/<dsp:dispute>",
        scopes=SETTLE,
        tag="Disputes",
        summary="One dispute, with all that was said and put",
        answer=schemas.DisputeAnswer,
        refusals=(DisputeNotFound,),
        read=_one,
    ),
    Change(
        name="answerDispute",
        method="POST",
        path="/v1/disputes/<dsp:dispute>/answer",
        scopes=SETTLE,
        tag="Disputes",
        summary="Accept or reject what the other side contests",
        body=schemas.AnswerBody,
        answer=schemas.DisputeAnswer,
        refusals=(DisputeNotFound, DisputeStepRefused, UpheldPointsRefused),
        example={"accepts": False, "words": "The receipt is attached."},
        work=_answer,
    ),
    Change(
        name="escalateDispute",
        method="POST",
        path="/v1/disputes/<dsp:dispute>/escalation",
        scopes=SETTLE,
        tag="Disputes",
        summary="Ask the hub to decide",
        body=schemas.WordsBody,
        answer=schemas.DisputeAnswer,
        refusals=(DisputeNotFound, DisputeStepRefused),
        example={"words": "The receipt is of another day."},
        work=_escalate,
    ),
    Change(
        name="withdrawDispute",
        method="POST",
        path="/v1/disputes/<dsp:dispute>/withdrawal",
        scopes=SETTLE,
        tag="Disputes",
        summary="Let the line stand after all",
        body=schemas.WordsBody,
        answer=schemas.DisputeAnswer,
        refusals=(DisputeNotFound, DisputeStepRefused),
        example={"words": "Found the receipt."},
        work=_withdraw,
    ),
    Upload(
        name="putDisputeEvidence",
        method="POST",
        path="/v1/disputes/<dsp:dispute>/evidence",
        scopes=SETTLE,
        tag="Disputes",
        summary="Put a file before the other side and the hub",
        types=evidence.TYPES,
        max_body=evidence.MOST_BYTES,
        query=schemas.EvidenceQuery,
        answer=schemas.DisputeEvidenceAnswer,
        status=201,
        refusals=(DisputeNotFound, DisputeStepRefused, EvidenceRefused, TooMuchEvidence),
        work=_put,
    ),
    Read(
        name="getDisputeEvidence",
        method="GET",
        path="/v1/disputes/<dsp:dispute>/evidence/<evd:evidence>",
        scopes=SETTLE,
        tag="Disputes",
        summary="A file, byte for byte as it was put",
        answer=None,
        content="application/octet-stream",
        refusals=(EvidenceNotFound,),
        read=_get,
    ),
)
