"""Codes from the phone against the standard's own, and what codes on paper are made of."""

import base64
import doctest
import io
import math
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mojupravljalec.factors import rules
from mojupravljalec.factors.rules import (
    LENGTH,
    RECOVERY_CODES,
    SYMBOLS,
    grouped,
    new_secret,
    provisioning_uri,
    qr_data_uri,
    recovery_codes,
    recovery_key,
    step_of,
)

# RFC 6238, appendix B, for SHA-1: our six digits are the last of its eight.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
NOW = datetime(2026, 11, 23, 12, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30
HALF_A_MINUTE = timedelta(seconds=30)

moments = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 hypothesis adds the zone


def code_of(step: int, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).generate_otp(step)


def test_the_examples_in_the_rules_hold():
    assert doctest.testmod(rules).failed == 0


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_codes_are_those_of_the_standard(seconds, code):
    now = datetime.fromtimestamp(seconds, UTC)
    assert step_of(SECRET, code[-6:], now=now, last_step=0) == seconds // 30


@given(moments, st.integers(-1, 1))
def test_a_phone_may_be_half_a_minute_ahead_or_behind(now, drift):
    step = int(now.timestamp()) // 30
    typed = code_of(step + drift)
    assert step_of(SECRET, typed, now=now, last_step=0) is not None


@pytest.mark.parametrize("drift", [-3, -2, 2, 3])
def test_a_phone_that_is_a_minute_off_is_refused(drift):
    assert step_of(SECRET, code_of(STEP + drift), now=NOW, last_step=0) is None


def test_a_code_works_once():
    first = step_of(SECRET, code_of(STEP), now=NOW, last_step=0)
    assert first == STEP
    assert step_of(SECRET, code_of(STEP), now=NOW, last_step=first) is None
    assert step_of(SECRET, code_of(STEP), now=NOW + HALF_A_MINUTE, last_step=first) is None


def test_after_a_code_no_older_one_works():
    assert step_of(SECRET, code_of(STEP - 1), now=NOW, last_step=STEP) is None


def test_the_next_code_works_after_the_last():
    assert step_of(SECRET, code_of(STEP + 1), now=NOW, last_step=STEP) == STEP + 1


@given(moments, st.integers(0, 2**32), st.integers(-2, 2))
def test_the_step_is_always_a_later_one_than_the_last(now, last_step, drift):
    step = int(now.timestamp()) // 30 + drift
    found = step_of(SECRET, code_of(step), now=now, last_step=last_step)
    assert found is None or found > last_step


def test_a_code_that_two_steps_share_counts_for_the_later():
    step = 910_737  # the first whose code the next one has too
    assert code_of(step) == code_of(step + 1)
    now = datetime.fromtimestamp(30 * step, UTC)
    assert step_of(SECRET, code_of(step), now=now, last_step=0) == step + 1


@pytest.mark.parametrize("gap", [" ", "\N{NO-BREAK SPACE}", "\t"])
def test_spaces_in_what_was_typed_do_not_matter(gap):
    code = code_of(STEP)
    typed = f" {code[:3]}{gap}{code[3:]} "
    assert step_of(SECRET, typed, now=NOW, last_step=0) == STEP


@given(st.text())
def test_whatever_else_is_typed_is_no_code(typed):
    codes = {code_of(STEP + drift) for drift in (-1, 0, 1)}
    fits = "".join(typed.split()) in codes
    assert (step_of(SECRET, typed, now=NOW, last_step=0) is not None) == fits


def test_the_code_of_another_secret_does_not_fit():
    assert step_of(SECRET, code_of(STEP, new_secret()), now=NOW, last_step=0) is None


def test_a_secret_has_a_hundred_and_sixty_bits():
    assert len(base64.b32decode(new_secret())) == 20
    assert len({new_secret() for _ in range(1000)}) == 1000


def test_a_secret_is_typed_in_groups_of_four():
    secret = new_secret()
    assert [len(group) for group in grouped(secret).split(" ")] == [4] * 8
    assert grouped(secret).replace(" ", "") == secret
    assert grouped("") == ""


def test_the_address_tells_the_application_whose_code_it_is():
    uri = provisioning_uri(SECRET, account="ana@primer.si", issuer="Voda Šmarje: e & co")
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Voda Šmarje e & co:ana@primer.si"
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["Voda Šmarje e & co"]}


def test_the_application_makes_the_codes_that_we_take():
    secret = new_secret()
    uri = provisioning_uri(secret, account="ana@primer.si", issuer="Voda")
    application = pyotp.parse_uri(uri)
    assert step_of(secret, application.at(NOW), now=NOW, last_step=0) == STEP


def test_the_picture_says_the_address():
    uri = provisioning_uri(new_secret(), account="ana@primer.si", issuer="Voda Šmarje")
    head, _, data = qr_data_uri(uri).partition(",")
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert head == "data:image/png;base64"
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [uri]


def test_the_picture_is_black_on_white_with_a_quiet_zone_of_four():
    _, _, data = qr_data_uri("otpauth://totp/Voda:ana").partition(",")
    picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("L")
    assert sorted(value for _, value in picture.getcolors()) == [0, 255]
    edge = 4 * 6
    assert picture.point(lambda value: 255 - value).getbbox()[:2] == (edge, edge)


def test_a_recovery_code_has_at_least_fifty_bits():
    assert math.log2(len(SYMBOLS) ** LENGTH) >= 50
    assert len(set(SYMBOLS)) == len(SYMBOLS)


def test_recovery_codes_are_ten_different_ones_in_groups_of_four():
    codes = recovery_codes(bytes(32))
    assert codes == recovery_codes(bytes(32))
    assert not set(codes) & set(recovery_codes(bytes(31) + b"1"))
    assert len(set(codes)) == RECOVERY_CODES == 10
    for code in codes:
        assert [len(group) for group in code.split("-")] == [4, 4, 4]
        assert set(code) <= {*SYMBOLS, "-"}


def test_no_two_symbols_of_recovery_codes_pass_for_each_other():
    for alike in ("0OQ", "1IL", "2Z", "5S", "8B"):
        assert len(set(alike) & set(SYMBOLS)) <= 1


@given(st.lists(st.sampled_from(SYMBOLS), min_size=1), st.sampled_from([" ", "-", "–", ""]))
def test_case_spaces_and_hyphens_in_a_recovery_code_do_not_matter(symbols, gap):
    assert recovery_key(gap.join(symbols).lower()) == "".join(symbols)


@given(st.text())
def test_the_key_of_a_key_is_itself(typed):
    assert recovery_key(recovery_key(typed)) == recovery_key(typed)
