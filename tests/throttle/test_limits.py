"""Limits: counted one after the other, each limit and each caller for itself."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from mojupravljalec.config import ROOT
from mojupravljalec.extensions import db
from mojupravljalec.throttle.actions import (
    Limit,
    book,
    forget,
    forget_all,
    spent,
    spent_by_any,
    sweep,
    take_back,
    wait_s,
)
from mojupravljalec.throttle.models import ThrottleWindow

THREE = Limit("three", 3, 3600)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def context(clock, app):
    with app.app_context():
        yield
        db.session.rollback()


@pytest.mark.usefixtures("context")
def test_three_tries_are_within_a_limit_of_three():
    assert [book(THREE, "ana") for _ in range(5)] == [True, True, True, False, False]


@pytest.mark.usefixtures("context")
def test_a_limit_is_spent_once_the_next_try_would_be_one_too_many():
    found = []
    for _ in range(4):
        found.append(spent(THREE, "ana"))
        book(THREE, "ana")
    assert found == [False, False, False, True]


@pytest.mark.usefixtures("context")
def test_callers_and_limits_do_not_share_their_tries():
    for _ in range(3):
        book(THREE, "ana")
    assert book(THREE, "bojan")
    assert book(Limit("other", 3, 3600), "ana")
    assert not book(THREE, "ana")


@pytest.mark.usefixtures("context")
def test_a_try_taken_back_is_a_try_again():
    for _ in range(3):
        book(THREE, "ana")
    take_back(THREE, "ana")
    assert [book(THREE, "ana") for _ in range(2)] == [True, False]


@pytest.mark.usefixtures("context")
def test_forgetting_begins_from_nothing():
    for _ in range(9):
        book(THREE, "ana")
    forget(THREE, "ana")
    assert book(THREE, "ana")


@pytest.mark.usefixtures("context")
def test_everybody_under_a_limit_is_forgotten_and_nobody_else():
    other = Limit("three-4", 1, 3600)
    for limit, who in ((THREE, "ana"), (THREE, "bojan"), (other, "ana")):
        for _ in range(limit.most):
            book(limit, who)
    assert spent_by_any(THREE)
    forget_all(THREE)
    assert not spent_by_any(THREE)
    assert spent_by_any(other)


@pytest.mark.usefixtures("context")
def test_a_window_slides(clock):
    book(THREE, "ana")
    clock.shift(timedelta(minutes=59))
    assert [book(THREE, "ana") for _ in range(3)] == [True, True, False]
    clock.shift(timedelta(minutes=1))
    assert [book(THREE, "ana") for _ in range(2)] == [True, False]
    clock.shift(timedelta(minutes=58, seconds=59))
    assert not book(THREE, "ana")
    clock.shift(timedelta(minutes=1))
    assert [book(THREE, "ana") for _ in range(3)] == [True, True, False]


@pytest.mark.usefixtures("context")
def test_tries_beyond_the_limit_do_not_keep_it_closed(clock):
    for _ in range(60):
        book(THREE, "ana")
        clock.shift(timedelta(minutes=1))
    assert book(THREE, "ana")


@pytest.mark.usefixtures("context")
def test_the_wait_is_told_in_seconds(clock):
    for _ in range(2):
        book(THREE, "ana")
    clock.shift(timedelta(minutes=10))
    assert wait_s(THREE, "ana") == 0
    book(THREE, "ana")
    assert wait_s(THREE, "ana") == 50 * 60


@pytest.mark.usefixtures("context")
def test_windows_that_are_over_are_swept_away(clock):
    book(THREE, "ana")
    clock.shift(timedelta(minutes=59))
    book(THREE, "bojan")
    sweep()
    assert db.session.scalar(select(func.count()).select_from(ThrottleWindow)) == 2
    clock.shift(timedelta(minutes=2))
    sweep()
    assert db.session.scalar(select(func.count()).select_from(ThrottleWindow)) == 1


def test_of_many_at_once_exactly_the_most_are_within(clock, app):
    start = threading.Barrier(16)
    within = []

    def attempt():
        with app.app_context():
            start.wait()
            within.append(book(THREE, "ana"))
            db.session.commit()

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(within) == [False] * 13 + [True] * 3


def test_of_forty_at_once_in_four_processes_exactly_ten_are_within(app):
    command = [sys.executable, "-m", "tests.throttle.guessing"]
    uri = app.config["SQLALCHEMY_DATABASE_URI"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    processes = [subprocess.Popen([*command, uri], **pipes) for _ in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    counts = [process.communicate()[0].split() for process in processes]
    assert sum(int(tried) for _, tried in counts) == 40
    assert sum(int(within) for within, _ in counts) == 10
