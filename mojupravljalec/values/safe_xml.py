"""XML from outside: no entities, no network, no bombs, and only so much of it.

The parser itself refuses nesting beyond 256 levels and texts beyond 10 MB.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, BinaryIO

from lxml import etree

MEGABYTE = 1024 * 1024
MOST_BYTES = 5 * MEGABYTE  # of a document that is read whole
STREAMED_BYTES = 500 * MEGABYTE
MOST_ELEMENTS = 2_000_000  # of a document that is listened to: some seconds
LONGEST_TAG = 256 * 1024  # bytes from one tag to the next
_PIECE = 65_536
_OPTIONS: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


class BadXml(Exception):
    """Not XML, or XML that is meant to harm; the message is for the operator."""


def parse(data: bytes) -> etree._Element:
    """The root of a document. Raises BadXml."""
    if len(data) > MOST_BYTES:
        raise _too_long(MOST_BYTES)
    try:
        root = etree.fromstring(data, etree.XMLParser(**_OPTIONS))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _unreadable(error) from None
    _refuse_doctype(root)
    return root


def elements(file: BinaryIO, *names: str) -> Iterator[etree._Element]:
    """The outermost elements called ``names``, without a namespace, whole and in their order.

    Each is to be used before the next is asked for: what was read is let go, so that memory
    does not grow with the file. Raises BadXml, also where one of them is as long as a whole
    document must not be.
    """
    limited = _Limited(file)
    within = began_at = 0
    try:
        for event, element in etree.iterparse(limited, ("start", "end"), **_OPTIONS):
            wanted = local_name(element) in names
            if not within:
                began_at = limited.done
            elif limited.done - began_at > MOST_BYTES:
                raise _too_long(MOST_BYTES)
            if event == "start":
                if element.getparent() is None:
                    _refuse_doctype(element)
                within += wanted
                continue
            if wanted and within == 1:
                yield element
            within -= wanted
            if not within:
                _let_go(element)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _unreadable(error) from None


class Listener:
    """Receives a document from `listen`. Subclasses count ``elements`` in ``start``.

    Names come as »{namespace}name«: see `bare`.
    """

    elements = 0

    def start(self, _name: str, _attributes: Mapping[str, str]) -> None:
        """Take the beginning of an element."""
        self.elements += 1

    def end(self, _name: str) -> None:
        """Take the end of an element."""

    def data(self, _text: str) -> None:
        """Take a piece of text."""

    def doctype(self, *_: Any) -> None:
        """Refuse a document type: it could define entities."""
        raise _no_doctype()

    def close(self) -> None:
        """Do nothing: the listener itself has what it heard."""


def listen(pieces: Iterable[bytes], listener: Listener) -> None:
    """Read a document in UTF-8 without building a tree of it. Raises BadXml.

    Memory grows neither with the document nor with the attributes of one tag.
    """
    parser = etree.XMLParser(target=listener, encoding="utf-8", **_OPTIONS)
    heard = since_bytes = 0
    try:
        for piece in pieces:
            parser.feed(piece)
            since_bytes += len(piece)
            if listener.elements > heard:
                heard, since_bytes = listener.elements, 0
            if heard > MOST_ELEMENTS or since_bytes > LONGEST_TAG:
                raise BadXml("XML ima preveč ali predolge elemente")
        parser.close()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _unreadable(error) from None


@lru_cache(maxsize=1024)
def bare(name: str) -> str:
    """An element's name without its namespace, or without a prefix that was not declared."""
    return name.rpartition("}")[2].rpartition(":")[2]


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _let_go(element: etree._Element) -> None:
    element.clear()
    while (before := element.getprevious()) is not None:
        before.getparent().remove(before)


def _refuse_doctype(root: etree._Element) -> None:
    if root.getroottree().docinfo.doctype:
        raise _no_doctype()


def _no_doctype() -> BadXml:
    return BadXml("XML z DOCTYPE ni dovoljen")


def _too_long(most_bytes: int) -> BadXml:
    return BadXml(f"XML nad {most_bytes // MEGABYTE} MB")


def _unreadable(error: Exception) -> BadXml:
    return BadXml(f"XML ni berljiv: {' '.join(str(error).split())[:200]}")


class _Limited:
    """A file that refuses to be read beyond what a document may have."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.done = 0  # bytes

    def read(self, size: int = _PIECE) -> bytes:
        data = self._file.read(min(size, _PIECE))
        self.done += len(data)
        if self.done > STREAMED_BYTES:
            raise _too_long(STREAMED_BYTES)
        return data
