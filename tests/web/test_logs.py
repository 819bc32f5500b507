"""What the log says, and what it must not say."""

import logging
import re
import sqlite3

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from mojupravljalec import logs
from mojupravljalec.accounts.models import Account
from mojupravljalec.extensions import db
from mojupravljalec.values import clock
from mojupravljalec.web.access import public

SECRET = "skrivnost"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [A-Z]+ web( [0-9A-F]{6})?: [^\n]*")


def record(message, *args, error=None, level=logging.ERROR):
    kept = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("x", level, __file__, 1, message, args, kept)


def written(message, *args, error=None):
    return logs.Formatter("web").format(record(message, *args, error=error))


def raised(make):
    """The exception that ``make`` raises, with its traceback."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 any will do
        make()
    return caught.value


def test_a_line_has_a_time_a_level_and_the_process():
    one = record("started", level=logging.INFO)
    one.created = 1_795_813_512.0
    assert logs.Formatter("worker").format(one) == "2026-11-27T21:05:12Z INFO worker: started"


@pytest.mark.parametrize(
    "outside",
    [
        "ana@primer.si",
        "<ana.novak+voda@primer.si>",
        "žana@žaba.si",
        '"ana novak"@primer.si',
        "/prijava?email=ana%40primer.si",
        "postgresql+psycopg://portal:ana@primer.si/portal",
        "550 5.1.1 <ana@primer.si>: unknown",
        "Key (email_key)=(ana@primer.si) already exists.",
    ],
)
def test_no_address_is_written(outside):
    error = raised(lambda: int(outside))
    for line in (written(outside), written("%s", outside), written("broken", error=error)):
        assert "ana" not in line.lower().split("traceback")[0].replace("...", "")
        assert "primer.si" not in line
        assert "žaba.si" not in line
        assert logs.MASK in line


@given(st.text())
def test_a_message_is_one_line_whatever_is_in_it(outside):
    for line in (written("said %s", outside), written("said: " + outside.replace("%", ""))):
        assert LINE.fullmatch(line), line


@given(st.text())
def test_no_line_of_a_traceback_looks_like_a_line_of_the_log(outside):
    first, *others = written("broken", error=ValueError(outside)).split("\n")
    assert LINE.fullmatch(first)
    assert others[0] == "    Traceback (most recent call last):"
    assert all(line.startswith(logs.INDENT) for line in others)


def test_a_traceback_has_its_causes():
    def fail():
        try:
            raise KeyError("first")
        except KeyError as error:
            raise RuntimeError("second") from error

    found = written("broken", error=raised(fail))
    assert found.index("KeyError: 'first'") < found.index("RuntimeError: second")
    assert "in fail" in found


# ---------------------------------------------------------------- what the database quotes


def _account(email):
    return Account(
        email=email,
        email_key=email,
        first_name="Skrivnost",
        last_name="Novak",
        password_hash="a hash that nobody may read",
        created_at=clock.now(),
    )


def test_a_violated_constraint_gives_no_value_away(app, cast):
    with app.app_context():
        db.session.add(_account("ana@primer.si"))
        with pytest.raises(IntegrityError) as caught:
            db.session.flush()
        db.session.rollback()
    for found in (written("broken", error=caught.value), logs.described(caught.value)):
        assert "email_key" in found  # which constraint it was
        for secret in ("ana@", "primer.si", "Skrivnost", "a hash that"):
            assert secret not in found


def test_a_value_that_does_not_fit_is_not_given_away(app):
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            pytest.skip("SQLite takes any value")
        query, typed = text("SELECT CAST(:typed AS integer)"), {"typed": SECRET}
        with pytest.raises(DBAPIError) as caught:
            db.session.execute(query, typed)
        db.session.rollback()
    found = written("broken: %s", caught.value, error=caught.value)
    assert SECRET not in found
    assert "22P02" in found
    assert "SELECT CAST" in found


def test_parameters_are_hidden(app):
    typed = {"typed": SECRET}
    with app.app_context(), pytest.raises(DBAPIError) as caught:
        db.session.execute(text("SELECT nothing FROM nowhere WHERE x = :typed"), typed)
    assert SECRET not in str(caught.value)
    assert SECRET not in written("broken", error=caught.value)
    assert "nowhere" in written("broken", error=caught.value)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (sqlite3.OperationalError("database is locked"), "OperationalError: database is locked"),
        (psycopg.OperationalError("connection refused"), "OperationalError: connection refused"),
        (psycopg.errors.UniqueViolation("Key (x)=(Skrivnost)"), "UniqueViolation: 23505"),
        (DBAPIError("SELECT 1", None, psycopg.errors.DiskFull("x")), "DiskFull: 53100"),
        (ValueError("two\nlines"), "ValueError: two lines"),
        (ValueError(), "ValueError"),
    ],
)
def test_an_error_is_described_on_one_line(error, says):
    assert logs.described(error) == says


# ---------------------------------------------------------------- the id of a request


def test_the_page_shows_the_id_that_every_line_of_the_request_has(make_app, caplog):
    app = make_app()
    log = logging.getLogger("test")

    @public
    def crash():
        log.warning("just before")
        raise RuntimeError

    app.add_url_rule("/crash", view_func=crash)
    caplog.handler.setFormatter(logs.Formatter("web"))
    headers = {"X-Request-Id": "FFFFFF", "X-Request-ID": "FFFFFF"}
    pages = [app.test_client().get("/crash", headers=headers).text for _ in range(2)]
    ids = [re.search(r"Oznaka napake: (\w+)", page)[1] for page in pages]
    before_one, one, before_two, two = (
        line for line in caplog.text.splitlines() if LINE.fullmatch(line)
    )
    for line, number in zip((before_one, one, before_two, two), (0, 0, 1, 1), strict=True):
        assert f" web {ids[number]}: " in line
    assert ids[0] != ids[1]
    assert "FFFFFF" not in ids


def test_granian_and_alembic_write_through_the_same_formatter():
    made = logs.settings("web")
    assert made["root"]["handlers"] == ["stderr"]
    assert all(not one.get("handlers") for one in made["loggers"].values())
    assert made["formatters"]["line"]["()"] is logs.Formatter
