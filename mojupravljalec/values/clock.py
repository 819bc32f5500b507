"""Moments are UTC, days are local: the one place that knows what time it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Europe/Ljubljana")


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def local_day(moment: datetime) -> date:
    """The calendar day in Slovenia at ``moment``."""
    return moment.astimezone(LOCAL).date()


def today() -> date:
    """The calendar day in Slovenia now, also between local midnight and midnight UTC."""
    return local_day(now())
