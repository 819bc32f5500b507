"""A folder or a ZIP that holds several tables, each named after its kind."""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from .actions import Given
from .cells import plain
from .kind import Kind
from .kinds import KINDS
from .table_file import MEGABYTE, Source, Unreadable, source_of

ENTRIES = 1000
UNPACKED_BYTES = 4096 * MEGABYTE
ENDINGS = {".csv", ".xlsx"}

# The tables in the order in which they build on each other, and the names of other files.
Tables = tuple[list[Given], list[str]]


@contextmanager
def tables_in(path: Path) -> Iterator[Tables]:
    """What the folder or ZIP at ``path`` holds, as long as the context lasts."""
    if path.is_dir():
        names = sorted(file.name for file in path.iterdir() if file.is_file())
        yield _in_order(path, names, partial(_in_folder, path))
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError):
        raise Unreadable(f"{path}: ni mapa ne ZIP") from None
    with archive:
        _check(archive, path)
        names = [name for name in archive.namelist() if not name.endswith("/")]
        yield _in_order(path, names, partial(_in_zip, archive, path))


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
        wanted = ", ".join(f"{kind.stem}.csv" for kind in KINDS.values())
        raise Unreadable(f"{path}: v njem ni nobene od datotek {wanted}")
    return [given(kind, found[kind.name]) for kind in KINDS.values() if kind.name in found], other


def _kind_of(name: str) -> Kind | None:
    """The kind a file's name stands for. Folders inside a ZIP do not matter."""
    file = PurePosixPath(name.replace("\\", "/"))
    if file.suffix.lower() not in ENDINGS or "__MACOSX" in file.parts:
        return None
    return next((kind for kind in KINDS.values() if plain(kind.stem) == plain(file.stem)), None)


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
    return Given(kind, source, path.with_name(f"{path.stem}.{kind.stem}.rejected.csv"))


def rejected_beside(file: Path) -> Path:
    """Where the bad rows of ``file`` go."""
    return file.with_name(f"{file.stem}.rejected.csv")


def _check(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse what is too much, encrypted or damaged before anything is read from it."""
    members = archive.infolist()
    if len(members) > ENTRIES or sum(one.file_size for one in members) > UNPACKED_BYTES:
        raise Unreadable(f"{path}: ZIP vsebuje preveč")
    try:
        damaged = archive.testzip()
    except (RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile, EOFError):
        raise Unreadable(f"{path}: ZIP je šifriran ali poškodovan") from None
    if damaged:
        raise Unreadable(f"{path}: ZIP je poškodovan")
