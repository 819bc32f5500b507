"""What an uploaded file may be, from what is in it: a person looks at the guess before anything.

An upload lies under a name that says nothing, so that here no ending is asked.
"""

import codecs
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, cast

from lxml import etree

from ..billing import en16931, eslog
from ..values.safe_xml import BadXml, elements
from . import invoice_lines, invoices, mapping, statements
from .actions import Given
from .archive import DAMAGE, Form, Place, Tables, Wish, files_of, held_in, kind_of, wished, zip_at
from .cells import LONGEST_TEXT, plain
from .invoice_files import is_document
from .kind import Kind
from .kinds import ALL, KINDS, TABLES
from .table_file import MEGABYTE, Source, Unreadable, delimiter, examine, opened

SAMPLE = 5  # rows
MOST_COLUMNS = 200
DOCUMENTS_LOOKED_AT = 10  # in a ZIP: the first may be a list of the others
BEGINNING = MEGABYTE  # of a document, in which it must say what it is

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_FOREIGN = {
    b"%PDF": "je PDF; potrebujemo podatke kot CSV, XLSX ali XML",
    b"\x89PNG": "je slika",
    b"\xff\xd8\xff": "je slika",
    b"GIF8": "je slika",
    b"{\\rtf": "je besedilo RTF; shranite tabelo kot CSV ali XLSX",
    b"\x1f\x8b": "je stisnjena z gzip; uporabite ZIP",
    b"7z\xbc\xaf": "je stisnjena s 7-Zip; uporabite ZIP",
    b"Rar!": "je stisnjena z RAR; uporabite ZIP",
}
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

INVOICES, STATEMENTS = invoices.KIND.name, statements.KIND.name
_CAMT = "{urn:iso:std:iso:20022:tech:xsd:camt.053.001."
# They stand near the beginning of a camt.053, of an e-SLOG, and of UBL and CII.
_EARLY = ("GrpHdr", "S_UNH", "S_BGM", "ID")


