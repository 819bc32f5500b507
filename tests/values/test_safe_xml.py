"""XML from outside: what is meant to harm is refused by name, and memory stays flat."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from mojupravljalec.values.safe_xml import MOST_BYTES, BadXml, elements, local_name, parse

MEGABYTE = 1024 * 1024
LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY l0 "ha">'
    + b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]>"
)


def parsed(data):
    """The text of a document."""
    return "".join(parse(data).itertext())


def streamed(data):
    """The text of what is called a in a stream."""
    return "".join("".join(one.itertext()) for one in elements(io.BytesIO(data), "a"))


BOTH = pytest.mark.parametrize("read", [parsed, streamed])


class Repeated:
    """A file of ``begin``, ``times`` × ``piece`` and ``end`` that holds nothing but those."""

    def __init__(self, begin, piece, times, end=b""):
        self._pieces = (one for one in (begin, *(piece for _ in range(times)), end) if one)

    def read(self, _size=-1):
        return next(self._pieces, b"")


# ---------------------------------------------------------------- what is meant to harm


@BOTH
@pytest.mark.parametrize(
    "data",
    [
        LAUGHS + b"<a>&l9;</a>",
        LAUGHS + b'<a b="&l9;"/>',
        b'<!DOCTYPE a [<!ENTITY e "one">]><a>&e;</a>',
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><a/>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/evil.dtd"><a/>',
        b'<!DOCTYPE a PUBLIC "-//W3C//DTD XHTML 1.0//EN" "file:///etc/passwd"><a/>',
        b"<!DOCTYPE a><a/>",
    ],
    ids=["laughs", "laughs-in-attribute", "entity", "file", "parameter", "dtd", "public", "bare"],
)
def test_entities_and_doctypes_are_refused(read, data):
    with pytest.raises(BadXml, match=r"DOCTYPE|amplification") as refused:
        read(data)
    assert "root:" not in str(refused.value)


@BOTH
def test_xinclude_is_not_followed(read):
    data = (
        b'<a xmlns:xi="http://www.w3.org/2001/XInclude">'
        b'<xi:include href="file:///etc/passwd" parse="text"/></a>'
    )
    assert read(data) == ""


@BOTH
@pytest.mark.parametrize(
    "data",
    [
        b"<a>" * 300 + b"</a>" * 300,
        b"<a>" + b"x" * (10 * MEGABYTE) + b"</a>",
        b'<a b="' + b"x" * (10 * MEGABYTE) + b'"/>',
        b"<" + b"a" * 60_000 + b"/>",
        b"<a>&unknown;</a>",
        b"<a><b></a>",
        b"<a>",
        b"<a/><a/>",
        b"PK\x03\x04 a ZIP",
        b"%PDF-1.7",
        b"a;b;c",
        b"\x00",
        b"",
        "<a>č</a>".encode("cp1250"),
        b'<?xml version="1.0" encoding="nic"?><a/>',
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_no_sound_xml_is_refused(read, data):
    with pytest.raises(BadXml, match=r"XML ni berljiv|XML nad 5 MB"):
        read(data)


def test_a_refusal_is_short_whatever_it_quotes():
    with pytest.raises(BadXml) as refused:
        parse(b"<" + b"a" * 5_000 + b"></b>")
    assert len(str(refused.value)) < 300


# ---------------------------------------------------------------- how much


def test_a_document_that_is_too_long_is_refused_unread():
    with pytest.raises(BadXml, match="XML nad 5 MB"):
        parse(b" " * (MOST_BYTES + 1))


def test_a_stream_that_never_ends_is_refused():
    endless = Repeated(b"<a>", b"<!--" + b"x" * 65_000 + b"-->", 1_000_000)
    with pytest.raises(BadXml, match="XML nad 500 MB"):
        list(elements(endless, "b"))


def test_one_element_of_a_stream_may_be_no_longer_than_a_document():
    longer = Repeated(b"<r><a>", b"<b>" + b"x" * 65_000 + b"</b>", 400, b"</a></r>")
    with pytest.raises(BadXml, match="XML nad 5 MB"):
        list(elements(longer, "a"))


def test_elements_together_may_be_longer_than_a_document():
    several = Repeated(b"<r>", b"<a>" + b"x" * 65_000 + b"</a>", 400, b"</r>")
    assert sum(len(one.text) for one in elements(several, "a")) == 400 * 65_000


FLAT = """
import resource
from mojupravljalec.values.safe_xml import elements
from tests.values.test_safe_xml import MEGABYTE, Repeated

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

entry = b"<o><c>%s</c></o><a n='1'><b>%s</b></a>\\n" % (b"x" * 300, b"y" * 200)
piece = entry * 100
times = 60 * MEGABYTE // len(piece)
list(elements(Repeated(b"<r>", piece, 20, b"</r>"), "a"))
before = most()
count = sum(1 for _ in elements(Repeated(b"<r>", piece, times, b"</r>"), "a"))
assert count == times * 100, count
print(most() - before)
"""


def test_memory_does_not_grow_with_a_stream():
    """In a process of its own, as what the parser holds is seen only in its memory as a whole."""
    here = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", FLAT], cwd=here, capture_output=True, text=True, check=True
    )
    assert int(run.stdout) < 10, f"{run.stdout.strip()} MB more for a file of 60 MB"


# ---------------------------------------------------------------- what is read


@BOTH
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE"])
def test_any_encoding_of_unicode_is_read(read, encoding):
    data = f'<?xml version="1.0" encoding="{encoding}"?><a>šč€</a>'.encode(encoding)
    assert read(data) == "šč€"


def test_names_are_told_without_their_namespaces():
    data = b'<n:r xmlns:n="urn:x" xmlns="urn:y"><n:a>1</n:a><a>2</a><a xmlns="">3</a></n:r>'
    assert local_name(parse(data)) == "r"
    assert [one.text for one in elements(io.BytesIO(data), "a")] == ["1", "2", "3"]


def test_comments_and_instructions_do_not_part_a_text():
    assert parse(b"<a>12<!-- 99 --><?x y?>34</a>").text == "1234"


def test_elements_come_whole_in_order_and_once_where_they_nest():
    data = b"<r><x><a>1<a>2</a></a></x><b>3</b><c/><a>4</a></r>"
    found = [
        (local_name(one), "".join(one.itertext())) for one in elements(io.BytesIO(data), "a", "b")
    ]
    assert found == [("a", "12"), ("b", "3"), ("a", "4")]


def test_what_stands_before_a_mistake_is_given():
    found = elements(io.BytesIO(b"<r><a>1</a>" + b" " * 100_000 + b"<b></r>"), "a")
    assert next(found).text == "1"
    with pytest.raises(BadXml, match="XML ni berljiv"):
        next(found)
