"""What a path on the command line holds: a table, documents, or a folder or ZIP of them."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from . import invoice_files, invoice_lines, invoices, statements
from .actions import Given
from .cells import plain
from .kind import Kind
from .kinds import KINDS, TABLES
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

ENTRIES = 250_000  # invoices and their PDFs
UNPACKED_BYTES = 4096 * MEGABYTE
UNPACKED_TIMES = 300  # larger than packed; a table of the same line over and over is about 100
ENDINGS = {".csv", ".xlsx"}
DAMAGE = (RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile, EOFError)

# The tables in the order in which they build on each other, and the names of other files.
Tables = tuple[list[Given], list[str]]


@contextmanager
def tables_in(path: Path) -> Iterator[Tables]:
    """What the folder or ZIP at ``path`` holds, as long as the context lasts."""
    if path.is_dir():
        names = sorted(file.name for file in path.iterdir() if file.is_file())
        yield _in_order(path, names, partial(_in_folder, path))
        return
    with _zip(path) as archive:
        _refuse_damage(archive, path)
        yield _in_order(path, _files(archive), partial(_in_zip, archive, path))


def _in_order(path: Path, names: Sequence[str], given: Callable[[Kind, str], Given]) -> Tables:
    """Sort files by kind. Raises Unreadable if there is none, or two of a kind."""
    found: dict[str, str] = {}
    other = []
    for name in names:
        kind = _kind_of(name)
        if kind is None:
            other.append(name)
        elif kind.name in found:
            raise Unreadable(f"{path}: dve datoteki za isto: {found[kind.name]}, {name}")
        else:
            found[kind.name] = name
    if not found:
        wanted = ", ".join(f"{kind.stem}.csv" for kind in TABLES)
        raise Unreadable(f"{path}: v njem ni nobene od datotek {wanted}")
    return [given(kind, found[kind.name]) for kind in TABLES if kind.name in found], other


def _kind_of(name: str) -> Kind | None:
    """The kind a file's name stands for. Folders inside a ZIP do not matter."""
    file = PurePosixPath(name.replace("\\", "/"))
    if file.suffix.lower() not in ENDINGS or "__MACOSX" in file.parts:
        return None
    return next((kind for kind in TABLES if plain(kind.stem) == plain(file.stem)), None)


def _in_folder(folder: Path, kind: Kind, name: str) -> Given:
    file = folder / name
    return Given(kind, source_of(file), rejected_beside(file))


def _in_zip(archive: zipfile.ZipFile, path: Path, kind: Kind, name: str) -> Given:
    """A member, read where it lies: its name is only shown, never written to."""
    source = Source(
        f"{path}/{name}",
        archive.getinfo(name).file_size,
        lambda: cast(BinaryIO, archive.open(name)),
    )
    return Given(kind, source, _aside(path, kind.stem))


def _aside(path: Path, what: str) -> Path:
    """Where the bad rows of one of several files in ``path`` go."""
    return path.with_name(f"{path.stem}.{what}.rejected.csv")


def rejected_beside(file: Path) -> Path:
    """Where the bad rows of ``file`` go."""
    return file.with_name(f"{file.stem}.rejected.csv")


@contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """The ZIP at ``path``, if it is no trap: nothing is read from it before. Raises Unreadable."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError):
        raise Unreadable(f"{path}: ni mapa ne ZIP") from None
    with archive:
        members = archive.infolist()
        unpacked = sum(one.file_size for one in members)
        if len(members) > ENTRIES or unpacked > UNPACKED_BYTES:
            raise Unreadable(f"{path}: ZIP vsebuje preveč")
        if unpacked > MEGABYTE and unpacked > UNPACKED_TIMES * path.stat().st_size:
            raise Unreadable(f"{path}: ZIP bi se razpakiral v več kot {UNPACKED_TIMES}-krat toliko")
        for name in archive.namelist():
            if name.startswith("/") or ".." in PurePosixPath(name.replace("\\", "/")).parts:
                raise Unreadable(f"{path}: ZIP vsebuje nedovoljeno ime »{name[:80]}«")
        yield archive


def _files(archive: zipfile.ZipFile) -> list[str]:
    return [name for name in archive.namelist() if not name.endswith("/")]


def _refuse_damage(archive: zipfile.ZipFile, path: Path) -> None:
    try:
        damaged = archive.testzip()
    except DAMAGE:
        raise Unreadable(f"{path}: ZIP je šifriran ali poškodovan") from None
    if damaged:
        raise Unreadable(f"{path}: ZIP je poškodovan")


@dataclass(frozen=True)
class Wish:
    """How invoices are to be taken: ``keep`` is False when nothing is to be written."""

    mapping: Mapping[str, str]
    accept_sums: bool = False
    keep: bool = True


@contextmanager
def invoices_in(path: Path, wish: Wish) -> Iterator[Tables]:
    """The invoices and lines that ``path`` holds: a table, an XML, or a folder or ZIP of them.

    Raises Unreadable.
    """
    if path.is_dir():
        names = sorted(str(one.relative_to(path)) for one in path.rglob("*") if one.is_file())
        yield _of_pile(path, names, lambda name: (path / name).open("rb"), wish)
    elif zipfile.is_zipfile(path) and path.suffix.casefold() != ".xlsx":
        with _zip(path) as archive:
            opens = cast("Callable[[str], BinaryIO]", archive.open)
            yield _of_pile(path, _files(archive), opens, wish)
    elif path.suffix.casefold() == ".xml":
        yield _of_pile(path, [path.name], lambda _name: path.open("rb"), wish)
    else:
        yield [_table_of_invoices(path, wish)], []


def _of_pile(path: Path, names: list[str], opens: Callable[[str], BinaryIO], wish: Wish) -> Tables:
    """Tables first, lines before invoices; then the documents."""
    given: list[Given] = []
    pile = invoice_files.pile_of(names, opens)
    for kind in (invoice_lines.KIND, _wished(invoices.KIND, wish)):
        found = [name for name in names if _kind_of(name) is KINDS[kind.name]]
        aside = _aside(path, kind.stem)
        given += [Given(kind, _member(path, name, opens), aside) for name in found]
    if pile.names:
        kind = invoice_files.kind_of(pile, keep_originals=wish.keep, accept_sums=wish.accept_sums)
        source = source_of(path) if path.is_file() else _listing(path, pile.names, opens)
        given.append(Given(kind, source, _aside(path, "xml"), pile.rows))
    if not given:
        raise Unreadable(f"{path}: v njem ni računov (XML ali racuni.csv)")
    taken = {one.source.name.removeprefix(f"{path}/") for one in given}
    known = {*pile.names, *pile.pdfs.values(), *taken}
    return given, [name for name in names if name not in known]


def _member(path: Path, name: str, opens: Callable[[str], BinaryIO]) -> Source:
    with opens(name) as file:
        size = file.seek(0, 2)
    return Source(f"{path}/{name}", size, partial(opens, name))


def _listing(path: Path, names: Sequence[str], opens: Callable[[str], BinaryIO]) -> Source:
    """A folder's files as one: its fingerprint changes when any of them does."""
    members = [_member(path, name, opens) for name in names]
    lines = "".join(f"{sha256_of(one)}  {one.name}\n" for one in members).encode()
    return Source(str(path), sum(one.size for one in members), lambda: io.BytesIO(lines))


def _wished(kind: Kind, wish: Wish) -> Kind:
    return invoices.accepting_sums(kind) if wish.accept_sums else kind


def _table_of_invoices(path: Path, wish: Wish) -> Given:
    """A table is one of lines if it has their headings, else one of invoices."""
    source = source_of(path)
    kind = _wished(invoices.KIND, wish)
    try:
        with opened(source, examine(source)) as rows:
            find_headings(next(rows)[1], invoice_lines.KIND.wanted, wish.mapping)
        kind = invoice_lines.KIND
    except Unreadable:
        pass  # whatever is wrong with it is said when it is read as invoices
    return Given(kind, source, rejected_beside(path))


@contextmanager
def statements_in(path: Path) -> Iterator[Tables]:
    """The bank statements that ``path`` holds: an XML, or a ZIP of them. Raises Unreadable."""
    if path.suffix.casefold() == ".xml":
        source = source_of(path)
        yield [Given(statements.KIND, source, None, statements.rows_of)], []
        return
    with _zip(path) as archive:
        names = _files(archive)
        found = [one for one in names if invoice_files.is_document(PurePosixPath(one))]
        if not found:
            raise Unreadable(f"{path}: v njem ni izpiskov XML")
        opens = cast("Callable[[str], BinaryIO]", archive.open)
        given = [
            Given(statements.KIND, _member(path, one, opens), None, statements.rows_of)
            for one in found
        ]
        yield given, [name for name in names if name not in found]
