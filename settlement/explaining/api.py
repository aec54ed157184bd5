"""The partner API of reasons: why a net is what it is, down to the requests that were signed."""

from dataclasses import asdict

from sqlalchemy.orm import Session

from exchange.errors import TransactionNotFound
from kit.ids import to_text
from partners.api.operations import SETTLE, Call, Data, Facts, Operation, Page, Read
from settlement import views
from settlement.errors import WindowNotClosed, WindowNotFound
from settlement.explaining import schemas
from settlement.explaining.errors import (
    EvidenceNotKept,
    ExplanationDoesNotAddUp,
    LinesNotTold,
    NothingToExplain,
)
from settlement.explaining.evidence import evidence
from settlement.explaining.explaining import explained, lines_behind
from settlement.explaining.facts import facts
from settlement.explaining.lines import Line

NOBODY = 0  # No party has this number.


def _explanation(call: Call, session: Session, _: Data) -> Facts:
    window, found = explained(session, str(call.path["window"]), call.party)
    names = views.named(session)
    return {"window": window.name, "revision": window.revision, **facts(found, names)}


def _lines(call: Call, session: Session, data: Data) -> Page:
    names = views.named(session)
    others = {named.id: party for party, named in names.items()}
    word = data.get("counterparty")
    found, after = lines_behind(
        session,
        str(call.path["window"]),
        call.party,
        kind=data.get("kind"),
        owes=data["side"] == "owes" if "side" in data else None,
        counterparty=None if word is None else others.get(word, NOBODY),
        after=data.get("cursor"),
        limit=data["limit"],
    )
    return Page(
        {"lines": [_told(each, call.party, names) for each in found]},
        None if after is None else to_text("jrn", after),
    )


def _told(line: Line, party: int, names: dict[int, views.Named]) -> Facts:
    """An acceptor is told its receipt number, an issuer its lots, and neither the other's."""
    told: Facts = {
        "journal": line.journal,
        "at": line.at,
        "movement": line.kind,
        "points": line.points,
        "issuer": names[line.issuer],
        "left_out": line.left_out,
    }
    if line.by == party and line.reference is not None:
        told["reference"] = line.reference
    if line.issuer == party:
        told["lots"] = line.lots
    return told


def _evidence(call: Call, session: Session, _: Data) -> Facts:
    return asdict(evidence(session, call.id("transaction"), party=call.party))


OPERATIONS: tuple[Operation, ...] = (
    Read(
        name="getExplanation",
        method="GET",
        path="/v1/windows/<window>/explanation",
        scopes=SETTLE,
        tag="Settlement",
        summary="Why your net is what it is: by party, kind, movement and price",
        answer=schemas.ExplanationAnswer,
        refusals=(
            WindowNotFound,
            WindowNotClosed,
            NothingToExplain,
            ExplanationDoesNotAddUp,
        ),
        read=_explanation,
    ),
    Read(
        name="listExplanationLines",
        method="GET",
        path="/v1/windows/<window>/explanation/lines",
        scopes=SETTLE,
        tag="Settlement",
        summary="The transactions behind an obligation",
        query=schemas.LinesQuery,
        answer=schemas.ExplanationLinesAnswer,
        refusals=(WindowNotFound, WindowNotClosed, LinesNotTold),
        read=_lines,
    ),
    Read(
        name="getEvidence",
        method="GET",
        path="/v1/transactions/<jrn:transaction>/evidence",
        scopes=SETTLE,
        tag="Settlement",
        summary="The signed request behind a transaction of yours, to be checked by anybody",
        answer=schemas.EvidenceAnswer,
        refusals=(TransactionNotFound, EvidenceNotKept),
        read=_evidence,
    ),
)
