"""Account numbers."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban as every_country

from mojupravljalec.values import iban
from mojupravljalec.values.iban import is_slovenian, normal, printed


def test_the_examples_hold():
    assert doctest.testmod(iban).failed == 0


@pytest.mark.parametrize(
    "text",
    [
        "SI56020170014356205",
        "SI56051008010486080",
        "si56 0201 7001 4356 205",
        " SI56020170014356205\n",
    ],
)
def test_an_account_in_slovenia_is_valid(text):
    assert is_slovenian(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SI56",
        "SI56020170014356206",
        "SI5602017001435620",
        "SI560201700143562050",
        "SI56-020170014356205",
        "SI56٠20170014356205",
        "HR1210010051863000160",
        "020170014356205",
    ],
)
def test_anything_else_is_not(text):
    assert not is_slovenian(text)


def test_other_check_digits_than_56_are_refused_though_the_library_takes_them():
    assert every_country.is_valid("SI52031001000051063")
    assert not is_slovenian("SI52031001000051063")


@given(st.text("0123456789", min_size=19, max_size=19), st.integers(0, 18))
def test_one_changed_digit_is_refused(digits, place):
    number = "SI56020170014356205"
    changed = f"{number[:place]}{digits[place]}{number[place + 1 :]}"
    assert is_slovenian(changed) == (changed == number)


@given(st.text(max_size=40))
def test_what_is_kept_stays_the_same_however_it_is_printed(text):
    assert normal(normal(text)) == normal(text)
    assert normal(printed(text)) == normal(text)
    assert is_slovenian(text) == is_slovenian(printed(text))


def test_it_is_printed_in_groups_of_four():
    assert printed("si56020170014356205") == "SI56 0201 7001 4356 205"
    assert printed("") == ""
