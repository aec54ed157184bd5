"""Numbers as people type them."""

import pytest

from members.pages.typed import MOST, is_line, whole


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1200", 1200),
        ("1,200", 1200),
        ("1，200", 1200),
        ("１２００", 1200),
        ("1 200", 1200),
        ("1\u00a0200", 1200),
        ("007", 7),
        (str(MOST), MOST),
        (str(MOST + 1), None),
        ("0", None),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("1e3", None),
        ("٣", None),
        ("10²", None),
        ("", None),
        ("ten", None),
        ("9" * 4000, None),
    ],
)
def test_whole(typed, number):
    assert whole(typed) == number


def test_is_line():
    assert is_line("生日快乐 👨‍👩‍👧")
    assert not is_line("two\nlines")
    assert not is_line("\x1b[2J")
