"""The partner API of the sealed log: heads, consistency, and a statement's lines with proofs."""

from dataclasses import asdict

from sqlalchemy.orm import Session

from partners.api.operations import SETTLE, Call, Data, Facts, Operation, Page, Read
from settlement import lines, views
from settlement.errors import StatementNotFound
from settlement.lines import Line
from settlement.sealing import merkle, proofs, schemas, store
from settlement.sealing.errors import HeadNotFound, SizesOutOfOrder
from settlement.sealing.tree import Tree


def _latest(call: Call, session: Session, _: Data) -> Facts:
    head = store.latest_head(session)
    if head is None:
        raise HeadNotFound
    return asdict(head)


def _heads(call: Call, session: Session, data: Data) -> Page:
    limit = data["limit"]
    found = store.heads(session, before=data.get("cursor"), limit=limit)
    more = str(found[limit - 1].size) if len(found) > limit else None
    return Page({"heads": [asdict(each) for each in found[:limit]]}, more)


def _consistency(call: Call, session: Session, data: Data) -> Facts:
    first, second = data["first"], data["second"]
    if first > second:
        raise SizesOutOfOrder
    if None in (store.find_head(session, first), store.find_head(session, second)):
        raise HeadNotFound
    path = merkle.consistency(first, second, Tree(session).node)
    return {"first": first, "second": second, "path": [each.hex() for each in path]}


def _lines(call: Call, session: Session, data: Data) -> Page:
    facts, _, following = _page(call, session, data)
    return Page(facts, following)


def _proofs(call: Call, session: Session, data: Data) -> Page:
    facts, found, following = _page(call, session, data)
    statement = lines.find(session, call.party, str(call.path["statement"]))
    proven = proofs.prove(session, statement, found, data["side"], call.hub.secrets.key)
    return Page(facts | asdict(proven), following)


def _page(call: Call, session: Session, data: Data) -> tuple[Facts, list[Line], str | None]:
    statement = lines.find(session, call.party, str(call.path["statement"]))
    at = lines.Place.read(data["cursor"]) if "cursor" in data else None
    found, following = lines.page(session, statement, data["side"], at=at, limit=data["limit"])
    facts = {
        "statement": statement.number,
        "side": data["side"],
        "lines": [_shown(line) for line in found],
    }
    return facts, found, None if following is None else str(following)


def _shown(line: Line) -> Facts:
    shown: Facts = {
        "journal": line.journal,
        "at": line.at,
        "kind": line.kind,
        "status": line.status,
        "window": line.window,
        "points": line.points,
    }
    if line.reference is None:
        return shown | {"lots": [{"lot": lot, "points": points} for lot, points in line.lots]}
    return shown | {"reference": line.reference, "issuer": line.issuer}


def _signature(call: Call, session: Session, _: Data) -> Facts:
    found = views.statement(session, call.party, str(call.path["statement"]))
    return {
        "statement": found.number,
        "digest": found.digest.hex(),
        "key_id": found.key_id,
        "signature": found.signature.hex(),
    }


OPERATIONS: tuple[Operation, ...] = (
    Read(
        name="getTreeHead",
        method="GET",
        path="/v1/tree/head",
        scopes=SETTLE,
        tag="Sealed log",
        summary="The latest signed head of the sealed log",
        answer=schemas.HeadAnswer,
        refusals=(HeadNotFound,),
        read=_latest,
    ),
    Read(
        name="listTreeHeads",
        method="GET",
        path="/v1/tree/heads",
        scopes=SETTLE,
        tag="Sealed log",
        summary="Heads of the sealed log, the largest first",
        query=schemas.HeadsQuery,
        answer=schemas.HeadsAnswer,
        read=_heads,
    ),
    Read(
        name="getTreeConsistency",
        method="GET",
        path="/v1/tree/consistency",
        scopes=SETTLE,
        tag="Sealed log",
        summary="Proof that one head's log begins with that of an older one",
        query=schemas.SizesQuery,
        answer=schemas.ConsistencyAnswer,
        refusals=(SizesOutOfOrder, HeadNotFound),
        read=_consistency,
    ),
    Read(
        name="getStatementSignature",
        method="GET",
        path="/v1/statements/<statement>/signature",
        scopes=SETTLE,
        tag="Sealed log",
        summary="The hub's signature over one statement, byte for byte",
        answer=schemas.SignatureAnswer,
        refusals=(StatementNotFound,),
        read=_signature,
    ),
    Read(
        name="listStatementLines",
        method="GET",
        path="/v1/statements/<statement>/lines",
        scopes=SETTLE,
        tag="Sealed log",
        summary="The sales behind a statement's totals, journal by journal",
        query=schemas.LinesQuery,
        answer=schemas.StatementLinesAnswer,
        refusals=(StatementNotFound,),
        read=_lines,
    ),
    Read(
        name="listStatementProofs",
        method="GET",
        path="/v1/statements/<statement>/proofs",
        scopes=SETTLE,
        tag="Sealed log",
        summary="The same lines, each with the proof that it is sealed under the statement's head",
        query=schemas.LinesQuery,
        answer=schemas.ProofsAnswer,
        refusals=(StatementNotFound, HeadNotFound),
        read=_proofs,
    ),
)
