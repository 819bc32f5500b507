"""Worker processes, meters, and files of readings for them to import."""

import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import insert

from mojupravljalec import config
from mojupravljalec.extensions import db
from mojupravljalec.intake import actions
from mojupravljalec.intake.actions import NamedFile, Who
from mojupravljalec.intake.models import Upload, UploadState
from mojupravljalec.jobs.models import Job
from mojupravljalec.metering.models import MeterInstallation, SupplyPoint

from ..browser.served import Portal

T = TypeVar("T")
LONGEST_WAIT_S = 60
INSTALLED_ON = date(2010, 1, 1)


class WorkerProcess:
    """`mojupravljalec worker` in the instance folder of a portal."""

    def __init__(self, portal: Portal, name: str = "worker") -> None:
        self._log = Path(portal.folder) / f"{name}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mojupravljalec", "worker"],
                cwd=config.ROOT,
                env=portal.environ(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def end(self) -> int:
        """Ask it to end; its status."""
        self.process.terminate()
        return self.process.wait(LONGEST_WAIT_S)


@contextmanager
def working(*portals: Portal) -> Iterator[list[WorkerProcess]]:
    """A worker for each portal; more may be put into the list. At the end none is left."""
    workers = [WorkerProcess(portal, f"worker-{at}") for at, portal in enumerate(portals)]
    try:
        yield workers
    finally:
        for worker in workers:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()


def wait_until(look: Callable[[], T], otherwise: Callable[[], str]) -> T:
    """What ``look`` finds, once it is true."""
    until = time.monotonic() + LONGEST_WAIT_S
    while not (found := look()):
        db.session.rollback()
        assert time.monotonic() < until, otherwise()
        time.sleep(0.1)
    db.session.rollback()
    return found


def serials(meters: int) -> list[str]:
    return [f"S{number:06}" for number in range(meters)]


def add_meters(meters: int) -> None:
    """So many meters, each at a supply point of its own. Commits."""
    points = [{"number": f"OM-{one}", "street": "Lipova"} for one in serials(meters)]
    ids = db.session.scalars(insert(SupplyPoint).returning(SupplyPoint.id), points).all()
    rows = [
        {
            "supply_point_id": point,
            "serial": serial,
            "installed_on": INSTALLED_ON,
            "start_l": 0,
        }
        for point, serial in zip(ids, serials(meters), strict=True)
    ]
    db.session.execute(insert(MeterInstallation), rows)
    db.session.commit()


def readings_file(meters: int, days: int, since: date) -> bytes:
    """A reading of each meter on each of so many days."""
    lines = [
        f"{serial};{since + timedelta(days=day)};{100 + day}"
        for serial in serials(meters)
        for day in range(days)
    ]
    return "\n".join(["stevilka_vodomera;datum;stanje", *lines, ""]).encode()


def ask_for_import(content: bytes) -> tuple[int, int]:
    """Let the worker import a file of readings; the numbers of upload and job. Commits."""
    who = Who("test")
    upload = actions.receive([NamedFile("odcitki.csv", io.BytesIO(content))], who)
    db.session.commit()
    upload = actions.look_into(upload.id, "readings")
    actions.begin_import(upload, who)
    db.session.commit()
    return upload.id, upload.job_id or 0


def is_done(upload_id: int) -> bool:
    """Whether the upload is imported; one that was refused is a failure."""
    upload = db.session.get_one(Upload, upload_id, populate_existing=True)
    assert upload.state != UploadState.REFUSED, upload.trouble
    return upload.state == UploadState.IMPORTED


def job_of(job_id: int) -> Job:
    return db.session.get_one(Job, job_id, populate_existing=True)
