"""A4 paper with one font: headings, paragraphs, tables that repeat their head, and drawings."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import PathPaintRule, TextMode

from settlement.documents import fonts, tones
from settlement.documents.drawing import Anchor, Band, Box, Drawing, Shape

MARGIN = 18.0  # mm, left and right
WIDTH = 210 - 2 * MARGIN
BOTTOM = 297 - 20.0
ROW = 5.6

_LINE = 3.9
_POINT = 25.4 / 72


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of a table: its share of the width in mm, and whether it holds figures."""

    head: str
    width: float
    figures: bool = False


class Paper(FPDF):
    """`foot` is written on every page, left and right; `{nb}` in it becomes the number of pages.

    Nothing is taken from the clock, so that equal content gives equal bytes.
    """

    def __init__(self, font: Path, foot: tuple[str, str], head: str) -> None:
        super().__init__(format="A4")
        self.set_margins(MARGIN, 18, MARGIN)
        self.set_auto_page_break(False)
        self.add_font("sans", "", font)
        self._foot, self._head = foot, head

    # --- pages ------------------------------------------------------------------------------------

    def header(self) -> None:
        """From the second page on, what this is."""
        if self.page_no() > 1:
            self.write_at(MARGIN, 13, self._head, size=8, tone=tones.TEXT_2, width=WIDTH)
            self.rule(15.5)
        self.set_xy(MARGIN, 20)

    def footer(self) -> None:
        """The number of pages is not known yet: its place is kept for a single digit."""
        self.rule(283)
        left, right = self._foot
        shown = right.replace("{page}", str(self.page_no()))
        self.write_at(MARGIN, 288, left, size=8, tone=tones.TEXT_2)
        width = self.get_string_width(shown.replace("{nb}", "8"))
        self.set_xy(MARGIN + WIDTH - width - self.c_margin, 285)
        self.cell(width + 2 * self.c_margin, 4, shown)

    def need(self, height: float) -> None:
        """Go on to the next page unless there is room for this many mm."""
        if self.y + height > BOTTOM:
            self.add_page()

    def describe(self, title: str, author: str, subject: str, language: str, at: datetime) -> None:
        """What a reader's program says of the file."""
        self.set_title(title)
        self.set_author(author)
        self.set_subject(subject)
        self.set_lang("zh-Hans" if language == "zh" else "en-GB")
        self.set_creation_date(at)

    # --- text -------------------------------------------------------------------------------------

    def write_at(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        tone: str = tones.TEXT,
        strong: bool = False,
        anchor: Anchor = "start",
        width: float | None = None,
    ) -> None:
        """One line with its base line at y; where a width is given, it is cut to fit."""
        self.set_font("sans", size=size)
        text = fonts.legible(text)
        if width is not None:
            text = self._cut(text, width)
        if anchor != "start":
            x -= self.get_string_width(text) / (1 if anchor == "end" else 2)
        self.set_text_color(*tones.rgb(tone))
        with self._weight(size, tone, strong):
            self.text(x, y, text)

    def heading(self, text: str, *, room: float = 24) -> None:
        """A section's; it stays together with `room` mm of what follows."""
        self.need(room)
        self.y += 9
        self.write_at(MARGIN, self.y, text, size=11.5, tone=tones.ACCENT, strong=True)
        self.y += 3

    def name(self, text: str) -> None:
        """Of whom all this is about: as large as fits, on two lines if it must."""
        for size in (20.0, 16.0, 13.0):
            self.set_font("sans", size=size)
            lines = self._lines(fonts.legible(text), WIDTH)
            if len(lines) == 1:
                break
        for line in lines[:2]:
            self.write_at(MARGIN, self.y, line, size=size, strong=True)
            self.y += 6

    def paragraph(self, text: str, *, tone: str = tones.TEXT_2, size: float = 8.5) -> None:
        """Lines as many as it takes, across the whole width."""
        self.set_font("sans", size=size)
        for line in self._lines(fonts.legible(text), WIDTH):
            self.need(5)
            self.y += 4.4
            self.write_at(MARGIN, self.y, line, size=size, tone=tone)

    # --- tables -----------------------------------------------------------------------------------

    def grid(
        self,
        columns: Sequence[Column],
        rows: Sequence[Sequence[str]],
        *,
        total: Sequence[str] | None = None,
        x: float = MARGIN,
    ) -> None:
        """Rules between rows, figures to the right; on each further page the head comes again."""
        self.need(3 * ROW)
        self._table_head(columns, x)
        for row in rows:
            if self.y + 2 * ROW > BOTTOM:  # A long name takes a second line.
                self.add_page()
                self._table_head(columns, x)
            self._row(columns, row, x)
        if total is not None:
            self.need(ROW)
            self._row(columns, total, x, strong=True)

    def _table_head(self, columns: Sequence[Column], x: float) -> None:
        self.y += 1
        self.set_fill_color(*tones.rgb(tones.SUNKEN))
        self.rect(x, self.y, sum(each.width for each in columns), ROW, style="F")
        heads = [each.head for each in columns]
        self._row(columns, heads, x, tone=tones.TEXT_2, size=8)

    def _row(
        self,
        columns: Sequence[Column],
        cells: Sequence[str],
        x: float,
        *,
        tone: str = tones.TEXT,
        size: float = 8.5,
        strong: bool = False,
    ) -> None:
        self.set_font("sans", size=size)
        lines = [
            [cell] if column.figures else self._lines(fonts.legible(cell), column.width - 3)
            for column, cell in zip(columns, cells, strict=True)
        ]
        high = ROW + (max(map(len, lines)) - 1) * _LINE
        at = x
        for column, texts in zip(columns, lines, strict=True):
            end = column.figures
            for place, each in enumerate(texts):
                self.write_at(
                    at + (column.width - 1.5 if end else 1.5),
                    self.y + ROW - 1.7 + place * _LINE,
                    each,
                    size=size,
                    tone=tone,
                    strong=strong,
                    anchor="end" if end else "start",
                )
            at += column.width
        self.y += high
        self.rule(self.y, x, at - x)

    # --- shapes -----------------------------------------------------------------------------------

    def rule(self, y: float, x: float = MARGIN, width: float = WIDTH) -> None:
        self.set_draw_color(*tones.rgb(tones.LINE))
        self.set_line_width(0.2)
        self.line(x, y, x + width, y)

    def block(self, x: float, y: float, width: float, height: float, tone: str) -> None:
        self.set_fill_color(*tones.rgb(tone))
        self.rect(x, y, width, height, style="F", round_corners=True, corner_radius=1.5)

    def height_of(self, drawing: Drawing) -> float:
        """With its title, in mm."""
        return drawing.height * WIDTH / drawing.width + 16

    def draw(self, drawing: Drawing) -> None:
        """Across the whole width, under its title."""
        scale = WIDTH / drawing.width
        self.need(self.height_of(drawing))
        self.y += 6
        self.write_at(MARGIN, self.y, drawing.title, size=9.5, strong=True, width=WIDTH)
        self.y += 4.5
        self.write_at(MARGIN, self.y, drawing.description, size=8, tone=tones.TEXT_2, width=WIDTH)
        self.y += 3
        for shape in drawing.shapes:
            self._shape(shape, self.y, scale)
        self.y += drawing.height * scale

    def _shape(self, shape: Shape, top: float, scale: float) -> None:
        x, y = MARGIN + shape.x * scale, top + shape.y * scale
        if isinstance(shape, Box):
            self.set_fill_color(*tones.rgb(shape.tone))
            self.rect(x, y, shape.width * scale, shape.height * scale, style="F")
        elif isinstance(shape, Band):
            self._ribbon(shape, top, scale)
        else:
            self.write_at(
                x,
                y,
                shape.text,
                size=shape.size * scale / _POINT,
                tone=shape.tone,
                anchor=shape.anchor,
            )

    def _ribbon(self, band: Band, top: float, scale: float) -> None:
        x, to_x = MARGIN + band.x * scale, MARGIN + band.to_x * scale
        y, to_y, high = top + band.y * scale, top + band.to_y * scale, band.height * scale
        middle = (x + to_x) / 2
        with self.new_path() as path:
            path.style.fill_color = band.tone
            path.style.fill_opacity = 0.6
            path.style.paint_rule = PathPaintRule.FILL_NONZERO
            path.move_to(x, y)
            path.curve_to(middle, y, middle, to_y, to_x, to_y)
            path.line_to(to_x, to_y + high)
            path.curve_to(middle, to_y + high, middle, y + high, x, y + high)
            path.close()

    # --- letters ----------------------------------------------------------------------------------

    @contextmanager
    def _weight(self, size: float, tone: str, strong: bool) -> Iterator[None]:
        """The font has one weight; a fine line around each letter makes the second."""
        if not strong:
            yield
            return
        with self.local_context():
            self.set_draw_color(*tones.rgb(tone))
            self.set_line_width(size * 0.006)
            self.text_mode = TextMode.FILL_STROKE
            yield

    def _cut(self, text: str, width: float) -> str:
        if self.get_string_width(text) <= width:
            return text
        while text and self.get_string_width(f"{text}…") > width:
            text = text[:-1]
        return f"{text.rstrip()}…"

    def _lines(self, text: str, width: float) -> list[str]:
        """At least one; a word that no line has room for is cut."""
        lines = [""]
        for word in _words(text):
            if lines[-1] and self.get_string_width(lines[-1] + word.rstrip()) > width:
                lines.append("")
            lines[-1] += word
        return [self._cut(line.rstrip(), width) for line in lines]


def _words(text: str) -> Iterator[str]:
    """Where a line may break: after a blank, and after each Han character but before its mark."""
    word = ""
    for each in text:
        if word and (
            word[-1] == " " or (ord(word[-1]) >= 0x2E80 and each not in "，。；：、）」…")
        ):
            yield word
            word = ""
        word += each
    yield word
