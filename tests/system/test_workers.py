"""Several workers on one database, workers that freeze, full disks, and parts that die."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from mojupravljalec import config
from mojupravljalec.extensions import db
from mojupravljalec.imports.models import ImportBatch
from mojupravljalec.jobs.models import JobState, Worker
from mojupravljalec.metering.models import Reading
from mojupravljalec.values import clock

from ..browser.served import Portal
from .workers import (
    WorkerProcess,
    add_meters,
    ask_for_import,
    is_done,
    job_of,
    readings_file,
    wait_until,
    working,
)

METERS, DAYS = 300, 30
SINCE = date(2020, 1, 1)


@contextmanager
def imports_wait() -> Iterator[None]:
    """Until the end, no import of readings gets on: somebody writes one."""
    with db.engine.begin() as connection:
        connection.execute(text("LOCK TABLE reading IN ROW EXCLUSIVE MODE"))
        yield


def asked(meters: int = METERS) -> tuple[int, int]:
    add_meters(meters)
    return ask_for_import(readings_file(meters, DAYS, SINCE))


def rows(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_of_two_workers_with_folders_of_their_own_one_imports(postgres: str, tmp_path: Path):
    portals = [Portal(tmp_path / name, postgres) for name in ("one", "other")]
    for portal in portals:
        portal.folder.mkdir()
        portal.run("upgrade")
    with portals[0].data():
        upload, job = asked()
        with working(*portals) as workers:

            def logs() -> str:
                return "\n".join(worker.log for worker in workers)

            with imports_wait():
                wait_until(lambda: job_of(job).state == JobState.RUNNING, logs)
                wait_until(lambda: rows(Worker) == 2, logs)
                time.sleep(5)  # the other worker looks for work every second
                assert job_of(job).fence == 1
                db.session.rollback()
            wait_until(lambda: is_done(upload), logs)
            assert [worker.end() for worker in workers] == [0, 0]
        done = job_of(job)
        assert (done.state, done.fence, done.tries) == (JobState.DONE, 1, 1)
        assert (rows(ImportBatch), rows(Reading)) == (1, METERS * DAYS)
        assert len(set(db.session.scalars(select(Worker.folder)))) == 2
        assert "Traceback" not in logs()


def test_a_worker_that_froze_and_lost_its_job_writes_and_reports_nothing(
    postgres: str, tmp_path: Path
):
    portal = Portal(tmp_path, postgres)
    portal.run("upgrade")
    with portal.data(), working(portal) as workers:
        upload, job = asked()

        def logs() -> str:
            return "\n".join(worker.log for worker in workers)

        with imports_wait():
            wait_until(lambda: job_of(job).state == JobState.RUNNING, logs)
            workers[0].process.send_signal(signal.SIGSTOP)
            job_of(job).lease_until = clock.now() - timedelta(minutes=1)
            db.session.commit()
            workers.append(WorkerProcess(portal, "second"))
            wait_until(lambda: job_of(job).fence == 2, logs)
        workers[0].process.send_signal(signal.SIGCONT)
        wait_until(lambda: is_done(upload), logs)
        wait_until(lambda: "was taken by another worker" in workers[0].log, logs)
        assert [worker.end() for worker in workers] == [0, 0]
        done = job_of(job)
        assert (done.state, done.fence, done.tries) == (JobState.DONE, 2, 2)
        assert (rows(ImportBatch), rows(Reading)) == (1, METERS * DAYS)
        assert "Traceback" not in logs()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """The folder of the signs of life as a file system of its own, with no room for a file."""
    Portal(tmp_path).run("upgrade")  # before there are files that belong to nobody
    folder = tmp_path / "jobs"
    folder.mkdir(exist_ok=True)
    options = "size=4k,nr_inodes=2"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr}")
    (folder / "full").write_bytes(b" " * 4096)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_holds_a_job_up_and_does_not_end_the_worker(tmp_path: Path, full_disk: Path):
    portal = Portal(tmp_path)
    with portal.data(), working(portal) as workers:
        (worker,) = workers
        upload, job = asked()
        wait_until(lambda: "the long work waits" in worker.log, lambda: worker.log)
        assert job_of(job).state == JobState.QUEUED
        db.session.rollback()
        # Now a file may be made, and nothing written into it.
        more = ["mount", "-o", "remount,size=4k,nr_inodes=100", str(full_disk)]
        subprocess.run(more, check=True)
        wait_until(lambda: is_done(upload), lambda: worker.log)
        assert worker.end() == 0
        assert "cannot show how far it is" in worker.log
        assert "No space left on device" in worker.log
        assert "Traceback" not in worker.log
        assert rows(Reading) == METERS * DAYS


DYING = """
from mojupravljalec.cli import main
from mojupravljalec.jobs.heartbeat import Heartbeat

def die(*_):
    raise SystemExit

Heartbeat.__call__ = die
main(["worker"])
"""


def test_a_worker_of_which_a_part_dies_ends_with_status_1(tmp_path: Path):
    portal = Portal(tmp_path)
    portal.run("upgrade")
    done = subprocess.run(
        [sys.executable, "-c", DYING],
        cwd=config.ROOT,
        env=portal.environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "a thread of the worker died" in done.stderr
