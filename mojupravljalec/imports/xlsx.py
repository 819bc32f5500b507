"""The first sheet of a workbook (XLSX, ISO/IEC 29500): its rows, or why it is not read.

`python_calamine` keeps the whole rectangle around a sheet's cells in memory, and each text as
often as it is used. So it only gets a copy with the parts that a streaming parser has read
before, each of them within the limits below. What it asks for beyond them is not there.
"""

import re
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Generator, Iterator, Mapping
from functools import lru_cache, reduce
from pathlib import Path
from typing import Any, BinaryIO

from ..values.safe_xml import BadXml, Listener, bare, listen
from ..values.safe_zip import TooManyEntries, open_zip

MEGABYTE = 1024 * 1024
PACKED_BYTES = 50 * MEGABYTE
UNPACKED_BYTES = 200 * MEGABYTE  # of the parts that are read
PARTS = 2000
# The rectangle from A1 on, and all texts as bytes in UTF-8: about 80 MB together.
CELLS = 400_000
TEXT_BYTES = 24 * MEGABYTE
# Excel's own limits.
COLUMNS, LINES = 16_384, 1_048_576
FEW = 65_490  # styles; nobody needs more of the others
FORMAT_LENGTH = 1000  # characters; Excel allows 255

# Folders and parts that say nothing of cells.
_ASIDE = (
    *("docprops/", "customxml/", "xl/calcchain", "xl/charts/", "xl/comments", "xl/ctrlprops/"),
    *("xl/drawings/", "xl/externallinks/", "xl/media/", "xl/metadata", "xl/persons/", "xl/pivot"),
    *("xl/printersettings/", "xl/querytables/", "xl/slicer", "xl/tables/", "xl/theme/"),
    *("xl/threadedcomments/", "xl/timeline"),
)
_PIECE = 65_536
_REFERENCE = re.compile("([A-Z]{1,3})([0-9]{1,7})")
_LINE = re.compile("[0-9]{1,7}")
_FEW = frozenset({"xf", "numFmt", "mergeCell", "sheet", "definedName", "Relationship"})
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)


class BadWorkbook(Exception):
    """A workbook that cannot be read, or not within the limits; the message is for the operator."""


def rows(file: BinaryIO) -> Generator[list[Any]]:
    """The rows of the first sheet from line 1 on, empty ones too. Raises BadWorkbook."""
    from python_calamine import CalamineError, CalamineWorkbook  # half a megabyte, rarely needed

    with tempfile.TemporaryDirectory() as folder:
        given, checked = Path(folder) / "given.xlsx", Path(folder) / "checked.xlsx"
        _save(file, given)
        _copy_checked(given, checked)
        given.unlink()
        try:
            sheet = CalamineWorkbook.from_path(checked).get_sheet_by_index(0)
            before: list[Any] = [""] * (sheet.start or (0, 0))[1]
            yield from (before + cells for cells in sheet.iter_rows())
        except (CalamineError, ValueError, IndexError):
            raise _unreadable() from None


def _save(file: BinaryIO, path: Path) -> None:
    size = 0
    with path.open("wb") as kept:
        while piece := file.read(_PIECE):
            size += len(piece)
            if size > PACKED_BYTES:
                raise BadWorkbook(f"XLSX nad {PACKED_BYTES // MEGABYTE} MB; shranite kot CSV")
            kept.write(piece)


