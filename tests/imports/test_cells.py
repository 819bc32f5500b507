import doctest
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.imports import cells, rejected, table_file

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
LITRES = st.integers(0, 999_999_999_999)


@pytest.mark.parametrize("module", [cells, rejected, table_file])
def test_the_examples_hold(module):
    assert doctest.testmod(module).failed == 0


@given(DAYS)
def test_every_writing_of_a_day_is_that_day(day):
    for written in (
        f"{day:%d.%m.%Y}",
        f"{day.day}. {day.month}. {day.year}",
        f"{day.day}.\u00a0{day.month}.\u00a0{day.year}",
        day.isoformat(),
    ):
        assert cells.day(written) == day.isoformat()


@given(LITRES)
def test_every_writing_of_a_register_is_its_litres(litres):
    m3, rest = divmod(litres, 1000)
    grouped = f"{m3:,}"
    for written in (
        f"{m3},{rest:03}",
        f"{m3:09}.{rest:03}",
        f"{grouped.replace(',', '.')},{rest:03}",
        f"{grouped.replace(',', ' ')}.{rest:03}",
        f"{grouped.replace(',', chr(0xA0))},{rest:03}0",
    ):
        assert cells.register(written).litres == litres


@given(st.text(max_size=12))
def test_no_text_is_more_than_a_bad_cell(text):
    for read in (cells.register, cells.day, cells.year, cells.text):
        with suppress(cells.BadCell):
            read(text)


@pytest.mark.parametrize(
    ("written", "litres", "decimals"),
    [
        ("00467", 467_000, 0),
        ("467,50", 467_500, 1),
        ("1.234", 1_234, 3),  # asks for a meter with litres: it may be 1234 m³
        ("12.000", 12_000, 3),
        ("0.500", 500, 1),  # no thousands begin with a nought
        ("1234.500", 1_234_500, 1),
        ("1.234,5", 1_234_500, 1),
        ("1.234.567", 1_234_567_000, 0),
        ("1 234", 1_234_000, 0),
    ],
)
def test_a_register(written, litres, decimals):
    assert cells.register(written) == (litres, decimals)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "-1",
        "+1",
        "1e3",
        "1,2,3",
        "1,234.5",
        "12.34.567",
        "1.23,4",
        "٣",
        "1,2345",
        "1" * 10,
        "½",
    ],
)
def test_no_register(written):
    with pytest.raises(cells.BadCell):
        cells.register(written)


@pytest.mark.parametrize(
    "written",
    ["", "29.2.2025", "2026-13-01", "20261122", "2026-W47-7", "22.11.26", "1.1.0202", "22/11/2026"],
)
def test_no_day(written):
    with pytest.raises(cells.BadCell):
        cells.day(written)


@pytest.mark.parametrize(
    ("cell", "safe"),
    [("=1", "'=1"), ("+a", "'+a"), ("@x", "'@x"), ("＝1", "'＝1"), ("-5,5", "-5,5"), ("a", "a")],
)
def test_formulas_are_disarmed(cell, safe):
    assert rejected.guarded(cell) == safe


def test_a_terminal_is_not_steered():
    assert "\x1b" not in rejected.shown("\x1b[2Jx")
