"""A table in a file: CSV or XLSX bytes in, numbered rows of text out.

CSV is streamed, whatever its size. Pure: no Flask and no database, so that a file from the
terminal, from a ZIP and from an upload are read alike.
"""

import codecs
import csv
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from . import xlsx
from .cells import plain
from .text_encoding import ENCODINGS, doubt

MEGABYTE = 1024 * 1024
LONGEST_LINE = 200_000  # bytes; at most twice as long is one read
ROWS_AT_ONCE = 1000

Row = tuple[int, list[str]]
Rows = Generator[Row, None, None]
Progress = Callable[[int], None]


class Unreadable(Exception):
    """A file that is no table of ours; the message is for the operator."""


class UnsureEncoding(Unreadable):
    """Text of which somebody must say in which encoding it is."""


@dataclass(frozen=True)
class Source:
    """Bytes that can be opened again; ``name`` is what reports call them.

    ``encoding`` is one of `text_encoding.ENCODINGS`, or "" where it is to be found out.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    encoding: str = ""


@dataclass(frozen=True)
class Facts:
    """What the first look at a file found: its encoding, or "xlsx", and its SHA-256."""

    encoding: str
    sha256: str


@dataclass(frozen=True)
class Headings:
    """Where the wanted columns are, what else there is, and which mappings were used."""

    written: list[str]
    position: dict[str, int]
    unknown: list[str]
    mapped: set[str]


def source_of(path: Path, encoding: str = "") -> Source:
    """The file at ``path``."""
    return Source(str(path), path.stat().st_size, lambda: path.open("rb"), encoding)


def examine(source: Source) -> Facts:
    """Read the file once: which encoding fits all of it, and its SHA-256."""
    with source.open() as file:
        start = file.read(4)
    if start == b"\xd0\xcf\x11\xe0":
        raise Unreadable("stara oblika XLS; shranite kot XLSX ali CSV")
    if start == b"PK\x03\x04":
        return Facts("xlsx", sha256_of(source))
    if source.encoding:
        encoding = ENCODINGS[source.encoding]
        if fingerprint := _decodes(source, encoding):
            return Facts(encoding, fingerprint)
        raise UnsureEncoding(f"ni besedilo v kodiranju {source.encoding}")
    if fingerprint := _decodes(source, "utf-8-sig"):
        return Facts("utf-8-sig", fingerprint)
    if fingerprint := _decodes(source, "cp1250"):
        _refuse_doubtful(source)
        return Facts("cp1250", fingerprint)
    raise UnsureEncoding(
        "ni besedilo v UTF-8 ali Windows-1250; navedite kodiranje (encoding): iso-8859-2 ali cp852"
    )


def _refuse_doubtful(source: Source) -> None:
    """Refuse text that is hardly in Windows-1250. Raises UnsureEncoding."""
    with source.open() as binary, io.TextIOWrapper(binary, "cp1250") as text:
        found = doubt(text)
    if found is None:
        return
    if not found.encoding:
        raise UnsureEncoding(
            f"vrstica {found.line}: »{found.word}« v Windows-1250 ni slovenska beseda; navedite "
            "kodiranje (encoding): iso-8859-2, cp852 ali, če je beseda pravilna, windows-1250"
        )
    raise UnsureEncoding(
        f"vrstica {found.line}: »{found.word}« v Windows-1250 ni slovenska beseda, v "
        f"{found.encoding} pa je »{found.likelier}«; navedite kodiranje (encoding): "
        f"{found.encoding} ali, če je »{found.word}« pravilno, windows-1250"
    )


def _chunks(source: Source, size: int = MEGABYTE) -> Iterator[bytes]:
    with source.open() as file:
        while chunk := file.read(size):
            yield chunk


def sha256_of(source: Source) -> str:
    """The SHA-256 of all of it."""
    digest = hashlib.sha256()
    for chunk in _chunks(source):
        digest.update(chunk)
    return digest.hexdigest()


def _decodes(source: Source, encoding: str) -> str:
    """The file's SHA-256 if all of it is text in ``encoding``, otherwise ""."""
    decoder = codecs.getincrementaldecoder(encoding)()
    digest = hashlib.sha256()
    try:
        for chunk in _chunks(source, LONGEST_LINE):
            if b"\0" in chunk:
                raise Unreadable("ni besedilo; je morda v UTF-16? Shranite v UTF-8")
            if len(chunk) == LONGEST_LINE and b"\n" not in chunk and b"\r" not in chunk:
                raise Unreadable("predolga vrstica; to ni tabela")
            decoder.decode(chunk)
            digest.update(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return ""
    return digest.hexdigest()


@contextmanager
def opened(
    source: Source, facts: Facts, progress: Progress | None = None
) -> Iterator[Iterator[Row]]:
    """The rows with their line numbers, the heading row first; empty rows are left out.

    ``progress`` is told now and then how many more bytes have been read.
    """
    read = _xlsx_rows if facts.encoding == "xlsx" else _csv_rows
    with closing(read(source, facts.encoding, progress or _silent)) as rows:
        yield rows


def _silent(_bytes_read: int) -> None:
    """Nobody watches."""


def _csv_rows(source: Source, encoding: str, progress: Progress) -> Rows:
    with source.open() as binary, io.TextIOWrapper(binary, encoding, newline="") as text:
        blank, heading = _first_line(text)
        separator = delimiter(heading)
        yield _first_of(_parsed([heading], separator, blank))
        told = 0
        rows = _parsed(text, separator, blank + 1)
        while some := list(islice(rows, ROWS_AT_ONCE)):
            yield from some
            progress(binary.tell() - told)
            told = binary.tell()


def _first_line(text: io.TextIOWrapper) -> tuple[int, str]:
    """How many blank lines there are, and the heading row below them."""
    for blank, line in enumerate(iter(text.readline, "")):
        if line.strip():
            return blank, line
    raise Unreadable("datoteka je prazna")


def delimiter(heading: str) -> str:
    """Which of ``;``, tab and ``,`` parts the heading row.

    >>> delimiter('"Ulica, kraj";naziv')
    ';'
    """
    outside = re.sub(r'"[^"]*"', "", heading)
    return max(";\t,", key=outside.count)


def _parsed(lines: Iterable[str], separator: str, above: int) -> Iterator[Row]:
    """CSV rows with the line each begins on; ``above`` lines came before them."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    line = above
    try:
        for cells in reader:
            if any(cells):
                yield line + 1, cells
            line = above + reader.line_num
    except csv.Error:
        raise Unreadable(f"narekovaji v vrstici {line + 1} se ne ujemajo") from None


def _xlsx_rows(source: Source, _encoding: str, progress: Progress) -> Rows:
    """The rows of a workbook, laid down in a file first: its reader holds all of them in memory."""
    with tempfile.TemporaryFile("w+", encoding="ascii") as kept:
        try:
            with source.open() as file, closing(xlsx.rows(file)) as rows:
                for cells in rows:
                    kept.write(json.dumps([cell_text(cell) for cell in cells]) + "\n")
        except xlsx.BadWorkbook as error:
            raise Unreadable(str(error)) from None
        progress(source.size)
        kept.seek(0)
        filled = ((n, cells) for n, cells in enumerate(map(json.loads, kept), 1) if any(cells))
        yield _first_of(filled)
        yield from filled


def _first_of(rows: Iterator[Row]) -> Row:
    """The heading row. Raises Unreadable where nothing stands in it."""
    first = next(rows, None)
    if first is None:
        raise Unreadable("naslovna vrstica je prazna")
    return first


def cell_text(cell: Any) -> str:
    """A cell of a spreadsheet as it would stand in a CSV.

    A number gets a decimal comma, so that 12.345 is not taken for thousands.

    >>> cell_text(12.345), cell_text(467.0), cell_text(date(2026, 11, 22))
    ('12,345', '467', '2026-11-22')
    """
    if isinstance(cell, float):
        digits = f"{Decimal(repr(cell)):f}"
        return (digits.removesuffix(".0")).replace(".", ",")
    if isinstance(cell, datetime):
        midnight = not (cell.hour or cell.minute or cell.second)
        return cell.date().isoformat() if midnight else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def find_headings(
    written: list[str], wanted: Mapping[str, bool], mapping: Mapping[str, str]
) -> Headings:
    """Where each ``wanted`` column is; the value says whether the file must have it.

    ``mapping`` leads from our heading to the file's own. Raises Unreadable.
    """
    theirs = {plain(foreign): ours for ours, foreign in mapping.items() if ours in wanted}
    own = {plain(name): name for name in wanted if name not in theirs.values()}
    ours = own | theirs
    names = [plain(heading) for heading in written]
    doubled = {name for name in names if name and names.count(name) > 1}
    if doubled:
        shown = next(heading for heading in written if plain(heading) in doubled)
        raise Unreadable(f"stolpec »{shown.strip()}« je naveden dvakrat")
    position: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in ours and ours[name] in position:
            raise Unreadable(f"stolpec »{ours[name]}« je naveden dvakrat")
        if name in ours:
            position[ours[name]] = index
    for name, required in wanted.items():
        if required and name not in position:
            raise Unreadable(f"manjka stolpec »{name}«")
    unknown = [written[i].strip() for i, name in enumerate(names) if name and name not in ours]
    mapped = {theirs[name] for name in names if name in theirs}
    return Headings([heading.strip() for heading in written], position, unknown, mapped)
