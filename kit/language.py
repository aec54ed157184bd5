"""Words in the reader's language. A message's id is its English text; catalogues have more."""

from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final, Literal, get_args

from babel.messages.pofile import read_po

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
LOCALES: Final = {"en": "en_GB", "zh": "zh_Hans_CN"}

_current: ContextVar[Language] = ContextVar("language", default="en")
_chinese: dict[str, str] = {}


def load(files: Iterable[Path]) -> None:
    """Read Chinese catalogues (gettext's .po); a message stands in one of them."""
    for path in sorted(files):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_Hans_CN"):
                if message.id:
                    _chinese[str(message.id)] = str(message.string)


def current() -> Language:
    """The language in which the present request is answered."""
    return _current.get()


def use(language: Language) -> None:
    """Answer in this language from here on, in this request."""
    _current.set(language)


def gettext(message: str, **values: Any) -> str:
    """The message in the reader's language, with `%(name)s` filled in."""
    found = _chinese.get(message, message) if current() == "zh" else message
    return found % values if values else found


def mark(message: str) -> str:
    """The message itself: said where words are only named, to be translated when they are shown."""
    return message
