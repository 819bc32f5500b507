"""Workbooks as no spreadsheet writes them: most of them are meant to harm."""

import io
import re
import zipfile
from collections.abc import Callable, Mapping

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEADINGS = (
    "<row r='1'><c r='A1' t='inlineStr'><is><t>sifra_stranke</t></is></c>"
    "<c r='B1' t='inlineStr'><is><t>naziv</t></is></c></row>"
)
ANA = "<row r='2'><c r='A2'><v>77</v></c><c r='B2' t='inlineStr'><is><t>Ana</t></is></c></row>"
ROWS = HEADINGS + ANA


def packed(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The parts as a ZIP."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return memory.getvalue()


def parts(rows: str = ROWS, *, sheet: str = "", after: str = "", **more: str) -> dict[str, str]:
    """The parts of a workbook whose first sheet has ``rows``, or is ``sheet``."""
    relations = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{what}" Target="{what}.xml"/>'
        for key, what in (("r2", "sharedStrings"), ("r3", "styles"))
    )
    whole = f"<worksheet xmlns='{MAIN}'><sheetData>{rows}</sheetData>{after}</worksheet>"
    return {
        "[Content_Types].xml": f"<Types xmlns='{PACKAGE}/content-types'/>",
        "_rels/.rels": f"<Relationships xmlns='{PACKAGE}/relationships'><Relationship Id='r1' "
        f"Type='{OFFICE}/officeDocument' Target='xl/workbook.xml'/></Relationships>",
        "xl/workbook.xml": f"<workbook xmlns='{MAIN}' xmlns:r='{OFFICE}'><sheets>"
        "<sheet name='A' sheetId='1' r:id='r1'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships xmlns='{PACKAGE}/relationships'>"
        f"<Relationship Id='r1' Type='{OFFICE}/worksheet' Target='worksheets/sheet1.xml'/>"
        f"{relations}</Relationships>",
        "xl/worksheets/sheet1.xml": sheet or whole,
        **more,
    }


def book(rows: str = ROWS, **more: str) -> bytes:
    """A workbook whose first sheet has ``rows``."""
    return packed(parts(rows, **more))


def shared(texts: str) -> dict[str, str]:
    """The part with shared texts."""
    return {"xl/sharedStrings.xml": f"<sst xmlns='{MAIN}'>{texts}</sst>"}


def styles(inner: str) -> dict[str, str]:
    """The part with styles."""
    return {"xl/styles.xml": f"<styleSheet xmlns='{MAIN}'>{inner}</styleSheet>"}


def _prefixed() -> str:
    rows = ROWS.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
    return f"<x:worksheet xmlns:x='{MAIN}'><x:sheetData>{rows}</x:sheetData></x:worksheet>"


def _entities() -> str:
    return (
        "<!DOCTYPE w [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
        f"<worksheet xmlns='{MAIN}'><sheetData>{HEADINGS}<row><c t='inlineStr'><is><t>&b;</t></is>"
        "</c></row></sheetData></worksheet>"
    )


def _changed(content: bytes, signature: bytes, at: int, value: bytes) -> bytes:
    """The ZIP with ``value`` written ``at`` bytes after the last ``signature``."""
    place = content.rindex(signature) + at
    return content[:place] + value + content[place + len(value) :]


def _twice() -> bytes:
    memory = io.BytesIO(book())
    with zipfile.ZipFile(memory, "a") as more:
        more.writestr("XL/worksheets/Sheet1.xml", parts()["xl/worksheets/sheet1.xml"])
    return memory.getvalue()


def _many_entries() -> bytes:
    """A directory that names one part over and over."""
    content = packed({"a": ""})
    entry, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    directory = content[entry:end] * 200_000
    return content[:entry] + _changed(
        directory + content[end:], b"PK\x05\x06", 12, len(directory).to_bytes(4, "little")
    )


MANY = 400_000


def _far(rows: str) -> Callable[[], bytes]:
    return lambda: book(ROWS + rows)


def _sheet(content: str) -> Callable[[], bytes]:
    return lambda: book(sheet=content)


def _picture() -> bytes:
    relations = parts()["xl/_rels/workbook.xml.rels"]
    picture = f"\x89PNG<worksheet xmlns='{MAIN}'><sheetData>{FAR}</sheetData></worksheet>"
    return packed(
        {
            **parts(),
            "xl/_rels/workbook.xml.rels": relations.replace("worksheets/sheet1.xml", "media/a.png"),
            "xl/media/a.png": picture,
        }
    )


