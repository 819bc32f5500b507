"""The one place where files are kept: folders of the instance, under names that we make."""

import contextlib
import os
import secrets
import time
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from flask import current_app

FOLDER_ID = "folder_id"


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


def older_than(shelf: Shelf, age: timedelta) -> set[str]:
    """The names of the files that have been kept for longer than ``age``."""
    before = time.time() - age.total_seconds()
    return {path.name for path in _folder(shelf).iterdir() if path.stat().st_mtime < before}


def discard(shelf: Shelf, name: str) -> None:
    """Remove a kept file, as when what it belongs to was not saved."""
    path_of(shelf, name).unlink(missing_ok=True)


def folder_id() -> str:
    """Return the random id of this storage folder, made on first use.

    It lies in the folder itself: two folders differ also where they serve one database.
    """
    root = Path(current_app.config["STORAGE"])
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


def _folder(shelf: Shelf) -> Path:
    folder = Path(current_app.config["STORAGE"]) / shelf
    folder.mkdir(parents=True, exist_ok=True)
    return folder
