"""How days, moments and quantities are written, as people there write them."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import gettext

from ..values import clock
from ..values.money import NBSP, decimal_written, euros, price
from .i18n import locale


def day(value: date) -> str:
    """»22. november 2026«; the day and the month stay on one line."""
    return _formatted(value, "long", locale()).replace(" ", NBSP, 1)


# Slovenian days and months after »do«, »od« and »bil«; CLDR has only the nominative.
_GENITIVE_DAYS = ("ponedeljka", "torka", "srede", "četrtka", "petka", "sobote", "nedelje")
_GENITIVE_MONTHS = (
    *("januarja", "februarja", "marca", "aprila", "maja", "junija"),
    *("julija", "avgusta", "septembra", "oktobra", "novembra", "decembra"),
)
_HALF_A_YEAR = timedelta(days=183)


def genitive_day(value: date) -> str:
    """»22. novembra 2026«, as after »do«; other languages write days as ``day`` does."""
    if locale() != "sl":
        return day(value)
    return f"{value.day}.{NBSP}{_GENITIVE_MONTHS[value.month - 1]} {value.year}"


def near_day(value: date) -> str:
    """»22. novembra«: ``genitive_day``, without the year within half a year from today."""
    if abs(value - clock.today()) > _HALF_A_YEAR:
        return genitive_day(value)
    if locale() != "sl":
        return _formatted(value, "MMMM d", locale()).replace(" ", NBSP)
    return f"{value.day}.{NBSP}{_GENITIVE_MONTHS[value.month - 1]}"


def near_weekday(value: date) -> str:
    """»sobote, 12. decembra«: ``near_day`` with the day of the week before it."""
    if locale() == "sl":
        return f"{_GENITIVE_DAYS[value.weekday()]}, {near_day(value)}"
    return f"{_formatted(value, 'EEEE', locale())}, {near_day(value)}"


def short_day(value: date) -> str:
    """»22. 11. 2026«, all of it on one line."""
    asked = locale()
    return _formatted(value, "d. M. y" if asked == "sl" else "d MMM y", asked).replace(" ", NBSP)


@lru_cache(maxsize=10_000)
def _formatted(value: date, pattern: str, asked: str) -> str:
    # Babel takes 20 µs for a day, and a table has a hundred of them.
    return format_date(value, pattern, locale=asked)


def period(start: date | None, end: date | None) -> str:
    """»oktober 2026« where it is one month, else its first and last day; "" if there is none."""
    if start is None or end is None:
        return ""
    if start.day == 1 and end == _last_of_month(start):
        return month(start)
    return f"{short_day(start)}–{short_day(end)}"


def _last_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def moment(value: datetime) -> str:
    """»22. november 2026 ob 15.04«, in local time."""
    return gettext("%(day)s at %(time)s", day=day(clock.local_day(value)), time=hour(value))


def hour(value: datetime) -> str:
    """»15.04«, in local time."""
    pattern = "HH.mm" if locale() == "sl" else "HH:mm"
    return format_datetime(value, pattern, tzinfo=clock.LOCAL, locale=locale())


def month(value: date) -> str:
    """»november 2026«."""
    return _formatted(value, "LLLL y", locale())


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
    return format_decimal(value, pattern, locale=locale()).replace("-", "\N{MINUS SIGN}")


def init_app(app: Flask) -> None:
    """Make them filters of the templates."""
    days = (day, genitive_day, near_day, near_weekday, short_day, moment, hour, month)
    for write in (*days, cubic, number, euros, price):
        app.jinja_env.filters[write.__name__] = write
    app.jinja_env.filters["decimal"] = decimal_written
