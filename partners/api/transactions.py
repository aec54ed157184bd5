"""What happened: your own transactions, by id, by reference, or page by page."""

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from exchange import reading
from exchange.errors import TransactionNotFound
from kit.ids import to_text
from partners import schemas
from partners.api.operations import ISSUE, SETTLE, TILL, Call, Data, Facts, Page, Read


def _facts(row: RowMapping) -> Facts:
    found = {name: value for name, value in row.items() if value is not None}
    if not found["undone"]:
        del found["undone"]
    return found


def _find(call: Call, session: Session, _: Data) -> Facts:
    row = reading.transaction(session, call.party, call.id("transaction"))
    if row is None:
        raise TransactionNotFound
    return _facts(row)


def _list(call: Call, session: Session, data: Data) -> Page:
    limit = data["limit"]
    asked = {"before": data.get("cursor"), "kind": data.get("kind"), "limit": limit}
    if "reference" in data:
        rows = reading.referenced(session, call.party, data["reference"], **asked)
    else:
        rows = reading.transactions(session, call.party, **asked)
    more = to_text("jrn", rows[limit - 1]["id"]) if len(rows) > limit else None
    return Page({"transactions": [_facts(row) for row in rows[:limit]]}, more)


OPERATIONS = (
    Read(
        name="listTransactions",
        method="GET",
        path="/v1/transactions",
        scopes=TILL | ISSUE | SETTLE,
        tag="Transactions",
        summary="Your transactions, newest first",
        query=schemas.TransactionsQuery,
        answer=schemas.TransactionsAnswer,
        read=_list,
    ),
    Read(
        name="getTransaction",
        method="GET",
        path="/v1/transactions/<jrn:transaction>",
        scopes=TILL | ISSUE | SETTLE,
        tag="Transactions",
        summary="One transaction of yours",
        answer=schemas.TransactionAnswer,
        refusals=(TransactionNotFound,),
        read=_find,
    ),
)
