"""The log of real processes: the server, its web processes and its worker write alike."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from mojupravljalec import config
from mojupravljalec.extensions import db
from mojupravljalec.jobs.models import Worker

from ..browser.served import Portal

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING|ERROR|CRITICAL) "
    r"(web|worker|serve)( [0-9A-F]{6})?: .*"
)


def test_every_line_of_a_served_portal_has_a_time_a_level_and_a_process(portal: Portal):
    with portal.served():
        pass
    lines = portal.log().splitlines()
    assert lines
    assert [line for line in lines if not LINE.fullmatch(line)] == []


@contextmanager
def without_worker(portal: Portal) -> Iterator[None]:
    """The portal as the web service alone, whose worker would be another service."""
    serve = ["-m", "mojupravljalec", "serve", "--bind", f"127.0.0.1:{portal.port}"]
    environ = {**portal.environ(), f"{config.PREFIX}EMBEDDED_WORKER": "no"}
    with portal._log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *serve], cwd=config.ROOT, env=environ, stdout=log, stderr=log
        )
    try:
        portal.wait_for(lambda: portal._answers() or None, "it does not answer")
        yield
    finally:
        process.terminate()
        process.wait(20)


def test_an_error_is_logged_under_the_id_that_its_answer_shows(portal: Portal):
    """The database loses a table while the portal runs: an address breaks."""
    with without_worker(portal):
        with portal.data():
            db.session.execute(db.text("ALTER TABLE api_token RENAME TO gone"))
            db.session.commit()
        asked = urllib.request.Request(
            f"{portal.url}/api/exports",
            headers={"Authorization": "Bearer mu_secret", "X-Request-Id": "FFFFFF"},
        )
        with pytest.raises(urllib.error.HTTPError) as broken:
            urllib.request.urlopen(asked)
        problem = json.loads(broken.value.read())
    mark, text = problem["mark"], portal.log()
    assert (problem["status"], "cause" in problem) == (500, False)
    assert mark != "FFFFFF"
    assert re.search(rf"ERROR web {mark}: bug in api\.\w+, error {mark}\n    Traceback", text)
    assert "mu_secret" not in text
    lines = text.splitlines()
    assert [one for one in lines if not LINE.fullmatch(one) and not one.startswith("    ")] == []


def test_the_web_service_notes_that_no_worker_is_alive(portal: Portal):
    """Its worker was killed, and nobody opens a page of the office."""
    seen = datetime(2026, 11, 1, 12, tzinfo=UTC)
    with portal.data():
        db.session.add(Worker(host="a", pid=1, folder="", started_at=seen, seen_at=seen))
        db.session.commit()
    with without_worker(portal):
        pass
    assert "WARNING web" in portal.log()
    assert portal.log().count("no worker has been alive since 2026-11-01T12:00") == 1
