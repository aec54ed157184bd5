"""Pictures with axes: strict enough for the policy, their words escaped, their lines in place."""

import re
from datetime import date
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from tests.web.frame.test_frame import faults
from web.frame import plots
from web.frame.plots import HEIGHT, WIDTHS, curve, labelled, side_by_side, steps

RATES = [
    ("Market", [(date(2026, 1, 1), 0.9, "0.90"), (date(2026, 7, 1), 0.97, "0.97")]),
    ("Fuel <b>", [(date(2026, 3, 1), 0.8, "0.80")]),
]
UNTIL = date(2026, 11, 22)


def drawn(pictures: list) -> list[ElementTree.Element]:
    return [
        ElementTree.fromstring(str(labelled([picture], "words")))  # noqa: S314 - our own
        for picture in pictures
    ]


EVERY = [
    steps(RATES, UNTIL, str),
    steps([("One", [(UNTIL, 3.0, "3")])], UNTIL, str),
    curve(
        [0, 1, 2], [("Seen", [0.0, 0.1, None], False), ("Assumed", [0, 0.1, 0.2], True)], str, str
    ),
    curve([0, 1], [("Nought", [0, 0], False)], str, str),
    side_by_side([("Jan", (3, 1)), ("Feb", (0, 2))], ["In", "Out"], str),
]


@pytest.mark.parametrize("pictures", EVERY)
def test_a_picture_is_drawn_for_each_width_and_breaks_no_policy(pictures: list) -> None:
    assert len(pictures) == len(WIDTHS)
    for width, svg in zip(WIDTHS, drawn(pictures), strict=True):
        assert svg.get("viewBox") == f"0 0 {width} {HEIGHT}"
        assert (svg.get("role"), svg.get("aria-label")) == ("img", "words")
    text = str(labelled(pictures, "words"))
    assert faults(text) == []
    assert "http" not in text
    assert "stroke=" not in text


@pytest.mark.parametrize("pictures", EVERY)
def test_everything_lies_within_the_picture(pictures: list) -> None:
    for width, svg in zip(WIDTHS, drawn(pictures), strict=True):
        for path in svg.iter("path"):
            points = re.findall(r"[ML] ([0-9.]+) ([0-9.]+)", path.get("d", ""))
            assert points
            assert all(0 <= float(x) <= width and 0 <= float(y) <= HEIGHT for x, y in points)
        for text in svg.iter("text"):
            assert 0 <= float(text.get("x", "")) <= width
            assert 0 <= float(text.get("y", "")) <= HEIGHT


def test_words_are_escaped() -> None:
    text = str(labelled(steps(RATES, UNTIL, str), '"><script>'))
    assert "<b>" not in text
    assert "<script>" not in text


def test_a_rate_holds_until_the_next() -> None:
    (svg, *_) = drawn(steps(RATES[:1], UNTIL, str))
    (path,) = svg.iter("path")
    points = [
        (float(x), float(y)) for x, y in re.findall(r"[ML] ([0-9.]+) ([0-9.]+)", path.get("d", ""))
    ]
    (a, low), (b, low2), (c, high), (_, high2) = points
    assert (low, high) == (low2, high2)
    assert b == c
    assert low > high  # Down is more pixels.
    assert (b - a) / (points[-1][0] - a) == pytest.approx(181 / 325, abs=0.01)


def test_what_is_assumed_is_dashed() -> None:
    (svg, *_) = drawn(EVERY[2])
    assert [path.get("class") for path in svg.iter("path")] == ["line l1", "line l2 assumed"]


def test_names_do_not_lie_upon_each_other() -> None:
    lines = [(f"Line {n}", [0.1, 0.1 + n / 1000], False) for n in range(5)]
    for svg in drawn(curve([0, 1], lines, str, str)):
        heights = sorted(
            float(text.get("y", "")) for text in svg.iter("text") if text.get("class") == "series"
        )
        assert len(heights) == 5
        assert all(low - high >= 16 for high, low in pairwise(heights))


@pytest.mark.parametrize(
    "pictures",
    [
        steps([], UNTIL, str),
        steps([("a", [])], UNTIL, str),
        curve([], [], str, str),
        curve([1], [("a", [1], False)], str, str),
        curve([1, 2], [("a", [None, None], False)], str, str),
        side_by_side([], [], str),
        side_by_side([("Jan", (0,))], ["a"], str),
    ],
)
def test_nothing_is_drawn_as_nothing(pictures: list) -> None:
    assert pictures == []
    assert labelled(pictures, "words") == ""


def test_at_most_five_series_have_a_line() -> None:
    lines = [(f"Line {n}", [1, n], False) for n in range(9)]
    for svg in drawn(curve([0, 1], lines, str, str)):
        assert len(list(svg.iter("path"))) == plots._MOST
