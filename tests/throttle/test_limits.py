"""Limits: counted and booked in one statement, each span and each caller for itself."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from mojupravljalec.extensions import db
from mojupravljalec.throttle.actions import Limit, book, forget, spent, sweep, take_back
from mojupravljalec.throttle.models import ThrottleCount

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
def test_the_next_span_begins_from_nothing(clock):
    for _ in range(4):
        book(THREE, "ana")
    clock.shift(timedelta(minutes=59, seconds=59))
    assert not book(THREE, "ana")
    clock.shift(timedelta(seconds=1))
    assert book(THREE, "ana")


@pytest.mark.usefixtures("context")
def test_spans_that_are_over_are_swept_away(clock):
    book(THREE, "ana")
    clock.shift(timedelta(days=6))
    book(THREE, "ana")
    clock.shift(timedelta(days=2))
    sweep()
    assert db.session.scalar(select(func.count()).select_from(ThrottleCount)) == 1


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
