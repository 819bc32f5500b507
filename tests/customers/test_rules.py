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
    Fault,
    LooksLike,
    Shape,
    code_from_number,
    code_key,
    fault_of,
    is_ours,
    new_access_code,
    serial_key,
    shapes_of,
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
def test_a_code_of_ours_has_no_fault(code):
    assert is_ours(code)
    assert fault_of(code, []) is None


@given(codes, places, st.sampled_from(SYMBOLS))
def test_every_single_wrong_symbol_shows(code, place, symbol):
    typed = code[:place] + symbol + code[place + 1 :]
    assert fault_of(typed, []) == (Fault(is_miscopied=True) if typed != code else None)


@given(codes, st.integers(0, LENGTH - 1))
def test_every_swap_of_two_neighbours_shows(code, place):
    typed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert fault_of(typed, []) == (Fault(is_miscopied=True) if typed != code else None)


NUMBERS_OF_8 = Shape(8, False, 1000, "0123456789")
MIXED_OF_8 = Shape(8, False, 1000, "0123456789ABCDEFGHJK")
FEW_OF_8 = Shape(8, False, 3, "12AB")
OURS = Shape(12, True, 10, "34679ACDEFGH")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("7KQF-M2XW-9O", Fault(typed_length=10, lengths=(12,), impossible=("0O", "2Z"))),
        ("7K4M-9QTA-X3F", Fault(typed_length=11, lengths=(12,))),
        ("7K4M-9QTA-X3FEA", Fault(typed_length=13, lengths=(12,))),
        ("7K4M-9QTA-X30E", Fault(typed_length=12, impossible=("0O",))),
        ("7K4M-9QTA-XŠFE", Fault(typed_length=12, impossible=("Š",))),
        ("3333-3333-3334", Fault(is_miscopied=True)),
        ("100482", Fault(looks_like=LooksLike.CUSTOMER_NUMBER)),
        ("00 482-437", Fault(looks_like=LooksLike.OTHER_NUMBER)),
        ("182044101", Fault(looks_like=LooksLike.OTHER_NUMBER)),
        ("2026-10-1", Fault(looks_like=LooksLike.INVOICE_NUMBER)),
        ("117/2026", Fault(looks_like=LooksLike.INVOICE_NUMBER)),
        ("-", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("shapes", [[], [OURS]], ids=["no summary", "ours"])
def test_where_the_portal_made_all_codes_their_form_is_known(text, shapes, fault):
    assert fault_of(text, shapes) == fault


@pytest.mark.parametrize(
    ("text", "shapes", "fault"),
    [
        ("12345678", [NUMBERS_OF_8], None),
        ("1234567", [NUMBERS_OF_8], Fault(typed_length=7, lengths=(8,))),
        ("1234567O", [NUMBERS_OF_8], Fault(typed_length=8, impossible=("O",))),
        ("1234567O", [NUMBERS_OF_8, OURS], Fault(typed_length=8, impossible=("O",))),
        ("2026-10-1", [NUMBERS_OF_8], Fault(typed_length=7, lengths=(8,))),
        ("7K4M-9QTA-X3F", [NUMBERS_OF_8, OURS], Fault(typed_length=11, lengths=(8, 12))),
        ("3333-3333-3334", [NUMBERS_OF_8, OURS], None),
        ("100482", [MIXED_OF_8], Fault(looks_like=LooksLike.CUSTOMER_NUMBER)),
        ("ABCDEFGL", [MIXED_OF_8], Fault(typed_length=8, impossible=("IL",))),
        ("ABCDEFGŽ", [FEW_OF_8], Fault(typed_length=8, impossible=("Ž",))),
    ],
)
def test_with_imported_codes_only_lengths_and_symbols_that_occur_are_used(text, shapes, fault):
    assert fault_of(text, shapes) == fault


@pytest.mark.parametrize("text", ["98765432", "ZYXWVUTS", "A1B2C3D4"])
def test_the_symbols_of_a_few_imported_codes_are_not_given_away(text):
    assert fault_of(text, [FEW_OF_8]) is None


@given(st.lists(st.text(min_size=1, max_size=14).map(code_key).filter(bool), max_size=60))
def test_a_code_in_force_never_has_a_fault(keys):
    shapes = shapes_of(keys)
    assert all(fault_of(key, shapes) is None for key in keys)


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
