"""A drawing as SVG: no script, no style, so that the strictest page may show it."""

from xml.sax.saxutils import escape, quoteattr

from settlement.documents import tones
from settlement.documents.drawing import Band, Box, Drawing, Label, Shape, fit

_FONT = "system-ui, 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
_HEAD = 48.0


def as_svg(drawing: Drawing, *, name: str, language: str) -> bytes:
    """UTF-8. `name` begins the ids of title and description: unlike others' on the same page."""
    size = _n(drawing.width), _n(drawing.height + _HEAD)
    heading = Label(x=0, y=18, text=fit(drawing.title, drawing.width, 15), size=15)
    below = Label(x=0, y=36, text=drawing.description, size=11, tone=tones.TEXT_2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}"'
        f' width="{size[0]}" height="{size[1]}" role="img" lang="{language}"'
        f" aria-labelledby={quoteattr(f'{name}-title {name}-description')}"
        f" font-family={quoteattr(_FONT)}>",
        f"<title id={quoteattr(f'{name}-title')}>{_text(drawing.title)}</title>",
        f"<desc id={quoteattr(f'{name}-description')}>{_text(drawing.description)}</desc>",
        f'<rect width="{size[0]}" height="{size[1]}" fill="#FFFFFF"/>',
        _shape(heading),
        _shape(below),
        f'<g transform="translate(0 {_n(_HEAD)})">',
        *map(_shape, drawing.shapes),
        "</g>",
        "</svg>\n",
    ]
    return "\n".join(parts).encode()


def _shape(shape: Shape) -> str:
    if isinstance(shape, Box):
        return (
            f'<rect x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}"'
            f' height="{_n(shape.height)}" fill="{shape.tone}"/>'
        )
    if isinstance(shape, Band):
        return f'<path d="{_ribbon(shape)}" fill="{shape.tone}" fill-opacity="0.6"/>'
    return (
        f'<text x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}"'
        f' fill="{shape.tone}" text-anchor="{shape.anchor}">{_text(shape.text)}</text>'
    )


def _ribbon(band: Band) -> str:
    middle = _n((band.x + band.to_x) / 2)
    left, right = _n(band.x), _n(band.to_x)
    low, to_low = band.y + band.height, band.to_y + band.height
    return (
        f"M{left} {_n(band.y)}C{middle} {_n(band.y)} {middle} {_n(band.to_y)}"
        f" {right} {_n(band.to_y)}V{_n(to_low)}"
        f"C{middle} {_n(to_low)} {middle} {_n(low)} {left} {_n(low)}Z"
    )


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _text(text: str) -> str:
    """What XML cannot hold becomes a space."""
    return escape("".join(each if each.isprintable() else " " for each in text))
