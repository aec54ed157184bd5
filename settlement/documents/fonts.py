"""The one font of the pages, cut down to what is written: the whole has 31,000 glyphs, 8 MB.

Cutting it takes a tenth of a second, so a batch cuts it once; each page then embeds what it uses.
A page comes out the same, byte for byte, whatever else its batch was cut for.
"""

import threading
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pylopdf_fonts_zh_cn
from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

SOURCE = Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSansSC-Regular.otf"
MISSING = "〓"  # Printers' mark for a character that the case does not have.

_TABLES = ("GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx")  # For setting Han vertically…
_LIMITS = (
    *("numGlyphs", "maxPoints", "maxContours", "maxCompositePoints", "maxCompositeContours"),
    *("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs"),
    *("maxStackElements", "maxSizeOfInstructions", "maxComponentElements", "maxComponentDepth"),
)  # Of a table that is counted anew when the page is written.

_lock = threading.Lock()
_folder: TemporaryDirectory[str] | None = None
_cut: dict[Path, frozenset[str]] = {}  # The latest alone: it has all that earlier ones had.
_names = count(1)


def legible(text: str) -> str:
    """The text in characters that the font has; control characters become spaces."""
    has = _has()
    return "".join(
        each if ord(each) in has else MISSING if each.isprintable() else " " for each in text
    )


def cut_for(characters: set[str]) -> Path:
    """A font file that has all these characters; it stays until the process ends."""
    global _folder
    with _lock:
        for path, there in _cut.items():
            if characters <= there:
                return path
        _folder = _folder or TemporaryDirectory(prefix="fonts-")
        wanted = frozenset(characters.union(*_cut.values()))
        path = Path(_folder.name) / f"{next(_names)}.ttf"
        _write(path, wanted)
        _cut.clear()
        _cut[path] = wanted
        return path


def _write(path: Path, characters: frozenset[str]) -> None:
    options = subset.Options(
        layout_features=[], notdef_outline=True, desubroutinize=True, name_IDs=[1, 2, 4, 6]
    )
    options.drop_tables += _TABLES
    with subset.load_font(str(SOURCE), options) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=[ord(each) for each in characters])
        cutter.subset(font)
        _make_quadratic(font)
        # The bounds of the whole font: those of the cut would differ from batch to batch.
        font.recalcBBoxes = False
        subset.save_font(font, str(path), options)


def _make_quadratic(font: TTFont) -> None:
    """Cubic outlines to TrueType's quadratic ones, within a thousandth of the letter's height.

    Pages can then name letters by their place in the font, which every reader of PDF understands;
    for the other kind some extract no text.
    """
    order, letters = font.getGlyphOrder(), font.getGlyphSet()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(letters)
        letters[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
        glyphs[name] = pen.glyph()
    del font["CFF "]
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, glyphs
    for name, (width, _) in font["hmtx"].metrics.items():
        glyphs[name].recalcBounds(font["glyf"])
        font["hmtx"].metrics[name] = width, getattr(glyphs[name], "xMin", 0)
    font["maxp"] = limits = newTable("maxp")
    limits.tableVersion = 0x00010000
    for name in _LIMITS:
        setattr(limits, name, 1 if name == "maxZones" else 0)
    limits.numGlyphs = len(order)
    font["post"].formatType = 2.0
    font["post"].extraNames, font["post"].mapping, font["post"].glyphOrder = [], {}, order
    font.sfntVersion = "\000\001\000\000"


@cache
def _has() -> frozenset[int]:
    with TTFont(SOURCE, lazy=True) as font:
        return frozenset(font.getBestCmap())
