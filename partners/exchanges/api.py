"""The partner API of exchanges: where the hub calls, and a list to reconcile with."""

from sqlalchemy.orm import Session

from kit.ids import to_text
from partners.api.operations import (
    ADMIN,
    ISSUE,
    SETTLE,
    Call,
    Change,
    Data,
    Facts,
    Operation,
    Page,
    Read,
)
from partners.exchanges import endpoints, schemas, store
from partners.exchanges.errors import EndpointMissing, EndpointRefused, ExchangeNotFound
from partners.exchanges.store import Row


def _endpoint(call: Call, session: Session, _: Data) -> Facts:
    row = store.endpoint(session, call.party)
    if row is None:
        raise EndpointMissing
    return {"url": row["url"], "registered_at": row["registered_at"].isoformat()}


def _register(call: Call, session: Session, data: Data) -> Facts:
    """Looked up now, so that a mistake is told at once; and again at each call."""
    endpoint = endpoints.read(data["url"], production=call.hub.production)
    endpoints.addresses(endpoint, production=call.hub.production)
    store.put_endpoint(session, call.party, endpoint.url, call.now)
    return _endpoint(call, session, {})


def _list(call: Call, session: Session, data: Data) -> Page:
    limit = data["limit"]
    rows = store.of_party(session, call.party, data.get("cursor"), data.get("state"), limit)
    more = to_text("exg", rows[limit - 1]["id"]) if len(rows) > limit else None
    return Page({"exchanges": [_facts(row) for row in rows[:limit]]}, more)


def _find(call: Call, session: Session, _: Data) -> Facts:
    row = store.find_of_party(session, call.id("exchange"), call.party)
    if row is None:
        raise ExchangeNotFound
    return _facts(row)


def _facts(row: Row) -> Facts:
    facts = {
        "id": row["id"],
        "direction": row["direction"],
        "state": row["state"],
        "member": row["link_id"],
        "points": row["points"],
        "theirs": row["theirs"],
        "fee": row["fee"],
        "rate": {"theirs": row["rate_theirs"], "ours": row["rate_ours"]},
        "confirmed_at": row["confirmed_at"],
        "last_asked_at": row["last_asked_at"],
        "done_at": row["done_at"],
        "undo_until": row["undo_until"],
        "ended_at": row["ended_at"],
        "transaction": row["journal_id"],
        "undone_by": row["undo_id"],
    }
    return {name: value for name, value in facts.items() if value is not None}


OPERATIONS: tuple[Operation, ...] = (
    Read(
        name="getExchangeEndpoint",
        method="GET",
        path="/v1/exchange-endpoint",
        scopes=ADMIN,
        tag="Exchanges",
        summary="Where the hub asks you to credit, debit, take back and give back",
        answer=schemas.EndpointAnswer,
        refusals=(EndpointMissing,),
        read=_endpoint,
    ),
    Change(
        name="putExchangeEndpoint",
        method="PUT",
        path="/v1/exchange-endpoint",
        scopes=ADMIN,
        tag="Exchanges",
        summary="Say where the hub may ask you about your own points",
        body=schemas.EndpointBody,
        answer=schemas.EndpointAnswer,
        refusals=(EndpointRefused,),
        example={"url": "https://api.shop.example/tongbao/exchange"},
        work=_register,
    ),
    Read(
        name="listExchanges",
        method="GET",
        path="/v1/exchanges",
        scopes=SETTLE | ISSUE,
        tag="Exchanges",
        summary="Your members' exchanges, newest first",
        query=schemas.ExchangesQuery,
        answer=schemas.ExchangesAnswer,
        read=_list,
    ),
    Read(
        name="getExchange",
        method="GET",
        path="/v1/exchanges/<exg:exchange>",
        scopes=SETTLE | ISSUE,
        tag="Exchanges",
        summary="How an exchange stands",
        answer=schemas.ExchangeAnswer,
        refusals=(ExchangeNotFound,),
        read=_find,
    ),
)
