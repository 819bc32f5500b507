"""What somebody gives to import holds: a table, documents, or a folder or ZIP of them."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from ..values.safe_zip import TooManyEntries, open_zip
from . import invoice_files, invoice_lines, invoices, statements
from .actions import Given
from .cells import plain
from .invoice_files import Pile
from .kind import Kind
from .kinds import ALL, KINDS, TABLES
from .table_file import (
    MEGABYTE,
    Source,
    Unreadable,
    examine,
    find_headings,
    opened,
    sha256_of,
    source_of,
)

ENTRIES = 150_000  # invoices and their PDFs; each takes half a kilobyte of memory
UNPACKED_BYTES = 4096 * MEGABYTE
UNPACKED_TIMES = 300  # larger than packed; a table of the same line over and over is about 100
ENDINGS = {".csv", ".xlsx"}
DAMAGE = (RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile, EOFError)

# The tables in the order in which they build on each other, and the names of other files.
Tables = tuple[list[Given], list[str]]


class Form(Enum):
    """In what the tables or documents come."""

    FOLDER = "folder"
    ZIP = "zip"
    XML = "xml"
    TABLE = "table"


@dataclass(frozen=True)
class Place:
    """What somebody gives to import. ``name`` is what reports call it.

    ``aside`` says where the bad rows of one of several things in it go, by what that is.
    ``encoding`` is that of its tables in text, "" where it is to be found out.
    """

    path: Path
    name: str
    form: Form
    aside: Callable[[str], Path | None]
    encoding: str = ""

    @property
    def source(self) -> Source:
        """Its bytes, under its name."""
        size = self.path.stat().st_size
        return Source(self.name, size, lambda: self.path.open("rb"), self.encoding)


def on_terminal(path: Path, encoding: str = "") -> Place:
    """What the command line names: its ending tells what it is, bad rows go beside it."""
    return Place(path, str(path), _form_by_ending(path), partial(_aside, path), encoding)


def _form_by_ending(path: Path) -> Form:
    if path.is_dir():
        return Form.FOLDER
    ending = path.suffix.casefold()
    if ending != ".xlsx" and zipfile.is_zipfile(path):
        return Form.ZIP
    return Form.XML if ending == ".xml" else Form.TABLE


@contextmanager
def tables_in(place: Place) -> Iterator[Tables]:
    """What the folder or ZIP holds, as long as the context lasts. Raises Unreadable."""
    if place.form is Form.FOLDER:
        names = sorted(file.name for file in place.path.iterdir() if file.is_file())
        yield _in_order(place.name, names, partial(_in_folder, place))
        return
    with zip_at(place.path, place.name) as archive:
        _refuse_damage(archive, place.name)
        yield _in_order(place.name, files_of(archive), partial(_in_zip, archive, place))


def _in_order(place: str, names: Sequence[str], given: Callable[[Kind, str], Given]) -> Tables:
    """Sort files by kind. Raises Unreadable if there is none, or two of a kind."""
    found: dict[str, str] = {}
    other = []
    for name in names:
        kind = kind_of(name)
        if kind is None:
            other.append(name)
        elif kind.name in found:
            raise Unreadable(f"{place}: dve datoteki za isto: {found[kind.name]}, {name}")
        else:
            found[kind.name] = name
    if not found:
        wanted = ", ".join(f"{kind.stem}.csv" for kind in TABLES)
        raise Unreadable(f"{place}: v njem ni nobene od datotek {wanted}")
    return [given(kind, found[kind.name]) for kind in TABLES if kind.name in found], other


def kind_of(name: str) -> Kind | None:
    """The kind a file's name stands for. Folders inside a ZIP do not matter."""
    file = PurePosixPath(name.replace("\\", "/"))
    if file.suffix.lower() not in ENDINGS or "__MACOSX" in file.parts:
        return None
    return next((kind for kind in TABLES if plain(kind.stem) == plain(file.stem)), None)


def _in_folder(place: Place, kind: Kind, name: str) -> Given:
    file = place.path / name
    return Given(kind, source_of(file, place.encoding), rejected_beside(file))


def _in_zip(archive: zipfile.ZipFile, place: Place, kind: Kind, name: str) -> Given:
    """A member, read where it lies: its name is only shown, never written to."""
    source = Source(
        f"{place.name}/{name}",
        archive.getinfo(name).file_size,
        lambda: cast(BinaryIO, archive.open(name)),
        place.encoding,
    )
    return Given(kind, source, place.aside(kind.stem))


def _aside(path: Path, what: str) -> Path:
    """Where the bad rows of one of several files in ``path`` go."""
    return path.with_name(f"{path.stem}.{what}.rejected.csv")


def rejected_beside(file: Path) -> Path:
    """Where the bad rows of ``file`` go."""
    return file.with_name(f"{file.stem}.rejected.csv")


