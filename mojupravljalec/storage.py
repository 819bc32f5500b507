"""The one place where uploaded files are kept: a folder, under names that we make."""

import os
import secrets
import time
from datetime import timedelta
from pathlib import Path

from flask import current_app


def keep(data: bytes, ending: str) -> str:
    """Keep ``data`` for good; its name. It is on the disk when this returns."""
    folder = _folder()
    name = f"{secrets.token_hex(16)}.{ending}"
    part = folder / f"{name}.part"
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / name)
    return name


def path_of(name: str) -> Path:
    """Where the file called ``name`` lies."""
    return _folder() / name


def older_than(age: timedelta) -> set[str]:
    """The names of the files that have been kept for longer than ``age``."""
    before = time.time() - age.total_seconds()
    return {path.name for path in _folder().iterdir() if path.stat().st_mtime < before}


def discard(name: str) -> None:
    """Remove a kept file, as when what it belongs to was not saved."""
    path_of(name).unlink(missing_ok=True)


def _folder() -> Path:
    folder = Path(current_app.config["PHOTOS"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder
