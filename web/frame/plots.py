"""Pictures with two axes, drawn by pysvgchart: rates in steps, curves, bars side by side.

Each is drawn for several widths; the stylesheet shows the one that fits, so that letters keep their
13 pixels on any screen. What the library would style is left to classes: nothing is inline.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

import pysvgchart
from markupsafe import Markup, escape
from pysvgchart.helpers import get_numeric_ticks
from pysvgchart.series import LineSeries
from pysvgchart.shapes import Circle, Element, Line, Point, Text

from web.frame import formats

WIDTHS: Final = (256, 320, 440, 540, 680, 900, 1120)  # pixels; desk.css shows each from its own on
HEIGHT: Final = 240
# Pixels: margin, head room, about the breadth of a letter and of a Chinese character.
_LEFT, _TOP, _LETTER, _CHARACTER = 8, 28, 8, 14
_MOST = 5  # series that have a line and a colour of their own

Shown = Callable[[Any], str]
Step = tuple[date, float, str]  # since when, how much, how it is written


def steps(series: Sequence[tuple[str, Sequence[Step]]], until: date, shown: Shown) -> list[Markup]:
    """What is in force from day to day: each series changes on its days and holds between them.

    `shown` writes a figure of the axis. Each step has its figure beside it, and its day below.
    """
    drawn = [(name, list(changes)) for name, changes in series[:_MOST] if changes]
    if not drawn:
        return []
    days = sorted({day for _, changes in drawn for day, _, _ in changes} | {until})
    if len(days) == 1:
        days = [days[0], date.fromordinal(days[0].toordinal() + 1)]
    figures = [figure for _, changes in drawn for _, figure, _ in changes]
    pictures = []
    for width in WIDTHS:
        names = [name for name, _ in drawn]
        chart, x, y = _chart(width, _numbers(days), figures, shown, names, zero=False)
        for number, (name, changes) in enumerate(drawn, 1):
            points: list[Point] = []
            for (day, figure, _), end in zip(
                changes, [*(day for day, _, _ in changes[1:]), days[-1]], strict=True
            ):
                height = y(figure)
                points += [Point(x(day.toordinal()), height), Point(x(end.toordinal()), height)]
            _line(chart, name, points, number, dashed=False)
            for day, figure, words in changes:
                at = Point(x(day.toordinal()), y(figure))
                chart.add_custom_element(Circle(at.x, at.y, radius=3, styles={}, classes=["dot"]))
                if width >= 540:
                    chart.add_custom_element(_text(at.x + 4, at.y - 8, words, "amount"))
        written = formats.day if width > WIDTHS[1] else formats.month
        room = _breadth(written(days[-1])) + 8
        for day in _apart([x(day.toordinal()) for day in days], days, room, last=2 * room):
            kind = "end" if day == days[-1] else ""
            chart.add_custom_element(_text(x(day.toordinal()), HEIGHT - 8, written(day), kind))
        pictures.append(_rendered(chart, width))
    return pictures


def curve(
    across: Sequence[float],
    lines: Sequence[tuple[str, Sequence[float | None], bool]],
    shown: Shown,
    shown_across: Shown,
) -> list[Markup]:
    """Lines over figures that grow; `lines` are name, a figure (or None) for each of `across`, and
    whether it is an assumption, which is dashed."""
    drawn = [line for line in lines[:_MOST] if any(value is not None for value in line[1])]
    if not drawn or len(set(across)) < 2:
        return []
    figures = [value for _, values, _ in drawn for value in values if value is not None]
    pictures = []
    for width in WIDTHS:
        chart, x, y = _chart(width, list(across), figures, shown, [name for name, _, _ in drawn])
        for number, (name, values, assumed) in enumerate(drawn, 1):
            points = [
                Point(x(at), y(value))
                for at, value in zip(across, values, strict=True)
                if value is not None
            ]
            _line(chart, name, points, number, dashed=assumed)
        for at in _apart([x(at) for at in across], list(across), 56):
            chart.add_custom_element(_text(x(at), HEIGHT - 8, shown_across(at), "tick"))
        pictures.append(_rendered(chart, width))
    return pictures


def side_by_side(
    columns: Sequence[tuple[str, Sequence[float]]], names: Sequence[str], shown: Shown
) -> list[Markup]:
    """For each column a bar of each name, all standing on zero; no figure is below it."""
    figures = [value for _, values in columns for value in values]
    if not figures or max(figures) <= 0:
        return []
    labels = [label for label, _ in columns]
    pictures = []
    for width in WIDTHS:
        ticks = get_numeric_ticks(figures, 4, include_zero=True)
        left = _LEFT + max(_breadth(shown(tick)) for tick in ticks)
        right = max(map(_breadth, labels)) // 2
        each = (width - left - right) / len(columns) * 0.8 / len(names)
        chart = pysvgchart.BarChart(
            x_values=labels,
            y_values=[[values[at] for _, values in columns] for at in range(len(names))],
            y_names=list(names),
            y_zero=True,
            y_max_ticks=4,
            y_label_format=shown,
            x_label_format=str,
            left_margin=left,
            right_margin=right,
            y_margin=_TOP,
            height=HEIGHT,
            width=width,
            bar_width=max(each - 2, 1),
            bar_gap=2,
        )
        _dress(chart)
        chart.x_axis.tick_texts = _apart(
            [text.position.x for text in chart.x_axis.tick_texts],
            chart.x_axis.tick_texts,
            max(map(_breadth, labels)) + 8,
        )
        for number, bars in enumerate(chart.series.values(), 1):
            bars.styles, bars.classes = {}, [f"c{number}"]
        pictures.append(_rendered(chart, width))
    return pictures


def _chart(
    width: int,
    across: list[float],
    figures: list[float],
    shown: Shown,
    names: list[str],
    *,
    zero: bool = True,
) -> tuple[Any, Callable[[float], float], Callable[[float], float]]:
    """A picture with axes and no line yet, and where a figure is across and upwards."""
    least, most = (min(*figures, 0), max(*figures, 0)) if zero else (min(figures), max(figures))
    if least == most:
        least, most = min(least, 0), max(most, 0) or 1
    right = min(max(map(_breadth, names)) + 12, width // 3)
    # How broad the axis's figures are is known once the library chose them.
    written = [shown(tick) for tick in get_numeric_ticks([least, most], 4, include_zero=zero)]
    left = _LEFT + max(map(_breadth, written)) + 8
    chart = pysvgchart.LineChart(
        x_values=[min(across), max(across)],
        y_values=[[least, most]],
        y_zero=zero,
        y_max_ticks=4,
        y_label_format=shown,
        left_margin=left,
        right_margin=right,
        y_margin=_TOP,
        height=HEIGHT,
        width=width,
    )
    _dress(chart)
    # The library's round figures across would begin before the first day.
    chart.series, chart.x_axis.tick_lines, chart.x_axis.tick_texts = {}, [], []
    low, high = min(across), max(across)
    length = chart.x_axis.length

    def x(value: float) -> float:
        return round(left + (value - low) / (high - low) * length, 1)

    def y(value: float) -> float:
        return round(chart.y_axis.get_positions([value])[0], 1)

    return chart, x, y


def _dress(chart: Any) -> None:
    """Classes instead of the library's colours; rules across instead of ticks."""
    chart.add_x_grid(major_grid_style={})
    for axis in (chart.x_axis, chart.y_axis):
        for line in (axis.axis_line, *axis.tick_lines):
            line.styles, line.classes = {}, ["axis"]
        for line in axis.grid_lines:
            line.styles, line.classes = {}, ["rule"]
    for text in chart.y_axis.tick_texts:
        text.styles, text.classes = {"dominant-baseline": "middle"}, ["end"]
    for text in chart.x_axis.tick_texts:
        text.styles, text.classes = {"dominant-baseline": "hanging"}, ["tick"]
    chart.y_axis.tick_lines = []
    chart.y_axis.axis_line = Line(0, 0, width=0, height=0, styles={}, classes=["axis"])


