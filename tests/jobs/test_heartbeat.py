"""A worker shows that it lives, also while an import holds the database."""

import os
import time
from datetime import timedelta

import pytest
import time_machine
from flask import Response
from sqlalchemy import event

from mojupravljalec.extensions import db
from mojupravljalec.jobs import heartbeat
from mojupravljalec.jobs.heartbeat import GONE_AFTER, Heartbeat, Watch
from mojupravljalec.jobs.leases import on_postgres
from mojupravljalec.jobs.models import Worker
from mojupravljalec.values import clock

from ..metering.household import NOON


def never():
    return False


def beat(worker):
    """Write the row; the file beside it would be of today."""
    worker._next_s = 0.0
    worker(never)
    heartbeat._sign().unlink(missing_ok=True)


@pytest.fixture
def worker(app):
    with app.app_context():
        heartbeat._sign().unlink(missing_ok=True)
        yield Heartbeat()
        db.session.remove()
        heartbeat._sign().unlink(missing_ok=True)


def be_impatient(connection, _record, _proxy):
    connection.execute("PRAGMA busy_timeout=10")


def rows():
    db.session.rollback()
    return db.session.scalars(db.select(Worker).order_by(Worker.id)).all()


def test_a_worker_has_one_row_that_it_renews(worker):
    with time_machine.travel(NOON, tick=False) as travel:
        assert worker(never) is False
        travel.shift(timedelta(seconds=60))
        worker._next_s = 0
        worker(never)
        (row,) = rows()
        assert (row.pid, len(row.folder)) == (os.getpid(), 32)
        assert row.started_at == NOON
        assert row.seen_at == NOON + timedelta(seconds=60)


def test_it_writes_no_oftener_than_needed(worker):
    with time_machine.travel(NOON, tick=False) as travel:
        worker(never)
        travel.shift(timedelta(seconds=heartbeat.BEAT_S / 2))
        worker(never)
        assert rows()[0].seen_at == NOON


def test_workers_of_long_ago_are_forgotten_and_a_gap_is_logged(worker, caplog):
    with time_machine.travel(NOON, tick=False) as travel:
        worker(never)
        travel.shift(heartbeat.REMEMBERED + timedelta(days=1))
        Heartbeat()(never)
        assert [row.started_at for row in rows()] == [clock.now()]
    assert "no worker had been alive since 2026-11-22T12:00" in caplog.text


@pytest.fixture
def look(app):
    """Has a watch look as after a GET; several times are several minutes."""
    watch = Watch()

    def once(method="GET"):
        watch._next_s = 0.0
        with app.test_request_context(method=method):
            return watch(Response())

    return once


def test_the_log_says_once_since_when_no_worker_is_alive(worker, look, caplog):
    with time_machine.travel(NOON, tick=False) as travel:
        beat(worker)
        travel.shift(GONE_AFTER)
        look()
        assert "alive" not in caplog.text
        travel.shift(timedelta(seconds=1))
        look("POST")
        assert "alive" not in caplog.text
        for _ in range(2):
            look()
        assert caplog.text.count("no worker has been alive since 2026-11-22T12:00") == 1
        beat(worker)
        travel.shift(timedelta(hours=1))
        look()
    assert caplog.text.count("no worker has been alive") == 2


def test_a_watch_looks_once_a_minute(worker, app, caplog):
    watch = Watch()
    with app.test_request_context(), time_machine.travel(NOON, tick=False) as travel:
        beat(worker)
        watch(Response())
        travel.shift(timedelta(hours=1))
        watch._next_s = time.monotonic() + 30
        watch(Response())
    assert "alive" not in caplog.text


def test_nothing_is_known_of_a_worker_that_never_was(worker):
    assert heartbeat.last_sign() is None


def test_while_the_database_is_held_a_file_shows_life(worker):
    if on_postgres():
        pytest.skip("rows of their own are never held there")
    worker(never)
    (row,) = rows()
    row.seen_at -= timedelta(hours=1)
    db.session.commit()
    event.listen(db.engine, "checkout", be_impatient)
    try:
        with db.engine.begin():  # as an import does
            worker._next_s = 0
            before = time.time()
            worker(never)
    finally:
        event.remove(db.engine, "checkout", be_impatient)
        db.session.remove()
        db.engine.dispose()
    assert clock.now() - rows()[0].seen_at > timedelta(minutes=30)
    assert abs(heartbeat.last_sign().timestamp() - before) < 5
