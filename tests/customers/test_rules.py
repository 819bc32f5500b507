"""Customer codes: what they are made of, and which slips of the pen show."""

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.customers import rules
from mojupravljalec.customers.rules import (
    LENGTH,
    SYMBOLS,
    code_from_number,
    code_key,
    is_mistyped,
    new_access_code,
    serial_key,
)

codes = st.integers(0, len(SYMBOLS) ** LENGTH - 1).map(lambda n: code_key(code_from_number(n)))
places = st.integers(0, LENGTH)


def test_the_examples_in_the_rules_hold():
    assert doctest.testmod(rules).failed == 0


def test_no_two_symbols_pass_for_each_other_on_paper():
    assert len(set(SYMBOLS)) == len(SYMBOLS)
    for alike in ("0OQD", "1IL", "2Z", "5S", "8B"):
        assert len(set(alike) & set(SYMBOLS)) <= (2 if alike == "0OQD" else 0)
    assert not set("0O1I") & set(SYMBOLS)


def test_a_code_has_at_least_fifty_bits_and_a_check_character():
    assert math.log2(len(SYMBOLS) ** LENGTH) >= 50
    assert len(code_key(new_access_code())) == LENGTH + 1


def test_codes_are_printed_in_groups_of_four():
    assert [len(group) for group in new_access_code().split("-")] == [4, 4, 4]


def test_a_thousand_codes_are_a_thousand_different_ones():
    assert len({new_access_code() for _ in range(1000)}) == 1000


@given(st.integers(0, len(SYMBOLS) ** LENGTH - 1), st.integers(0, len(SYMBOLS) ** LENGTH - 1))
def test_different_numbers_give_different_codes(one, other):
    assert (code_from_number(one) == code_from_number(other)) == (one == other)


@given(codes)
def test_a_code_of_ours_is_not_mistyped(code):
    assert not is_mistyped(code)


@given(codes, places, st.sampled_from(SYMBOLS))
def test_every_single_wrong_symbol_shows(code, place, symbol):
    typed = code[:place] + symbol + code[place + 1 :]
    assert is_mistyped(typed) == (typed != code)


@given(codes, st.integers(0, LENGTH - 1))
def test_every_swap_of_two_neighbours_shows(code, place):
    typed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert is_mistyped(typed) == (typed != code)


@pytest.mark.parametrize("text", ["", "4821307A", "7K4M-9QTA", "0000-0000-0000", "48213-07"])
def test_a_code_that_came_in_a_file_is_never_called_mistyped(text):
    assert not is_mistyped(text)


@pytest.mark.parametrize(
    "typed",
    [
        "7k4m-9qta-x3fe",
        "7K4M9QTAX3FE",
        " 7K4M 9QTA X3FE ",
        "7K4M\N{EN DASH}9QTA\N{EM DASH}X3FE",
        "7K4M\N{NO-BREAK SPACE}9QTA\N{NON-BREAKING HYPHEN}X3FE",
        "7K4M\N{SOFT HYPHEN}9QTA.X3FE",
        "7k4m\t9qta\r\nx3fe",
        "\N{MINUS SIGN}7K4M_9QTA/X3FE",
    ],
)
def test_one_code_however_it_is_written(typed):
    assert code_key(typed) == "7K4M9QTAX3FE"


@given(st.text())
def test_any_text_has_a_key_that_is_its_own_key(text):
    assert code_key(code_key(text)) == code_key(text)


@pytest.mark.parametrize(
    ("typed", "kept", "same"),
    [
        ("18204411", "18204411", True),
        ("0018204411", "18204411", True),
        ("18 204-411", "18204411", True),
        ("abc12", "ABC-12", True),
        ("18204410", "18204411", False),
        ("182044110", "18204411", False),
    ],
)
def test_a_serial_is_compared_without_its_form(typed, kept, same):
    assert (serial_key(typed) == serial_key(kept)) == same
