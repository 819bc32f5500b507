"""Money: exact cents, half cents, and how amounts and decimals are written."""

import doctest
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.values import money
from mojupravljalec.values.money import cents, decimal_written, euros, half_up, written

AMOUNTS = st.integers(-(10**17), 10**17)


def test_the_examples_hold():
    assert doctest.testmod(money).failed == 0


# ---------------------------------------------------------------- cents


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0", 0),
        ("1234.50", 123_450),
        ("12.5", 1_250),
        ("+3", 300),
        ("-7.71", -771),
        ("0.0100000000000000000000000000000000000000", 1),
        (" 5.00\n", 500),
        (Decimal("1E+3"), 100_000),
        (Decimal("-0.00"), 0),
        ("9999999999999999.99", 999_999_999_999_999_999),
    ],
)
def test_an_amount_of_whole_cents_is_taken_exactly(amount, expected):
    assert cents(amount) == expected


@pytest.mark.parametrize(
    "amount", ["0.001", "12.345", "0.0100000000000000000000000000000000000001"]
)
def test_part_of_a_cent_is_refused(amount):
    with pytest.raises(ValueError, match="del centa"):
        cents(amount)


@pytest.mark.parametrize(
    "amount",
    ["", "abc", "1,50", "NaN", "sNaN", "Infinity", "-Infinity", "1E+999999", "10000000000000000"],
)
def test_what_is_no_amount_of_money_is_refused(amount):
    with pytest.raises(ValueError, match="ni znesek"):
        cents(amount)


@given(AMOUNTS)
def test_cents_come_back_from_euros(amount):
    assert cents(Decimal(amount).scaleb(-2)) == amount


# ---------------------------------------------------------------- rounding


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("6.669", 667),
        ("0.6365", 64),
        ("0.005", 1),
        ("0.015", 2),
        ("0.025", 3),
        ("-0.005", -1),
        ("-0.015", -2),
        ("0.0049999", 0),
        ("-0.0049999", 0),
        ("1E+2", 10_000),
    ],
)
def test_half_a_cent_goes_away_from_zero(value, expected):
    assert half_up(Decimal(value)) == expected


@given(st.decimals(-(10**9), 10**9, places=6))
def test_rounding_is_never_more_than_half_a_cent_off_and_the_same_for_minus(value):
    assert abs(Fraction(value) * 100 - half_up(value)) <= Fraction(1, 2)
    assert half_up(-value) == -half_up(value)


def test_rounding_refuses_what_is_no_money():
    with pytest.raises(InvalidOperation):
        half_up(Decimal("1E+30"))


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize(
    ("amount", "text", "signed"),
    [
        (0, "0,00", "0,00"),
        (5, "0,05", "+0,05"),
        (-5, "−0,05", "−0,05"),
        (771, "7,71", "+7,71"),
        (99_999, "999,99", "+999,99"),
        (100_000, "1.000,00", "+1.000,00"),
        (123_450, "1.234,50", "+1.234,50"),
        (-123_456_789, "−1.234.567,89", "−1.234.567,89"),
    ],
)
def test_cents_are_written_as_on_a_bill(amount, text, signed):
    assert written(amount) == text
    assert written(amount, sign=True) == signed
    assert euros(amount) == text + "\N{NO-BREAK SPACE}€"
    assert euros(amount, sign=True) == signed + "\N{NO-BREAK SPACE}€"


@given(AMOUNTS)
def test_what_is_written_says_the_same_cents(amount):
    plain = written(amount).replace(".", "").replace(",", ".").replace("−", "-")
    assert cents(plain) == amount


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        ("0.782", 4, "0,7820"),
        ("0.7820", None, "0,782"),
        ("12", None, "12"),
        ("12.000", None, "12"),
        ("0.50", None, "0,5"),
        ("100", None, "100"),
        ("1E+3", None, "1.000"),
        ("1234.5", None, "1.234,5"),
        ("1234567.125", 2, "1.234.567,13"),
        ("0.125", 2, "0,13"),
        ("-0.125", 2, "−0,13"),
        ("2.5", 0, "3"),
        ("-9.5", None, "−9,5"),
        ("-0.001", 2, "0,00"),
        ("-0.0", None, "0"),
        ("0", 4, "0,0000"),
        ("0.0000001", None, "0,0000001"),
    ],
)
def test_decimals_are_written_with_a_comma(value, places, text):
    assert decimal_written(Decimal(value), places) == text