def _line(chart: Any, name: str, points: list[Point], number: int, *, dashed: bool) -> None:
    """A line with its name at its right end, clear of the others' names."""
    classes = ["line", f"l{number}", *(["assumed"] if dashed else [])]
    chart.series[name] = LineSeries(points, [], [], styles={}, classes=classes)
    taken = [one.position.y for one in chart.custom_elements if "series" in one.classes]
    height = points[-1].y + 4.0
    while any(abs(height - other) < 17 for other in taken):
        height += 1
    beside = chart.x_axis.position.x + chart.x_axis.length + 8
    words = _cut(name, chart.width - beside)
    chart.add_custom_element(_text(beside, height, words, "series"))


def _text(x: float, y: float, words: str, kind: str) -> Element:
    return Text(round(x, 1), round(y, 1), words, styles={}, classes=[kind] if kind else [])


def _breadth(words: str) -> int:
    """About how many pixels words take, at most."""
    return sum(_CHARACTER if letter >= "⺀" else _LETTER for letter in words)


def _cut(words: str, room: float) -> str:
    """As much of a name as fits; the table has all of it."""
    if _breadth(words) <= room:
        return words
    while len(words) > 1 and _breadth(words) + _LETTER > room:
        words = words[:-1]
    return words + "…"


def _apart(
    places: Sequence[float], things: Sequence[Any], least: float, *, last: float = 0
) -> list[Any]:
    """Of what stands in a row, those that are far enough apart; the last one always stays, and
    `last` is how far the next must be from it."""
    if not things:
        return []
    kept = [(places[-1], things[-1])]
    for place, thing in zip(reversed(places[:-1]), reversed(things[:-1]), strict=True):
        if kept[-1][0] - place >= (max(last, least) if len(kept) == 1 else least):
            kept.append((place, thing))
    return [thing for _, thing in reversed(kept)]


def _numbers(days: Sequence[date]) -> list[float]:
    return [float(day.toordinal()) for day in days]


def _rendered(chart: Any, width: int) -> Markup:
    """The picture's inside, for a template that gives it its words."""
    inside = "\n".join(chart.get_element_list())
    return Markup(  # noqa: S704  The library escapes what it writes; classes and figures are ours.
        f'<svg class="w{width}" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}"'
        f' role="img" aria-label="{{label}}">{inside}</svg>'
    )


def labelled(pictures: Sequence[Markup], label: str) -> Markup:
    """The pictures of all widths, of which one is seen, said to be this."""
    return Markup("\n").join(
        Markup(str(picture).replace("{label}", str(escape(label)), 1))  # noqa: S704
        for picture in pictures
    )
