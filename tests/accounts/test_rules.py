"""Addresses, names, passwords, links and devices, as tables."""

import doctest
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.accounts import rules
from mojupravljalec.accounts.rules import (
    LinkLife,
    LinkState,
    NotAnAddress,
    Weakness,
    device_name,
    email_key,
    tidy_email,
    tidy_name,
    weakness,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_examples_in_the_rules_hold():
    assert doctest.testmod(rules).failed == 0


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@primer.si", "ANA@PRIMER.SI"),
        ("ana@primer.si", "  Ana@Primer.si\t"),
        ("ana@žaga.si", "ana@xn--aga-b3a.si"),
        ("ana@ŽAGA.si", "Ana@XN--AGA-B3A.SI"),
        ("ana@žaga.si", "ana@z\N{COMBINING CARON}aga.si"),
        ("špela@primer.si", "ŠPELA@primer.si"),
        ("špela@primer.si", "s\N{COMBINING CARON}pela@primer.si"),
        ("strasse@primer.si", "STRASSE@primer.si"),
    ],
)
def test_one_address_however_it_is_written(one, other):
    assert email_key(one) == email_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana@primer.si", "anna@primer.si"),
        ("ana@primer.si", "ana+voda@primer.si"),
        ("ana@primer.si", "a.na@primer.si"),
        ("ana@žaga.si", "ana@zaga.si"),
        ("ana@primer.si", "\N{CYRILLIC SMALL LETTER A}na@primer.si"),
    ],
)
def test_addresses_of_two_people(one, other):
    assert email_key(one) != email_key(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "ana@",
        "@primer.si",
        "ana@primer",
        "ana@@primer.si",
        "ana@primer..si",
        "ana primer@primer.si",
        "ana@primer.si, bojan@primer.si",
        "ana@primer.si\nBcc: bojan@primer.si",
        "ana@primer.si\r\n.",
        "Ana <ana@primer.si>",
        "ana@[127.0.0.1]",
        "ana@localhost",
        f"ana@{'a' * 300}.si",
        "a\N{RIGHT-TO-LEFT OVERRIDE}na@primer.si",
        "ana\0@primer.si",
    ],
)
def test_what_mail_cannot_go_to_is_no_address(text):
    with pytest.raises(NotAnAddress):
        tidy_email(text)


def test_an_address_is_kept_in_letters():
    assert tidy_email(" Ana@xn--aga-b3a.si ") == "Ana@žaga.si"


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ana", "Ana"),
        ("  Ana   Marija ", "Ana Marija"),
        ("Ana\r\nBcc: x@y.si", "Ana Bcc: x@y.si"),
        ("Ana\tMarija", "Ana Marija"),
        ("Ana\N{NO-BREAK SPACE}Marija", "Ana Marija"),
        ("Ana\N{LINE SEPARATOR}Marija", "Ana Marija"),
        ("A\N{RIGHT-TO-LEFT OVERRIDE}na", "Ana"),
        ("\N{LEFT-TO-RIGHT ISOLATE}Ana\N{POP DIRECTIONAL ISOLATE}", "Ana"),
        ("A\N{ZERO WIDTH SPACE}na", "Ana"),
        ("A\0n\x1ba", "Ana"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}\r\n", ""),
        ("O'Neill-Žnidaršič ml.", "O'Neill-Žnidaršič ml."),
    ],
)
def test_a_name_is_one_clean_line(typed, kept):
    assert tidy_name(typed) == kept


@given(st.text())
def test_a_tidy_name_stays_as_it_is_and_hides_nothing(text):
    kept = tidy_name(text)
    assert tidy_name(kept) == kept
    assert kept == kept.strip()
    assert not {unicodedata.category(sign) for sign in kept} & {"Cc", "Cf", "Zl", "Zp"}


# ---------------------------------------------------------------- passwords

