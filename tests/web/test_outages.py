"""A 503 names its cause; what is no outage is a bug."""

import errno
import logging

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mojupravljalec.extensions import db
from mojupravljalec.web.access import public
from mojupravljalec.web.outages import Cause, cause_of

from ..conftest import _app

HEADINGS = {
    Cause.BUSY: "The portal is busy",
    Cause.DISK_FULL: "The portal cannot save anything now",
    Cause.DISK_FAILS: "The portal cannot save anything now",
    Cause.READ_ONLY: "The portal can only be read now",
    Cause.DATABASE_AWAY: "The data cannot be reached now",
}
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), Cause.DISK_FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), Cause.DISK_FULL),
        (OSError(errno.EROFS, "Read-only file system"), Cause.READ_ONLY),
        (OSError(errno.EIO, "Input/output error"), Cause.DISK_FAILS),
        (FileNotFoundError(errno.ENOENT, "x"), None),
        (PoolTimeout(), Cause.BUSY),
        (psycopg.errors.DiskFull("x"), Cause.DISK_FULL),
        (psycopg.errors.IoError("x"), Cause.DISK_FAILS),
        (psycopg.errors.ReadOnlySqlTransaction("x"), Cause.READ_ONLY),
        (psycopg.errors.AdminShutdown("x"), Cause.DATABASE_AWAY),
        (psycopg.errors.CannotConnectNow("x"), Cause.DATABASE_AWAY),
        (psycopg.errors.InvalidPassword("x"), Cause.DATABASE_AWAY),
        (psycopg.errors.InvalidCatalogName("x"), Cause.DATABASE_AWAY),
        (psycopg.errors.ConnectionFailure("x"), Cause.DATABASE_AWAY),
        (psycopg.OperationalError("connection refused"), Cause.DATABASE_AWAY),
        (psycopg.InterfaceError("the connection is closed"), Cause.DATABASE_AWAY),
        (psycopg.errors.TooManyConnections("x"), Cause.BUSY),
        (psycopg.errors.OutOfMemory("x"), Cause.BUSY),
        (psycopg.errors.LockNotAvailable("x"), Cause.BUSY),
        (psycopg.errors.DeadlockDetected("x"), Cause.BUSY),
        (psycopg.errors.SerializationFailure("x"), Cause.BUSY),
        (psycopg.errors.QueryCanceled("x"), Cause.BUSY),
        (psycopg.errors.UndefinedTable("x"), None),
        (psycopg.errors.UniqueViolation("x"), None),
        (psycopg.DataError("NUL"), None),
        (ValueError("x"), None),
    ],
    ids=lambda one: str(getattr(one, "errno", None) or type(one).__name__),
)
def test_the_cause_is_read_off_the_error(error, cause):
    is_drivers = isinstance(error, psycopg.Error)
    wrapped = DBAPIError("SELECT 1", None, error) if is_drivers else error
    assert cause_of(wrapped) == cause


@pytest.fixture
def failing(make_app):
    """The portal with a page that raises what it is given."""
    app = make_app(DEFAULT_LANGUAGE="en")
    errors = []

    @public
    def fail():
        raise errors.pop()

    app.add_url_rule("/fail", view_func=fail, methods=["GET", "POST"])
    app.add_url_rule("/api/fail", "fail", view_func=fail)
    return app.test_client(), errors.append


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("name", ["ENOSPC", "EROFS", "EIO"])
def test_the_page_names_what_is_out_of_order(failing, caplog, name, headers):
    client, raises = failing
    number = getattr(errno, name)
    cause = cause_of(OSError(number, ""))
    raises(OSError(number, "the inside"))
    answer = client.post("/fail", headers=headers)
    assert answer.status_code == 503
    assert HEADINGS[cause] in answer.text
    assert "Error mark" in answer.text
    assert "the inside" not in answer.text
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert record.getMessage().startswith(f"{cause} in fail, error ")


@pytest.mark.parametrize("name", ["ENOSPC", "EROFS", "EIO"])
def test_a_program_reads_the_cause(failing, caplog, name):
    client, raises = failing
    raises(OSError(getattr(errno, name), "the inside"))
    answer = client.get("/api/fail")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert answer.json["cause"] == cause_of(OSError(getattr(errno, name), ""))
    assert "the inside" not in answer.text


# ---------------------------------------------------------------- as databases really fail


def heading_of(app, path="/aktivacija/novo-sporocilo"):
    """What somebody reads whose form is not saved."""
    form = {"email": "ana@primer.si"}
    answer = app.test_client().post(path, data=form, headers={"Accept-Language": "en"})
    assert answer.status_code == 503, answer.status_code
    return answer.text.split("<h1>")[1].split("</h1>")[0]


def on_sqlite(app):
    if not app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        pytest.skip("SQLite")


def on_postgres(app):
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        pytest.skip("Postgres")


@pytest.fixture
def broken_by(make_app):
    """The portal, each of whose connections begins with a statement."""

    def make(statement):
        app = make_app()
        with app.app_context():

            @event.listens_for(db.engine, "connect")
            def _break(connection, _record):
                connection.execute(statement)
                connection.commit()

        return app

    return make


def test_a_full_sqlite_is_a_full_disk(app, broken_by, caplog):
    on_sqlite(app)
    with app.app_context():
        pages = db.session.scalar(text("PRAGMA page_count"))
    full = broken_by(f"PRAGMA max_page_count={pages}")
    large = {"key": "x" * 50_000_000}
    insert = text("INSERT INTO throttle_window (key, tries, ends_at) VALUES (:key, '[]', 0)")
    with full.app_context(), pytest.raises(DBAPIError) as caught:
        db.session.execute(insert, large)
    assert cause_of(caught.value) is Cause.DISK_FULL


def test_a_read_only_sqlite_says_so(app, broken_by, caplog):
    on_sqlite(app)
    assert heading_of(broken_by("PRAGMA query_only=ON")) == HEADINGS[Cause.READ_ONLY]


def test_a_locked_sqlite_is_busy(app, broken_by, caplog):
    on_sqlite(app)
    impatient = broken_by("PRAGMA busy_timeout=1")
    with app.app_context():
        db.session.execute(text("SELECT 1"))  # outside of a request: it takes the lock
        assert heading_of(impatient) == HEADINGS[Cause.BUSY]


def test_a_missing_database_is_away(app, tmp_path, caplog):
    uri = f"sqlite:///{tmp_path}/no-such-folder/portal.db"
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgres"):
        uri = "postgresql+psycopg://ana:geslo@127.0.0.1:1/portal"
    away = _app(tmp_path, uri)
    assert heading_of(away) == HEADINGS[Cause.DATABASE_AWAY]
    assert "geslo" not in caplog.text


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("SET default_transaction_read_only = on", Cause.READ_ONLY),
        ("SET statement_timeout = 1", Cause.BUSY),
    ],
)
def test_postgres_says_what_is_the_matter(app, broken_by, caplog, statement, cause):
    on_postgres(app)
    broken = broken_by(statement)
    if cause is Cause.BUSY:
        with broken.app_context(), pytest.raises(DBAPIError) as caught:
            db.session.execute(text("SELECT pg_sleep(1)"))
        assert cause_of(caught.value) is cause
        return
    assert heading_of(broken) == HEADINGS[cause]


def test_a_connection_that_postgres_ends_is_away(app):
    on_postgres(app)
    with app.app_context(), pytest.raises(DBAPIError) as caught:
        db.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert cause_of(caught.value) is Cause.DATABASE_AWAY
