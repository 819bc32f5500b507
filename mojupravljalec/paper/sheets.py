"""What both PDFs share: A4 sheets, embedded fonts, wrapped text, tables that flow over pages.

Loads reportlab and the fonts, which few requests need: import this module, and those that draw
with it, inside the function that makes a PDF.

Lengths are points (1/72 inch); y grows upwards from the lower edge of the sheet.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
MARGIN = 18 * mm
INNER = WIDTH - 2 * MARGIN
FOOT = 10 * mm  # from the lower edge to the footer: printers reach that far
GAP = 9.0  # between columns
PAD = 2.3  # above and under the text of a table's row
FIXED_SHARE = 0.64  # of a table, at most, for all columns but the wide one

PLAIN, BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"


def _register(name: str) -> frozenset[str]:
    """The characters that the font has."""
    font = TTFont(name, Path(__file__).with_name("fonts") / f"{name}.ttf")
    registerFont(font)
    return frozenset(map(chr, font.face.charToGlyph))


_KNOWN = _register(PLAIN) & _register(BOLD)
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Bytes as letters were for mail of long ago: a fifth more to send, a third more time.
rl_config.useA85 = 0

# Saving reads the fonts, which all threads share, with one common position.
SAVING = Lock()


@dataclass(frozen=True)
class Style:
    """A font at one size; ``grey`` goes from 0, black, to 1."""

    size: float
    font: str = PLAIN
    grey: float = 0.0

    @property
    def leading(self) -> float:
        """From one line to the next."""
        return self.size * 1.26

    def width(self, text: str) -> float:
        """How wide ``text`` is on one line."""
        return float(stringWidth(text, self.font, self.size))


BODY = Style(10)
STRONG = Style(10, BOLD)
SMALL = Style(8.5, grey=0.35)
TITLE = Style(17, BOLD)
CELL = Style(9)
STRONG_CELL = Style(9, BOLD)
HEADING = Style(8, BOLD, 0.35)


@dataclass(frozen=True, kw_only=True)
class Table:
    """Ready texts; every row has as many cells as there are headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Column(NamedTuple):
    """Where a table's column stands; numbers keep to its right side."""

    x: float
    width: float
    is_number: bool


class Mark(Protocol):
    """Something on a sheet."""

    def draw(self, canvas: Any) -> None:
        """Draw it on reportlab's ``canvas``."""


class Words(NamedTuple):
    """One line of text; ``y`` is its base line."""

    x: float
    y: float
    style: Style
    text: str

    def draw(self, canvas: Any) -> None:
        """Draw it on reportlab's ``canvas``."""
        canvas.setFont(self.style.font, self.style.size)
        canvas.setFillGray(self.style.grey)
        canvas.drawString(self.x, self.y, self.text)


class Rule(NamedTuple):
    """A horizontal line."""

    x: float
    y: float
    width: float
    thickness: float = 0.4
    grey: float = 0.75

    def draw(self, canvas: Any) -> None:
        """Draw it on reportlab's ``canvas``."""
        canvas.setLineWidth(self.thickness)
        canvas.setStrokeGray(self.grey)
        canvas.line(self.x, self.y, self.x + self.width, self.y)


