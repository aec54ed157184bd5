"""The partner API of settlement: windows, statements and the position in the open window."""

from dataclasses import asdict

from sqlalchemy.orm import Session

import settlement.bank.api
import settlement.disputes.api
import settlement.documents.api
import settlement.explaining.api
import settlement.reconciliation.api
import settlement.sealing.api
from partners.api.operations import SETTLE, Call, Data, Document, Facts, Operation, Page, Read
from settlement import position, schemas, views
from settlement.errors import PointsUnpriced, StatementNotFound, WindowNotFound


def _windows(call: Call, session: Session, data: Data) -> Page:
    found, cursor = views.list_windows(session, cursor=data.get("cursor"), limit=data["limit"])
    return Page({"windows": found}, cursor)


def _window(call: Call, session: Session, _: Data) -> Facts:
    found = views.partner_window(session, call.party, str(call.path["window"]))
    return asdict(found.window) | {"figures": found.figures}


def _statements(call: Call, session: Session, data: Data) -> Page:
    found, cursor = views.list_statements(
        session, call.party, cursor=data.get("cursor"), limit=data["limit"]
    )
    lines = [
        asdict(each) | {"digest": each.digest.hex(), "signature": each.signature.hex()}
        for each in found
    ]
    return Page({"statements": lines}, cursor)


def _statement(call: Call, session: Session, _: Data) -> Document:
    found = views.statement(session, call.party, str(call.path["statement"]))
    return Document(found.document, "application/json")


def _statement_csv(call: Call, session: Session, _: Data) -> Document:
    found = views.statement(session, call.party, str(call.path["statement"]))
    return Document(found.csv, "text/csv; charset=utf-8")


def _position(call: Call, session: Session, _: Data) -> Facts:
    found = position.position(session, call.party, currency=call.hub.currency, now=call.now)
    return asdict(found) | {"window": found.window.name, "opened_at": found.window.opened_at}


OPERATIONS: tuple[Operation, ...] = (
    Read(
        name="listWindows",
        method="GET",
        path="/v1/windows",
        scopes=SETTLE,
        tag="Settlement",
        summary="Settlement windows, newest first",
        query=schemas.PageQuery,
        answer=schemas.WindowsAnswer,
        refusals=(WindowNotFound,),
        read=_windows,
    ),
    Read(
        name="getWindow",
        method="GET",
        path="/v1/windows/<window>",
        scopes=SETTLE,
        tag="Settlement",
        summary="One window: what you owe, what you are owed, and what settles it",
        answer=schemas.WindowAnswer,
        refusals=(WindowNotFound,),
        read=_window,
    ),
    Read(
        name="listStatements",
        method="GET",
        path="/v1/statements",
        scopes=SETTLE,
        tag="Settlement",
        summary="Your statements, newest first",
        query=schemas.PageQuery,
        answer=schemas.StatementsAnswer,
        refusals=(StatementNotFound,),
        read=_statements,
    ),
    Read(
        name="getStatement",
        method="GET",
        path="/v1/statements/<statement>",
        scopes=SETTLE,
        tag="Settlement",
        summary="One statement, byte for byte as it was signed",
        answer=None,
        refusals=(StatementNotFound,),
        read=_statement,
    ),
    Read(
        name="getStatementCsv",
        method="GET",
        path="/v1/statements/<statement>/csv",
        scopes=SETTLE,
        tag="Settlement",
        summary="One statement for a spreadsheet",
        answer=None,
        content="text/csv",
        refusals=(StatementNotFound,),
        read=_statement_csv,
    ),
    Read(
        name="getPosition",
        method="GET",
        path="/v1/position",
        scopes=SETTLE,
        tag="Settlement",
        summary="Where you stand in the open window, were it to close now",
        answer=schemas.PositionAnswer,
        refusals=(WindowNotFound, PointsUnpriced),
        read=_position,
    ),
    *settlement.documents.api.OPERATIONS,
    *settlement.explaining.api.OPERATIONS,
    *settlement.sealing.api.OPERATIONS,
    *settlement.bank.api.OPERATIONS,
    *settlement.reconciliation.api.OPERATIONS,
    *settlement.disputes.api.OPERATIONS,
)
