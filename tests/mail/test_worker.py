"""The command that sends the letters."""

import signal
import threading

import click
import pytest
from sqlalchemy import select

from mojupravljalec.extensions import db
from mojupravljalec.mail import cli
from mojupravljalec.mail.models import LetterState, OutboxLetter

from .server import free_port
from .test_sending import queue, rows


def run(app, worker, rounds):
    """Let ``worker`` do ``rounds`` rounds, without its waits; the waits it wanted."""
    waits = []

    class Stop(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            if len(waits) == rounds:
                self.set()
            return self.is_set()

    with app.app_context():
        worker.run(Stop())
    return waits


def test_it_sends_at_once_and_then_polls(app):
    queue(app, 2)
    assert run(app, cli.Worker(), 3) == [0, cli.POLL, cli.POLL]
    assert {row.state for row in rows(app)} == {LetterState.SENT}


def test_it_asks_a_dead_server_more_and_more_seldom(make_app):
    app = make_app(MAIL_SERVER="127.0.0.1", MAIL_PORT=free_port(), MAIL_SECURITY="none")
    queue(app, 9)
    waits = run(app, cli.Worker(), 7)
    assert waits == [4, 8, 16, 32, 60, 60, 60]


def test_it_waits_for_a_database_and_says_so_once(app, caplog):
    with app.app_context():
        OutboxLetter.__table__.drop(db.engine)
    worker = cli.Worker()
    run(app, worker, 3)
    with app.app_context():
        OutboxLetter.__table__.create(db.engine)
    queue(app)
    caplog.set_level("INFO")
    run(app, worker, 1)
    said = [record.message for record in caplog.records]
    assert sum("cannot be used, waiting" in line for line in said) == 1
    assert any("can be used again" in line for line in said)
    assert not any("\n" in line for line in said)
    assert rows(app)[0].state == LetterState.SENT


def test_it_sweeps_once_an_hour(app, monkeypatch):
    swept = []
    monkeypatch.setattr(cli, "sweep", lambda: swept.append(1))
    run(app, cli.Worker(), 5)
    assert swept == [1]


def test_once(app):
    queue(app, 3)
    with app.app_context():
        cli.send_all()
    with app.app_context():
        states = set(db.session.scalars(select(OutboxLetter.state)))
    assert states == {LetterState.SENT}


def test_once_without_a_database_is_one_line(app):
    with app.app_context():
        OutboxLetter.__table__.drop(db.engine)
    with app.app_context(), pytest.raises(click.ClickException) as trouble:
        cli.send_all()
    with app.app_context():
        OutboxLetter.__table__.create(db.engine)
    assert "\n" not in trouble.value.message


def test_sigterm_ends_it():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        stop = cli._stop_at_signals()
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Stop(threading.Event):
    """Ends a loop after so many waits, of which none takes time."""

    def __init__(self, rounds):
        super().__init__()
        self.rounds, self.waits = rounds, []

    def wait(self, timeout=None):
        self.waits.append(timeout)
        if len(self.waits) >= self.rounds:
            self.set()
        return self.is_set()


@pytest.mark.parametrize("error", [RuntimeError("a bug"), OSError(28, "No space left"), KeyError()])
def test_a_loop_survives_every_exception_and_backs_off(app, caplog, error):
    caplog.set_level("INFO")
    outcomes = [error, error, error, True, False]

    def work(_stopping):
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    stop = Stop(4)
    loop = cli._Loop(app, work, stop)
    loop.run()
    assert outcomes == []
    assert stop.waits == [2, 4, 8, 1]
    assert loop.died is False
    assert [one.levelname for one in caplog.records] == ["WARNING", "INFO"]


def test_a_loop_that_dies_ends_the_worker(app, caplog):
    def work(_stopping):
        raise SystemExit

    stop = threading.Event()
    loop = cli._Loop(app, work, stop)
    loop.start()
    loop.join()
    assert loop.died
    assert stop.is_set()
    assert "a thread of the worker died" in caplog.text


def test_sending_survives_a_bug(app, monkeypatch, caplog):
    queue(app)
    send, bugs = cli.sending.send_round, [1]

    def buggy(**options):
        if bugs:
            bugs.pop()
            raise RuntimeError("a bug")
        return send(**options)

    monkeypatch.setattr(cli.sending, "send_round", buggy)
    run(app, cli.Worker(), 2)
    assert "a round of sending broke" in caplog.text
    assert rows(app)[0].state == LetterState.SENT


def test_a_chore_that_fails_holds_up_no_other(app, monkeypatch, caplog):
    done = []

    def fails():
        raise PermissionError(13, "not yours")

    monkeypatch.setattr(cli, "sweep", fails)
    monkeypatch.setitem(app.extensions, "every_hour", [lambda: done.append(1)])
    run(app, cli.Worker(), 2)
    assert done == [1]
    assert "a chore failed" in caplog.text