def _as_sheet(content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    return packed({**parts(), "xl/worksheets/sheet1.xml": content}, method)


MANY = 400_000
FAR = "<row><c r='XFD9999'/></row>"
TEXT = f"<si><t>{'x' * 32_000}</t></si>"
LONG_FORMAT = f"<numFmts><numFmt numFmtId='200' formatCode='{'0' * 9000}'/></numFmts>"
BIG, BAD = "prevelik", "ni mogoče prebrati"

# By name: what makes the file, and why it is refused; "" where it is read.
VARIANTS: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "plain": (book, ""),
    "single quotes": (_far("<row r='20000'><c r='ALL20000'/></row>"), BIG),
    "newline before r": (_far('<row><c\nr="ALL20000"/></row>'), BIG),
    "tab and other attributes": (_far("<row><c\ts='0' \r\n r = 'XFD900'/></row>"), BIG),
    "prefix": (_sheet(_prefixed()), ""),
    "prefix and a far cell": (_sheet(_prefixed().replace("r='B2'", "r='XFD9999'")), BIG),
    "undeclared prefix": (
        _sheet(_prefixed().replace(" xmlns:x=", " xmlns:y=").replace("'B2'", "'XFD9999'")),
        BIG,
    ),
    "no references": (lambda: book(re.sub(" r='[A-Z]?[0-9]'", "", ROWS)), ""),
    "reference in the row only": (_far("<row r='1048576'><c/></row>"), BIG),
    "reference by characters": (_far("<row r='&#57;00000'><c r='&#65;1'/></row>"), BIG),
    "last row empty": (_far("<row r='1048576'/>"), ""),
    "row after the last": (_far("<row r='1048576'/><row><c/></row>"), BAD),
    "huge row number": (_far("<row r='99999999999999'><c/></row>"), BAD),
    "huge column": (_far("<row><c r='ZZZZZZ1'/></row>"), BAD),
    "column beyond the last": (_far("<row><c r='XFE1'/></row>"), BAD),
    "no column": (_far("<row><c r='1'/></row>"), BAD),
    "spans": (lambda: book(ROWS.replace("<row ", "<row spans='1:16384' ")), ""),
    "dimension that lies": (
        _sheet(
            f"<worksheet xmlns='{MAIN}'><dimension ref='A1:XFD1048576'/>"
            f"<sheetData>{ROWS}</sheetData></worksheet>"
        ),
        "",
    ),
    "merged cells": (lambda: book(after="<mergeCell ref='A1:XFD1048576'/>"), ""),
    "many merged cells": (lambda: book(after="<mergeCell ref='A1:B2'/>" * MANY), BIG),
    "many cells": (_far(f"<row>{'<c/>' * 16_384}</row>{'<row><c/></row>' * 99}"), BIG),
    "a text used over and over": (
        lambda: book(ROWS + "<row><c t='s'><v>0</v></c></row>" * 9000, **shared(TEXT)),
        BIG,
    ),
    "inline texts in shared cells": (
        lambda: book(f"<row><c t='s'><is><t>{'x' * 30_000}</t></is></c></row>" * 1000),
        BIG,
    ),
    "many shared texts": (lambda: book(**shared("<si/>" * (MANY + 1))), BIG),
    "long shared texts": (lambda: book(**shared(TEXT * 1000)), BIG),
    "many styles": (lambda: book(**styles(f"<cellXfs>{'<xf/>' * MANY}</cellXfs>")), BIG),
    "long format": (
        lambda: book(**styles(LONG_FORMAT + "<cellXfs><xf numFmtId='200'/></cellXfs>")),
        BIG,
    ),
    "many sheets": (
        lambda: book(**{f"xl/worksheets/sheet{n}.xml": "<worksheet/>" for n in range(2, 3000)}),
        BIG,
    ),
    "many entries": (_many_entries, BIG),
    "far cell in another sheet": (
        lambda: book(**{"xl/worksheets/sheet2.xml": f"<worksheet>{FAR}</worksheet>"}),
        BIG,
    ),
    "far cell in a picture": (_picture, BAD),
    "entities": (lambda: book(sheet=_entities()), BAD),
    "deep nesting": (lambda: book("<row>" * 100_000), BAD),
    "many attributes": (
        lambda: book(sheet="<worksheet " + "".join(f'a{n}=">" ' for n in range(500_000)) + "/>"),
        BAD,
    ),
    "long value": (lambda: book(f"<row><c><v>{'1' * 30_000_000}</v></c></row>"), BAD),
    "many unknown elements": (lambda: book("<x/>" * 2_500_000), BAD),
    "ZIP bomb": (lambda: book(f"{ROWS}<!--{' ' * 100_000_000}-->"), BAD),
    "ZIP bomb of spaces": (lambda: book(ROWS + f"<x/>{' ' * 100_000}" * 1000), BIG),
    "nested ZIP": (lambda: _as_sheet(book()), BAD),
    "truncated": (lambda: book()[:-300], BAD),
    "size that lies": (lambda: _changed(book(), b"PK\x01\x02", 24, b"\x01\0\0\0"), BAD),
    "size beyond the end": (lambda: _changed(book(), b"PK\x01\x02", 20, b"\xff" * 8), ""),
    "directory beyond the end": (
        lambda: _changed(book(), b"PK\x05\x06", 12, b"\xff\xff\xff\x7f"),
        BAD,
    ),
    "no directory": (lambda: book().replace(b"PK\x05\x06", b"PK\x05\x07"), BAD),
    "two parts of one name": (_twice, BAD),
    "LZMA": (lambda: packed(parts(), zipfile.ZIP_LZMA), BAD),
    "UTF-16": (lambda: _as_sheet(f"<worksheet>{FAR}</worksheet>".encode("utf-16")), BAD),
}


def largest() -> bytes:
    """A workbook as large as is read: every cell has a text of its own."""
    cells = [f"<c t='s'><v>{number}</v></c>" for number in range(MANY)]
    rows = "".join(f"<row>{''.join(cells[n : n + 8])}</row>" for n in range(0, MANY, 8))
    texts = (f"<si><t>Lipova ulica {number:07}</t></si>" for number in range(MANY))
    return book(rows, **shared("".join(texts)))
