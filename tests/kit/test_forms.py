"""What was typed is kept, what is wrong is said beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from marshmallow import Schema, fields, validate

from kit import language
from kit.forms import Form

CATALOGUES = Path(__file__).parents[2] / "web/frame/locale"


class Asked(Schema):
    name = fields.String(required=True)
    points = fields.Integer(load_default=0)
    way = fields.String(validate=validate.OneOf(["in", "out"]))
    note = fields.String(validate=validate.Length(max=5, error="Up to 5 letters"))


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    language.use("en")
    yield
    language.use("en")


def test_an_empty_one_is_neither_right_nor_wrong() -> None:
    form = Form(name="Wang")
    assert not form.ok
    assert form.errors == {}
    assert form.typed == {"name": "Wang"}


def test_spaces_around_do_not_count() -> None:
    form = Form(Asked(), {"name": " Wang ", "points": " 7", "way": "in"})
    assert form.ok
    assert form.data == {"name": "Wang", "points": 7, "way": "in"}


def test_an_empty_field_is_as_one_that_was_not_sent() -> None:
    assert Form(Asked(), {"name": "Wang", "points": " "}).data["points"] == 0
    assert Form(Asked(), {"name": ""}).errors == {"name": "Fill this in"}


def test_what_was_typed_is_kept_and_what_is_right_is_known() -> None:
    form = Form(Asked(), {"name": "Wang", "points": "many", "way": "up"})
    assert not form.ok
    assert form.typed == {"name": "Wang", "points": "many", "way": "up"}
    assert form.errors == {"points": "Enter a whole number", "way": "Choose one of these"}
    assert form.data == {"name": "Wang"}


def test_what_nobody_asked_for_is_left_out() -> None:
    form = Form(Asked(), {"name": "Wang", "csrf_token": "x", "role": "admin"})
    assert form.ok
    assert "role" not in form.data


def test_a_field_says_it_in_its_own_words() -> None:
    assert Form(Asked(), {"name": "Wang", "note": "too long"}).errors == {"note": "Up to 5 letters"}


def test_in_the_readers_language() -> None:
    language.load(CATALOGUES.glob("*.po"))
    language.use("zh")
    assert Form(Asked(), {"points": "1.5"}).errors == {"name": "填写此项", "points": "输入整数"}


def test_the_first_word_about_a_field_counts() -> None:
    form = Form(None, {"name": "Wang"})
    assert form.ok
    form.refuse("name", "one")
    form.refuse("name", "two")
    assert form.errors == {"name": "one"}
    assert not form.ok
