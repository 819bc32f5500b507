"""A database and its folder of files share an identity; beside another one no file is lost."""

import logging
import os
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import create_engine, make_url, select, text

from mojupravljalec import identity, startup, storage
from mojupravljalec.extensions import db
from mojupravljalec.intake.models import Upload
from mojupravljalec.mail.cli import _house_work
from mojupravljalec.mail.sending import RECEIPTS_KEPT
from mojupravljalec.metering.models import Reading
from mojupravljalec.migrations.cli import bring_up_to_date
from mojupravljalec.storage import Shelf
from mojupravljalec.values import clock

from ..bills import bill, water
from ..conftest import _app, _customer, _house
from ..postgres import new_database

LONG_AGO_DAYS = 400


class Databases:
    """Databases of the portal, each with its schema, and copies of them as a backup holds."""

    def __init__(self, uri: str, folder: Path) -> None:
        self.uri, self.folder, self.count = uri, folder, 0
        self.apps: list[Flask] = []

    def empty(self) -> str:
        """Return the URI of a database without a table."""
        self.count += 1
        if self.uri.startswith("sqlite"):
            return f"sqlite:///{self.folder}/{self.count}.db"
        return new_database(self.uri)

    def upgraded(self, folder: Path, uri: str = "") -> Flask:
        """Return the portal on a database that `upgrade` has made or migrated."""
        app = self.portal(folder, uri or self.empty())
        with app.app_context():
            bring_up_to_date()
        return app

    def portal(self, folder: Path, uri: str, **settings: object) -> Flask:
        self.apps.append(_app(folder, uri, **settings))
        return self.apps[-1]

    def copy(self, app: Flask) -> str:
        """Return the URI of a copy of the database as it is now."""
        source = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
        _close(app)
        if source.drivername.startswith("sqlite"):
            target = make_url(self.empty())
            shutil.copyfile(source.database, target.database)
        else:
            target = source.set(database=f"{source.database}_copy")
            admin = create_engine(self.uri, isolation_level="AUTOCOMMIT")
            with admin.connect() as connection:
                connection.execute(
                    text(f'CREATE DATABASE "{target.database}" TEMPLATE "{source.database}"')
                )
            admin.dispose()
        return target.render_as_string(hide_password=False)


class Files(NamedTuple):
    """A photo of a reading and an original PDF of an invoice, as paths."""

    photo: Path
    pdf: Path

    def are_there(self) -> bool:
        return self.photo.read_bytes() == b"a photo" and self.pdf.read_bytes() == b"%PDF"

    def are_quarantined(self) -> bool:
        folder = self.photo.parents[1] / storage.QUARANTINE
        aside = Files(folder / "photos" / self.photo.name, folder / "invoices" / self.pdf.name)
        return not self.photo.exists() and not self.pdf.exists() and aside.are_there()


@pytest.fixture
def databases(database_uri: str, tmp_path: Path) -> Iterator[Databases]:
    made = Databases(database_uri, tmp_path)
    yield made
    for app in made.apps:
        _close(app)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "instance"


@pytest.fixture
def portal(databases: Databases, folder: Path) -> Flask:
    """A portal whose database and folder belong together."""
    return databases.upgraded(folder)


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _aged(path: Path, days: float) -> Path:
    moment = time.time() - days * 86_400
    os.utime(path, (moment, moment))
    return path


def _stored(shelf: Shelf, data: bytes, ending: str, days: float = LONG_AGO_DAYS) -> Path:
    return _aged(storage.path_of(shelf, storage.keep(shelf, data, ending)), days)


def _reading_and_invoice(app: Flask) -> Files:
    """Write a reading with a photo and an invoice with its PDF, both long ago."""
    with app.app_context():
        files = Files(
            _stored(Shelf.PHOTOS, b"a photo", "jpg"), _stored(Shelf.INVOICES, b"%PDF", "pdf")
        )
        customer = _customer(0)
        _house(customer)
        db.session.scalars(select(Reading)).first().photo = files.photo.name
        bill(customer.id, "2026/10-1", water(20), original=files.pdf.name)
        db.session.commit()
    return files


def clean_up(app: Flask) -> None:
    """Do what the worker does once an hour."""
    with app.app_context():
        _house_work()
        db.session.remove()


def trouble(app: Flask) -> str:
    with app.app_context():
        return startup.folder_trouble()


# ---------------------------------------------------------------- whose folder it is


def test_upgrade_marks_an_empty_folder(databases, folder):
    app = databases.upgraded(folder)
    with app.app_context():
        assert identity.folder_id() == identity.database_id()
        assert len(identity.folder_id()) == 32
    assert trouble(app) == ""


