"""Strict schemas: closed, whole numbers only, and errors that name the place by JSON pointer."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate

from kit import ids, quick_schemas
from kit.clock import rfc3339
from kit.errors import Kind, Refusal

MAX_WHOLE = 10**12
REFERENCE = re.compile(r"[!-~](?:[ -~]{0,62}[!-~])?\Z")


class RequestInvalid(Refusal):
    code = "request-invalid"
    kind = Kind.INVALID
    title = "The request does not have the documented shape"


class StrictSchema(Schema):
    """What comes in: a field that is not documented is refused, never ignored."""

    class Meta:
        unknown = RAISE


class AnswerSchema(Schema):
    """What goes out: rendered from saved facts, the same way every time; absent stays absent."""

    class Meta:
        unknown = EXCLUDE


class Whole(fields.Integer):
    """A whole number from `minimum` to 10¹²: no string, no float, no boolean is taken for one."""

    default_error_messages = {"whole": "Must be a whole number."}  # noqa: RUF012

    def __init__(self, *, minimum: int = 1, maximum: int = MAX_WHOLE, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(minimum, maximum), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if type(value) is not int:
            raise self.make_error("whole")
        return value


class Digits(fields.Integer):
    """A whole number in a query: ASCII digits alone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not (isinstance(value, str) and re.fullmatch(r"[0-9]{1,13}", value)):
            raise self.make_error("invalid", input=value)
        return int(value)


class Flag(fields.Boolean):
    """true or false, nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class PublicId(fields.String):
    """A prefixed id outside, a UUID inside."""

    default_error_messages = {"id": "Not an id of this kind."}  # noqa: RUF012

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        metadata = {"example": ids.to_text(prefix, _EXAMPLE), **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        return ids.to_text(self.prefix, value if isinstance(value, UUID) else UUID(value))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:  # type: ignore[override]
        found = ids.from_text(self.prefix, value) if isinstance(value, str) else None
        if found is None:
            raise self.make_error("id")
        return found


class Moment(fields.String):
    """A time in RFC 3339, always UTC when it goes out."""

    default_error_messages = {"moment": "Must be an RFC 3339 time with a zone."}  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        metadata = {
            "format": "date-time",
            "example": "2026-11-22T17:05:11.250Z",
            **kwargs.pop("metadata", {}),
        }
        super().__init__(metadata=metadata, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        return rfc3339(value if isinstance(value, datetime) else datetime.fromisoformat(value))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:  # type: ignore[override]
        found = moment(value) if isinstance(value, str) else None
        if found is None:
            raise self.make_error("moment")
        return found


class Reference(fields.String):
    """A merchant's own number: printable ASCII, so that it reads the same everywhere."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            validate=validate.Regexp(
                REFERENCE,
                error="Must be 1 to 64 printable ASCII characters.",
            ),
            **kwargs,
        )


def moment(text: str) -> datetime | None:
    """A time in RFC 3339 with a zone, in UTC; None when the text is none."""
    if not _RFC3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.replace("z", "Z")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_EXAMPLE = UUID("019b5c1e-4000-7abc-8def-0123456789ab")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)")


def load(schema: Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` as the schema reads it. Raises RequestInvalid with `errors` by JSON pointer."""
    found = quick_schemas.load(schema, data)
    if found is not None:
        return found
    try:
        return dict(schema.load(data))
    except ValidationError as error:
        raise RequestInvalid(
            errors=[
                {"pointer": pointer, "detail": detail}
                for pointer, detail in _pointers(error.normalized_messages(), "")
            ]
        ) from error


def dump(schema: Schema, facts: Mapping[str, Any]) -> dict[str, Any]:
    """`facts` as the schema writes them."""
    found = quick_schemas.dump(schema, facts)
    return dict(schema.dump(facts)) if found is None else found


def _pointers(messages: Any, at: str) -> list[tuple[str, str]]:
    if isinstance(messages, dict):
        found = []
        for name, below in messages.items():
            step = (
                "" if name == "_schema" else "/" + str(name).replace("~", "~0").replace("/", "~1")
            )
            found.extend(_pointers(below, at + step))
        return found
    return [(at, str(message)) for message in messages]
