"""Forms: what was typed is kept, what is wrong is said beside it, in the reader's language."""

from collections.abc import Mapping
from typing import Any, Literal

from flask import flash, get_flashed_messages
from marshmallow import Schema, ValidationError

from kit.language import gettext, mark

Tone = Literal["ok", "info", "warn", "bad"]

# What marshmallow says of its own accord is meant for programmers; a field may say it better.
_PLAIN = {
    "Missing data for required field.": mark("Fill this in"),
    "Field may not be null.": mark("Fill this in"),
    "Not a valid integer.": mark("Enter a whole number"),
    "Not a valid string.": mark("Fill this in"),
}
_CHOICE = mark("Choose one of these")


class Form:
    """A form as it was sent, or an empty one to begin with.

    `data` is what the schema made of it, complete only when `ok`; `errors` has a sentence for each
    field that is wrong, `typed` what stands in the fields. Spaces around it do not count,
    nor do NULs, which no text of the database can hold.
    """

    def __init__(
        self,
        schema: Schema | None = None,
        sent: Mapping[str, str] | None = None,
        **initial: Any,
    ) -> None:
        self.sent = sent is not None
        self.typed: dict[str, Any] = {
            name: value.replace("\0", "").strip() for name, value in (sent or {}).items()
        }
        self.data: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        if sent is None:
            self.typed = initial
            return
        if schema is not None:
            known = {name: value for name, value in self.typed.items() if name in schema.fields}
            given = {name: value for name, value in known.items() if value != ""}
            try:
                self.data = schema.load(given)
            except ValidationError as error:
                for name, said in error.normalized_messages().items():
                    self.errors[name] = gettext(_first(said))
                self.data = error.valid_data if isinstance(error.valid_data, dict) else {}

    @property
    def ok(self) -> bool:
        """It was sent, and nothing is wrong with it."""
        return self.sent and not self.errors

    def refuse(self, field: str, sentence: str) -> None:
        """Say what is wrong with a field; the first word about it counts."""
        self.errors.setdefault(field, sentence)


def _first(said: Any) -> str:
    """The first of what is wrong with a field, as a message."""
    while isinstance(said, dict):
        said = next(iter(said.values()))
    found = str(said[0] if isinstance(said, list) else said)
    return _CHOICE if found.startswith("Must be one of") else _PLAIN.get(found, found)


def tell(tone: Tone, title: str, text: str = "") -> None:
    """Show one notice on the next page that this browser sees."""
    flash({"tone": tone, "title": title, "text": text}, "notice")  # type: ignore[arg-type]


def told() -> dict[str, str] | None:
    """The notice that waits, once; the last when there are several."""
    waiting = get_flashed_messages(category_filter=["notice"])
    return waiting[-1] if waiting else None  # type: ignore[return-value]
