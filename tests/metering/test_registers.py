"""One register: what was typed off it, when, and what two of its values mean."""

import doctest
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.metering import registers
from mojupravljalec.metering.registers import (
    Flaw,
    NotAReading,
    Register,
    check_day,
    parse_register,
    used,
)

REGISTER = Register(digits=5, decimals=0, installed_on=date(2023, 5, 14), start_l=0)
DAY = date(2026, 11, 30)


def test_the_examples_hold():
    assert doctest.testmod(registers).failed == 0


# ---------------------------------------------------------------- typing


@pytest.mark.parametrize(
    ("text", "litres"),
    [
        ("467", 467_000),
        ("00467", 467_000),
        ("1.929,5", 1_929_000),
        ("12.345,", 12_345_000),
        (" 4 67 ", 467_000),
        ("4\N{NO-BREAK SPACE}670", 4_670_000),
        ("467 m3", 467_000),
        ("467\N{NO-BREAK SPACE}m³", 467_000),
        ("467M3", 467_000),
        ("467,123", 467_000),
        ("467.999", 467_000),
        ("467,", 467_000),
        (",5", 0),
        ("0", 0),
        ("00000", 0),
        ("0000000000467", 467_000),
        ("99999", 99_999_000),
        ("467123", 467_123_000),  # beyond the range: judge asks
        ("99999999", 99_999_999_000),
    ],
)
def test_a_register_of_whole_m3_is_read_as_typed(text, litres):
    assert parse_register(text, digits=5, decimals=0) == litres


@pytest.mark.parametrize(
    ("text", "decimals", "litres"),
    [
        ("467,1", 3, 467_100),
        ("467,123", 3, 467_123),
        ("467.1239", 3, 467_123),
        ("467,19", 1, 467_100),
        ("467", 2, 467_000),
    ],
)
def test_decimals_count_only_where_the_register_has_them(text, decimals, litres):
    assert parse_register(text, digits=5, decimals=decimals) == litres


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", Flaw.EMPTY),
        (" \N{NO-BREAK SPACE}", Flaw.EMPTY),
        ("m3", Flaw.EMPTY),
        ("abc", Flaw.NOT_A_NUMBER),
        ("4O7", Flaw.NOT_A_NUMBER),
        ("1.23,5", Flaw.NOT_A_NUMBER),
        (",", Flaw.NOT_A_NUMBER),
        ("4e3", Flaw.NOT_A_NUMBER),
        ("+5", Flaw.NOT_A_NUMBER),
        ("٤٦٧", Flaw.NOT_A_NUMBER),
        ("-5", Flaw.NEGATIVE),
        ("−5", Flaw.NEGATIVE),
        ("123456789", Flaw.TOO_MANY_DIGITS),
        ("9" * 10_000, Flaw.TOO_MANY_DIGITS),
        ("5,1234567", Flaw.TOO_MANY_DECIMALS),
    ],
)
def test_what_is_no_number_of_a_register_is_refused_with_its_flaw(text, flaw):
    with pytest.raises(NotAReading) as refused:
        parse_register(text, digits=5, decimals=0)
    assert refused.value.code is flaw


@given(st.text(max_size=15), st.integers(3, 9), st.integers(0, 3))
def test_any_text_is_either_litres_or_refused(text, digits, decimals):
    try:
        litres = parse_register(text, digits=digits, decimals=decimals)
    except NotAReading:
        return
    assert 0 <= litres < 10 ** (digits + 3) * 1000
    assert litres % 10 ** (3 - decimals) == 0


@given(st.integers(0, 99_999), st.sampled_from(["{:05}", "{}", "{},000", "{}.5 m³", " {} "]))
def test_however_whole_m3_are_written_they_mean_the_same(m3, form):
    assert parse_register(form.format(m3), digits=5, decimals=0) == m3 * 1000


# ---------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("day", "flaw"),
    [
        (date(2026, 12, 1), Flaw.IN_FUTURE),
        (date(2023, 5, 13), Flaw.BEFORE_INSTALLED),
        (date(2026, 9, 28), Flaw.TOO_LONG_AGO),
        (date(2026, 9, 29), None),
        (date(2026, 11, 21), Flaw.AFTER_REMOVED),
        (date(2026, 11, 20), None),
    ],
)
def test_a_meter_can_be_read_only_while_it_is_there(day, flaw):
    register = Register(5, 0, date(2023, 5, 14), 0, removed_on=date(2026, 11, 20), end_l=500_000)
    if flaw is None:
        check_day(register, day, DAY)
        return
    with pytest.raises(NotAReading) as refused:
        check_day(register, day, DAY)
    assert refused.value.code is flaw


# ---------------------------------------------------------------- consumption


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (100_000, 130_000, 30_000),
        (100_000, 100_000, 0),
        (99_990_000, 8_000, 18_000),  # the register turned over
        (90_000_000, 0, 10_000_000),  # the most that is believed
        (90_000_000, 1_000, None),
        (89_999_000, 0, None),  # not from the last tenth
        (467_000, 450_000, None),
        (99_990_000, 80_000_000, None),
    ],
)
def test_consumption_is_the_difference_unless_the_register_went_back(before, now, expected):
    assert used(before, now, turns_at=REGISTER.range_l) == expected


def test_how_much_is_believed_of_a_register_that_turned_over_can_be_given():
    assert used(99_990_000, 8_000, turns_at=REGISTER.range_l, most=18_000) == 18_000
    assert used(99_990_000, 8_000, turns_at=REGISTER.range_l, most=17_999) is None


def test_a_register_of_unknown_range_does_not_turn_over():
    assert used(99_990_000, 8_000) is None
    assert used(Decimal("12.5"), Decimal("13.75")) == Decimal("1.25")
    assert used(Decimal("13.75"), Decimal("12.5")) is None


values = st.integers(0, 99_999_999)


@given(values, values, st.none() | st.integers(0, 10**8))
def test_consumption_is_never_negative_and_leads_to_the_later_value(before, now, most):
    found = used(before, now, turns_at=REGISTER.range_l, most=most)
    assert found is None or found >= 0
    if found is not None:
        assert (before + found) % REGISTER.range_l == now
