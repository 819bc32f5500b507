"""An empty database plus the migrations is what the models say, on either database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Inspector, inspect, text

from mojupravljalec.extensions import Base, db
from mojupravljalec.jobs.models import Job

from ..conftest import SECRET, _app
from ..postgres import new_database


@pytest.fixture
def empty_database(database_uri, tmp_path) -> str:
    return _new_database(database_uri, tmp_path)


@pytest.fixture(scope="module")
def migrated(database_uri, tmp_path_factory) -> Iterator[Inspector]:
    folder = tmp_path_factory.mktemp("migrated")
    with _app(folder, _new_database(database_uri, folder)).app_context():
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            yield inspect(connection)
        db.engine.dispose()


def _new_database(uri: str, folder: Path) -> str:
    """The address of a database without a table. On Postgres it goes with the server."""
    if uri.startswith("sqlite"):
        return f"sqlite:///{folder}/empty.db"
    return new_database(uri)


def test_the_migrations_make_what_the_models_say(migrated):
    options = {"compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(migrated.bind, opts=options)
    assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize(
    "what",
    [
        "columns",
        "pk_constraint",
        "foreign_keys",
        "unique_constraints",
        "check_constraints",
        "indexes",
    ],
)
def test_the_migrations_make_the_same_as_the_models_themselves(app, migrated, what):
    with app.app_context(), db.engine.connect() as connection:
        made = inspect(connection)
        for table in Base.metadata.tables:
            assert _seen(migrated, what, table) == _seen(made, what, table), table


def test_no_other_table_is_made(migrated):
    assert set(migrated.get_table_names()) == {*Base.metadata.tables, "alembic_version"}


def test_migrating_again_changes_nothing(empty_database, tmp_path):
    with _app(tmp_path, empty_database).app_context():
        flask_migrate.upgrade()
        db.session.execute(
            text("INSERT INTO throttle_window (key, tries, ends_at) VALUES ('a', '[]', 0)")
        )
        db.session.commit()
        flask_migrate.upgrade()
        assert db.session.scalar(text("SELECT count(*) FROM throttle_window")) == 1
        db.session.rollback()
        db.engine.dispose()


def test_jobs_that_waited_before_leases_can_be_taken_by_any_folder(empty_database, tmp_path):
    with _app(tmp_path, empty_database).app_context():
        flask_migrate.upgrade(revision="0003_office")
        db.session.execute(
            text(
                "INSERT INTO job (kind, subject_id, asked_at, arguments, state, tries, trouble)"
                " VALUES ('import-write', 7, '2026-11-22 12:00:00', '{}', 'queued', 0, '')"
            )
        )
        db.session.commit()
        flask_migrate.upgrade()
        job = db.session.scalars(db.select(Job)).one()
        assert (job.subject_id, job.folder, job.fence, job.lease_until) == (7, "", 0, None)
        db.session.remove()
        flask_migrate.downgrade(revision="0003_office")
        assert db.session.scalar(text("SELECT subject_id FROM job")) == 7
        db.session.rollback()
        db.engine.dispose()


def test_exchanges_reported_before_are_kept_apart_from_the_old_meter(empty_database, tmp_path):
    readings = {
        "2026-11-01": ("portal", "accepted", "leak", "NULL"),
        "2026-11-02": ("portal", "accepted", "meter_changed", "NULL"),
        "2026-11-03": ("portal", "accepted", "meter_changed", "'2026-11-10'"),
        "2026-11-04": ("collector", "accepted", "", "NULL"),
    }
    with _app(tmp_path, empty_database).app_context():
        flask_migrate.upgrade(revision="0003_office")
        for statement in (
            "INSERT INTO supply_point (number, street, post_code, town) VALUES ('1', '', '', '')",
            "INSERT INTO meter_installation (supply_point_id, serial, installed_on, start_l, "
            "digits, decimals) SELECT id, '18', '2026-01-01', 0, 5, 0 FROM supply_point",
            *(
                "INSERT INTO reading (installation_id, taken_on, value_l, source, status, reason, "
                f"doubts, photo, exported_at) SELECT id, '{day}', 0, '{source}', '{status}', "
                f"'{reason}', '', '', {exported_at} FROM meter_installation"
                for day, (source, status, reason, exported_at) in readings.items()
            ),
        ):
            db.session.execute(text(statement))
        db.session.commit()
        flask_migrate.upgrade(revision="0010_reported_exchange")
        found = db.session.execute(
            text("SELECT status, reported_serial FROM reading ORDER BY taken_on")
        ).all()
        db.session.rollback()
        flask_migrate.downgrade(revision="0003_office")
        assert db.session.scalar(text("SELECT count(*) FROM reading")) == 4
        db.session.rollback()
        db.engine.dispose()
    accepted = ("accepted", None)
    assert [tuple(row) for row in found] == [accepted, ("pending", ""), accepted, accepted]


def test_there_is_one_line_of_migrations(app):
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(app.config["MIGRATIONS"]))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_the_command_makes_the_database_and_says_so(empty_database, tmp_path):
    settings = {
        "MOJUPRAVLJALEC_INSTANCE": str(tmp_path / "instance"),
        "MOJUPRAVLJALEC_SECRET_KEY": SECRET,
        "MOJUPRAVLJALEC_SQLALCHEMY_DATABASE_URI": empty_database,
    }
    for _turn in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "mojupravljalec", "upgrade"],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert len(done.stdout.splitlines()) == 1
    assert (tmp_path / "instance").is_dir()


def _seen(inspector: Inspector, what: str, table: str) -> object:
    """What the database tells of ``table``, in an order of its own."""
    seen = getattr(inspector, f"get_{what}")(table)
    return sorted(map(_plain, seen)) if isinstance(seen, list) else _plain(seen)


def _plain(thing: object) -> str:
    if isinstance(thing, dict):
        return str({key: _plain(value) for key, value in sorted(thing.items())})
    return str(thing)


# ---------------------------------------------------------------- with rows in the tables


def test_waiting_passwords_move_to_their_links_and_back(empty_database, tmp_path):
    with _app(tmp_path, empty_database).app_context():
        flask_migrate.upgrade(revision="0003_office")
        _insert_accounts(
            ("ana", None, None, "hash of ana"),
            ("bojan", None, None, "hash of bojan"),  # his links were forgotten
            ("cvetka", "2026-11-01 12:00:00", None, "hash of cvetka"),
            ("clerk", None, "clerk", ""),
        )
        for name, purpose, used in (
            ("ana", "activation", None),
            ("cvetka", "activation", "2026-11-01 12:00:00"),
            ("cvetka", "reset", None),
            ("clerk", "invitation", None),
        ):
            _insert_link(name, purpose, used)
        db.session.commit()
        flask_migrate.upgrade()
        links = db.session.execute(
            text("SELECT asked_for, purpose, first_name, password_hash FROM mail_link ORDER BY id")
        )
        assert list(map(tuple, links)) == [
            ("ana", "activation", "Ana", "hash of ana"),
            ("cvetka", "activation", "", ""),
            ("cvetka", "reset", "", ""),
            ("clerk", "invitation", "", ""),
        ]
        assert _passwords() == {
            "ana": "",
            "bojan": "hash of bojan",
            "cvetka": "hash of cvetka",
            "clerk": "",
        }
        marks = list(db.session.scalars(text("SELECT browser_mark FROM account")))
        assert len(set(marks)) == 4
        assert min(map(len, marks)) >= 16
        db.session.rollback()
        flask_migrate.downgrade(revision="0003_office")
        assert _passwords()["ana"] == "hash of ana"
        assert _passwords()["cvetka"] == "hash of cvetka"
        db.session.rollback()
        db.engine.dispose()


def _insert_accounts(*rows: tuple[str, str | None, str | None, str]) -> None:
    for name, activated_at, role, password_hash in rows:
        db.session.execute(
            text(
                "INSERT INTO account (email, email_key, first_name, last_name, password_hash, "
                "created_at, activated_at, role) VALUES "
                "(:name, :name, :first, 'Novak', :hash, '2026-11-01 11:00:00', :at, :role)"
            ),
            {"name": name, "first": name.title(), "hash": password_hash, "at": activated_at}
            | {"role": role},
        )


def _insert_link(name: str, purpose: str, used_at: str | None) -> None:
    db.session.execute(
        text(
            "INSERT INTO mail_link (account_id, asked_for, purpose, created_at, code_hash, "
            "wrong_codes, new_email, used_at) SELECT id, email, :purpose, "
            "'2026-11-01 11:00:00', '', 0, '', :used_at FROM account WHERE email = :name"
        ),
        {"name": name, "purpose": purpose, "used_at": used_at},
    )


def _passwords() -> dict[str, str]:
    rows = db.session.execute(text("SELECT email, password_hash FROM account"))
    return {row.email: row.password_hash for row in rows}
