"""Answering an admitted request: run the operation, render what came of it, sign the answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy.orm import Session
from werkzeug.http import parse_options_header

import exchange.store
from exchange.errors import PartnerNotActive, refusal
from kit import problems, schemas
from kit.database import Database
from kit.errors import Kind, Refusal
from kit.strict_json import dumps, loads
from partners.api import batches
from partners.api.gate import Admitted
from partners.api.operations import (
    JSON,
    Bulk,
    Call,
    Change,
    Document,
    Facts,
    File,
    Operation,
    Page,
    Posting,
    Read,
    Upload,
)
from partners.api.refused import public
from partners.signing import Message

_NO_QUERY = schemas.StrictSchema()
_REPLAYED = (("Idempotency-Replayed", "?1"),)


class ContentTypeUnsupported(Refusal):
    code = "content-type-unsupported"
    kind = Kind.UNSUPPORTED
    title = "The content is of another type than this operation takes"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and the headers that are not the signature's."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    code: str | None = None


@dataclass(frozen=True, slots=True)
class _Saved:
    """What came of a change: a refusal's code, or None, and the facts."""

    code: str | None
    facts: Facts
    replayed: bool = False
    retryable: bool = False


def answer(
    operation: Operation, call: Call, database: Database, message: Message, admitted: Admitted
) -> Answer:
    """Do what was asked; every refusal is an answer too."""
    try:
        data = _load(operation, message)
        match operation:
            case Posting():
                return _post(operation, call, message, admitted, data)
            case Bulk():
                return _bulk(operation, call, database, message, admitted, data)
            case Change():
                return _change(
                    operation, call, database, message, admitted,
                    lambda session: operation.work(call, session, data),
                )  # fmt: skip
            case Upload():
                file = _file(message)
                return _change(
                    operation, call, database, message, admitted,
                    lambda session: operation.work(call, session, data, file),
                )  # fmt: skip
            case Read():
                return _read(operation, call, database, message, admitted, data)
            case _:
                raise TypeError(f"{operation.name} is no kind of operation")
    except Refusal as refused:
        return refuse(refused, message)


def refuse(refused: Refusal, message: Message, replayed: bool = False) -> Answer:
    """The problem document of a refusal."""
    status, body = problems.problem(refused, message.target.partition("?")[0])
    headers = problems.retry_after(refused)
    if replayed:
        headers += _REPLAYED
    return Answer(status, body, problems.CONTENT_TYPE, tuple(headers), refused.code)


def _load(operation: Operation, message: Message) -> dict[str, Any]:
    """Body or query as the operation's schema reads them; a query that is not wanted is refused."""
    data: dict[str, Any] = {}
    body = operation.schema("body")
    if body is not None or isinstance(operation, Upload):
        if _media_type(message) not in operation.takes:
            raise ContentTypeUnsupported(takes=list(operation.takes))
        if body is not None:
            data = schemas.load(body, loads(message.body))
        elif not message.body:
            raise schemas.RequestInvalid(errors=[{"pointer": "", "detail": "Content is wanted."}])
    elif message.body:
        raise schemas.RequestInvalid(errors=[{"pointer": "", "detail": "No content is wanted."}])
    pairs = parse_qsl(message.target.partition("?")[2], keep_blank_values=True)
    query = operation.schema("query") or _NO_QUERY
    if len(dict(pairs)) != len(pairs):
        raise schemas.RequestInvalid(
            errors=[{"pointer": "", "detail": "A query parameter stands twice."}]
        )
    return data | schemas.load(query, dict(pairs))


def _media_type(message: Message) -> str:
    return message.headers.get("content-type", "").partition(";")[0].strip().lower()


def _file(message: Message) -> File:
    _, options = parse_options_header(message.headers.get("content-type"))
    charset = options.get("charset", "").lower() or None
    return File(message.body, _media_type(message), charset)


def _post(
    operation: Posting,
    call: Call,
    message: Message,
    admitted: Admitted,
    data: dict[str, Any],
) -> Answer:
    order = operation.order(call, data)
    order.update(admitted.claim(message))  # type: ignore[typeddict-item]
    order["evidence"] = admitted.evidence(operation, message)
    outcome = call.hub.funnel.post(order)
    if outcome.code is not None:
        return refuse(refusal(outcome.code, public(outcome.facts)), message, outcome.replayed)
    return _render(operation, outcome.facts, outcome.replayed)


