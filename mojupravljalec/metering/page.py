"""What the page of one supply point shows, put together from queries and rules."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from babel.dates import format_date
from flask import current_app
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from .. import storage
from ..storage import Shelf
from ..values import clock
from ..web.filters import cubic, month, period
from ..web.i18n import locale
from . import history, queries, wording
from .actions import register_of
from .chart import Look, bar_chart, look
from .models import EarlierReading, MeterInstallation, Reading, Source, Status
from .registers import READ_WITHIN_DAYS
from .windows import Span, parse_window

DAYS_OF_YEAR = 365
ROWS_AT_FIRST = 13  # a year, and the same month of the year before


@dataclass(frozen=True)
class Receipt:
    """A reading just sent, as its sender may keep it."""

    reading: Reading
    row: history.Row


@dataclass(frozen=True)
class PointPage:
    """One supply point as its resident sees it."""

    point: queries.PointSeen
    meter: MeterInstallation | None
    rows: list[history.Row]
    earlier: dict[int, list[EarlierReading]]
    photos: frozenset[int]
    billed: frozenset[int]
    receipt: Receipt | None
    today: date

    @property
    def may_send(self) -> bool:
        return self.meter is not None

    @property
    def sent_today(self) -> history.Row | None:
        """What the resident has already sent for today and can correct by another value."""
        return next(
            (
                row
                for row in self.rows
                if row.taken_on == self.today
                and row.source == Source.PORTAL
                and not row.exchange_entered
            ),
            None,
        )

    def last_before(self, day: date) -> history.Row | None:
        """The newest reading before ``day`` of the meter that runs now: what it is compared to."""
        rows = (
            row
            for row in self.rows
            if row.kind == "reading"
            and (row.status != Status.PENDING or row.reported_serial is not None)
            and row.taken_on < day
        )
        newest = next(rows, None)
        return newest if newest and self.meter and newest.serial == self.meter.serial else None

    @property
    def reported(self) -> history.Row | None:
        """The newest reading of the running meter, if it is of one that the resident reported."""
        newest = next((row for row in self.rows if row.kind == "reading"), None)
        if newest is None or newest.reported_serial is None or self.meter is None:
            return None
        return newest if newest.serial == self.meter.serial else None

    @property
    def window(self) -> Span | None:
        """The open window, if it is open today."""
        return parse_window(current_app.config["READING_WINDOW"]).span_on(self.today)

    @property
    def next_bill(self) -> date:
        """First day of the month whose bill takes a reading sent today."""
        return parse_window(current_app.config["READING_WINDOW"]).counts_for(self.today)

    @property
    def usage(self) -> list[history.Month]:
        """Thirteen months up to the newest reading."""
        settled = (row.taken_on for row in self.rows if row.status != Status.PENDING)
        until = max(settled, default=self.today)
        return history.monthly_usage_l(self.rows, until=until)

    @property
    def long_periods(self) -> list[history.Row]:
        """Instead of months: the times between readings, if some are more than a year apart."""
        periods = history.measured_periods(self.rows)
        return periods if any((one.days or 0) > history.YEARLY_DAYS for one in periods) else []

    def shown(self, every: bool) -> list[history.Row]:
        """The rows of the history that the page begins with, or all of them."""
        return self.rows if every else self.rows[:ROWS_AT_FIRST]

    def can_correct(self, row: history.Row) -> bool:
        """Whether the resident may replace the value: their own, of the meter that runs."""
        return bool(
            self.may_send
            and self.meter
            and row.source == Source.PORTAL
            and row.serial == self.meter.serial
            and row.reading_id not in self.billed
            and (self.today - row.taken_on).days <= READ_WITHIN_DAYS
        )


def page_of(seen: queries.PointSeen, receipt_id: int | None) -> PointPage:
    """Everything about ``seen``; the receipt only of a reading in the resident's own time."""
    meters = queries.meters_at(seen.id)
    found = queries.readings_seen(seen)
    rows = _rows(seen, found, meters)
    return PointPage(
        point=seen,
        meter=_running(meters) if seen.has(clock.today()) else None,
        rows=rows,
        earlier=queries.earlier_values(
            [reading.id for reading in found if reading.source == Source.PORTAL]
        ),
        photos=frozenset(reading.id for reading in found if reading.photo),
        billed=frozenset(reading.id for reading in found if reading.exported_at),
        receipt=_receipt(seen, rows, receipt_id),
        today=clock.today(),
    )


