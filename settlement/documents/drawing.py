"""A picture as a value: a few shapes on a plane, drawn as SVG or on a page alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from settlement.documents import tones

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """A ribbon of one height that swings from (x, y) to (to_x, to_y), its upper ends."""

    x: float
    y: float
    to_x: float
    to_y: float
    height: float
    tone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """A line of text; (x, y) is on its base line, at the side that `anchor` names."""

    x: float
    y: float
    text: str
    size: float = 11
    tone: str = tones.TEXT
    anchor: Anchor = "start"


Shape = Box | Band | Label


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """All lengths in the same unit, y downwards. `title` states the finding, for eye and ear."""

    width: float
    height: float
    title: str
    description: str
    shapes: Sequence[Shape]


def fit(text: str, width: float, size: float) -> str:
    """The text, cut with an ellipsis to about this width: a Han character is as wide as high."""
    room = width / size
    for place, each in enumerate(text):
        room -= _width(each)
        if room < (1 if place + 1 < len(text) else 0):
            return f"{text[:place].rstrip()}…"
    return text


def _width(character: str) -> float:
    return 1 if ord(character) >= 0x2E80 else 0.62
