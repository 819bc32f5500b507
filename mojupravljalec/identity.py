"""The random id that a database and its storage folders share.

Files are cleaned up by comparing a folder with the database. Beside another database every file
would look unreferenced, so nothing is removed from a folder that carries another id, or none.
The migration that creates the table also draws the id. Several folders may carry it.
"""

import logging
import os
from pathlib import Path

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from .extensions import Base, db

log = logging.getLogger(__name__)


class PortalIdentity(Base):
    """The database's id, in its only row."""

    __tablename__ = "portal_identity"

    id: Mapped[str] = mapped_column(primary_key=True)


def database_id() -> str | None:
    """Return the id of the database."""
    return db.session.scalar(select(PortalIdentity.id))


def folder_id() -> str:
    """Return the id that the storage folder carries, or an empty text."""
    try:
        return _path().read_text("ascii", errors="replace").strip()
    except FileNotFoundError:
        return ""


def folder_matches() -> bool:
    """Whether the storage folder carries the id of the database."""
    return folder_id() == database_id()


def may_remove_files() -> bool:
    """Whether a periodic job may remove files of the storage folder; if not, log why."""
    if folder_matches():
        return True
    log.warning("no file is cleaned up: %s does not belong to this database", _path().parent)
    return False


def mark_folder() -> None:
    """Write the id of the database into the storage folder, replacing another one."""
    path, identity = _path(), database_id()
    assert identity, "the migration draws it"  # noqa: S101 narrows the type
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("w", encoding="ascii") as file:
        file.write(f"{identity}\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _path() -> Path:
    return Path(current_app.config["STORAGE"]) / "portal_id"
