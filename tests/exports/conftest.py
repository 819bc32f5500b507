"""Readings that wait for the billing program, and the office that takes them out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.exports import actions, files, queries
from mojupravljalec.exports.files import Ending
from mojupravljalec.exports.models import ExportLayout, ReadingExport
from mojupravljalec.exports.rules import OUR_HEADINGS, Choice
from mojupravljalec.extensions import db
from mojupravljalec.metering.models import MeterInstallation, Reading, Source, Status

from ..conftest import Cast

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOVEMBER = date(2026, 11, 1)
FOR_NOVEMBER = Choice(counts_for=NOVEMBER)
HEAD = ";".join(OUR_HEADINGS)


@dataclass
class Books:
    """The tables, and what the office does with them without a browser."""

    app: Flask
    cast: Cast

    @contextmanager
    def open(self) -> Iterator[None]:
        """What is written inside is kept."""
        with self.app.app_context():
            yield
            db.session.commit()

    def meter_of(self, point_id: int) -> int:
        with self.open():
            query = select(MeterInstallation.id).filter_by(supply_point_id=point_id)
            return db.session.scalars(query).one()

    def sent(self, value_l: int, day: int = 20, *, point: int = 0, **more: Any) -> int:
        """A resident's reading of a day of November 2026, Ana's unless said otherwise."""
        meter = self.meter_of(point or self.cast.anas_point)
        with self.open():
            reading = Reading(
                installation_id=meter,
                taken_on=more.pop("taken_on", date(2026, 11, day)),
                value_l=value_l,
                source=more.pop("source", Source.PORTAL),
                counts_for=more.pop("counts_for", NOVEMBER),
                **more,
            )
            db.session.add(reading)
            db.session.flush()
            return reading.id

    def doubted(self, value_l: int, day: int = 20, **more: Any) -> int:
        return self.sent(value_l, day, status=Status.PENDING, **more)

    def change_meter(self, **values: Any) -> None:
        """Of Ana."""
        with self.open():
            meters = update(MeterInstallation).filter_by(id=self.cast.anas_meter)
            db.session.execute(meters.values(**values))

    def make(self, choice: Choice = FOR_NOVEMBER, **more: Any) -> actions.Made:
        with self.open():
            return actions.make(choice, by="Cvetka", **more)

    def take_back(self, number: int) -> int:
        with self.open():
            return actions.take_back(number, by="Cvetka")

    def bytes_of(self, number: int, ending: Ending = Ending.CSV) -> bytes:
        with self.open():
            return files.written(queries.kept(number), ending)

    def rows_of(self, number: int) -> list[str]:
        """The CSV below its headings."""
        return self.bytes_of(number).decode("utf-8-sig").split("\r\n")[1:-1]

    def reading(self, reading_id: int) -> Reading:
        with self.app.app_context():
            return db.session.get_one(Reading, reading_id)

    def exports(self) -> list[ReadingExport]:
        with self.app.app_context():
            return list(db.session.scalars(select(ReadingExport).order_by(ReadingExport.id)))

    def layouts(self) -> list[tuple[str, list[tuple[str, str]]]]:
        with self.app.app_context():
            found = db.session.scalars(select(ExportLayout).order_by(ExportLayout.name))
            return [(one.name, list(one.headings.items())) for one in found]

    def add_layout(self, name: str, **headings: str) -> int:
        with self.open():
            return actions.add_layout(name, headings, account_id=None).id

    def audit(self, event: str) -> list[tuple[int | None, str, dict[str, Any]]]:
        with self.app.app_context():
            query = select(AuditEntry).filter_by(event=event).order_by(AuditEntry.id)
            found = db.session.scalars(query)
            return [(one.account_id, one.subject, one.details) for one in found]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """It is Sunday noon in UTC."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def books(clock: Any, app: Flask, cast: Cast) -> Books:
    return Books(app, cast)


@pytest.fixture
def type_(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Types a command of the terminal; the portal has the test's database."""
    from click.testing import CliRunner

    from mojupravljalec.exports.cli import export

    monkeypatch.setattr("mojupravljalec.create_app", lambda: app)
    return lambda *words: CliRunner().invoke(export, ["readings", *map(str, words)])