class Sheets:
    """Pages filled from the top; ``y`` is where the next thing goes, ``bottom`` where they end.

    Every page has ``footer`` and its number, all but the first have ``running`` at the top.
    """

    def __init__(self, *, running: str, footer: Iterable[str]) -> None:
        self._running = wrapped(running, SMALL, INNER)[0]
        room = INNER - 3 * GAP - SMALL.width("1000/1000")
        self._footer = [line for text in footer for line in wrapped(text, SMALL, room)]
        foot = FOOT + len(self._footer) * SMALL.leading + 2 * GAP
        self.bottom = max(MARGIN, foot)
        self._sheets: list[list[Mark]] = []
        self.open()

    @property
    def room(self) -> float:
        """What is left of the page; a trifle more, because sums differ in the last bit."""
        return self.y - self.bottom + 0.01

    def open(self) -> None:
        """Begin a new page."""
        self._sheets.append([])
        self.y = HEIGHT - MARGIN
        if len(self._sheets) > 1:
            self.write([self._running], SMALL)
            self.y -= GAP

    def need(self, height: float) -> None:
        """Begin a new page unless ``height`` is left on this one."""
        if height > self.room:
            self.open()

    def add(self, mark: Mark) -> None:
        """Put ``mark`` on the page."""
        self._sheets[-1].append(mark)

    def write(
        self,
        lines: Sequence[str],
        style: Style,
        *,
        x: float = MARGIN,
        width: float = INNER,
        is_number: bool = False,
    ) -> None:
        """Put ``lines``, already wrapped, on the page from ``y`` down, which moves below them."""
        for line in lines:
            self.y -= style.leading
            if not line:
                continue
            at = x + width - style.width(line) if is_number else x
            self.add(Words(at, self.y + style.size * 0.29, style, line))

    def paragraph(self, text: str, style: Style) -> None:
        """Put ``text`` over the whole width, on more pages if it must be."""
        for line in wrapped(text, style, INNER):
            self.need(style.leading)
            self.write([line], style)

    def pdf(self, *, title: str, author: str, language: str) -> bytes:
        """The document; the same sheets give the same bytes. ``language``: a tag like sl-SI."""
        file = BytesIO()
        canvas = Canvas(file, A4, invariant=1, lang=language, initialFontName=PLAIN)
        canvas.setTitle(title)
        canvas.setSubject(title)
        canvas.setAuthor(author)
        canvas.setCreator(author)
        canvas.setViewerPreference("DisplayDocTitle", "true")
        for number, sheet in enumerate(self._sheets, 1):
            for mark in (*sheet, *self._foot(f"{number}/{len(self._sheets)}")):
                mark.draw(canvas)
            canvas.showPage()
        with SAVING:
            canvas.save()
        return file.getvalue()

    def _foot(self, number: str) -> list[Mark]:
        last = len(self._footer) - 1
        marks: list[Mark] = [
            Words(MARGIN, FOOT + (last - nth) * SMALL.leading, SMALL, line)
            for nth, line in enumerate(self._footer)
        ]
        return [*marks, Words(WIDTH - MARGIN - SMALL.width(number), FOOT, SMALL, number)]


# ---------------------------------------------------------------- text


def wrapped(text: str, style: Style, width: float) -> list[str]:
    """The lines of ``text``, at most ``width`` wide; a word longer than that is broken.

    A sign that the fonts lack becomes U+FFFD, so that it is seen to be missing.
    """
    return [
        line
        for one in text.splitlines() or [""]
        for line in _wrapped_line(_shown(one), style, width)
    ]


def _shown(line: str) -> str:
    """``line`` in signs that the fonts have; letter and separate accent become one."""
    if _KNOWN.issuperset(line):
        return line
    whole = unicodedata.normalize("NFC", line).replace("\t", " ")
    return "".join(sign if sign in _KNOWN else _REPLACEMENT for sign in whole)