PERSONAL = ("ana.novak@primer.si", "Ana", "Novak", "mojupravljalec.si", "Komunala Podgorje")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", Weakness.TOO_SHORT),
        ("a7$kQ", Weakness.TOO_SHORT),
        ("a7$kQ!", None),
        ("x" * 129, Weakness.TOO_LONG),
        ("modra lipa " * 11, None),
        ("123456", Weakness.COMMON),
        ("password", Weakness.COMMON),
        ("PassWord", Weakness.COMMON),
        ("qwerty", Weakness.COMMON),
        ("komunala", Weakness.PERSONAL),
        ("Podgorje1", Weakness.PERSONAL),
        ("novak1980", Weakness.PERSONAL),
        ("NOVAK!!!", Weakness.PERSONAL),
        ("1980.novak", Weakness.PERSONAL),
        ("ana.novak@primer.si", Weakness.PERSONAL),
        ("mojupravljalec", Weakness.PERSONAL),
        ("Komunala Podgorje", Weakness.PERSONAL),
        ("novakov sadovnjak", None),
        ("modra lipa 7", None),
        ("čšžčšž", None),
        ("🐳🐳🐳🐳🐳🐳", None),
        ("      ", None),
    ],
)
def test_a_password_is_weak_for_one_reason_or_none(password, why):
    assert weakness(password, least=6, personal=PERSONAL) is why


def test_the_least_length_is_a_setting():
    assert weakness("modra lipa", least=12, personal=()) is Weakness.TOO_SHORT
    assert weakness("modra lipa 7", least=12, personal=()) is None


@given(st.text(max_size=140), st.lists(st.text(max_size=20), max_size=3))
def test_any_password_is_judged(password, personal):
    found = weakness(password, least=6, personal=tuple(personal))
    assert (found is Weakness.TOO_SHORT) == (len(password) < 6)
    assert (found is Weakness.TOO_LONG) == (len(password) > 128)


# ---------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("used", "replaced", "age", "state"),
    [
        (False, False, timedelta(0), LinkState.GOOD),
        (False, False, HOUR - timedelta(seconds=1), LinkState.GOOD),
        (False, False, HOUR, LinkState.EXPIRED),
        (False, True, timedelta(0), LinkState.REPLACED),
        (False, True, 2 * HOUR, LinkState.REPLACED),
        (True, False, timedelta(0), LinkState.USED),
        (True, False, 2 * HOUR, LinkState.USED),
        (True, True, 2 * HOUR, LinkState.USED),
    ],
)
def test_the_kindest_true_answer_about_a_link(used, replaced, age, state):
    life = LinkLife(NOON, NOON if used else None, NOON if replaced else None)
    assert life.state(NOON + age, HOUR) is state


# ---------------------------------------------------------------- devices

MOZILLA = "Mozilla/5.0"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"{MOZILLA} (Linux; Android 10; K) Chrome/131.0 Mobile Safari/537.36", "Chrome, Android"),
        (
            f"{MOZILLA} (Linux; Android 14) SamsungBrowser/27.0 Chrome/125 Mobile Safari/537",
            "Samsung Internet, Android",
        ),
        (f"{MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/604.1", "Safari, iPhone"),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) CriOS/131 Safari",
            "Chrome, iPhone",
        ),
        (f"{MOZILLA} (Windows NT 10.0; Win64) Chrome/131 Safari/537 Edg/131", "Edge, Windows"),
        (f"{MOZILLA} (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox, Linux"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15) Version/17 Safari/605", "Safari, Mac"),
        ("Firefox", "Firefox"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_a_device_is_called_as_its_owner_would(user_agent, name):
    assert device_name(user_agent) == name


@given(st.text())
def test_a_device_has_no_name_of_the_callers_making(user_agent):
    assert len(device_name(user_agent)) <= 30


@given(st.text())
def test_a_typed_password_stands_for_three_at_most_and_for_itself(typed):
    candidates = rules.password_candidates(typed)
    assert 1 <= len(candidates) == len(set(candidates)) <= 3
    assert typed in candidates
    assert unicodedata.normalize("NFC", typed) == candidates[0]


@given(st.text())
def test_what_is_kept_of_a_new_password_is_found_when_it_is_typed_again(typed):
    kept = rules.kept_password(typed)
    for again in (typed, unicodedata.normalize("NFD", typed), unicodedata.normalize("NFC", typed)):
        assert kept in rules.password_candidates(again)
