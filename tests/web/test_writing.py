"""How days, moments and quantities are read and written."""

from datetime import UTC, date, datetime

import pytest
from flask_babel import force_locale

from mojupravljalec.web.filters import cubic, day, moment, month, number
from mojupravljalec.web.forms import read_day
from mojupravljalec.web.numbers import row_number

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-11-22", date(2026, 11, 22)),
        ("2026-1-2", date(2026, 1, 2)),
        ("22. 11. 2026", date(2026, 11, 22)),
        ("22.11.2026", date(2026, 11, 22)),
        ("2.1.2026.", date(2026, 1, 2)),
        (f"22.{NBSP}11.{NBSP}2026", date(2026, 11, 22)),
        ("29. 2. 2028", date(2028, 2, 29)),
        ("29. 2. 2026", None),
        ("31. 11. 2026", None),
        ("0. 1. 2026", None),
        ("1. 13. 2026", None),
        ("2026-00-01", None),
        ("0000-01-01", None),
        ("22. 11. 26", None),
        ("11/22/2026", None),
        ("today", None),
        ("", None),
        ("2026-11-22T12:00", None),
        ("12026-11-22", None),
    ],
)
def test_a_day_is_read_as_browsers_and_as_people_write_it(text, found):
    assert read_day(text) == found


@pytest.fixture(params=["sl", "en"])
def language(app, request):
    with app.test_request_context(), force_locale(request.param):
        yield request.param


def test_days_and_months_are_written_in_the_language(language):
    found = (day(date(2026, 11, 2)), month(date(2026, 11, 1)))
    assert (
        found
        == {
            "sl": (f"2.{NBSP}november 2026", "november 2026"),
            "en": (f"November{NBSP}2, 2026", "November 2026"),
        }[language]
    )


@pytest.mark.parametrize(
    ("utc", "local"),
    [
        (datetime(2026, 11, 22, 14, 4, tzinfo=UTC), (22, "15", "04")),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), (23, "00", "30")),
        (datetime(2026, 7, 22, 22, 30, tzinfo=UTC), (23, "00", "30")),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), (25, "02", "30")),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), (25, "02", "30")),
        (datetime(2027, 3, 28, 0, 59, tzinfo=UTC), (28, "01", "59")),
        (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), (28, "03", "00")),
    ],
)
def test_moments_are_written_in_local_time(language, utc, local):
    on, hour, minute = local
    written = moment(utc)
    assert written.endswith(f"{hour}{'.' if language == 'sl' else ':'}{minute}")
    assert f"{on}" in written.split(",")[0]


@pytest.mark.parametrize(
    ("litres", "decimals", "slovenian", "english"),
    [
        (0, 0, "0", "0"),
        (467_000, 0, "467", "467"),
        (1_234_000, 0, "1234", "1234"),
        (12_345_678_000, 0, "12345678", "12345678"),
        (475_913, 3, "475,913", "475.913"),
        (475_900, 3, "475,9", "475.9"),
        (475_000, 3, "475", "475"),
        (-7000, 0, "\N{MINUS SIGN}7", "\N{MINUS SIGN}7"),
    ],
)
def test_litres_are_written_as_cubic_metres(language, litres, decimals, slovenian, english):
    written = slovenian if language == "sl" else english
    assert cubic(litres, decimals) == f"{written}{NBSP}m³"


@pytest.mark.usefixtures("language")
def test_what_is_not_known_is_a_dash():
    assert cubic(None) == "–"


def test_numbers_lose_decimals_that_are_not_needed(language):
    comma = "," if language == "sl" else "."
    assert [number(387.4), number(12.50, 1), number(12.0, 1)] == ["387", f"12{comma}5", "12"]


@pytest.mark.parametrize("text", ["0", "1", "2147483647"])
def test_a_number_a_row_can_have_is_read(text):
    assert row_number(text) == int(text)


@pytest.mark.parametrize("text", ["", "x", "-1", "2147483648", "9" * 5000, "1.5"])
def test_a_number_no_row_can_have_is_not_read(text):
    with pytest.raises(ValueError, match=r".*"):
        row_number(text)