def photo_of(seen: queries.PointSeen, reading_id: int) -> Path:
    """Where the photo of a reading lies; where there is none, it is not found."""
    name = queries.reading_of(seen, reading_id).photo
    if not name or not storage.path_of(Shelf.PHOTOS, name).exists():
        raise NotFound
    return storage.path_of(Shelf.PHOTOS, name)


def _running(meters: list[MeterInstallation]) -> MeterInstallation | None:
    return next((one for one in reversed(meters) if one.removed_on is None), None)


def _rows(
    seen: queries.PointSeen, found: list[queries.ReadingRow], meters: list[MeterInstallation]
) -> list[history.Row]:
    entries = [
        history.Entry(
            one.taken_on,
            one.value_l,
            one.source,
            one.status,
            one.installation_id,
            one.id,
            one.reported_serial,
        )
        for one in found
    ]
    installed = [history.Installation(one.id, one.serial, register_of(one)) for one in meters]
    own = (row for row in history.history(entries, installed) if seen.has(row.taken_on))
    return [_without_strangers(seen, row) for row in own]


def _without_strangers(seen: queries.PointSeen, row: history.Row) -> history.Row:
    """A consumption that reaches out of the resident's time tells of whoever was there then."""
    if row.days is None or seen.has_all(row.taken_on - timedelta(days=row.days), row.taken_on):
        return row
    return replace(row, used_l=None, days=None, per_day_l=None)


def _receipt(
    seen: queries.PointSeen, rows: list[history.Row], reading_id: int | None
) -> Receipt | None:
    row = next((row for row in rows if reading_id and row.reading_id == reading_id), None)
    if row and row.source != Source.PORTAL:
        return None
    return (
        Receipt(queries.reading_of(seen, row.reading_id), row) if row and row.reading_id else None
    )


def chart(page: PointPage) -> Markup:
    """The consumption by month as a picture with a text alternative."""
    months = page.usage
    svg = bar_chart(
        months,
        labels=[format_date(one.first_day, "LLL", locale=locale())[:3] for one in months],
        title=gettext("Consumption by month in m³"),
        describe="; ".join(_described(one) for one in months if one.used_l is not None),
        legend={one: str(words) for one, words in wording.LEGEND.items()},
    )
    return Markup(svg)  # noqa: S704 bar_chart escapes what it is given


def _described(one: history.Month) -> str:
    text = f"{month(one.first_day)}: {cubic(one.used_l)}"
    tag = wording.look_tag(one)
    return f"{text} ({tag})" if tag else text


def usage_sentence(page: PointPage) -> str:
    """The chart in one sentence: the last month, and how it compares with a year ago."""
    first, *_, last = page.usage
    if last.used_l is None:
        return ""
    if look(last) is Look.AVERAGE:
        return gettext(
            "The meter is read more rarely than every month, so the months show an average."
        )
    used = round(last.used_l / 1000)
    if last.days_missing:
        return gettext(
            "In %(month)s you have used %(used)s so far.",
            month=month(last.first_day),
            used=cubic(used * 1000),
        )
    sentence = gettext(
        "In %(month)s you used %(used)s.", month=month(last.first_day), used=cubic(used * 1000)
    )
    if first.used_l is None or look(first) is Look.AVERAGE:
        return sentence
    return f"{sentence} {_compared(used - round(first.used_l / 1000))}"


def period_of(row: history.Row) -> str:
    """The first and the last day of what a reading was used since."""
    return period(row.taken_on - timedelta(days=row.days or 0), row.taken_on)


def yearly_l(row: history.Row) -> int | None:
    """Litres a year on average, None for less than a year."""
    if row.used_l is None or not row.days or row.days < DAYS_OF_YEAR:
        return None
    return row.used_l * DAYS_OF_YEAR // row.days


def _compared(more_m3: int) -> str:
    if more_m3 == 0:
        return gettext("This is as much as a year before.")
    if more_m3 > 0:
        return gettext(
            "This is %(difference)s more than a year before.", difference=cubic(more_m3 * 1000)
        )
    return gettext(
        "This is %(difference)s less than a year before.", difference=cubic(-more_m3 * 1000)
    )
