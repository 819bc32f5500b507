"""The account statement of one customer on A4 paper, of any length.

Only layout: every text comes ready, in the reader's language. Loads reportlab (see ``paper``):
import this module inside the function that makes a PDF.
"""

from dataclasses import dataclass

from ..paper.sheets import (
    BODY,
    GAP,
    INNER,
    MARGIN,
    SMALL,
    STRONG,
    STRONG_CELL,
    TITLE,
    Sheets,
    Table,
    columns,
    draw_row,
    draw_table,
    wrapped,
)

TEXT_COLUMNS = 3  # date, document, description; then debit, credit, balance
DESCRIPTION = 2


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What is printed. Texts stand as they are, ``"\\n"`` begins a new line.

    The first of ``operator`` is its name. ``table`` has date, document, description, debit,
    credit and balance; ``totals`` are rows of the same columns, in bold at its end.
    """

    title: str
    language: str  # a tag like sl-SI
    operator: tuple[str, ...]
    customer: tuple[str, ...]
    span: str
    table: Table
    totals: tuple[tuple[str, ...], ...] = ()
    footer: tuple[str, ...] = ()


def statement_pdf(statement: Statement) -> bytes:
    """The PDF: A4, fonts embedded, headings on every page; the same bytes for the same input."""
    sheets = Sheets(running=statement.title, footer=statement.footer)
    _draw_head(sheets, statement)
    whole = Table(
        headings=statement.table.headings, rows=(*statement.table.rows, *statement.totals)
    )
    grid = columns(whole, texts=TEXT_COLUMNS, wide=DESCRIPTION, style=STRONG_CELL)
    draw_table(sheets, statement.table, grid)
    for row in statement.totals:
        draw_row(sheets, statement.table, grid, row, STRONG_CELL)
    return sheets.pdf(
        title=statement.title,
        author=next(iter(statement.operator), ""),
        language=statement.language,
    )


def _draw_head(sheets: Sheets, statement: Statement) -> None:
    """The operator on the left, the customer on the right, the title below."""
    top, half = sheets.y, (INNER - 2 * GAP) / 2
    for nth, text in enumerate(statement.operator):
        style = SMALL if nth else STRONG
        sheets.write(wrapped(text, style, half), style)
    left_end, sheets.y = sheets.y, top
    for text in statement.customer:
        sheets.write(wrapped(text, BODY, half), BODY, x=MARGIN + half + 2 * GAP)
    sheets.y = min(left_end, sheets.y) - 2 * GAP
    sheets.paragraph(statement.title, TITLE)
    sheets.paragraph(statement.span, BODY)
    sheets.y -= GAP
