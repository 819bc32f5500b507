"""The one place where files are kept: folders of the instance, under names that we make."""

import contextlib
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Set
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from flask import current_app

from . import identity

log = logging.getLogger(__name__)

FOLDER_ID = "folder_id"
QUARANTINE = "quarantine"


class Shelf(StrEnum):
    """What kind of file it is: each has a folder of its own."""

    PHOTOS = "photos"
    INVOICES = "invoices"
    UPLOADS = "uploads"
    REJECTED = "rejected"
    LETTERS = "letters"
    JOBS = "jobs"


def keep(shelf: Shelf, data: bytes, ending: str) -> str:
    """Keep ``data`` for good; its name. It is on the disk when this returns."""
    folder = _folder(shelf)
    name = f"{secrets.token_hex(16)}.{ending}"
    part = folder / f"{name}.part"
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / name)
    return name


def fresh_path(shelf: Shelf, ending: str) -> Path:
    """Where a new file may be written by whoever makes it piece by piece."""
    return _folder(shelf) / f"{secrets.token_hex(16)}.{ending}"


def path_of(shelf: Shelf, name: str) -> Path:
    """Where the file called ``name`` lies."""
    return _folder(shelf) / name


def discard(shelf: Shelf, name: str) -> None:
    """Remove a kept file, as when what it belongs to was not saved."""
    path_of(shelf, name).unlink(missing_ok=True)


def folder_id() -> str:
    """Return the random id of this storage folder, made on first use.

    It lies in the folder itself: two folders differ also where they serve one database.
    """
    root = _root()
    path = root / FOLDER_ID
    if not path.exists():
        root.mkdir(parents=True, exist_ok=True)
        part = root / f"{FOLDER_ID}.{secrets.token_hex(8)}.part"
        try:
            part.write_text(secrets.token_hex(16), "ascii")
            with contextlib.suppress(FileExistsError):  # by another process, just now
                path.hardlink_to(part)
        finally:
            part.unlink(missing_ok=True)
    return path.read_text("ascii").strip()


def clean_up(shelf: Shelf, referenced: Set[str], age: timedelta) -> None:
    """Move files that no row references into quarantine, once they are older than ``age``.

    Files that are referenced again are taken back; the others leave the quarantine for good
    QUARANTINE_DAYS after they were moved. Beside another database nothing happens.
    """
    if not identity.may_remove_files():
        return
    days = current_app.config["QUARANTINE_DAYS"]
    folder, quarantine = _folder(shelf), _root() / QUARANTINE / shelf
    back = _move(quarantine, folder, _names(quarantine) & referenced)
    gone = _remove(quarantine, _older_than(quarantine, timedelta(days=days)))
    moved = _move(folder, quarantine, _older_than(folder, age) - referenced)
    if back or gone or moved:
        log.info(
            "%s: unreferenced files moved to quarantine: %s, taken back: %s, removed after %s "
            "days: %s",
            *(shelf, moved, back, days, gone),
        )


def is_empty() -> bool:
    """Whether the instance holds no stored file, in quarantine or outside."""
    folders = [_root() / parent / shelf for parent in ("", QUARANTINE) for shelf in Shelf]
    return not any(any(_paths(folder)) for folder in folders)


def _move(source: Path, target: Path, names: Set[str]) -> int:
    """Move files from folder to folder and return their count. Their time becomes now."""
    count = 0
    if names:
        target.mkdir(parents=True, exist_ok=True)
    for name in names:
        with contextlib.suppress(FileNotFoundError):  # another worker may have been here first
            os.utime(source / name)  # first: the days in quarantine never count too early
            shutil.move(source / name, target / name)
            count += 1
    return count


def _remove(folder: Path, names: Set[str]) -> int:
    count = 0
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            count += 1
    return count


def _older_than(folder: Path, age: timedelta) -> set[str]:
    before, found = time.time() - age.total_seconds(), set()
    for path in _paths(folder):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                found.add(path.name)
    return found


def _names(folder: Path) -> set[str]:
    return {path.name for path in _paths(folder)}


def _paths(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())


def _root() -> Path:
    return Path(current_app.config["STORAGE"])


def _folder(shelf: Shelf) -> Path:
    folder = _root() / shelf
    folder.mkdir(parents=True, exist_ok=True)
    return folder