def _copy_checked(given: Path, checked: Path) -> None:
    """Copy the parts that are needed, while they are checked. Raises BadWorkbook."""
    limits = _Limits()
    try:
        with (
            open_zip(given, PARTS) as book,
            zipfile.ZipFile(checked, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy,
        ):
            for part in _parts(book):
                limits.begin_part()
                with book.open(part) as packed, copy.open(part.filename, "w") as kept:
                    listen(_copied(packed, kept, limits), limits)
    except TooManyEntries:
        raise _too_big() from None
    except (*_DAMAGE, BadXml):
        raise _unreadable() from None


def _parts(book: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The parts to be read: shared texts and styles before sheets. Raises BadWorkbook."""
    parts: dict[str, zipfile.ZipInfo] = {}
    for part in book.infolist():
        name = part.filename.replace("\\", "/").casefold()
        if name.startswith(_ASIDE) or not name.endswith((".xml", ".rels")):
            continue
        if name in parts or part.compress_type not in _METHODS:
            raise _unreadable()
        parts[name] = part
    return [parts[name] for name in sorted(parts, key=lambda name: "sheets/" in name)]


def _copied(packed: Any, kept: Any, limits: "_Limits") -> Iterator[bytes]:
    """The pieces of a part, as they are copied."""
    while piece := packed.read(_PIECE):
        limits.count_bytes(len(piece))
        kept.write(piece)
        yield piece


class _Limits(Listener):
    """Limits what a workbook may hold; raises BadWorkbook beyond.

    In a sheet: the rectangle from A1 to the last cell, and the texts of its cells. A row or cell
    without a reference follows the one before; where a reference may be read in two ways, the
    larger number counts. Elsewhere: shared texts, and formats, each of which is searched for
    what makes it one of dates.
    """

    def __init__(self) -> None:
        self._bytes = self._text_bytes = 0
        self._few = dict.fromkeys(_FEW, 0)
        self._lengths = array("I")  # of the shared texts, in bytes
        self._is_used = False  # whether a cell has referred to them
        self.begin_part()

    def begin_part(self) -> None:
        """Begin a part: each may be a sheet."""
        self._line = self._column = 0  # of the cell that comes next, from 0 on
        self._lines = self._columns = self._cells = 0
        self._is_shared = self._is_value = False
        self._value = ""

    def count_bytes(self, size: int) -> None:
        """Count what is unpacked."""
        self._bytes += size
        if self._bytes > UNPACKED_BYTES:
            raise _too_big()

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.elements += 1
        name = bare(name)
        if name == "c":
            self._cell(attributes)
        elif name == "v":
            self._is_value, self._value = True, ""
        elif name == "row":
            if reference := attributes.get("r"):
                self._line = max(self._line, _line_number(reference) - 1)
        elif name == "si":
            if self._is_used or len(self._lengths) == CELLS:
                raise _too_big()
            self._lengths.append(0)
        elif name in _FEW:
            self._few[name] += 1
            if self._few[name] > FEW or len(attributes.get("formatCode", "")) > FORMAT_LENGTH:
                raise _too_big()

    def end(self, name: str) -> None:
        name = bare(name)
        if name == "row":
            self._line += 1
            self._column = 0
        elif name == "v":
            self._is_value = False
            if self._is_shared:
                self._count_text(self._length_of(self._value))

    def data(self, text: str) -> None:
        if self._is_value and self._is_shared:
            self._value += text
            return
        size = len(text) if text.isascii() else len(text.encode())
        self._count_text(size)
        if self._lengths and not self._is_used:
            self._lengths[-1] += size

    def _cell(self, attributes: Mapping[str, str]) -> None:
        line, column = self._line, self._column
        if reference := attributes.get("r"):
            found = _REFERENCE.fullmatch(reference)
            if not found:
                raise _unreadable()
            line = max(line, _line_number(found[2]) - 1)
            column = max(column, _column_number(found[1]) - 1)
        self._is_shared = attributes.get("t") == "s"
        self._is_used = self._is_used or self._is_shared
        self._column = column + 1
        self._cells += 1
        if line >= self._lines or column >= self._columns:
            self._lines, self._columns = max(self._lines, line + 1), max(self._columns, column + 1)
            if self._lines > LINES or self._columns > COLUMNS:
                raise _unreadable()
        if self._cells > CELLS or self._lines * self._columns > CELLS:
            raise _too_big()

    def _length_of(self, index: str) -> int:
        is_known = index.isdecimal() and len(index) < 10 and int(index) < len(self._lengths)
        return self._lengths[int(index)] if is_known else 0

    def _count_text(self, size: int) -> None:
        self._text_bytes += size
        if self._text_bytes > TEXT_BYTES:
            raise _too_big()


@lru_cache(maxsize=COLUMNS)
def _column_number(letters: str) -> int:
    """
    >>> _column_number("AA")
    27
    """
    return reduce(lambda total, letter: total * 26 + ord(letter) - 64, letters, 0)


@lru_cache(maxsize=64)
def _line_number(text: str) -> int:
    if not _LINE.fullmatch(text) or not 1 <= int(text) <= LINES:
        raise _unreadable()
    return int(text)


def _unreadable() -> BadWorkbook:
    return BadWorkbook("datoteke XLSX ni mogoče prebrati")


def _too_big() -> BadWorkbook:
    return BadWorkbook("XLSX je prevelik; shranite kot CSV")
