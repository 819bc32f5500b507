"""A transaction that lost to another one is run again, and takes effect once."""

import io
import threading
from datetime import date
from uuid import uuid4

import pytest
import time_machine
from flask import flash, request, session
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from mojupravljalec import storage, transactions
from mojupravljalec.extensions import db
from mojupravljalec.metering.models import Reading
from mojupravljalec.notices.models import Notice
from mojupravljalec.throttle.models import ThrottleWindow
from mojupravljalec.web.access import public

from ..files import stored
from ..metering.household import NOON, picture, upload

PLACE = "/pozabljeno-geslo"  # an address that takes forms


class DriverError(Exception):
    """What a driver raises, with the state that Postgres gave."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def failure(sqlstate: str) -> OperationalError:
    return OperationalError("UPDATE", {}, DriverError(sqlstate))


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(transactions, "PAUSE_S", 0)


@pytest.fixture
def put(app, monkeypatch):
    """Puts a view where forms are taken."""
    return lambda view: monkeypatch.setitem(app.view_functions, "accounts.forgotten", public(view))


def add_notice(title):
    day = date(2026, 11, 22)
    db.session.add(Notice(title=title, text="", from_on=day, to_on=day))
    db.session.flush()


def titles(app):
    with app.app_context():
        return list(db.session.scalars(db.select(Notice.title).order_by(Notice.id)))


@pytest.mark.parametrize("sqlstate", ["40P01", "40001", "23505"])
def test_a_view_that_lost_runs_again_as_a_whole(app, put, sqlstate):
    seen = []

    def view():
        seen.append((request.form["value"], request.files["photo"].read()))
        session["count"] = session.get("count", 0) + 1
        flash("Sent.")
        add_notice("sent")
        if len(seen) == 1:
            raise failure(sqlstate)
        db.session.commit()
        return "done"

    put(view)
    client = app.test_client()
    form = {"value": "475", "photo": (io.BytesIO(b"a photo"), "photo.jpg")}
    assert client.post(PLACE, data=form).text == "done"
    assert seen == [("475", b"a photo")] * 2
    assert titles(app) == ["sent"]
    with client.session_transaction() as cookie:
        assert cookie["count"] == 1
        assert cookie["_flashes"] == [("message", "Sent.")]


def test_a_job_that_breaks_a_unique_key_is_not_run_again(app):
    runs = []

    def work():
        runs.append(1)
        raise failure("23505")

    with app.app_context(), pytest.raises(OperationalError):
        transactions.repeated(work)
    assert runs == [1]


def test_a_view_that_always_loses_is_given_up(app, put):
    runs = []

    def view():
        runs.append(1)
        add_notice("sent")
        raise failure(transactions.DEADLOCK)

    put(view)
    assert app.test_client().post(PLACE).status_code == 503
    assert len(runs) == transactions.ATTEMPTS
    assert titles(app) == []


def test_other_failures_are_not_repeated(app, put):
    runs = []

    def view():
        runs.append(1)
        raise failure("57014")

    put(view)
    assert app.test_client().post(PLACE).status_code == 503
    assert len(runs) == 1


def test_a_view_that_has_committed_is_not_run_again(app, put):
    def view():
        add_notice("first")
        db.session.commit()
        add_notice("second")
        raise failure(transactions.DEADLOCK)

    put(view)
    assert app.test_client().post(PLACE).status_code == 503
    assert titles(app) == ["first"]


class Pipe(io.BytesIO):
    def seekable(self):
        return False


@pytest.mark.parametrize(
    ("body", "expected"), [(io.BytesIO, (200, [b"rows", b"rows"])), (Pipe, (503, [b"rows"]))]
)
def test_a_streamed_body_is_read_again_where_that_is_possible(app, put, body, expected):
    bodies = []

    def view():
        bodies.append(request.stream.read())
        if len(bodies) == 1:
            raise failure(transactions.DEADLOCK)
        return "done"

    put(view)
    sent = {"input_stream": body(b"rows"), "content_type": "text/csv", "content_length": 4}
    answer = app.test_client().post(PLACE, **sent)
    assert (answer.status_code, bodies) == expected


def test_a_photo_is_counted_and_kept_once(app, browser, cast):
    lost = []

    def lose_once(session, _context, _instances):
        if not lost and any(isinstance(one, Reading) for one in session.new):
            lost.append(1)
            raise failure(transactions.DEADLOCK)

    with app.app_context():
        before = stored(storage.Shelf.PHOTOS)
    form = {
        "value": "475",
        "taken_on": "2026-11-22",
        "submission": str(uuid4()),
        "photo": upload(picture()),
    }
    event.listen(db.session, "before_flush", lose_once)
    try:
        with time_machine.travel(NOON, tick=False):
            answer = browser(cast.ana).post(f"/odjemna-mesta/{cast.anas_point}", data=form)
    finally:
        event.remove(db.session, "before_flush", lose_once)
    assert (answer.status_code, lost) == (303, [1])
    with app.app_context():
        after = stored(storage.Shelf.PHOTOS)
        (reading,) = db.session.scalars(db.select(Reading).filter_by(source="portal"))
        assert after - before == {reading.photo}
        (tries,) = db.session.scalars(db.select(ThrottleWindow.tries))
        assert [count for _, count in tries] == [1]
        storage.discard(storage.Shelf.PHOTOS, reading.photo)


def test_a_deadlock_costs_one_repetition_and_takes_effect_once(app, put):
    """Postgres: the view holds Ana's row and wants Bojan's, somebody else the other way round."""
    with app.app_context():
        if db.engine.dialect.name != "postgresql":
            pytest.skip("SQLite locks as a whole")
        add_notice("Ana")
        add_notice("Bojan")
        db.session.commit()
        engine = db.engine
    held, runs = threading.Event(), []
    rename = text("UPDATE notice SET title = title || :more WHERE title LIKE :which")

    def other():
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '1min'"))  # the view is to lose
            connection.execute(rename, {"more": "+", "which": "Bojan%"})
            held.set()
            connection.execute(rename, {"more": "+", "which": "Ana%"})

    rival = threading.Thread(target=other)

    def view():
        runs.append(1)
        db.session.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
        db.session.execute(rename, {"more": "!", "which": "Ana%"})
        if len(runs) == 1:
            rival.start()
            held.wait()
        db.session.execute(rename, {"more": "!", "which": "Bojan%"})
        db.session.commit()
        return "done"

    put(view)
    assert app.test_client().post(PLACE).text == "done"
    rival.join()
    assert len(runs) == 2
    assert titles(app) == ["Ana+!", "Bojan+!"]
