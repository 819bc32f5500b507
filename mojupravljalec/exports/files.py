"""Exported readings as bytes: kept packed, and written as CSV and XLSX.

Kept are the cells as they were, not what they were made of. Equal input gives equal bytes.
"""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import islice

from ..values.spreadsheets import guarded
from .rules import HEADINGS, Line

XLSX_ROWS = 1_048_575  # below the headings; a workbook has no more

Cell = str | date | Decimal | None


class Ending(StrEnum):
    """The formats, as the names of files end."""

    CSV = "csv"
    XLSX = "xlsx"


MIME = {
    Ending.CSV: "text/csv",
    Ending.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class TooManyRows(ValueError):
    """A workbook has not so many rows; a CSV has."""


@dataclass(frozen=True)
class Kept:
    """An export as it was kept; ``headings`` are the file's by ours, in its order."""

    number: int
    made_at: datetime
    headings: Mapping[str, str]
    rows: int
    content: bytes = field(repr=False)

    def name(self, ending: Ending) -> str:
        """What the file is called."""
        return f"odcitki-{self.number}.{ending}"


def pack(lines: Iterable[Line]) -> tuple[bytes, int]:
    """The lines as rows of CSV in gzip, with days and decimals as in ISO, and how many they are."""
    packed = io.BytesIO()
    count = 0
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, mtime=0) as compressed,
        io.TextIOWrapper(compressed, "utf-8", newline="") as text,
    ):
        writer = csv.writer(text)
        for count, line in enumerate(lines, 1):  # noqa: B007 the last number is the count
            writer.writerow(line)
    return packed.getvalue(), count


def unpack(content: bytes) -> Iterator[Line]:
    """What was packed, line by line."""
    with gzip.open(io.BytesIO(content), "rt", encoding="utf-8", newline="") as text:
        for meter, point, customer, day, value, before, used, source, reason, note in csv.reader(
            text
        ):
            yield Line(
                meter,
                point,
                customer,
                date.fromisoformat(day),
                Decimal(value),
                Decimal(before) if before else None,
                Decimal(used) if used else None,
                source,
                reason,
                note,
            )


def written(kept: Kept, ending: Ending) -> bytes:
    """The export as a file. Raises TooManyRows."""
    return {Ending.CSV: as_csv, Ending.XLSX: as_xlsx}[ending](kept)


def first_rows(kept: Kept, most: int) -> list[list[str]]:
    """The first rows as they stand in the CSV, without the headings."""
    return [[_text(cell) for cell in cells] for cells in islice(_table(kept), 1, most + 1)]


def _table(kept: Kept) -> Iterator[Sequence[Cell]]:
    """The headings of the file, then the cells of each line under them."""
    yield list(kept.headings.values())
    places = [HEADINGS.index(ours) for ours in kept.headings]
    for line in unpack(kept.content):
        yield [line[place] for place in places]


def as_csv(kept: Kept) -> bytes:
    """UTF-8 with BOM, semicolons and decimal commas: it opens in a Slovenian Excel."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerows([_text(cell) for cell in cells] for cells in _table(kept))
    return file.getvalue().encode("utf-8-sig")


def _text(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:f}".replace(".", ",")
    return f"{cell:%d.%m.%Y}" if isinstance(cell, date) else guarded(cell or "")


def as_xlsx(kept: Kept) -> bytes:
    """The same as a workbook: days are days, quantities are numbers, texts are never formulas.

    Raises TooManyRows.
    """
    from xlsxwriter import Workbook  # rarely needed

    if kept.rows > XLSX_ROWS:
        raise TooManyRows
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, {**options, "constant_memory": True}) as book:
        # Else the file would tell when it was written, and be another one each time.
        book.set_properties({"created": kept.made_at.replace(tzinfo=None)})
        days = book.add_format({"num_format": "d. m. yyyy"})
        numbers = [book.add_format({"num_format": _pattern(count)}) for count in range(4)]
        sheet = book.add_worksheet("odčitki")
        sheet.set_column(0, len(kept.headings) - 1, 16)
        for row, cells in enumerate(_table(kept)):
            for column, cell in enumerate(cells):
                if isinstance(cell, Decimal):
                    sheet.write_number(row, column, float(cell), numbers[_decimals(cell)])
                elif isinstance(cell, date):
                    sheet.write_datetime(row, column, cell, days)
                elif cell:
                    sheet.write_string(row, column, cell)
    return file.getvalue()


def _pattern(decimals: int) -> str:
    return f"0.{'0' * decimals}" if decimals else "0"


def _decimals(cell: Decimal) -> int:
    return -int(cell.as_tuple().exponent)