def _wrapped_line(text: str, style: Style, width: float) -> list[str]:
    if style.width(text) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    for word in text.split(" "):  # a no-break space does not part words
        joined = f"{line} {word}" if line else word
        if style.width(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *broken, line = _broken(word, style, width)
        lines += broken
    return [*lines, line]


def _broken(word: str, style: Style, width: float) -> list[str]:
    """``word`` in pieces that fit; each has one sign at least."""
    pieces, used = [""], 0.0
    for sign in word:
        wide = style.width(sign)
        if pieces[-1] and used + wide > width:
            pieces.append("")
            used = 0.0
        pieces[-1] += sign
        used += wide
    return pieces


# ---------------------------------------------------------------- tables


def columns(
    table: Table, *, texts: int, wide: int, width: float = INNER, style: Style = CELL
) -> list[Column]:
    """Places for the columns of ``table``, ``width`` in all, for cells of this ``style``.

    The first ``texts`` of them keep to the left, the others are numbers. Number ``wide``, from
    0, gets what the others leave; those are as wide as their cells as long as there is room.
    """
    room = width - GAP * (len(table.headings) - 1)
    wanted = [HEADING.width(_shown(heading)) for heading in table.headings]
    for nth, cells in enumerate(zip(*table.rows, strict=True)):
        # A trifle more, because a sum of parts may differ in the last bit.
        wanted[nth] = max(wanted[nth], *map(style.width, cells)) + 0.01
    wanted[wide] = 0.0
    widths = _fitted(wanted, room * FIXED_SHARE)
    widths[wide] = room - sum(widths)
    starts = [MARGIN + sum(widths[:nth]) + nth * GAP for nth in range(len(widths))]
    return [
        Column(x, wide_, nth >= texts)
        for nth, (x, wide_) in enumerate(zip(starts, widths, strict=True))
    ]


def _fitted(wanted: Sequence[float], room: float) -> list[float]:
    """``wanted`` with the largest cut to one and the same width, so that all go into ``room``."""
    widths = list(wanted)
    left = room
    by_width = sorted(range(len(wanted)), key=wanted.__getitem__)
    for before, nth in enumerate(by_width):
        widths[nth] = min(wanted[nth], left / (len(wanted) - before))
        left -= widths[nth]
    return widths


def table_height(table: Table, grid: Sequence[Column]) -> float:
    """How high ``table`` is on one page."""
    rows = sum(_height(_cells(row, CELL, grid), CELL) for row in table.rows)
    return rows + _height(_cells(table.headings, HEADING, grid), HEADING)


def draw_table(sheets: Sheets, table: Table, grid: Sequence[Column]) -> None:
    """Put ``table`` on the page and, under the same headings, on as many more as it needs."""
    sheets.need(table_height(Table(headings=table.headings, rows=table.rows[:1]), grid))
    _draw_headings(sheets, table, grid)
    for row in table.rows:
        draw_row(sheets, table, grid, row, CELL)


def draw_row(
    sheets: Sheets, table: Table, grid: Sequence[Column], row: Sequence[str], style: Style
) -> None:
    """Put one row on the page, or on the next; only one higher than a page is parted."""
    cells = _cells(row, style, grid)
    if _height(cells, style) > sheets.room:
        sheets.open()
        _draw_headings(sheets, table, grid)
    while _height(cells, style) > sheets.room:
        fits = max(1, int((sheets.room - 2 * PAD) / style.leading))
        _draw_cells(sheets, [lines[:fits] for lines in cells], style, grid)
        cells = [lines[fits:] for lines in cells]
        sheets.open()
        _draw_headings(sheets, table, grid)
    _draw_cells(sheets, cells, style, grid)
    sheets.add(Rule(MARGIN, sheets.y, _span(grid)))


def _draw_headings(sheets: Sheets, table: Table, grid: Sequence[Column]) -> None:
    cells = _cells(table.headings, HEADING, grid)
    most = max(map(len, cells))
    lowered = [[""] * (most - len(lines)) + lines for lines in cells]
    _draw_cells(sheets, lowered, HEADING, grid)
    sheets.add(Rule(MARGIN, sheets.y, _span(grid), 0.8, 0.35))


def _span(grid: Sequence[Column]) -> float:
    return grid[-1].x + grid[-1].width - MARGIN


def _cells(texts: Sequence[str], style: Style, grid: Sequence[Column]) -> list[list[str]]:
    return [wrapped(text, style, column.width) for text, column in zip(texts, grid, strict=True)]


def _height(cells: Sequence[Sequence[str]], style: Style) -> float:
    return max(map(len, cells)) * style.leading + 2 * PAD


def _draw_cells(
    sheets: Sheets, cells: Sequence[Sequence[str]], style: Style, grid: Sequence[Column]
) -> None:
    top = sheets.y
    for lines, (x, width, is_number) in zip(cells, grid, strict=True):
        sheets.y = top - PAD
        sheets.write(lines, style, x=x, width=width, is_number=is_number)
    sheets.y = top - _height(cells, style)
