"""Long work is done with all that it writes, or not at all, however it is cut off."""

import os
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from mojupravljalec import storage, transactions
from mojupravljalec.extensions import db
from mojupravljalec.jobs import actions, leases
from mojupravljalec.jobs.models import Job, JobState
from mojupravljalec.notices.models import Notice
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
    leases.begin(job)
    db.session.commit()
    be_silent(job, seconds)


def be_silent(job, seconds):
    """As if nobody had shown for so long that the job lives."""
    if leases.on_postgres():
        end = clock.now() + timedelta(seconds=leases.DEAD_AFTER_S - seconds)
        with db.engine.begin() as connection:
            connection.execute(db.update(Job).where(Job.id == job.id).values(lease_until=end))
    else:
        past = time.time() - seconds
        os.utime(leases.sign_of(job.id, job.fence), (past, past))


def test_a_job_that_was_cut_off_is_done_once_it_shows_no_life(kinds):
    kinds("paint", lambda _job, _task: db.session.add(notice("done")))
    job_id = asked("paint")
    cut_off(job_id, leases.DEAD_AFTER_S / 2)
    assert actions.do_next(never) is False
    assert titles() == []
    cut_off(job_id, leases.DEAD_AFTER_S * 2)
    assert actions.do_next(never) is True
    assert state_of(job_id) == JobState.DONE
    assert titles() == ["done"]


def test_a_job_that_is_cut_off_again_and_again_is_given_up(kinds):
    kinds("paint", lambda _job, _task: db.session.add(notice("done")))
    job_id = asked("paint")
    for _ in range(actions.MOST_TRIES):
        cut_off(job_id, leases.DEAD_AFTER_S * 2)
    actions.do_next(never)
    assert state_of(job_id) == JobState.FAILED
    assert "done" not in titles()


def test_a_job_says_how_far_it_is_and_shows_life(kinds):
    def run(job, task):
        task.progress(30, 120)
        progress = leases.progress_of(job.id)
        assert (progress.percent, progress.total) == (25, 120)

    kinds("paint", run)
    job_id = asked("paint")
    assert leases.progress_of(job_id).percent == 0
    actions.do_next(never)
    assert state_of(job_id) == JobState.DONE
    assert leases.progress_of(job_id).total == 0
    assert not leases.sign_of(job_id, 1).exists()


def test_the_oldest_job_goes_first(kinds):
    order = []
    kinds("paint", lambda job, _task: order.append(job.id))
    jobs = [asked("paint") for _ in range(3)]
    while actions.do_next(never):
        pass
    assert order == jobs


# ---------------------------------------------------------------- two workers


def in_another_worker(app, work):
    """Do ``work`` on connections of its own, as another process would."""
    done = []

    def run():
        with app.app_context():
            done.append(work())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return done[0]


def take_over(app):
    """Another worker finds the job silent and does it."""

    def work():
        (job,) = db.session.scalars(db.select(Job))
        db.session.rollback()
        be_silent(job, leases.DEAD_AFTER_S * 2)
        return actions.do_next(never)

    return in_another_worker(app, work)


@pytest.mark.parametrize("ending", ["done", "given up", "broken", "stopped"])
def test_a_stale_holder_commits_nothing(app, kinds, ending):
    """It wakes up after another worker has done its job, and ends in each possible way."""
    runs = []

    def run(job, task):
        runs.append(job.fence)
        if len(runs) > 1:
            db.session.add(notice("second"))
            return
        db.session.rollback()
        assert take_over(app)
        db.session.add(notice("first"))
        db.session.flush()
        if ending == "given up":
            raise actions.GivenUp("Ni barve.")
        if ending == "broken":
            raise RuntimeError
        if ending == "stopped":
            raise actions.Stopped

    kinds("paint", run)
    job_id = asked("paint")
    assert actions.do_next(never) is True
    assert runs == [1, 2]
    assert state_of(job_id) == JobState.DONE
    assert db.session.get(Job, job_id).trouble == ""
    assert titles() == ["second"]


def test_progress_ends_a_stale_holder(app, kinds):
    runs = []

    def run(job, task):
        runs.append(job.fence)
        if len(runs) == 1:
            db.session.rollback()
            take_over(app)
            task.progress(1, 2)
            task.progress(2, 2)
            runs.append("it went on")
        db.session.add(notice(f"by {runs[-1]}"))

    kinds("paint", run)
    asked("paint")
    actions.do_next(never)
    assert runs == [1, 2]
    assert titles() == ["by 2"]


def test_a_job_that_shows_life_is_not_taken_over(app, kinds):
    def run(job, task):
        db.session.rollback()
        assert in_another_worker(app, lambda: actions.do_next(never)) is False
        db.session.add(notice("done"))

    kinds("paint", run)
    asked("paint")
    actions.do_next(never)
    assert titles() == ["done"]


def test_only_workers_of_its_folder_take_a_job(app, make_app, kinds):
    kinds("paint", lambda _job, _task: db.session.add(notice("done")))
    job_id = asked("paint")
    other = make_app()  # the same database, another folder
    with other.app_context():
        assert storage.folder_id() != db.session.get_one(Job, job_id).folder
        assert actions.do_next(never) is False
        db.session.remove()
    assert state_of(job_id) == JobState.QUEUED
    db.session.rollback()
    assert actions.do_next(never) is True


def test_a_job_of_before_folders_had_ids_is_taken(kinds):
    kinds("paint", lambda _job, _task: None)
    job_id = asked("paint")
    db.session.get_one(Job, job_id).folder = ""
    db.session.commit()
    assert actions.do_next(never) is True


def test_a_folder_keeps_its_id(app, make_app):
    with app.app_context():
        assert storage.folder_id() == storage.folder_id()
        assert len(storage.folder_id()) == 32


# ---------------------------------------------------------------- what goes wrong


def test_a_job_that_lost_a_deadlock_is_run_again_and_done_once(kinds, monkeypatch):
    monkeypatch.setattr(transactions, "PAUSE_S", 0)
    runs = []

    class Deadlock(Exception):
        sqlstate = transactions.DEADLOCK

    def run(job, task):
        runs.append(1)
        db.session.add(notice("done"))
        db.session.flush()
        if len(runs) == 1:
            raise OperationalError("COPY", {}, Deadlock())

    kinds("paint", run)
    job_id = asked("paint")
    actions.do_next(never)
    assert (len(runs), titles()) == (2, ["done"])
    assert state_of(job_id) == JobState.DONE
    assert db.session.get(Job, job_id).tries == 1


def test_a_job_goes_on_where_its_progress_cannot_be_shown(app, kinds, caplog):
    """The disk is full; on Postgres nothing is written there."""

    def run(job, task):
        sign = leases.sign_of(job.id, job.fence)
        sign.with_suffix(".part").symlink_to("/dev/full")
        task.progress(1, 2)
        task.progress(2, 2)
        sign.with_suffix(".part").unlink()
        db.session.add(notice("done"))

    kinds("paint", run)
    job_id = asked("paint")
    actions.do_next(never)
    assert state_of(job_id) == JobState.DONE
    assert titles() == ["done"]
    warned = [one for one in caplog.records if "cannot show how far" in one.message]
    assert len(warned) == (0 if leases.on_postgres() else 1)
