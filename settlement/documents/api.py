"""The partner API of statements as files that people open, in Chinese unless asked otherwise."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from partners.api.operations import SETTLE, Call, Data, Document, Operation, Read
from settlement import views
from settlement.documents import keeping, pictures, schemas
from settlement.documents.drawing import Drawing
from settlement.documents.figures import Language
from settlement.documents.keeping import Form
from settlement.documents.loading import from_json
from settlement.documents.svg import as_svg
from settlement.errors import StatementNotFound
from settlement.statements import Statement

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
SVG = "image/svg+xml"

_Draw = Callable[[Statement, Language], Drawing]


def _file(form: Form, content: str) -> Callable[[Call, Session, Data], Document]:
    def read(call: Call, session: Session, data: Data) -> Document:
        number = str(call.path["statement"])
        made = keeping.file(session, call.party, number, form, data["language"], call.now)
        return Document(made, content)

    return read


def _picture(name: str, draw: _Draw) -> Callable[[Call, Session, Data], Document]:
    def read(call: Call, session: Session, data: Data) -> Document:
        found = views.statement(session, call.party, str(call.path["statement"]))
        drawing = draw(from_json(found.document), data["language"])
        return Document(as_svg(drawing, name=name, language=data["language"]), SVG)

    return read


def _read(
    name: str, end: str, summary: str, content: str, read: Callable[[Call, Session, Data], Document]
) -> Read:
    return Read(
        name=name,
        method="GET",
        path=f"/v1/statements/<statement>/{end}",
        scopes=SETTLE,
        tag="Settlement",
        summary=summary,
        query=schemas.LanguageQuery,
        answer=None,
        content=content,
        refusals=(StatementNotFound,),
        read=read,
    )


OPERATIONS: tuple[Operation, ...] = (
    _read("getStatementXlsx", "xlsx", "One statement as a workbook", XLSX, _file("xlsx", XLSX)),
    _read("getStatementPdf", "pdf", "One statement, fit to print", PDF, _file("pdf", PDF)),
    _read(
        "getStatementFlow",
        "flow",
        "A picture: what you are owed, what you owe, and the net",
        SVG,
        _picture("flow", pictures.own_flow),
    ),
    _read(
        "getStatementMatrix",
        "matrix",
        "A picture: your row and your column of who owes whom",
        SVG,
        _picture("matrix", pictures.own_matrix),
    ),
)
