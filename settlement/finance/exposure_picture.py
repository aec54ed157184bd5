"""Exposure against cap as a picture: a panel for each issuer, its exposure a line, its cap dashed.

Plain SVG, of nothing but text and paths, so that it stands in a report as in a browser.
"""

from collections.abc import Mapping, Sequence
from html import escape

from settlement.finance.exposure import Day
from settlement.report import money

WIDTH, PANEL, LEFT, RIGHT, TOP = 760, 150, 140, 20, 44
_HEIGHT = PANEL - 50  # Of the plot within a panel.
_INK, _FAINT, _LINE, _CAP = "#1f2933", "#9aa5b1", "#0b6e4f", "#b42318"


def svg(found: Mapping[int, Sequence[Day]], *, names: Mapping[int, str], currency: str) -> str:
    """One panel under another, in the order given; each has a scale of its own."""
    height = TOP + PANEL * len(found)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="system-ui, sans-serif" font-size="12" role="img">',
        "<title>Exposure against cap</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(LEFT, 24, f"Exposure against cap, {currency}", size=15),
    ]
    for index, (issuer, days) in enumerate(found.items()):
        parts += _panel(days, names[issuer], currency, TOP + PANEL * index)
    return "\n".join([*parts, "</svg>\n"])


def _panel(days: Sequence[Day], name: str, currency: str, top: int) -> list[str]:
    most = max([1, *(each.amount for each in days), *(each.cap or 0 for each in days)])
    least = min([0, *(each.amount for each in days)])
    base = top + 20 + _HEIGHT

    def x(index: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * index / max(1, len(days) - 1)

    def y(amount: int) -> float:
        return base - _HEIGHT * (amount - least) / (most - least)

    exposure = [(x(index), y(each.amount)) for index, each in enumerate(days)]
    cap = [(x(index), y(each.cap)) for index, each in enumerate(days) if each.cap is not None]
    parts = [
        _text(LEFT, top + 12, name, size=13),
        _text(LEFT - 8, y(0) + 4, money(0, currency), anchor="end", ink=_FAINT),
        _text(LEFT, base + 16, f"{days[0].day}", ink=_FAINT),
        _text(WIDTH - RIGHT, base + 16, f"{days[-1].day}", anchor="end", ink=_FAINT),
        f'<path d="M{LEFT} {y(0):.1f}H{WIDTH - RIGHT}" stroke="{_FAINT}" stroke-width="1"/>',
        f'<path d="{_path(exposure)}" fill="none" stroke="{_LINE}" stroke-width="2"/>',
    ]
    if cap:
        parts.append(
            f'<path d="{_path(cap)}" fill="none" stroke="{_CAP}" stroke-width="1.5"'
            ' stroke-dasharray="5 4"/>'
        )
        label = f"cap {money(days[-1].cap or 0, currency)}"
        parts.append(_text(LEFT - 8, cap[-1][1] + 4, label, anchor="end", ink=_CAP))
    if not cap or abs(cap[-1][1] - y(most)) > 14:  # Else one label would stand on the other.
        parts.append(_text(LEFT - 8, y(most) + 4, money(most, currency), anchor="end", ink=_FAINT))
    return parts


def _path(points: Sequence[tuple[float, float]]) -> str:
    line = points if len(points) > 1 else [*points, (float(WIDTH - RIGHT), points[0][1])]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line)


def _text(
    x: float, y: float, text: str, *, size: int = 12, anchor: str = "start", ink: str = _INK
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
        f' fill="{ink}">{escape(text)}</text>'
    )