@contextmanager
def zip_at(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """The ZIP at ``path``, if it is no trap: nothing is read from it before.

    Raises Unreadable, which calls it ``name``.
    """
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(open_zip(path, ENTRIES))
        except TooManyEntries:
            raise Unreadable(f"{name}: ZIP vsebuje preveč") from None
        except zipfile.BadZipFile:
            raise Unreadable(f"{name}: ni mapa ne ZIP ali pa je ZIP poškodovan") from None
        unpacked = sum(one.file_size for one in archive.infolist())
        if unpacked > UNPACKED_BYTES:
            raise Unreadable(f"{name}: ZIP vsebuje preveč")
        if unpacked > MEGABYTE and unpacked > UNPACKED_TIMES * path.stat().st_size:
            raise Unreadable(f"{name}: ZIP bi se razpakiral v več kot {UNPACKED_TIMES}-krat toliko")
        for member in archive.namelist():
            if member.startswith("/") or ".." in PurePosixPath(member.replace("\\", "/")).parts:
                raise Unreadable(f"{name}: ZIP vsebuje nedovoljeno ime »{member[:80]}«")
        yield archive


def files_of(archive: zipfile.ZipFile) -> list[str]:
    """The names of what it holds, without folders."""
    return [name for name in archive.namelist() if not name.endswith("/")]


def _refuse_damage(archive: zipfile.ZipFile, name: str) -> None:
    try:
        damaged = archive.testzip()
    except DAMAGE:
        raise Unreadable(f"{name}: ZIP je šifriran ali poškodovan") from None
    if damaged:
        raise Unreadable(f"{name}: ZIP je poškodovan")


@dataclass(frozen=True)
class Wish:
    """How files are to be taken: ``keep`` is False when nothing is to be written.

    ``encoding`` is that of tables in text, "" where it is to be found out.
    """

    mapping: Mapping[str, str]
    accept_sums: bool = False
    keep: bool = True
    encoding: str = ""


@contextmanager
def invoices_in(place: Place, wish: Wish) -> Iterator[Tables]:
    """The invoices and lines that it holds: an XML, or a folder or ZIP of them or of tables.

    Raises Unreadable.
    """
    path = place.path
    if place.form is Form.FOLDER:
        names = sorted(str(one.relative_to(path)) for one in path.rglob("*") if one.is_file())
        yield _of_pile(place, names, lambda name: (path / name).open("rb"), wish)
    elif place.form is Form.XML:
        pile = Pile((Path(place.name).name,), {}, lambda _name: path.open("rb"))
        yield [_documents(place, pile, place.source, wish)], []
    else:
        with zip_at(path, place.name) as archive:
            opens = cast("Callable[[str], BinaryIO]", archive.open)
            yield _of_pile(place, files_of(archive), opens, wish)


def _of_pile(
    place: Place, names: list[str], opens: Callable[[str], BinaryIO], wish: Wish
) -> Tables:
    """Tables first, lines before invoices; then the documents."""
    given: list[Given] = []
    known: set[str] = set()
    for kind in (invoice_lines.KIND, wished(invoices.KIND, wish)):
        found = [name for name in names if kind_of(name) is KINDS[kind.name]]
        known.update(found)
        given += [
            Given(kind, _member(place, name, opens), place.aside(kind.stem)) for name in found
        ]
    pile = invoice_files.pile_of(names, opens)
    if pile.names:
        is_one = place.form is not Form.FOLDER
        source = place.source if is_one else _listing(place, pile.names, opens)
        given.append(_documents(place, pile, source, wish))
    if not given:
        raise Unreadable(f"{place.name}: v njem ni računov (XML ali racuni.csv)")
    known.update(pile.names, pile.pdfs.values())
    return given, [name for name in names if name not in known]


def _documents(place: Place, pile: Pile, source: Source, wish: Wish) -> Given:
    kind = invoice_files.kind_of(pile, keep_originals=wish.keep, accept_sums=wish.accept_sums)
    return Given(kind, source, place.aside("xml"), pile.rows)


def _member(place: Place, name: str, opens: Callable[[str], BinaryIO]) -> Source:
    """One of its files; a ZIP reads all of it once. Raises Unreadable if it cannot."""
    try:
        with opens(name) as file:
            size = file.seek(0, 2)
    except DAMAGE:
        raise Unreadable(f"{place.name}: {name} je v ZIP šifrirana ali poškodovana") from None
    return Source(f"{place.name}/{name}", size, partial(opens, name), place.encoding)


def _listing(place: Place, names: Sequence[str], opens: Callable[[str], BinaryIO]) -> Source:
    """A folder's files as one: its fingerprint changes when any of them does."""
    members = [_member(place, name, opens) for name in names]
    lines = "".join(f"{sha256_of(one)}  {one.name}\n" for one in members).encode()
    return Source(place.name, sum(one.size for one in members), lambda: io.BytesIO(lines))


def wished(kind: Kind, wish: Wish) -> Kind:
    """``kind``, as one table of it is to be taken."""
    return invoices.accepting_sums(kind) if wish.accept_sums and kind is invoices.KIND else kind


def table_of_invoices(path: Path, wish: Wish) -> Given:
    """A table is one of lines if it has their headings, else one of invoices."""
    source = source_of(path, wish.encoding)
    kind = wished(invoices.KIND, wish)
    try:
        with opened(source, examine(source)) as rows:
            find_headings(next(rows)[1], invoice_lines.KIND.wanted, wish.mapping)
        kind = invoice_lines.KIND
    except Unreadable:
        pass  # whatever is wrong with it is said when it is read as invoices
    return Given(kind, source, rejected_beside(path))


@contextmanager
def statements_in(place: Place) -> Iterator[Tables]:
    """The bank statements that it holds: an XML, or a ZIP of them. Raises Unreadable."""
    if place.form is Form.XML:
        yield [Given(statements.KIND, place.source, None, statements.rows_of)], []
        return
    with zip_at(place.path, place.name) as archive:
        names = files_of(archive)
        found = [one for one in names if invoice_files.is_document(PurePosixPath(one))]
        if not found:
            raise Unreadable(f"{place.name}: v njem ni izpiskov XML")
        opens = cast("Callable[[str], BinaryIO]", archive.open)
        given = [
            Given(statements.KIND, _member(place, one, opens), None, statements.rows_of)
            for one in found
        ]
        yield given, [name for name in names if name not in found]


def held_in(place: Place, kind: str, wish: Wish) -> AbstractContextManager[Tables]:
    """What a ZIP, an XML or a folder holds of ``kind``: "all", "statements" or "invoices"."""
    if kind == ALL:
        return tables_in(place)
    return statements_in(place) if kind == statements.KIND.name else invoices_in(place, wish)
