"""Long work is done with all that it writes, or not at all, however it is cut off."""

import os
import time

import pytest

from mojupravljalec import storage
from mojupravljalec.extensions import db
from mojupravljalec.jobs import actions
from mojupravljalec.jobs.models import Job, JobState
from mojupravljalec.notices.models import Notice
from mojupravljalec.storage import Shelf
from mojupravljalec.values import clock


def never():
    return False


def notice(title):
    return Notice(title=title, text="", from_on=clock.today(), to_on=clock.today())


@pytest.fixture
def kinds(app):
    """Kinds of jobs of this test alone."""
    known = app.extensions["jobs"]
    before = dict(known)

    def failed(job, reason):
        db.session.add(notice(f"failed: {reason}"))

    def make(kind, run):
        actions.register(app, kind, actions.Handler(run, failed))

    with app.app_context():
        yield make
        db.session.remove()
    known.clear()
    known.update(before)


def asked(kind):
    job_id = actions.ask(kind, 7, None, colour="blue").id
    db.session.commit()
    return job_id


def state_of(job_id):
    db.session.expire_all()
    return db.session.get(Job, job_id).state


def titles():
    return list(db.session.scalars(db.select(Notice.title)))


def test_what_a_job_writes_is_there_with_its_end(kinds):
    seen = []

    def run(job, task):
        seen.append((job.subject_id, job.arguments))
        db.session.add(notice("done"))

    kinds("paint", run)
    job_id = asked("paint")
    assert actions.do_next(never) is True
    assert state_of(job_id) == JobState.DONE
    assert titles() == ["done"]
    assert seen == [(7, {"colour": "blue"})]
    assert actions.do_next(never) is False


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (actions.GivenUp("Ni barve."), "Ni barve."),
        (RuntimeError("a secret"), "Na naši strani se je zalomilo. Nič ni zapisano."),
    ],
)
def test_of_a_job_that_fails_nothing_is_there_but_why(kinds, trouble, told):
    def run(job, task):
        db.session.add(notice("half"))
        db.session.flush()
        raise trouble

    kinds("paint", run)
    job_id = asked("paint")
    assert actions.do_next(never)
    assert state_of(job_id) == JobState.FAILED
    assert db.session.get(Job, job_id).trouble == told
    assert titles() == [f"failed: {told}"]


def test_a_job_that_is_stopped_begins_anew(kinds):
    def run(job, task):
        db.session.add(notice("done"))
        db.session.flush()
        task.progress(1, 2)

    kinds("paint", run)
    job_id = asked("paint")
    actions.do_next(lambda: True)
    assert state_of(job_id) == JobState.QUEUED
    assert titles() == []
    actions.do_next(never)
    assert state_of(job_id) == JobState.DONE
    assert titles() == ["done"]
    assert db.session.get(Job, job_id).tries == 1


def cut_off(job_id, seconds):
    """As if the worker had been killed so long ago."""
    job = db.session.get(Job, job_id)
    job.state, job.tries = JobState.RUNNING, job.tries + 1
    db.session.commit()
    sign = storage.path_of(Shelf.JOBS, f"{job_id}.json")
    sign.write_text('{"done": 1, "total": 2}')
    past = time.time() - seconds
    os.utime(sign, (past, past))


def test_a_job_that_was_cut_off_is_done_once_it_shows_no_life(kinds):
    kinds("paint", lambda _job, _task: db.session.add(notice("done")))
    job_id = asked("paint")
    cut_off(job_id, actions.DEAD_AFTER_S / 2)
    assert actions.do_next(never) is False
    assert titles() == []
    cut_off(job_id, actions.DEAD_AFTER_S * 2)
    assert actions.do_next(never) is True
    assert state_of(job_id) == JobState.DONE
    assert titles() == ["done"]


def test_a_job_that_is_cut_off_again_and_again_is_given_up(kinds):
    kinds("paint", lambda _job, _task: db.session.add(notice("done")))
    job_id = asked("paint")
    for _ in range(actions.MOST_TRIES):
        cut_off(job_id, actions.DEAD_AFTER_S * 2)
    actions.do_next(never)
    assert state_of(job_id) == JobState.FAILED
    assert "done" not in titles()


def test_a_job_says_how_far_it_is_and_shows_life(kinds):
    def run(job, task):
        task.progress(30, 120)
        progress = actions.progress_of(job.id)
        assert (progress.percent, progress.total) == (25, 120)
        assert not actions._is_dead(job.id)

    kinds("paint", run)
    job_id = asked("paint")
    assert actions.progress_of(job_id).percent == 0
    actions.do_next(never)
    assert state_of(job_id) == JobState.DONE
    assert not storage.path_of(Shelf.JOBS, f"{job_id}.json").exists()


def test_the_oldest_job_goes_first(kinds):
    order = []
    kinds("paint", lambda job, _task: order.append(job.id))
    jobs = [asked("paint") for _ in range(3)]
    while actions.do_next(never):
        pass
    assert order == jobs
