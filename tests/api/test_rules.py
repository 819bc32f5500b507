"""What programs bring, judged without a database."""

import doctest
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.api import rules
from mojupravljalec.api.rules import ExportWish, Fault, Wrong
from mojupravljalec.exports.rules import Choice

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["month", "from", "to", "layout", "include_doubtful", "dry_run"])


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(rules).failed == 0


def test_tokens_differ_and_are_known_by_their_beginning():
    tokens = {rules.token_of(number.to_bytes(32)) for number in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("mu_") and len(token) == 3 + 43 for token in tokens)


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("BEARER abc", "abc"),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic abc", None),
        ("", None),
        (None, None),
    ],
)
def test_a_token_is_read_from_its_header(header, token):
    assert rules.bearer(header) == token


@pytest.mark.parametrize("header", ["", '""', "a b", '"a', 'a"b', "č", "a" * 201, "a\n"])
def test_a_key_that_is_none_is_refused(header):
    with pytest.raises(ValueError, match="visible ASCII"):
        rules.repeat_key(header)


def test_a_key_with_and_without_quotes_is_the_same():
    assert rules.repeat_key('"a-1"') == rules.repeat_key("a-1") == "a-1"


def test_parts_of_a_fingerprint_do_not_run_into_each_other():
    assert rules.fingerprint("ab", "c") != rules.fingerprint("a", "bc")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("stranke.csv", "stranke.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\izvozi\\računi.zip", "računi.zip"),
        ("a\x00b\r\nc.csv", "abc.csv"),
        ("/", ""),
        ("", ""),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
    ],
)
def test_a_files_name_is_one_line_and_no_path(text, name):
    assert rules.file_name(text) == name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("ra%C4%8Duni.csv", "računi.csv"),
        ("računi.csv".encode().decode("latin-1"), "računi.csv"),
        ("%ff.csv", "\N{REPLACEMENT CHARACTER}.csv"),
        ("100%.csv", "100%.csv"),
    ],
)
def test_a_name_in_a_header_is_utf_8_in_one_way_or_the_other(header, name):
    assert rules.from_header(header) == name


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "", "\ud800"])
def test_what_is_no_json_is_said_to_be_none(text):
    with pytest.raises(ValueError, match="not JSON"):
        rules.parsed(text)


@pytest.mark.parametrize("text", ["[]", "1", '{"naziv": 1}', '{"naziv": null}', "x"])
def test_a_mapping_leads_from_texts_to_texts(text):
    with pytest.raises(ValueError, match=r"JSON|texts"):
        rules.mapping(text)


def test_what_is_said_of_headings_goes_before_what_was_guessed():
    guessed = {"naziv": "Kupec", "ulica": "Naslov"}
    found = rules.mapped({"sifra_stranke": "Kupec"}, guessed)
    assert found == {"sifra_stranke": "Kupec", "ulica": "Naslov"}


def test_a_heading_that_is_not_ours_is_named():
    with pytest.raises(Wrong) as wrong:
        rules.known_headings({"barva": "Kupec", "naziv": "Č"}, {"naziv"})
    assert wrong.value.faults == (Fault("'barva' is no heading of this kind.", "mapping"),)


@pytest.mark.parametrize(
    "text", ['"\\ud800"', '{"a": ["\\udfff"]}', '{"\\u0000": 1}', '"a\\u0000"']
)
def test_json_with_characters_that_no_text_has_is_refused(text):
    with pytest.raises(ValueError, match=r"JSON|NUL"):
        rules.parsed(text)


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        ({"month": "2026-11"}, ExportWish(Choice(counts_for=date(2026, 11, 1)), None)),
        (
            {"month": "2026-11", "from": None, "to": None, "layout": None},
            ExportWish(Choice(counts_for=date(2026, 11, 1)), None),
        ),
        (
            {"from": "2026-11-01", "to": "2026-11-30", "layout": "A", "include_doubtful": True},
            ExportWish(
                Choice(from_on=date(2026, 11, 1), to_on=date(2026, 11, 30), with_doubtful=True), "A"
            ),
        ),
        (
            {"from": "2026-11-01", "to": "2026-11-01"},
            ExportWish(Choice(from_on=date(2026, 11, 1), to_on=date(2026, 11, 1)), None),
        ),
    ],
)
def test_an_export_is_of_a_month_or_of_days(body, wish):
    assert rules.export_wish(body) == wish


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], "#"),
        (None, "#"),
        ({}, "#"),
        ({"month": None}, "#"),
        ({"from": "2026-11-01"}, "#"),
        ({"to": "2026-11-01"}, "#"),
        ({"month": "2026-11", "from": "2026-11-01", "to": "2026-11-30"}, "#"),
        ({"month": "2026-11", "to": "2026-11-30"}, "#"),
        ({"month": "2026-11", "dry_run": True}, "#"),
        ({"month": "2026-13"}, "#/month"),
        ({"month": "2026-1"}, "#/month"),
        ({"month": "0000-01"}, "#/month"),
        ({"month": 202611}, "#/month"),
        ({"month": "２０２６-11"}, "#/month"),
        ({"from": "2026-02-30", "to": "2026-11-30"}, "#/from"),
        ({"from": "20261101", "to": "2026-11-30"}, "#/from"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "#/to"),
        ({"month": "2026-11", "layout": ""}, "#/layout"),
        ({"month": "2026-11", "layout": "\x00"}, "#/layout"),
        ({"month": "2026-11", "layout": "\ud800"}, "#/layout"),
        ({"month": "2026-11", "layout": "x" * 61}, "#/layout"),
        ({"month": "2026-11", "include_doubtful": "true"}, "#/include_doubtful"),
        ({"month": "2026-11", "include_doubtful": 1}, "#/include_doubtful"),
    ],
)
def test_any_other_export_is_refused_with_the_place_of_the_fault(body, pointer):
    with pytest.raises(Wrong) as wrong:
        rules.export_wish(body)
    assert [fault.pointer for fault in wrong.value.faults] == [pointer]


def wish_or_faults(body):
    try:
        return rules.export_wish(body), ()
    except Wrong as wrong:
        return None, wrong.faults


@given(JSON | st.dictionaries(NAMES, JSON | st.dates().map(str) | st.just("2026-11")))
def test_any_json_is_an_export_or_is_refused(body):
    wish, faults = wish_or_faults(body)
    assert (wish is None) is bool(faults)
    if wish is not None:
        choice = wish.choice
        assert (choice.counts_for is None) != (choice.from_on is None or choice.to_on is None)