@dataclass(frozen=True)
class Guess:
    """What a file seems to be.

    ``kind`` is a name of `KINDS` or "all", and "" where nothing fits; lines of invoices are
    "invoices". ``headings`` and ``sample``, the first rows below them, are those of a single
    table. ``mapping`` leads from our heading to the file's where that is another;
    ``missing`` are headings that the kind must have and that nothing was found for.
    """

    kind: str
    encoding: str
    separator: str = ""
    headings: tuple[str, ...] = ()
    sample: tuple[tuple[str, ...], ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def guess(path: Path, name: str, encoding: str = "") -> Guess:
    """What the file at ``path`` is, which somebody calls ``name``.

    ``encoding`` is that of text, "" where it is to be found out. Raises Unreadable where it is
    nothing of ours, with the reason.
    """
    match _form(path, name):
        case Form.ZIP:
            return Guess(next(iter(_kinds_in_zip(path, name))), "zip")
        case Form.XML:
            return Guess(_kind_of_xml(path, name), "xml")
    table = _table(path, name, encoding)
    return _fitted(table, _likeliest(TABLES, name, table.headings))


def fit(path: Path, name: str, kind: str, encoding: str = "") -> Guess:
    """The same, where a person said that it is of ``kind``. Raises Unreadable."""
    form = _form(path, name)
    _refuse_mismatch(form, name, kind)
    if form is Form.TABLE:
        table = _table(path, name, encoding)
        return _fitted(table, kind_of_table(name, table.headings, kind))
    kinds = _kinds_in_zip(path, name) if form is Form.ZIP else [_kind_of_xml(path, name)]
    if kind not in kinds:
        raise Unreadable(f"{name}: v datoteki ni tega, kar ste izbrali")
    return Guess(kind, "zip" if form is Form.ZIP else "xml")


def refit(name: str, encoding: str, headings: Sequence[str], kind: str) -> Mapping[str, str]:
    """The mapping, as of `Guess`, of a file that was read before, if it is of ``kind``.

    Raises Unreadable where the kind never comes in this form.
    """
    form = {"zip": Form.ZIP, "xml": Form.XML}.get(encoding, Form.TABLE)
    _refuse_mismatch(form, name, kind)
    if form is not Form.TABLE:
        return {}
    return _foreign(kind_of_table(name, headings, kind), headings)


def kind_of_table(
    name: str, headings: Sequence[str], kind: str, mapped: Mapping[str, str] | None = None
) -> Kind:
    """Which table is meant by ``kind``: with "invoices" it may be one of their lines.

    ``mapped`` is what a person said of its headings, ours → theirs.
    """
    if kind != INVOICES:
        return KINDS[kind]
    ours = {plain(theirs): heading for heading, theirs in (mapped or {}).items()}
    said = [ours.get(plain(heading), heading) for heading in headings]
    both = (invoices.KIND, invoice_lines.KIND)
    return _likeliest(both, name, said) or invoices.KIND


def given_for(
    path: Path, name: str, kind: str, wish: Wish, aside: Path | None = None
) -> AbstractContextManager[Tables]:
    """What the file at ``path`` holds of ``kind``, to be imported while the context lasts.

    Reports call it ``name``; bad rows of each table go into the folder ``aside``, if there is
    one, as NAME.rejected.csv after the table's kind. Raises Unreadable, also when it is entered.
    """
    form = _form(path, name)
    _refuse_mismatch(form, name, kind)
    place = Place(path, name, form, _into(aside), wish.encoding)
    if form is not Form.TABLE:
        return held_in(place, kind, wish)
    table = kind_of_table(name, _table(path, name, wish.encoding).headings, kind, wish.mapping)
    return nullcontext(([Given(wished(table, wish), place.source, place.aside(table.stem))], []))


def _into(folder: Path | None) -> Callable[[str], Path | None]:
    return lambda stem: folder and folder / f"{stem}.rejected.csv"


# ---------------------------------------------------------------- forms


def _form(path: Path, name: str) -> Form:
    """In what it comes, by its first bytes. Raises Unreadable for what is never ours."""
    with path.open("rb") as file:
        start = file.read(4096)
    for mark, reason in _FOREIGN.items():
        if start.startswith(mark):
            raise Unreadable(f"{name}: datoteka {reason}")
    if start.startswith(_ZIP):
        return Form.TABLE if _is_workbook(path, name) else Form.ZIP
    return Form.XML if _as_text(start).lstrip().startswith("<") else Form.TABLE


def _as_text(start: bytes) -> str:
    """The first bytes, as far as they tell whether they begin with a tag."""
    encoding = _UTF_16.get(start[:2], "latin-1")
    return start.removeprefix(codecs.BOM_UTF8).decode(encoding, "ignore").removeprefix("\ufeff")


def _is_workbook(path: Path, name: str) -> bool:
    """Whether the ZIP is an XLSX. Raises Unreadable for what other programs keep in a ZIP."""
    with zip_at(path, name) as archive:
        names = set(archive.namelist())
    if "[Content_Types].xml" not in names:
        if "mimetype" in names:
            raise Unreadable(f"{name}: to ni XLSX; shranite tabelo kot XLSX ali CSV")
        return False
    if "xl/workbook.bin" in names or not any(one.startswith("xl/") for one in names):
        raise Unreadable(f"{name}: to ni XLSX; shranite tabelo kot XLSX ali CSV")
    return True


def _refuse_mismatch(form: Form, name: str, kind: str) -> None:
    """A kind that never comes in this form. Raises Unreadable."""
    match form:
        case Form.ZIP if kind not in {ALL, INVOICES, STATEMENTS}:
            raise Unreadable(f"{name}: to je ZIP in ne ena sama tabela")
        case Form.XML if kind not in {INVOICES, STATEMENTS}:
            raise Unreadable(f"{name}: to je XML in ne tabela")
        case Form.TABLE if kind not in {one.name for one in TABLES}:
            raise Unreadable(f"{name}: to je ena sama tabela; izberite njeno vrsto")


# ---------------------------------------------------------------- tables


class _Table(NamedTuple):
    """How a table begins, and how it is written."""

    encoding: str
    separator: str
    headings: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]


def _table(path: Path, name: str, encoding: str) -> _Table:
    source = Source(name, path.stat().st_size, lambda: path.open("rb"), encoding)
    try:
        encoding, rows = _first_rows(source)
    except Unreadable as error:
        raise type(error)(f"{name}: {error}") from None
    headings = tuple(cell.strip() for cell in rows[0]) if rows else ()
    if not any(headings):
        raise Unreadable(f"{name}: v datoteki ni tabele z naslovno vrstico")
    if len(headings) > MOST_COLUMNS:
        raise Unreadable(f"{name}: več kot {MOST_COLUMNS} stolpcev; to ni tabela")
    sample = tuple(tuple(cell.strip()[:LONGEST_TEXT] for cell in row) for row in rows[1:])
    return _Table(encoding, _separator(source, encoding), headings, sample)


def _first_rows(source: Source) -> tuple[str, list[list[str]]]:
    """The encoding, the heading row and those just below. Raises Unreadable."""
    facts = examine(source)
    try:
        with opened(source, facts) as rows:
            return facts.encoding, [cells for _, cells in islice(rows, SAMPLE + 1)]
    except RuntimeError:  # a heading row of nothing but separators
        return facts.encoding, []


