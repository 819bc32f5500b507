"""Invoices as documents: XML files, alone or many in a folder or ZIP, with their PDFs beside."""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from .. import storage
from ..billing import en16931, eslog, sums
from ..billing.document import Content, Document, old_debt_cents, to_json
from ..billing.said import BadInvoice
from ..storage import Shelf
from ..values import references, safe_xml
from . import cells, invoices
from .kind import Column, Kind
from .table_file import MEGABYTE, Progress, Row, Source

FILE = "datoteka"
PDF_BYTES = 20 * MEGABYTE
PDF_BEGINS, PDF_ENDS = b"%PDF-", b"%%EOF"
TAIL = 1024  # bytes at the end of a PDF in which its mark must stand
AT_ONCE = 1000


@dataclass(frozen=True)
class Pile:
    """XML files by name, and the PDFs among which their originals may be."""

    names: tuple[str, ...]
    pdfs: Mapping[str, str]  # by what stands before the dot
    open: Callable[[str], BinaryIO]

    def rows(self, source: Source, progress: Progress) -> Iterator[Row]:
        """The names as a table of one column."""
        yield 1, [FILE]
        share = source.size // max(len(self.names), 1)
        for number, name in enumerate(self.names, 2):
            yield number, [name]
            progress(share)

    def document(self, name: str) -> tuple[Document, str]:
        """What the file ``name`` says, and which PDF is its original. Raises BadCell."""
        data = self._bytes(name, safe_xml.MOST_BYTES)
        try:
            document = _read(data)
        except (safe_xml.BadXml, BadInvoice) as error:
            raise cells.BadCell(str(error)) from None
        return document, self._original(name, document)

    def _original(self, name: str, document: Document) -> str:
        """The PDF that is called as the XML file, or after the invoice's number."""
        for stem in (PurePosixPath(name).stem, document.number):
            if found := self.pdfs.get(stem.casefold()):
                self.pdf(found)
                return found
        return ""

    def pdf(self, name: str) -> bytes:
        """The PDF called ``name``. Raises BadCell if it is none."""
        data = self._bytes(name, PDF_BYTES)
        if len(data) > PDF_BYTES:
            raise cells.BadCell(f"priloga {name} je nad {PDF_BYTES // MEGABYTE} MB")
        if not data.startswith(PDF_BEGINS) or PDF_ENDS not in data[-TAIL:]:
            raise cells.BadCell(f"priloga {name} ni PDF")
        return data

    def _bytes(self, name: str, most: int) -> bytes:
        """The file's first bytes, one more than allowed. Raises BadCell."""
        try:
            with self.open(name) as file:
                return file.read(most + 1)
        except (RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile, EOFError):
            raise cells.BadCell("v ZIP je šifrirana ali poškodovana") from None


def _read(data: bytes) -> Document:
    root = safe_xml.parse(data)
    if eslog.is_eslog(root):
        return eslog.read(root)
    if en16931.is_ubl_or_cii(root):
        return en16931.read(root)
    raise cells.BadCell("ni račun e-SLOG 2.0, UBL ali CII")


def shape(found: tuple[Document, str]) -> tuple[Any, ...]:
    """A document as a row to stage."""
    document, original = found
    content = document.content
    payer = content.payer
    points = dict.fromkeys(line.supply_point for line in content.lines if line.supply_point)
    return (
        document.number,
        document.customer_number,
        document.kind.value,
        document.issued_on.isoformat(),
        (document.due_on or document.issued_on).isoformat(),
        _iso(document.period_from),
        _iso(document.period_to),
        document.reference,
        references.key(document.reference),
        document.net_cents,
        document.vat_cents,
        document.gross_cents,
        document.to_pay_cents,
        document.iban,
        document.purpose_code,
        document.corrects,
        *((payer.name, payer.street, payer.place) if payer else (None, None, None)),
        "\n" + "\n".join(points) + "\n" if points else "",
        _inside(content),
        "; ".join(sums.differences(document)),
        original,
        old_debt_cents(document),
    )


def _iso(day: Any) -> str | None:
    return day.isoformat() if day else None


def _inside(content: Content) -> str:
    """The content without the payer, who stands in the invoice's head."""
    return to_json(replace(content, payer=None))


def kind_of(pile: Pile, *, keep_originals: bool, accept_sums: bool) -> Kind:
    """Invoices whose rows are the files of ``pile``."""
    kept = partial(keep, pile) if keep_originals else None
    return replace(
        invoices.KIND,
        columns=(Column(FILE, pile.document, required=True, unlike=True),),
        shape=shape,
        at_once=AT_ONCE,
        load=partial(invoices.load, accept_sums=accept_sums, keep_original=kept),
    )


def keep(pile: Pile, name: str) -> str:
    """Keep the PDF ``name`` for good, under a name that we make."""
    return storage.keep(Shelf.INVOICES, pile.pdf(name), "pdf")


def pile_of(names: list[str], opens: Callable[[str], BinaryIO]) -> Pile:
    """The documents among files called ``names``."""
    files = {name: PurePosixPath(name) for name in names}
    return Pile(
        tuple(name for name, file in files.items() if is_document(file)),
        {file.stem.casefold(): name for name, file in files.items() if _ends(file, ".pdf")},
        opens,
    )


def _ends(file: PurePosixPath, ending: str) -> bool:
    return file.suffix.casefold() == ending and "__MACOSX" not in file.parts


def is_document(file: PurePosixPath) -> bool:
    """Whether it may be a document: XML, but not the envelope that lists what lies beside."""
    return _ends(file, ".xml") and "envelope" not in file.stem.casefold()
