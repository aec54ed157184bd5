"""Flat marshmallow schemas read and written field by field, without marshmallow's way round them.

What a field accepts and what it makes of a value is decided by its own `deserialize` and
`serialize`, as ever; left out is only what marshmallow does between them. Whatever is out of the
ordinary is answered with None: the schema is then asked itself, and says in its own words what is
wrong.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, missing
from marshmallow.decorators import (
    POST_DUMP,
    POST_LOAD,
    PRE_DUMP,
    PRE_LOAD,
    VALIDATES,
    VALIDATES_SCHEMA,
)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a schema is loaded: fields with their names in JSON and after, and rules over all."""

    fields: tuple[tuple[str, str, fields.Field[Any]], ...]
    rules: tuple[Callable[..., Any], ...]


def load(schema: Schema, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """What `schema.load(data)` returns; None when it raises, or when this is for it to say."""
    reading = _reading(schema)
    if reading is None or type(data) is not dict:
        return None
    found: dict[str, Any] = {}
    known = 0
    try:
        for outside, inside, field in reading.fields:
            given = data.get(outside, missing)
            if given is not missing:
                known += 1
            value = field.deserialize(given, outside, data)
            if value is not missing:
                found[inside] = value
        if known != len(data):
            return None
        for rule in reading.rules:
            rule(found, many=False, partial=None, unknown=RAISE)
    except ValidationError:
        return None
    return found


def dump(schema: Schema, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """What `schema.dump(facts)` returns; None when this is for it to say."""
    writing = _writing(schema)
    if writing is None or type(facts) is not dict:
        return None
    return {
        outside: field.serialize(name, facts, accessor=dict.get)
        for outside, name, field in writing
        if name in facts
    }


@lru_cache(maxsize=1024)
def _reading(schema: Schema) -> _Reading | None:
    """None for a schema that has more to it than fields and rules over what they made."""
    rules = schema._hooks[VALIDATES_SCHEMA]
    if (
        schema.many
        or schema.partial is not None
        or schema.unknown != RAISE
        or any(schema._hooks[tag] for tag in (PRE_LOAD, VALIDATES, POST_LOAD))
        or any(many or told.get("pass_original") for _, many, told in rules)
        or any("." in (field.attribute or name) for name, field in schema.load_fields.items())
    ):
        return None
    return _Reading(
        tuple(
            (_outside(name, field), field.attribute or name, field)
            for name, field in schema.load_fields.items()
        ),
        tuple(getattr(schema, name) for name, _, _ in rules),
    )


@lru_cache(maxsize=1024)
def _writing(schema: Schema) -> tuple[tuple[str, str, fields.Field[Any]], ...] | None:
    """None for a schema whose fields take their values from elsewhere than their own name."""
    if (
        schema.many
        or any(schema._hooks[tag] for tag in (PRE_DUMP, POST_DUMP))
        or type(schema).get_attribute is not Schema.get_attribute
    ):
        return None
    for name, field in schema.dump_fields.items():
        if (
            not field._CHECK_ATTRIBUTE
            or field.attribute is not None
            or field.dump_default is not missing
            or "." in name
        ):
            return None
    return tuple((_outside(name, field), name, field) for name, field in schema.dump_fields.items())


def _outside(name: str, field: fields.Field[Any]) -> str:
    return name if field.data_key is None else field.data_key
