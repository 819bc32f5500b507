"""Imports and residents write at once on Postgres, and neither fails."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from uuid import uuid4

from flask import Flask
from sqlalchemy import func, select

from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.customers.models import CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.metering.models import MeterInstallation, Occupancy, Reading, Source
from mojupravljalec.values import clock

from ..browser.served import Portal
from ..conftest import Person, _customer, _person, sign_in
from .workers import add_meters, ask_for_import, is_done, readings_file, wait_until, working

ROUNDS = 10
METERS, DAYS = 1000, 30
RESIDENTS = ("Ana", "Bojan", "Cvetka")


def move_in(number: int, name: str) -> tuple[Person, int]:
    """A resident at one of the meters, who has read it each month; their supply point."""
    meter = db.session.get_one(MeterInstallation, number + 1)
    person, customer = _person(name, "no password"), _customer(number)
    db.session.add_all(
        (
            CustomerLink(account_id=person.id, customer_id=customer.id, linked_at=clock.now()),
            Occupancy(supply_point_id=meter.supply_point_id, customer_id=customer.id),
        )
    )
    for months_ago in range(1, 5):
        db.session.add(
            Reading(
                installation_id=meter.id,
                taken_on=clock.today() - timedelta(days=30 * months_ago),
                value_l=(479 - 12 * months_ago) * 1000,
                source=Source.COLLECTOR,
            )
        )
    db.session.commit()
    return Person(person.id, person.email), meter.supply_point_id


@contextmanager
def submitting(app: Flask, residents: list[tuple[Person, int]]) -> Iterator[list[int]]:
    """Let the residents send and correct today's reading without a pause; what is answered."""
    answers: list[int] = []
    over = threading.Event()

    def keep_sending(person: Person, point: int) -> None:
        client = app.test_client()
        sign_in(app, client, person)
        for value in cycle(("479", "480")):
            if over.is_set():
                return
            form = {
                "value": value,
                "taken_on": clock.today().isoformat(),
                "submission": str(uuid4()),
            }
            answers.append(client.post(f"/odjemna-mesta/{point}", data=form).status_code)

    threads = [threading.Thread(target=keep_sending, args=one) for one in residents]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_ten_imports_and_residents_at_once_all_succeed(postgres: str, tmp_path: Path):
    portal = Portal(tmp_path, postgres, SITE_URL="http://localhost")
    portal.run("upgrade")
    with portal.data() as app:
        app.config["WTF_CSRF_ENABLED"] = False
        add_meters(METERS)
        residents = [move_in(*one) for one in enumerate(RESIDENTS)]
        with working(portal) as (worker,), submitting(app, residents) as answers:
            for turn in range(ROUNDS):
                before = len(answers)
                since = date(2012, 1, 1) + timedelta(days=DAYS * turn)
                upload, _ = ask_for_import(readings_file(METERS, DAYS, since))
                wait_until(lambda upload=upload: is_done(upload), lambda: worker.log)
                wait_until(lambda before=before: len(answers) > before, lambda: str(answers))
            assert worker.end() == 0
        assert set(answers) == {303}
        assert "Traceback" not in worker.log
        imported = select(func.count()).select_from(Reading).where(Reading.batch_id.is_not(None))
        assert db.session.scalar(imported) == ROUNDS * METERS * DAYS
        sent = select(func.count()).select_from(AuditEntry).filter_by(event="reading.sent")
        assert db.session.scalar(sent) == len(answers)