def _separator(source: Source, encoding: str) -> str:
    """What parts the cells of a CSV, "" where there is but one column, or no CSV."""
    if encoding == "xlsx":
        return ""
    with source.open() as binary, io.TextIOWrapper(binary, encoding) as text:
        heading = next((line for line in text if line.strip()), "")
    sign = delimiter(heading)
    return sign if sign in heading else ""


def _likeliest(kinds: Sequence[Kind], name: str, headings: Sequence[str]) -> Kind | None:
    """Of ``kinds``, the one after which the file is named, or else whose headings it has."""
    stem = plain(PurePosixPath(name.replace("\\", "/")).stem)
    if named := next((kind for kind in kinds if plain(kind.stem) == stem), None):
        return named
    best, found = max(((_cover(kind, headings), kind) for kind in kinds), key=lambda one: one[0])
    return found if best.share > 0.5 else None


class _Cover(NamedTuple):
    """How well headings cover a kind's; the first counts most."""

    share: float  # of the required, under any name
    exact: float  # of the required, under ours
    optional: int
    required: int


def _cover(kind: Kind, headings: Sequence[str]) -> _Cover:
    found = mapping.suggest(headings, kind.wanted)
    required = [ours for ours, is_required in kind.wanted.items() if is_required]
    covered = [ours for ours in required if ours in found]
    exact = [ours for ours in covered if plain(found[ours]) == plain(ours)]
    return _Cover(
        len(covered) / len(required),
        len(exact) / len(required),
        len(found) - len(covered),
        len(covered),
    )


def _fitted(table: _Table, kind: Kind | None) -> Guess:
    """The table as one of ``kind``."""
    if kind is None:
        return Guess("", *table)
    name = INVOICES if kind is invoice_lines.KIND else kind.name
    missing = mapping.unmatched(kind.wanted, mapping.suggest(table.headings, kind.wanted))
    return Guess(name, *table, _foreign(kind, table.headings), missing)


def _foreign(kind: Kind, headings: Sequence[str]) -> dict[str, str]:
    """Of the suggested headings, by ours, those that are called otherwise."""
    found = mapping.suggest(headings, kind.wanted)
    return {ours: theirs for ours, theirs in found.items() if plain(ours) != plain(theirs)}


# ---------------------------------------------------------------- documents


def _kind_of_xml(path: Path, name: str) -> str:
    try:
        found = _kind_of_document(lambda: path.open("rb"))
    except BadXml as error:
        raise Unreadable(f"{name}: {error}") from None
    if not found:
        raise Unreadable(f"{name}: XML ni račun (e-SLOG 2.0, UBL, CII) ne izpisek (camt.053)")
    return found


def _kind_of_document(opens: Callable[[], BinaryIO]) -> str:
    """ "invoices", "statements" or "". Raises BadXml."""
    with opens() as file:
        beginning = file.read(BEGINNING)
    try:
        for element in elements(io.BytesIO(beginning), *_EARLY):
            return _kind_of_root(element.getroottree().getroot())
    except BadXml:
        if len(beginning) < BEGINNING:
            raise
    return ""


def _kind_of_root(root: etree._Element) -> str:
    if root.tag.startswith(_CAMT):
        return STATEMENTS
    return INVOICES if eslog.is_eslog(root) or en16931.is_ubl_or_cii(root) else ""


def _kinds_in_zip(path: Path, name: str) -> list[str]:
    """What the ZIP may be imported as, the likeliest first. Raises Unreadable if as nothing."""
    with zip_at(path, name) as archive:
        names = files_of(archive)
        tables = {kind.name for one in names if (kind := kind_of(one))}
        documents = _kind_in_zip(archive, names)
    bills = tables & {INVOICES, invoice_lines.KIND.name}
    found = [ALL] if tables else []
    if bills or documents == INVOICES:
        found.insert(0 if bills == tables else 1, INVOICES)
    if documents == STATEMENTS:
        found.append(STATEMENTS)
    if not found:
        wanted = ", ".join(f"{kind.stem}.csv" for kind in TABLES)
        raise Unreadable(f"{name}: v ZIP ni računov ali izpiskov XML niti datotek {wanted}")
    return found


def _kind_in_zip(archive: zipfile.ZipFile, names: Sequence[str]) -> str:
    """What the first documents are, "" if nothing of ours."""
    documents = (one for one in names if is_document(PurePosixPath(one)))
    for one in islice(documents, DOCUMENTS_LOOKED_AT):
        try:
            found = _kind_of_document(cast("Callable[[], BinaryIO]", partial(archive.open, one)))
        except (BadXml, *DAMAGE):
            continue
        if found:
            return found
    return ""