def _bulk(
    operation: Bulk,
    call: Call,
    database: Database,
    message: Message,
    admitted: Admitted,
    data: dict[str, Any],
) -> Answer:
    claim = {**admitted.claim(message), "evidence": admitted.evidence(operation, message)}
    body, replayed = batches.work(operation, call, database.hot, data["orders"], claim)
    return Answer(operation.status, body, JSON, _REPLAYED if replayed else ())


def _change(
    operation: Change | Upload,
    call: Call,
    database: Database,
    message: Message,
    admitted: Admitted,
    work: Callable[[Session], Facts],
) -> Answer:
    """The work and its claim in one transaction. A refusal undoes the work and keeps the claim."""
    if call.key.suspended and not operation.when_suspended:
        raise PartnerNotActive
    claim = admitted.claim(message)
    with database.transaction() as session:
        saved = _claim(session, claim)
        if saved is None:
            saved = _work(session, work)
            if not saved.retryable:
                claim["evidence"] = admitted.evidence(operation, message)
                _save(operation, call, session, claim, saved)
    if saved.code is not None:
        return refuse(refusal(saved.code, saved.facts), message, saved.replayed)
    return _render(operation, call.hub.secrets.unseal(saved.facts), saved.replayed)


def _work(session: Session, work: Callable[[Session], Facts]) -> _Saved:
    try:
        with session.begin_nested():
            return _Saved(None, work(session))
    except Refusal as refused:
        return _Saved(refused.code, public(refused.facts), retryable=refused.retryable)


def _save(
    operation: Change | Upload, call: Call, session: Session, claim: dict[str, Any], saved: _Saved
) -> None:
    sealed = isinstance(operation, Change) and operation.sealed and saved.code is None
    exchange.store.save_claim(
        session,
        {
            **claim,
            "fingerprint": bytes.fromhex(claim["fingerprint"]),
            "operation": operation.name,
            "code": saved.code,
            "facts": json.dumps(call.hub.secrets.seal(saved.facts) if sealed else saved.facts),
            "evidence": json.dumps(claim["evidence"]),
        },
    )


def _read(
    operation: Read,
    call: Call,
    database: Database,
    message: Message,
    admitted: Admitted,
    data: dict[str, Any],
) -> Answer:
    """The nonce is spent whatever is found: it commits with a refusal too."""
    found: Facts | Page | Document = {}
    with database.transaction() as session:
        spent = _claim(session, {**admitted.claim(message), "key": None})
        if spent is None:
            try:
                with session.begin_nested():
                    found = operation.read(call, session, data)
            except Refusal as refused:
                spent = _Saved(refused.code, public(refused.facts))
    if spent is not None and spent.code is not None:
        return refuse(refusal(spent.code, spent.facts), message)
    if isinstance(found, Document):
        return Answer(operation.status, found.body, found.content_type)
    if isinstance(found, Page):
        links: tuple[tuple[str, str], ...] = ()
        if found.next_cursor is not None:
            path, _, query = message.target.partition("?")
            asked = dict(parse_qsl(query)) | {"cursor": found.next_cursor}
            links = (("Link", f'<{path}?{urlencode(asked)}>; rel="next"'),)
        return _render(operation, found.facts, replayed=False, headers=links)
    return _render(operation, found, replayed=False)


def _claim(session: Session, claim: dict[str, Any]) -> _Saved | None:
    """What was saved for this key, or the claim's own refusal; None to go on."""
    row = exchange.store.identify(session, claim)
    return None if row is None else _Saved(row["code"], row["facts"], replayed=row["replayed"])


def _render(
    operation: Operation,
    facts: Facts,
    replayed: bool,
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    schema = operation.schema("answer")
    body = b"" if schema is None else dumps(schemas.dump(schema, facts))
    if replayed:
        headers = (*headers, *_REPLAYED)
    return Answer(operation.status, body, JSON, headers)