def test_upgrading_again_changes_no_identity(databases, folder, portal):
    before = (folder / "portal_id").read_text()
    databases.upgraded(folder, portal.config["SQLALCHEMY_DATABASE_URI"])
    assert (folder / "portal_id").read_text() == before


def test_every_database_has_an_identity_of_its_own(databases, tmp_path):
    for name in ("a", "b"):
        databases.upgraded(tmp_path / name)
    assert (tmp_path / "a/portal_id").read_text() != (tmp_path / "b/portal_id").read_text()


def test_several_folders_may_belong_to_one_database(databases, portal, tmp_path):
    other = databases.portal(tmp_path / "second", portal.config["SQLALCHEMY_DATABASE_URI"])
    assert "First: mojupravljalec upgrade" in trouble(other)
    with other.app_context():
        bring_up_to_date()
    assert trouble(other) == trouble(portal) == ""


def test_a_new_database_does_not_take_over_a_folder_with_files(databases, folder):
    (folder / "photos").mkdir(parents=True)
    (folder / "photos/a.jpg").write_bytes(b"a photo")
    assert "mojupravljalec adopt-files" in trouble(databases.upgraded(folder))
    assert not (folder / "portal_id").exists()


def test_files_in_quarantine_are_files(databases, folder):
    (folder / "quarantine/photos").mkdir(parents=True)
    (folder / "quarantine/photos/a.jpg").write_bytes(b"a photo")
    databases.upgraded(folder)
    assert not (folder / "portal_id").exists()


def test_a_new_database_does_not_take_over_another_ones_folder(databases, folder, portal):
    before = (folder / "portal_id").read_text()
    other = databases.upgraded(folder)
    assert "belongs to another database" in trouble(other)
    assert (folder / "portal_id").read_text() == before


def test_a_portal_without_an_identity_keeps_its_files(databases, folder):
    app = databases.portal(folder, databases.empty())
    with app.app_context():
        folder.mkdir()
        flask_migrate.upgrade(revision="0003_office")
        photo = _stored(Shelf.PHOTOS, b"a photo", "jpg")
        bring_up_to_date()
        assert photo.exists()
    assert trouble(app) == ""


def test_a_database_older_than_identities_does_not_take_over_another_ones_folder(
    databases, folder, portal
):
    before = (folder / "portal_id").read_text()
    older = databases.portal(folder, databases.empty())
    with older.app_context():
        flask_migrate.upgrade(revision="0003_office")
        bring_up_to_date()
    assert "belongs to another database" in trouble(older)
    assert (folder / "portal_id").read_text() == before


def test_a_known_database_does_not_take_over_files_without_an_identity(databases, folder, portal):
    _reading_and_invoice(portal)
    (folder / "portal_id").unlink()
    databases.upgraded(folder, portal.config["SQLALCHEMY_DATABASE_URI"])
    assert "does not say to which database" in trouble(portal)


def test_the_check_at_start_does_not_wait_for_a_running_import(portal):
    """It holds the only write lock of SQLite for minutes."""
    uri = portal.config["SQLALCHEMY_DATABASE_URI"]
    options = portal.config["SQLALCHEMY_ENGINE_OPTIONS"]
    engine = create_engine(uri, **options)
    with engine.connect() as writer, portal.app_context():
        writer.execute(text("UPDATE portal_identity SET id = id"))
        startup.check()
    engine.dispose()


# ---------------------------------------------------------------- what survives


def _tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _old_upload(app: Flask) -> None:
    with app.app_context():
        upload = Upload(
            file_name="stranke.csv",
            stored=_stored(Shelf.UPLOADS, b"sifra", "bin").name,
            size_bytes=5,
            sha256="",
            received_at=clock.now() - timedelta(days=LONG_AGO_DAYS),
            by="Cvetka",
            account_id=None,
            kind="customers",
            encoding="utf-8",
            separator=";",
            headings=[],
            sample=[],
        )
        db.session.add(upload)
        db.session.commit()


def _files_of_every_kind(app: Flask) -> None:
    """Old files, none of which the database of another portal knows."""
    _reading_and_invoice(app)
    with app.app_context():
        _stored(Shelf.LETTERS, b"%PDF letters", "pdf")
        receipts = Path(app.config["MAILBOX"]) / "accepted"
        receipts.mkdir(parents=True)
        (receipts / "receipt").touch()
        _aged(receipts / "receipt", RECEIPTS_KEPT.days + 1)


