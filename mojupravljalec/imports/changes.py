"""What a batch changed, row by row, for a person to look at: the old beside the new."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Table, select

from ..extensions import db
from . import customers, meters, supply_points
from .customers import CUSTOMER
from .meters import INSTALLATION
from .models import ImportChange
from .readings import EARLIER, READING
from .supply_points import OCCUPANCY, POINT
from .targets import TITLES

# How the columns of a table are headed in its file.
HEADINGS: Mapping[str, Mapping[str, str]] = {
    CUSTOMER.name: customers.CONTENT,
    POINT.name: supply_points.ADDRESS,
    OCCUPANCY.name: supply_points.USE,
    INSTALLATION.name: meters.CONTENT,
}
SECRET = {"access_code", "access_code_key"}
HIDDEN = "•••"


class Difference(NamedTuple):
    """One cell that is another: under which heading, and what stood and stands there."""

    heading: str
    old: str
    new: str


class Change(NamedTuple):
    """A row that the batch changed: of which table, which one, and in what."""

    title: str
    row: str
    differences: list[Difference]


def changes_of(batch_id: int, most: int) -> list[Change]:
    """The first ``most`` rows that the batch changed."""
    found = [*_images(batch_id, most), *_readings(batch_id, most)]
    return found[:most]


def _images(batch_id: int, most: int) -> Iterator[Change]:
    rows = db.session.execute(
        select(ImportChange.table_name, ImportChange.before, ImportChange.after)
        .where(ImportChange.batch_id == batch_id)
        .order_by(ImportChange.id)
        .limit(most)
    ).all()
    names = _Names([row.before for row in rows] + [row.after for row in rows])
    for table_name, before, after in rows:
        yield Change(
            TITLES[table_name],
            names.row(table_name, before),
            [
                names.difference(column, HEADINGS[table_name][column], before[column], new)
                for column, new in after.items()
                if before[column] != new and not column.endswith("_key")
            ],
        )


class _Names:
    """The numbers by which people know the rows that others refer to."""

    def __init__(self, images: Iterable[Mapping[str, Any]]) -> None:
        images = list(images)
        self._customers = self._numbers(CUSTOMER, "customer_id", images)
        self._points = self._numbers(POINT, "supply_point_id", images)

    @staticmethod
    def _numbers(table: Table, column: str, images: Iterable[Mapping[str, Any]]) -> dict[int, str]:
        ids = {image[column] for image in images if column in image}
        found = db.session.execute(select(table.c.id, table.c.number).where(table.c.id.in_(ids)))
        return {row.id: row.number for row in found} if ids else {}

    def row(self, table_name: str, before: Mapping[str, Any]) -> str:
        if table_name == OCCUPANCY.name:
            return (
                f"{self._points.get(before['supply_point_id'], '')} od {_shown(before['from_on'])}"
            )
        return str(before.get("number") or before["serial"])

    def difference(self, column: str, heading: str, old: Any, new: Any) -> Difference:
        if column in SECRET:
            return Difference(heading, HIDDEN, HIDDEN)
        if column == "customer_id":
            return Difference(heading, *(self._customers.get(one, "") for one in (old, new)))
        return Difference(heading, _shown(old), _shown(new))


def _shown(value: Any) -> str:
    """A value as it stands in a file: days as people write them, nothing for None."""
    if value is None:
        return ""
    try:
        return f"{date.fromisoformat(value):%d.%m.%Y}"
    except (TypeError, ValueError):
        return str(value)


def _readings(batch_id: int, most: int) -> Iterator[Change]:
    rows = db.session.execute(
        select(
            INSTALLATION.c.serial,
            READING.c.taken_on,
            EARLIER.c.value_l.label("old"),
            READING.c.value_l.label("new"),
        )
        .select_from(EARLIER)
        .join(READING, READING.c.id == EARLIER.c.reading_id)
        .join(INSTALLATION, INSTALLATION.c.id == READING.c.installation_id)
        .where(EARLIER.c.replaced_by_batch_id == batch_id)
        .order_by(EARLIER.c.id)
        .limit(most)
    )
    for serial, taken_on, old, new in rows:
        yield Change(
            TITLES[READING.name],
            f"{serial}, {taken_on:%d.%m.%Y}",
            [Difference("stanje", _cubic(old), _cubic(new))],
        )


def _cubic(litres: int) -> str:
    return f"{litres / 1000:.3f}".rstrip("0").rstrip(".").replace(".", ",")
