"""Every word of the pages stands in both languages; none waits for a page that is gone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from web.frame import wiring

ROOT = Path(__file__).parents[3]
ROOMS = ("kit", "exchange", "members", "partners", "settlement", "staff", "web")
# What calls them: templates and code. `mark` is for words that are translated later.
KEYWORDS = {"_": None, "gettext": None, "mark": None}
CATALOGUES = sorted(path for place in wiring.WORDS for path in (ROOT / place).glob("*.po"))

_FILLED = re.compile(r"%\((\w+)\)s")
_HAND_MADE_SPACE = re.compile(r"[一-鿿，。：！？] [A-Za-z0-9%¥]|[A-Za-z0-9)¥] [一-鿿]")


@dataclass(frozen=True)
class Word:
    english: str
    chinese: str
    catalogue: str


def _extracted() -> dict[str, str]:
    """Each message of the pages, and a place that says it."""
    found: dict[str, str] = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            method = {".py": "python", ".html": "jinja2"}.get(path.suffix)
            if method is None:
                continue
            for line, message, _, _ in extract_from_file(
                method, path, keywords=KEYWORDS, options={"silent": "false"}
            ):
                found.setdefault(str(message), f"{path.relative_to(ROOT)}:{line}")
    return found


def _words(path: Path) -> Iterator[Word]:
    with path.open("rb") as file:
        for message in read_po(file, locale="zh_Hans_CN", abort_invalid=True):
            if message.id:
                assert not message.fuzzy
                yield Word(str(message.id), str(message.string), path.name)


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    return _extracted()


@pytest.fixture(scope="module")
def words() -> list[Word]:
    return [word for path in CATALOGUES for word in _words(path)]


def test_what_is_said_is_found() -> None:
    assert {path.name for path in CATALOGUES} >= {"frame.po"}
    assert {"Tongbao", "just now", "There is a problem"} <= _extracted().keys()


def test_every_message_is_translated(said: dict[str, str], words: list[Word]) -> None:
    known = {word.english for word in words if word.chinese}
    assert [f"{place}: {message}" for message, place in said.items() if message not in known] == []


def test_no_translation_is_unused(said: dict[str, str], words: list[Word]) -> None:
    assert [(word.catalogue, word.english) for word in words if word.english not in said] == []


def test_a_message_has_one_translation(words: list[Word]) -> None:
    first: dict[str, Word] = {}
    for word in words:
        other = first.setdefault(word.english, word)
        assert other.chinese == word.chinese, f"{other.catalogue}, {word.catalogue}: {word.english}"


def test_the_same_facts_stand_in_both_languages(words: list[Word]) -> None:
    for word in words:
        assert set(_FILLED.findall(word.english)) == set(_FILLED.findall(word.chinese)), word


def test_chinese_is_set_as_chinese(words: list[Word]) -> None:
    for word in words:
        assert not re.search("[“”‘’!]", word.chinese), word
        assert not _HAND_MADE_SPACE.search(word.chinese), word


def test_no_message_shouts_or_apologises(words: list[Word]) -> None:
    for word in words:
        assert not re.search(r"!|\b(?:please|oops|sorry)\b", word.english, re.IGNORECASE), word
