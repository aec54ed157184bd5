"""The quick way through a schema and marshmallow's own agree, whatever is in the way."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    missing,
    post_dump,
    post_load,
    pre_load,
    validate,
    validates,
    validates_schema,
)

from kit import ids, quick_schemas, schemas
from kit.schemas import AnswerSchema, Digits, Flag, Moment, PublicId, Reference, StrictSchema, Whole
from web.app import OPERATIONS

MEMBER = ids.to_text("mbr", ids.uuid7())


class Inner(StrictSchema):
    points = Whole(required=True)
    flag = Flag(load_default=True)


class Everything(StrictSchema):
    """A field of every kind that the API has, and of every option that marshmallow has."""

    member = PublicId("mbr", required=True)
    points = Whole(load_default=7)
    digits = Digits(allow_none=True)
    flag = Flag(load_default=None)
    at = Moment(data_key="when")
    reference = Reference(attribute="number")
    text = fields.String(validate=validate.Length(1, 3), load_default=lambda: "made")
    seen = fields.String(dump_only=True)
    inner = fields.Nested(Inner)
    several = fields.List(fields.Nested(Inner))

    @validates_schema
    def not_both(self, data: dict[str, Any], **_: Any) -> None:
        if "digits" in data and "at" in data:
            raise ValidationError("Give digits or when.")


class Early(StrictSchema):
    points = Whole()

    @pre_load
    def double(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value * 2 for name, value in data.items()}


class Late(StrictSchema):
    points = Whole()

    @post_load
    def double(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value * 2 for name, value in data.items()}


class OneField(StrictSchema):
    points = Whole()

    @validates("points")
    def odd(self, value: int, **_: Any) -> None:
        if value % 2 == 0:
            raise ValidationError("Must be odd.")


class Dotted(StrictSchema):
    points = Whole(attribute="a.b")


class Loose(Schema):
    points = Whole()

    class Meta:
        unknown = EXCLUDE


class Original(StrictSchema):
    points = Whole()

    @validates_schema(pass_original=True)
    def same(self, data: dict[str, Any], original: dict[str, Any], **_: Any) -> None:
        if data != original:
            raise ValidationError("Must be the same.")


READERS: tuple[Schema, ...] = (
    Everything(),
    Early(),
    Late(),
    OneField(),
    Dotted(),
    Loose(),
    Original(),
    Everything(partial=True),
    Everything(only=("member", "points")),
    *(
        schema
        for one in OPERATIONS
        for which in ("body", "query")
        if (schema := one.schema(which)) is not None
    ),
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 3),
    st.sampled_from([MEMBER, "2026-11-22T17:05:11Z", "12", "abc", "abcd", "", 1.5, 10**13, [], {}]),
    st.lists(st.fixed_dictionaries({}, optional={"points": st.integers(0, 2), "x": st.none()})),
    st.fixed_dictionaries({"points": st.integers(0, 2)}, optional={"flag": st.booleans()}),
)
GOOD: dict[str, Any] = {
    "member": MEMBER,
    "points": 5,
    "digits": "12",
    "flag": True,
    "when": "2026-11-22T17:05:11+02:00",
    "reference": "R-1",
    "text": "abc",
    "inner": {"points": 1},
    "several": [{"points": 1, "flag": False}],
}


@pytest.mark.parametrize("schema", READERS, ids=lambda schema: type(schema).__name__)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_loading_agrees(schema: Schema, data: st.DataObject) -> None:
    names = [field.data_key or name for name, field in schema.fields.items()]
    good = st.sampled_from(sorted(GOOD)).map(lambda name: (name, GOOD[name]))
    wild = st.tuples(st.sampled_from([*names, "x"]), VALUES)
    content = dict(data.draw(st.lists(good | wild, max_size=9)))
    quick = quick_schemas.load(schema, content)
    if quick is not None:
        slow = schema.load(content)  # And does not raise.
        assert list(quick.items()) == list(slow.items())
        assert [type(value) for value in quick.values()] == [type(value) for value in slow.values()]


@pytest.mark.parametrize("left_out", [None, *sorted(GOOD)])
def test_good_content_goes_the_quick_way(left_out: str | None) -> None:
    """Else the agreement above would be one of the slow way with itself."""
    both = {"digits", "when"}  # Only one of them may be given.
    content = {k: v for k, v in GOOD.items() if k != left_out and (k != "when" or left_out in both)}
    found = quick_schemas.load(Everything(), content)
    assert (found is None) == (left_out == "member")
    if found is not None:
        assert found == Everything().load(content)
        assert found["points"] == (7 if left_out == "points" else 5)
        assert found["text"] == ("made" if left_out == "text" else "abc")


def test_what_a_till_sends_goes_the_quick_way() -> None:
    for one in OPERATIONS:
        schema = one.schema("body")
        if schema is not None and one.name in ("redeem", "authorize", "capture", "accrue"):
            assert quick_schemas.load(schema, dict(one.example or {})) is not None, one.name


@pytest.mark.parametrize("name", ["x", "when", "digits", "member"])
def test_what_is_wrong_is_said_by_marshmallow(name: str) -> None:
    content = {**GOOD, name: "2026-11-22T17:05:11Z"} | {"digits": GOOD["digits"]}
    assert quick_schemas.load(Everything(), content) is None
    with pytest.raises(schemas.RequestInvalid):
        schemas.load(Everything(), content)


class Nested(AnswerSchema):
    id = PublicId("jrn")
    points = fields.Integer()


class Answer(AnswerSchema):
    id = PublicId("jrn")
    at = Moment()
    points = fields.Integer(data_key="amount")
    nested = fields.Nested(Nested)
    several = fields.List(fields.Nested(Nested))
    flag = fields.Boolean()
    text = fields.String(allow_none=True)
    secret = fields.String(load_only=True)


class WithDefault(AnswerSchema):
    points = fields.Integer(dump_default=3)


class FromElsewhere(AnswerSchema):
    points = fields.Integer(attribute="amount")


class Computed(AnswerSchema):
    points = fields.Function(lambda facts: len(facts))


class Afterwards(AnswerSchema):
    points = fields.Integer()

    @post_dump
    def more(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "more": True}


WRITERS: tuple[Schema, ...] = (
    Answer(),
    WithDefault(),
    FromElsewhere(),
    Computed(),
    Afterwards(),
    *(
        schema
        for one in OPERATIONS
        # Where a field named `keys` is absent, marshmallow takes the dictionary's method for it.
        if (schema := one.schema("answer")) is not None and "keys" not in schema.fields
    ),
)
ID = ids.uuid7()
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from([ID, str(ID), None]),
        "at": st.sampled_from(["2026-11-22T16:10:21.798554+00:00", None]),
        "points": st.integers() | st.none(),
        "amount": st.integers(),
        "nested": st.sampled_from([{"id": str(ID)}, {"points": 1, "x": 2}, None]),
        "several": st.lists(st.sampled_from([{"id": str(ID)}, {"points": 1}])),
        "flag": st.booleans(),
        "text": st.text() | st.none(),
        "secret": st.text(),
        "kind": st.text(),
        "member": st.sampled_from([str(ID), None]),
        "reference": st.text(),
        "window": st.text(),
        "x": st.integers(),
    },
)


@pytest.mark.parametrize("schema", WRITERS, ids=lambda schema: type(schema).__name__)
@settings(max_examples=60, deadline=None)
@given(FACTS)
def test_dumping_agrees(schema: Schema, facts: dict[str, Any]) -> None:
    slow = schema.dump(facts)
    assert schemas.dump(schema, facts) == slow
    assert list(schemas.dump(schema, facts)) == list(slow)
    quick = quick_schemas.dump(schema, facts)
    assert quick in (None, slow)


def test_which_answers_are_written_the_quick_way() -> None:
    facts = {"id": ID, "points": 3, "x": 1}
    assert quick_schemas.dump(Answer(), facts) == Answer().dump(facts)
    for schema in (
        WithDefault(),
        FromElsewhere(),
        Computed(),
        Afterwards(),
        Answer(many=True),
    ):
        assert quick_schemas.dump(schema, facts) is None, schema
    assert missing not in Answer().dump({}).values()
