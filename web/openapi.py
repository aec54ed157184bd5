"""The API's own description: OpenAPI 3.1 from the schemas that the routes use, and a page of it."""

import re
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Response, render_template
from marshmallow import Schema, fields

from exchange.errors import (
    AnswerExpired,
    BooksClosed,
    IdempotencyKeyReused,
    PartnerNotActive,
    RequestInProgress,
    SignatureReplayed,
)
from kit.database import Busy, DatabaseUnavailable
from kit.errors import Refusal
from kit.problems import TYPE_BASE
from kit.schemas import AnswerSchema, Moment, PublicId, RequestInvalid
from kit.secure_headers import STRICT_POLICY
from kit.strict_json import JsonMalformed, dumps
from partners.api.answers import ContentTypeUnsupported
from partners.api.operations import Bulk, Change, Operation, Posting, Read, Upload
from partners.api.routes import ContentTooLarge, FramingAmbiguous
from partners.errors import ScopeMissing
from partners.signature_errors import (
    ContentEncodingUnsupported,
    DigestMalformed,
    DigestMismatch,
    IdempotencyKeyMalformed,
    IdempotencyKeyRequired,
    MisdirectedRequest,
    SignatureAmbiguous,
    SignatureInsufficient,
    SignatureInvalid,
    SignatureMalformed,
    SignatureRequired,
    SignatureStale,
    TargetMalformed,
    UnexpectedContent,
)

VERSION = "1.0.0"

# What any request may be refused with, in the order in which it is checked.
BEFORE = (
    FramingAmbiguous,
    ContentTooLarge,
    SignatureMalformed,
    SignatureRequired,
    SignatureAmbiguous,
    MisdirectedRequest,
    TargetMalformed,
    ContentEncodingUnsupported,
    UnexpectedContent,
    IdempotencyKeyRequired,
    SignatureInsufficient,
    SignatureInvalid,
    SignatureStale,
    DigestMalformed,
    DigestMismatch,
    IdempotencyKeyMalformed,
    ScopeMissing,
    ContentTypeUnsupported,
    JsonMalformed,
    RequestInvalid,
)
CLAIMS = (RequestInProgress, IdempotencyKeyReused, AnswerExpired)
AFTER = (Busy, DatabaseUnavailable)
POSTED = (BooksClosed, *AFTER)

_WITH_BODY = {
    FramingAmbiguous,
    ContentTooLarge,
    ContentTypeUnsupported,
    JsonMalformed,
    DigestMalformed,
    DigestMismatch,
}
_CONVERTER = re.compile(r"<(?:(\w+):)?(\w+)>")


class Problem(AnswerSchema):
    """RFC 9457. Facts of the refusal stand beside these members."""

    type = fields.Url()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    instance = fields.String()
    code = fields.String(metadata={"description": "Stable: act on this."})
    retryable = fields.Boolean()


def refusals(operation: Operation) -> list[type[Refusal]]:
    """Everything this operation may be refused with, in order of descending precedence."""
    claims = () if isinstance(operation, Read) else CLAIMS
    barred = isinstance(operation, Change | Upload) and not operation.when_suspended
    after = POSTED if isinstance(operation, Posting | Bulk) else AFTER
    return [
        refusal
        for refusal in (
            *BEFORE,
            *((PartnerNotActive,) if barred else ()),
            SignatureReplayed,
            *claims,
            *operation.refusals,
            *after,
        )
        if refusal not in _idle(operation)
    ]


def _idle(operation: Operation) -> set[type[Refusal]]:
    """What cannot befall the content that this operation takes, or does not take."""
    if not operation.takes:
        return _WITH_BODY
    return {JsonMalformed} if operation.body is None else set()


