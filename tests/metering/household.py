"""A household that reads its meter: what the form takes, and pictures of a register."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from mojupravljalec.extensions import db
from mojupravljalec.metering.models import (
    EarlierReading,
    MeterInstallation,
    Occupancy,
    Reading,
    Source,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HTMX = {"HX-Request": "true"}


class Home:
    """Ana's house, as the tests see it: her browser, and the tables behind it."""

    def __init__(self, app: Flask, client: FlaskClient, point: int, meter: int) -> None:
        self.app, self.client, self.point, self.meter = app, client, point, meter
        self.path = f"/odjemna-mesta/{point}"
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"

    def send(self, value: str, taken_on: str = "2026-11-22", **more: Any) -> Any:
        """Send the form with a new submission."""
        headers, path = more.pop("headers", None), self.path + more.pop("query", "")
        form = {"value": value, "taken_on": taken_on, "submission": str(uuid4()), **more}
        if "photo" not in form:
            return self.client.post(path, data=form, headers=headers)
        # Made here, since the test client leaves the files of large bodies open.
        cut, body = encode_multipart(form)
        kind = f"multipart/form-data; boundary={cut}"
        return self.client.post(path, data=body, content_type=kind, headers=headers)

    def insist(self, value: str, taken_on: str = "2026-11-22", **more: Any) -> Any:
        """Send the form and, if asked, say that the number is right."""
        answer = self.send(value, taken_on, **more)
        asked = field(answer.text, "confirmed_l") if answer.status_code == 422 else ""
        if not asked:
            return answer
        return self.send(value, taken_on, confirmed_l=asked, reason="dont_know", **more)

    def page(self, query: str = "", **more: Any) -> str:
        answer = self.client.get(self.path + query, **more)
        assert answer.status_code == 200
        return answer.text

    def readings(self, **what: Any) -> list[Reading]:
        with self.app.app_context():
            query = select(Reading).filter_by(installation_id=self.meter, **what)
            return list(db.session.scalars(query.order_by(Reading.taken_on)))

    def sent(self) -> Reading:
        """The one reading that was sent on the portal."""
        (reading,) = self.readings(source=Source.PORTAL)
        return reading

    def earlier(self) -> list[EarlierReading]:
        with self.app.app_context():
            return list(db.session.scalars(select(EarlierReading).order_by(EarlierReading.id)))

    def change(self, table: type, **values: Any) -> None:
        """Change every row of ``table`` at this house."""
        owner = {
            Reading: Reading.installation_id == self.meter,
            MeterInstallation: MeterInstallation.id == self.meter,
            Occupancy: Occupancy.supply_point_id == self.point,
        }[table]
        with self.session():
            db.session.execute(update(table).where(owner).values(**values))

    def add_reading(self, taken_on: date, m3: int, source: str = "collector", **more: Any) -> None:
        with self.session():
            db.session.add(
                Reading(
                    installation_id=self.meter,
                    taken_on=taken_on,
                    value_l=m3 * 1000,
                    source=source,
                    **more,
                )
            )

    def exchange(self, day: date, serial: str) -> None:
        """A fitter takes the meter out at 467 m³ and builds a new one in; it is ours now."""
        self.change(MeterInstallation, removed_on=day, end_l=467_000)
        with self.session():
            new = MeterInstallation(supply_point_id=self.point, serial=serial, installed_on=day)
            db.session.add(new)
            db.session.flush()
            self.meter = new.id

    @contextmanager
    def session(self) -> Iterator[None]:
        with self.app.app_context():
            yield
            db.session.commit()


def field(html: str, name: str) -> str:
    """What stands in the field ``name`` of a page."""
    found = re.search(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', html) or re.search(
        rf'<input[^>]* value="([^"]*)"[^>]* name="{name}"', html
    )
    return found[1] if found else ""


def words(html: str) -> str:
    """The page as it is read: without tags, all spaces alike."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.replace("&nbsp;", " ")).split())


def picture(kind: str = "JPEG", size: tuple[int, int] = (300, 200), **more: Any) -> bytes:
    """A photo, red on its left half and blue on its right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def upload(data: bytes, name: str = "meter.jpg") -> FileStorage:
    return FileStorage(io.BytesIO(data), name)