@pytest.mark.parametrize("mark", ["another", "none"])
def test_beside_another_database_nothing_is_removed(databases, folder, portal, mark, caplog):
    _files_of_every_kind(portal)
    if mark == "none":
        (folder / "portal_id").unlink()
    other = databases.upgraded(folder)
    _old_upload(other)
    before = _tree(folder)
    clean_up(other)
    assert _tree(folder) == before
    assert "does not belong to this database" in caplog.text


def test_photos_and_pdfs_survive_an_older_database(databases, folder, portal):
    older = databases.copy(portal)
    files = _reading_and_invoice(portal)
    restored = databases.portal(folder, older)
    assert trouble(restored) == ""
    clean_up(restored)
    assert files.are_quarantined()
    clean_up(portal)  # the newer database is there again
    assert files.are_there()
    assert not any((folder / "quarantine").rglob("*.*"))


def test_photos_and_pdfs_survive_a_restored_folder(databases, folder, portal, tmp_path):
    files = _reading_and_invoice(portal)
    backup = shutil.copytree(folder, tmp_path / "backup")
    with portal.app_context():  # since the backup, the photo and the invoice were taken back
        db.session.execute(text("UPDATE reading SET photo = ''"))
        db.session.execute(text("UPDATE invoice SET original = ''"))
        db.session.commit()
    clean_up(portal)
    assert files.are_quarantined()
    shutil.rmtree(folder)
    backup.rename(folder)
    assert trouble(portal) == ""
    clean_up(portal)
    assert files.are_quarantined()


def test_what_is_referenced_stays_where_it_is(portal):
    files = _reading_and_invoice(portal)
    clean_up(portal)
    assert files.are_there()


# ---------------------------------------------------------------- quarantine


@pytest.fixture
def quarantine(app: Flask) -> Iterator[Path]:
    """The folder of the quarantine of a portal at work."""
    with app.app_context():
        _house_work()  # other tests leave old files in the shared folder
        yield app.config["STORAGE"] / storage.QUARANTINE
        db.session.remove()


@pytest.mark.parametrize(
    ("shelf", "ending"),
    [
        (Shelf.PHOTOS, "jpg"),
        (Shelf.INVOICES, "pdf"),
        (Shelf.LETTERS, "pdf"),
        (Shelf.UPLOADS, "bin"),
    ],
)
def test_a_file_without_a_row_waits_in_quarantine(quarantine, shelf, ending, caplog):
    caplog.set_level(logging.INFO)
    path = _stored(shelf, b"data", ending)
    aside = quarantine / shelf / path.name
    _house_work()
    assert not path.exists()
    assert aside.read_bytes() == b"data"
    lines = [record.getMessage() for record in caplog.records if record.name.endswith("storage")]
    assert lines == [
        f"{shelf}: unreferenced files moved to quarantine: 1, taken back: 0, "
        "removed after 30 days: 0"
    ]
    _house_work()  # the days count from the move, however old the file is
    _aged(aside, 29.9)
    _house_work()
    assert aside.exists()
    _aged(aside, 30.1)
    _house_work()
    assert not aside.exists()


def test_rejected_rows_without_an_upload_wait_in_quarantine(quarantine):
    rows = storage.path_of(Shelf.REJECTED, "987654")
    rows.mkdir()
    (rows / "stranke.rejected.csv").write_text("razlog")
    _aged(rows, 2)
    aside = quarantine / Shelf.REJECTED / rows.name
    _house_work()
    assert not rows.exists()
    assert (aside / "stranke.rejected.csv").read_text() == "razlog"
    _aged(aside, 30.1)
    _house_work()
    assert not aside.exists()


def test_the_days_in_quarantine_are_a_setting(make_app):
    with make_app(QUARANTINE_DAYS=3).app_context():
        identity.mark_folder()
        path = _stored(Shelf.PHOTOS, b"data", "jpg")
        aside = path.parents[1] / storage.QUARANTINE / "photos" / path.name
        _house_work()
        _aged(aside, 2.9)
        _house_work()
        assert aside.exists()
        _aged(aside, 3.1)
        _house_work()
        assert not aside.exists()


@pytest.mark.usefixtures("quarantine")
def test_a_young_file_without_a_row_stays():
    path = _stored(Shelf.PHOTOS, b"data", "jpg", days=1)
    _house_work()
    assert path.exists()
    path.unlink()


def test_a_discarded_file_is_gone_at_once(quarantine):
    path = _stored(Shelf.UPLOADS, b"data", "bin")
    storage.discard(Shelf.UPLOADS, path.name)
    assert not path.exists()
    assert not (quarantine / Shelf.UPLOADS / path.name).exists()