def document(operations: tuple[Operation, ...], origin: str) -> dict[str, Any]:
    """The OpenAPI document of these operations."""
    spec = APISpec(
        title="Tongbao partner API",
        version=VERSION,
        openapi_version="3.1.0",
        plugins=[MarshmallowPlugin()],
        info={
            "description": "Every request is signed with the profile cpx-1 of RFC 9421, and every"
            " answer to an authenticated request is signed by the hub. Times are RFC 3339 in UTC;"
            " points are whole numbers.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        servers=[{"url": origin}],
    )
    spec.components.schema("Problem", schema=Problem)
    for operation in operations:
        spec.path(
            path=_CONVERTER.sub(r"{\2}", operation.path),
            operations={operation.method.lower(): _operation(operation)},
        )
        if isinstance(operation, Bulk):
            _describe_lines(spec, operation)
    made: dict[str, Any] = spec.to_dict()
    return made


def _describe_lines(spec: APISpec, operation: Bulk) -> None:
    """Of each kind: what its own operation takes, and what that answers. Both are told already."""
    for kind in operation.kinds.values():
        spec.components.schema(type(kind.schema).__name__, schema=kind.schema)
    taken = {name: _reference(type(kind.schema)) for name, kind in operation.kinds.items()}
    told = dict.fromkeys(kind.posting.answer for kind in operation.kinds.values())
    schemas = spec.components.schemas
    schemas["BatchBody"]["properties"]["orders"]["items"] = {
        "oneOf": [{"$ref": reference} for reference in taken.values()],
        "discriminator": {"propertyName": "kind", "mapping": taken},
    }
    outcome = schemas["OutcomeAnswer"]["properties"]
    outcome["answer"]["anyOf"] = [{"$ref": _reference(one)} for one in told if one]
    outcome["problem"]["anyOf"] = [{"$ref": _reference(Problem)}]


def _reference(schema: type[Schema]) -> str:
    return f"#/components/schemas/{schema.__name__}"


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": "Needs a key with one of the scopes: "
        + ", ".join(sorted(operation.scopes))
        + ".",
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if operation.takes:
        described["requestBody"] = {
            "required": True,
            "content": {kind: _content(operation) for kind in operation.takes},
        }
    return described


def _content(operation: Operation) -> dict[str, Any]:
    """What stands in the content; of a file, how large it may be."""
    if operation.body is None:
        return {"schema": {"type": "string", "format": "binary", "maxLength": operation.max_body}}
    return {"schema": operation.body, "example": operation.example or {}}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
        for _, name in _CONVERTER.findall(operation.path)
    ]
    if operation.query is not None:
        found.append({"in": "query", "schema": operation.query})
    headers = ["Signature-Input", "Signature"]
    if operation.takes:
        headers.append("Content-Digest")
    if not isinstance(operation, Read):
        headers.append("Idempotency-Key")
    return found + [
        {"in": "header", "name": name, "required": True, "schema": {"type": "string"}}
        for name in headers
    ]


def _responses(operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": operation.summary}
    kind = "object" if operation.content == "application/json" else "string"
    good["content"] = {operation.content: {"schema": operation.answer or {"type": kind}}}
    responses: dict[str, Any] = {str(operation.status): good}
    for refusal in refusals(operation):
        status = str(refusal.kind.value)
        here = responses.setdefault(
            status,
            {
                "description": "",
                "content": {"application/problem+json": {"schema": "Problem", "examples": {}}},
            },
        )
        here["description"] += f"{', ' if here['description'] else ''}{refusal.code}"
        here["content"]["application/problem+json"]["examples"][refusal.code] = {
            "summary": refusal.title,
            "value": {
                "type": TYPE_BASE + refusal.code,
                "title": refusal.title,
                "status": refusal.kind.value,
                "code": refusal.code,
                "retryable": refusal.retryable,
            },
        }
    return responses


def described_fields(operation: Operation, which: str) -> list[dict[str, Any]]:
    """The fields of a body or an answer, in words: name, type, required, description.

    Those of a batch's lines, kind by kind, stand below those of its body.
    """
    schema = operation.schema(which)
    if schema is None:
        return []
    described = _described(schema)
    if isinstance(operation, Bulk) and which == "body":
        for kind in operation.kinds.values():
            described += _described(kind.schema, f"{kind.posting.kind}: ")
    return described


def _described(schema: Schema, prefix: str = "") -> list[dict[str, Any]]:
    return [
        {
            "name": prefix + name,
            "type": _type_in_words(field),
            "required": field.required,
            "description": field.metadata.get("description", ""),
        }
        for name, field in schema.fields.items()
    ]


def _by_tag(operations: tuple[Operation, ...]) -> list[tuple[str, list[Operation]]]:
    """Operations under their tags, in the order in which they were listed."""
    found: dict[str, list[Operation]] = {}
    for operation in operations:
        found.setdefault(operation.tag, []).append(operation)
    return list(found.items())


def _type_in_words(field: fields.Field[Any]) -> str:
    match field:
        case PublicId():
            return f"id, {field.prefix}_…"
        case Moment():
            return "time, RFC 3339"
        case fields.Integer():
            return "whole number"
        case fields.Boolean():
            return "true or false"
        case fields.Dict():
            return "object"
        case fields.List():
            return f"list of {_type_in_words(field.inner)}"
        case fields.Nested():
            return "object: " + ", ".join(field.schema.fields)
        case _:
            return "date" if field.metadata.get("format") == "date" else "text"


def blueprint(operations: tuple[Operation, ...], origin: str) -> Blueprint:
    """`/openapi.json`, and `/docs`: the same as a page, with nothing from another host."""
    api = Blueprint("openapi", __name__, template_folder="templates")
    made = document(operations, origin)
    body = dumps(made)

    api.app_template_filter("plain_path")(lambda path: _CONVERTER.sub(r"{\2}", path))
    api.app_template_filter("fields_of")(described_fields)

    @api.get("/openapi.json")
    def as_json() -> Response:
        return Response(body, content_type="application/json")

    @api.get("/docs")
    def as_page() -> Response:
        shown = render_template(
            "docs.html",
            operations=[(one, refusals(one)) for one in operations],
            groups=_by_tag(operations),
            origin=origin,
        )
        return Response(shown, headers={"Content-Security-Policy": STRICT_POLICY})

    @api.get("/docs.css")
    def style() -> Response:
        return Response(render_template("docs.css"), content_type="text/css; charset=utf-8")

    return api
