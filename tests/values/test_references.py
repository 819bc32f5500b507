"""Payment references: made, checked, printed and compared."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from mojupravljalec.values import references
from mojupravljalec.values.references import (
    BadReference,
    check,
    key,
    normal,
    printed,
    rf,
    with_check_digit,
)

# Which parts end with a check digit, and over which parts it is reckoned; written anew from the
# banks' table, so that a slip in the code's own table shows.
CHECK_DIGITS = {
    "00": {},
    "01": {3: (1, 2, 3)},
    "02": {2: (2,), 3: (3,)},
    "03": {1: (1,), 2: (2,), 3: (3,)},
    "04": {1: (1,), 3: (3,)},
    "05": {1: (1,)},
    "06": {3: (2, 3)},
    "07": {2: (2,)},
    "08": {2: (1, 2), 3: (3,)},
    "09": {2: (1, 2)},
    "10": {1: (1,), 3: (2, 3)},
    "11": {1: (1,), 2: (2,)},
    "12": {1: (1,)},
}
MODELS = sorted(CHECK_DIGITS)
DIGITS = st.text("0123456789", min_size=1, max_size=5)
RF_BODY = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=21)


def parts_of(model):
    """As many parts as the model has, without check digits, and digits as there is room for."""
    if model == "12":
        return st.text("0123456789", min_size=1, max_size=19).map(lambda part: [part])
    return st.lists(DIGITS, min_size=3, max_size=3)


def remainder(digits):
    """Σ mod 11 with the weights 2, 3, 4 … from the right."""
    return sum((place + 2) * int(digit) for place, digit in enumerate(digits[::-1])) % 11


def is_refused(text):
    try:
        check(text)
    except BadReference:
        return True
    return False


def test_the_examples_hold():
    assert doctest.testmod(references).failed == 0


# ---------------------------------------------------------------- checking


@pytest.mark.parametrize(
    "text",
    [
        "SI12 1234567890120",
        "SI05 98765432100",
        "SI12 12345678909",
        "SI05 19-1235-84503",
        "si05 19-1235-84503",
        "SI06 125412-135-1257",
        "SI00 2026-117",
        "SI00 12345678901234567890",
        "SI00 1234567-890123-4567890",
        "SI99",
        "RF45SBO2010",
        "RF45 SBO2 010",
        "RF18539007547034",
    ],
)
def test_a_valid_reference_passes(text):
    check(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "ni sklic SI ali RF"),
        ("1234567890120", "ni sklic SI ali RF"),
        ("HR01 123", "ni sklic SI ali RF"),
        ("SI13 1234567890120", "neznan model SI13"),
        ("SI", "neznan model SI"),
        ("SI12 1234567890121", "kontrolna števka v 1. delu ni prava"),
        ("SI12 9234567890120", "kontrolna števka v 1. delu ni prava"),
        ("SI05 18-1235-84503", "kontrolna števka v 1. delu ni prava"),
        ("SI06 125412-135-1256", "kontrolna števka v 3. delu ni prava"),
        ("SI12 5", "v 1. delu je le kontrolna števka"),
        ("SI01 12-5", "v 2. delu je le kontrolna števka"),
        ("SI12 12345678-909", "več vezajev kot 0"),
        ("SI00 1-2-3-4", "več vezajev kot 2"),
        ("SI00 123456789012345678901", "več kot 20 števk"),
        ("SI00 12345678-901234567-8901", "več kot 20 števk"),
        ("SI00", "za SI00 manjka številka"),
        ("SI99 1", "SI99 mora biti brez številke"),
        ("SI00 12--3", "dovoljene so le števke in med njimi vezaji"),
        ("SI00 12-", "dovoljene so le števke in med njimi vezaji"),
        ("SI00 -12", "dovoljene so le števke in med njimi vezaji"),
        ("SI00 12A", "dovoljene so le števke in med njimi vezaji"),
        ("SI00 ١٢", "dovoljene so le števke in med njimi vezaji"),
        ("RF46SBO2010", "kontrolni števki sklica RF nista pravi"),
        ("RF45SBO2011", "kontrolni števki sklica RF nista pravi"),
        ("RF45", "sklic RF sestavljajo dve kontrolni števki in 1 do 21 črk ali števk"),
        ("RF٤٥SBO2010", "sklic RF sestavljajo dve kontrolni števki in 1 do 21 črk ali števk"),
        ("RF45" + "1" * 22, "sklic RF sestavljajo dve kontrolni števki in 1 do 21 črk ali števk"),
    ],
)
def test_any_other_is_refused_with_the_reason(text, reason):
    with pytest.raises(BadReference) as refused:
        check(text)
    assert str(refused.value) == reason


@pytest.mark.parametrize("model", ["02", "06", "07"])
def test_a_check_digit_is_not_asked_of_parts_that_are_left_out(model):
    check(f"SI{model} 125412")


@given(st.text(max_size=30) | st.from_regex(r"SI[0-9]{2}[0-9-]{0,24}|RF[0-9A-Z]{0,26}"))
def test_any_text_is_either_good_or_refused(text):
    if not is_refused(text):
        assert normal(text)[:2] in {"SI", "RF"}
        assert len(normal(text)) <= 26


@pytest.mark.parametrize("text", ["SI12 1234567890210", "SI12 1294567890120"])
def test_modulo_11_cannot_see_every_mistake(text):
    check(text)


# ---------------------------------------------------------------- making


@pytest.mark.parametrize("model", MODELS)
@given(st.data())
def test_what_is_made_has_check_digits_where_the_model_wants_them(model, data):
    parts = data.draw(parts_of(model))
    made = with_check_digit(model, *parts)
    check(made)
    assert made[:4] == f"SI{model}"
    wanted = CHECK_DIGITS[model]
    for number, part in enumerate(made[4:].split("-"), start=1):
        digits = "".join(parts[covered - 1] for covered in wanted.get(number, ()))
        expected = {0: "0", 1: "0"}.get(remainder(digits), str(11 - remainder(digits)))
        assert part == parts[number - 1] + (expected if number in wanted else "")


@given(
    st.sampled_from([model for model in MODELS if model != "12"]),
    st.lists(DIGITS, min_size=1, max_size=3),
)
def test_what_is_made_of_fewer_parts_is_valid_too(model, parts):
    check(with_check_digit(model, *parts))


@pytest.mark.parametrize("model", MODELS)
@given(st.data())
def test_one_wrong_digit_is_refused_unless_modulo_11_cannot_see_it(model, data):
    """A digit of weight 11 is never seen, nor a change between the remainders 0 and 1."""
    parts = data.draw(parts_of(model))
    made = with_check_digit(model, *parts)[4:].split("-")
    number = data.draw(st.integers(0, len(made) - 1))
    place = data.draw(st.integers(0, len(made[number]) - 1))
    old = made[number][place]
    new = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != old]))
    tampered = made.copy()
    tampered[number] = f"{made[number][:place]}{new}{made[number][place + 1 :]}"

    refused = is_refused(f"SI{model}{'-'.join(tampered)}")

    wanted = CHECK_DIGITS[model]
    over = [(end, covered) for end, covered in wanted.items() if number + 1 in covered]
    if not over:
        assert not refused
        return
    [(end, covered)] = over
    before, after = ("".join(one[n - 1] for n in covered) for one in (made, tampered))
    if before[-1] != after[-1]:
        assert refused  # the check digit itself
        return
    weight = len("".join([made[number][place:], *made[number + 1 : end]]))
    remainders = {remainder(before[:-1]), remainder(after[:-1])}
    assert refused == (weight != 11 and remainders != {0, 1})


def test_the_empty_model_is_made_of_nothing():
    assert with_check_digit("99") == "SI99"


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        ("13", ["1"]),
        ("12", []),
        ("12", [""]),
        ("12", ["1", "2"]),
        ("12", ["1-2"]),
        ("12", ["A1"]),
        ("12", ["1" * 20]),
        ("00", ["1", "2", "3", "4"]),
        ("99", ["1"]),
    ],
)
def test_no_reference_is_made_of_what_does_not_fit_the_model(model, parts):
    with pytest.raises(BadReference):
        with_check_digit(model, *parts)


@given(RF_BODY)
def test_an_rf_reference_that_is_made_is_valid(body):
    made = rf(body)
    check(made)
    assert iso11649.is_valid(made)
    assert made[4:] == body


@given(RF_BODY, st.data())
def test_one_wrong_digit_of_an_rf_reference_is_refused(body, data):
    made = rf(body)
    place = data.draw(st.sampled_from([at for at, sign in enumerate(made) if sign.isdigit()]))
    new = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != made[place]]))
    with pytest.raises(BadReference):
        check(f"{made[:place]}{new}{made[place + 1 :]}")


@pytest.mark.parametrize("text", ["", "1" * 22, "12/3", "ŽAGA"])
def test_no_rf_reference_is_made_of_other_signs(text):
    with pytest.raises(BadReference):
        rf(text)


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize(
    ("text", "kept", "shown"),
    [
        ("", "", ""),
        ("SI99", "SI99", "SI99"),
        ("si12 1234567890120", "SI121234567890120", "SI12 1234567890120"),
        ("si05 19-1235-84503", "SI0519-1235-84503", "SI05 19-1235-84503"),
        ("rf45 sbo2 010", "RF45SBO2010", "RF45 SBO2 010"),
        ("RF45-SBO2-010", "RF45SBO2010", "RF45 SBO2 010"),
        ("SI12\N{NO-BREAK SPACE}12345\n", "SI1212345", "SI12 12345"),
        ("1234", "1234", "1234"),
    ],
)
def test_a_reference_is_kept_compact_and_printed_for_people(text, kept, shown):
    assert normal(text) == kept
    assert printed(text) == shown


@given(st.text(max_size=40) | st.text("siSIrfRF0129- \n", max_size=40))
def test_what_is_kept_stays_the_same_when_kept_again(text):
    assert normal(normal(text)) == normal(text)
    assert normal(printed(text)) == normal(text)


# ---------------------------------------------------------------- comparing


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("SI12 1234567890120", "SI1234567890120"),
        ("SI00 1234567890120", "SI1234567890120"),
        ("1234567890120", "SI1234567890120"),
        ("si05 19-1235-84503", "SI19123584503"),
        ("SI05 0019123584503", "SI19123584503"),
        ("RF45 SBO2 010", "RFSBO2010"),
        ("RF99 00SBO2010", "RFSBO2010"),
        ("9912", "SI9912"),
        ("", ""),
        ("SI", ""),
        ("SI99", ""),
        ("SI99 1234", ""),
        ("SI00", ""),
        ("SI00 000", ""),
        ("RF45", ""),
        ("RFXX123", ""),
        ("SI12 12A", ""),
        ("poraba vode", ""),
        ("٤٦٧", ""),
    ],
)
def test_references_are_compared_by_what_people_do_not_change(text, compared):
    assert key(text) == compared


@given(
    st.sampled_from(MODELS),
    st.sampled_from(["SI00", "SI12", "si05 ", ""]),
    st.integers(0, 3),
    st.data(),
)
def test_model_spaces_hyphens_and_leading_zeros_do_not_count(model, typed_model, zeros, data):
    made = with_check_digit(model, *data.draw(parts_of(model)))
    digits = made[4:].replace("-", "")
    space_at = data.draw(st.integers(0, len(digits)))
    typed = f"{typed_model}{'0' * zeros}{digits[:space_at]} {digits[space_at:]}"
    assert key(typed) == key(made) == (f"SI{digits.lstrip('0')}" if digits.strip("0") else "")


@given(RF_BODY)
def test_the_key_of_rf_is_its_body_and_never_that_of_si(body):
    expected = f"RF{body.lstrip('0')}" if body.strip("0") else ""
    assert key(rf(body).lower()) == expected


@given(st.text())
def test_the_key_of_any_text_is_a_text(text):
    found = key(text)
    assert found == "" or found[:2] in {"SI", "RF"}
