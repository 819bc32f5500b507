"""An invoice or credit note on A4 paper, with the payment order and its UPN QR at the foot.

Only layout: every text comes ready, in the reader's language. Loads reportlab (see ``paper``):
import this module inside the function that makes a PDF.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from reportlab.lib.units import mm

from ..paper.sheets import (
    BODY,
    CELL,
    GAP,
    HEIGHT,
    INNER,
    MARGIN,
    SMALL,
    STRONG,
    TITLE,
    WIDTH,
    Column,
    Rule,
    Sheets,
    Style,
    Table,
    columns,
    draw_table,
    table_height,
    wrapped,
)

# Source: Navodilo za pripravo izpisa UPN QR, 2017: 77 modules of 0.42333 mm are 32.597 mm.
MODULE = 1.2
QUIET = 4  # modules

WINDOW = HEIGHT - 47 * mm  # the payer shows in the window of a DL envelope
FACTS_WIDTH = 82 * mm
SUMS_WIDTH = 72 * mm
BESIDE_WIDTH = INNER - SUMS_WIDTH - 3 * GAP
BESIDE_MOST = 90 * mm  # of height for VAT and meters beside the totals
AMOUNT = Style(20, TITLE.font)
TO_PAY = Style(12, TITLE.font)

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A payment order as on the UPN form.

    ``order`` has labels and values, a value may have more lines. ``modules`` are the rows of
    the QR code without its quiet zone: a byte per module, 1 is black.
    """

    title: str
    order: tuple[Pair, ...]
    modules: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What is printed. Texts stand as they are, ``"\\n"`` begins a new line.

    The first of ``seller`` is its name. The last strong one of ``totals`` (label, value,
    is_strong) is repeated large beside the title. ``lines`` begin with the description, ``vat``
    and ``meters`` with a label; their other columns are numbers. Without ``payment``,
    ``why_no_payment`` stands in its place.
    """

    title: str
    language: str  # a tag like sl-SI
    seller: tuple[str, ...]
    payer: tuple[str, ...]
    facts: tuple[Pair, ...]
    lines: Table
    totals: tuple[tuple[str, str, bool], ...]
    vat: Table | None = None
    meters: Table | None = None
    notes: tuple[str, ...] = ()
    payment: Payment | None = None
    why_no_payment: str = ""
    footer: tuple[str, ...] = ()


def invoice_pdf(paper: Paper) -> bytes:
    """The PDF: A4, fonts embedded, the same bytes for the same ``paper``.

    An invoice of a dozen lines takes one page; a longer one repeats the headings of its table,
    and the payment order stands at the foot of the last page.
    """
    sheets = Sheets(running=paper.title, footer=paper.footer)
    _draw_letterhead(sheets, paper)
    _draw_title(sheets, paper)
    draw_table(sheets, paper.lines, _grid(paper.lines, INNER))
    sheets.y -= GAP
    _draw_sums(sheets, paper)
    for note in paper.notes:
        sheets.paragraph(note, CELL)
        sheets.y -= GAP / 2
    _draw_foot(sheets, paper)
    return sheets.pdf(
        title=paper.title, author=next(iter(paper.seller), ""), language=paper.language
    )


# ---------------------------------------------------------------- head


def _draw_letterhead(sheets: Sheets, paper: Paper) -> None:
    """Seller and payer below each other on the left, the facts on the right."""
    top = sheets.y
    width = INNER - FACTS_WIDTH - 2 * GAP
    for nth, text in enumerate(paper.seller):
        style = SMALL if nth else STRONG
        sheets.write(wrapped(text, style, width), style)
    sheets.y = min(WINDOW, sheets.y - 2 * GAP)
    for text in paper.payer:
        sheets.write(wrapped(text, BODY, width), BODY)
    left_end, sheets.y = sheets.y, top
    for fact in paper.facts:
        _draw_pair(sheets, fact, FACTS_WIDTH, CELL)
    sheets.y = min(left_end, sheets.y) - 2 * GAP


def _draw_title(sheets: Sheets, paper: Paper) -> None:
    """The title and, opposite, the amount that matters."""
    top = sheets.y
    label, value = _amount(paper)
    taken = min(max(SMALL.width(label), AMOUNT.width(value)) + 0.01, INNER / 2)
    sheets.y = top - SMALL.leading
    sheets.write(wrapped(paper.title, TITLE, INNER - taken - 2 * GAP), TITLE)
    title_end, sheets.y = sheets.y, top
    for text, style in ((label, SMALL), (value, AMOUNT)):
        sheets.write(wrapped(text, style, taken), style, is_number=True)
    sheets.y = min(title_end, sheets.y) - GAP


def _amount(paper: Paper) -> Pair:
    strong = [(label, value) for label, value, is_strong in paper.totals if is_strong]
    return strong[-1] if strong else ("", "")


# ---------------------------------------------------------------- sums


def _draw_sums(sheets: Sheets, paper: Paper) -> None:
    """Totals on the right, VAT and meters on the left; many meters follow over the whole width."""
    tables = [table for table in (paper.vat, paper.meters) if table is not None]
    height = sum(_beside_height(table) for table in tables)
    later = [tables.pop()] if height > BESIDE_MOST and paper.meters is not None else []
    sheets.need(max(_totals_height(paper), sum(_beside_height(table) for table in tables)))
    top = sheets.y
    for table in tables:
        draw_table(sheets, table, _grid(table, BESIDE_WIDTH))
        sheets.y -= GAP
    left_end, sheets.y = sheets.y, top
    for pair, style in _totals(paper):
        _draw_pair(sheets, pair, SUMS_WIDTH, style)
    sheets.y = min(left_end, sheets.y - GAP)
    for table in later:
        draw_table(sheets, table, _grid(table, INNER))


def _grid(table: Table, width: float) -> list[Column]:
    return columns(table, texts=1, wide=0, width=width)


def _beside_height(table: Table) -> float:
    return table_height(table, _grid(table, BESIDE_WIDTH)) + GAP


def _totals(paper: Paper) -> list[tuple[Pair, Style]]:
    return [((label, value), TO_PAY if strong else CELL) for label, value, strong in paper.totals]


def _totals_height(paper: Paper) -> float:
    return sum(_pair_height(pair, SUMS_WIDTH, style) for pair, style in _totals(paper))


def _pair_lines(pair: Pair, width: float, style: Style) -> tuple[list[str], list[str]]:
    """Label and value, the value first given what it needs, up to two thirds."""
    label, value = pair
    most = max(map(style.width, value.splitlines()), default=0.0) + 0.01
    value_width = min(most, width * 2 / 3)
    return (
        wrapped(label, _label(style), width - value_width - GAP),
        wrapped(value, style, value_width),
    )


def _label(style: Style) -> Style:
    return style if style is TO_PAY else SMALL


def _pair_height(pair: Pair, width: float, style: Style) -> float:
    label, value = _pair_lines(pair, width, style)
    return max(len(label) * _label(style).leading, len(value) * style.leading) + 3.5


def _draw_pair(sheets: Sheets, pair: Pair, width: float, style: Style) -> None:
    """A label and its value at the right margin, above a thin rule."""
    top, x = sheets.y, MARGIN + INNER - width
    label, value = _pair_lines(pair, width, style)
    sheets.y = top - 1.5 - (style.size - _label(style).size)  # on one base line
    sheets.write(label, _label(style), x=x)
    sheets.y = top - 1.5
    sheets.write(value, style, x=x, width=width, is_number=True)
    sheets.y = top - _pair_height(pair, width, style)
    sheets.add(Rule(x, sheets.y, width))


# ---------------------------------------------------------------- payment


class _Code(NamedTuple):
    """A QR code; ``x`` and ``y`` are its lower left corner without the quiet zone."""

    x: float
    y: float
    modules: tuple[bytes, ...]

    def draw(self, canvas: Any) -> None:
        """Draw it on reportlab's ``canvas``: one path, so that no seams show between the rows."""
        count = len(self.modules)
        canvas.saveState()
        canvas.translate(self.x, self.y + count * MODULE)
        canvas.scale(MODULE, -MODULE)  # from here on in modules, downwards
        canvas.setFillGray(1)
        around = count + 2 * QUIET
        canvas.rect(-QUIET, -QUIET, around, around, stroke=0, fill=1)
        path = canvas.beginPath()
        for nth, row in enumerate(self.modules):
            for first, length in _runs(row):
                path.rect(first, nth, length, 1)
        canvas.setFillGray(0)
        canvas.drawPath(path, stroke=0, fill=1)
        canvas.restoreState()


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Where black begins and how many modules it goes on."""
    runs, at = [], 0
    for module, same in groupby(row):
        length = len(list(same))
        if module:
            runs.append((at, length))
        at += length
    return runs


def _draw_foot(sheets: Sheets, paper: Paper) -> None:
    if paper.payment is not None:
        _draw_payment(sheets, paper.payment)
    elif paper.why_no_payment:
        sheets.y -= GAP
        sheets.paragraph(paper.why_no_payment, STRONG)


def _draw_payment(sheets: Sheets, payment: Payment) -> None:
    """The order's fields in two columns, the code on the right, all at the foot of the page."""
    side = len(payment.modules) * MODULE
    width = (INNER - side - QUIET * MODULE - 3 * GAP) / 2
    left, right = _halves([_field(field, width) for field in payment.order])
    title = wrapped(payment.title, STRONG, 2 * width + GAP)
    text = len(title) * STRONG.leading + max(_fields_height(left), _fields_height(right))
    height = max(text, side + QUIET * MODULE) + GAP
    sheets.need(height + GAP)
    top = sheets.bottom + height
    sheets.add(Rule(MARGIN, top, INNER, 0.8, 0.35))
    sheets.y = top - GAP
    sheets.write(title, STRONG)
    below = sheets.y
    for nth, fields in enumerate((left, right)):
        sheets.y = below
        _draw_fields(sheets, fields, MARGIN + nth * (width + GAP))
    sheets.add(_Code(WIDTH - MARGIN - side, top - GAP - side, payment.modules))
    sheets.y = sheets.bottom


class _Field(NamedTuple):
    label: list[str]
    value: list[str]

    @property
    def height(self) -> float:
        return 4 + len(self.label) * SMALL.leading + len(self.value) * BODY.leading


def _field(pair: Pair, width: float) -> _Field:
    label, value = pair
    return _Field(wrapped(label, SMALL, width), wrapped(value, BODY, width))


def _fields_height(fields: Sequence[_Field]) -> float:
    return sum(field.height for field in fields)


def _halves(fields: list[_Field]) -> tuple[list[_Field], list[_Field]]:
    """``fields`` parted in two, in order, so that the higher part is as low as can be."""
    parted = [(fields[:nth], fields[nth:]) for nth in range(len(fields) + 1)]
    return min(parted, key=lambda two: max(map(_fields_height, two)))


def _draw_fields(sheets: Sheets, fields: Sequence[_Field], x: float) -> None:
    for label, value in fields:
        sheets.y -= 4
        sheets.write(label, SMALL, x=x)
        sheets.write(value, BODY, x=x)
