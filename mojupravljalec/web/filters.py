"""How days, moments and quantities are written, as people there write them."""

from datetime import date, datetime

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import get_locale, gettext

from ..values import clock

NBSP = "\N{NO-BREAK SPACE}"


def day(value: date) -> str:
    """»22. november 2026«; the day and the month stay on one line."""
    return format_date(value, "long", locale=get_locale()).replace(" ", NBSP, 1)


def moment(value: datetime) -> str:
    """»22. november 2026 ob 15.04«, in local time."""
    local = value.astimezone(clock.LOCAL)
    pattern = "HH.mm" if str(get_locale()) == "sl" else "HH:mm"
    return gettext(
        "%(day)s at %(time)s",
        day=day(local.date()),
        time=format_datetime(local, pattern, tzinfo=clock.LOCAL, locale=get_locale()),
    )


def month(value: date) -> str:
    """»november 2026«."""
    return format_date(value, "LLLL y", locale=get_locale())


def cubic(litres: int | None, decimals: int = 0) -> str:
    """Litres as »1234 m³«, with a true minus; a dash where nothing is known.

    Thousands are not grouped: a point there is easily copied and means something else.
    """
    if litres is None:
        return "–"
    return _decimal(litres / 1000, "0", decimals) + NBSP + "m³"


def number(value: float, decimals: int = 0) -> str:
    """»1.234,5« with at most ``decimals`` decimals that are not needed left out."""
    return _decimal(value, "#,##0", decimals)


def _decimal(value: float, whole: str, decimals: int) -> str:
    pattern = whole + ("." + "#" * decimals if decimals else "")
    return format_decimal(value, pattern, locale=get_locale()).replace("-", "\N{MINUS SIGN}")


def init_app(app: Flask) -> None:
    """Make them filters of the templates."""
    for write in (day, moment, month, cubic, number):
        app.jinja_env.filters[write.__name__] = write
