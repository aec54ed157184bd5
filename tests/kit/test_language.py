"""Words in the reader's language, each reader's own."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit import language
from kit.language import gettext, mark

CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "%(n)s points for a test"
msgstr "测试%(n)s积分"
"""


@pytest.fixture(autouse=True)
def _catalogue(tmp_path: Path) -> Iterator[None]:
    file = tmp_path / "test.po"
    file.write_text(CATALOGUE, encoding="utf-8")
    language.load([file])
    yield
    language.use("en")


def test_the_id_is_the_english() -> None:
    language.use("en")
    assert gettext("%(n)s points for a test", n=5) == "5 points for a test"


def test_chinese_is_in_the_catalogue() -> None:
    language.use("zh")
    assert gettext("%(n)s points for a test", n=5) == "测试5积分"
    assert gettext(mark("100% of what nobody translated")) == "100% of what nobody translated"


def test_readers_do_not_share_a_language() -> None:
    language.use("zh")
    other: list[str] = []
    thread = threading.Thread(target=lambda: other.append(language.current()))
    thread.start()
    thread.join()
    assert (language.current(), other) == ("zh", ["en"])
