"""One field of search: what is indexed, how a query is read, and that the two fit together."""

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.search import rules
from mojupravljalec.search.rules import LONGEST, MOST_WORDS, after, folded, terms, words
from tests.growth import LINEAR, hundredfold

ANA = (
    "Čuk-Žagar Ána",
    "Šolska ulica 12/a",
    "2999",
    "Zgornje Podgorje",
    "004512",
    "OM-0012/3",
    "18.204-411",
    "Ana.Cuk_7@Primer.si",
)


def is_found(query, *texts):
    """Whether a customer with these texts is found."""
    index, asked = terms(*texts), words(query)
    return bool(asked) and all(any(term.startswith(word) for term in index) for word in asked)


def test_the_examples_hold():
    assert doctest.testmod(rules).failed == 0


# ---------------------------------------------------------------- folding


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ČŠŽ čšž Ćć", "csz csz cc"),
        ("Đorđević", "dordevic"),
        ("Großmann, GROẞMANN", "grossmann, grossmann"),
        ("Müller Ñandú Łódź Øre", "muller nandu lodz ore"),
        ("C\N{COMBINING CARON}uk", "cuk"),
        ("ﬁn Ⅻ １２", "fin xii 12"),
        ("No\N{SOFT HYPHEN}vak\N{ZERO WIDTH SPACE}", "novak"),
        ("İstanbul, ISTANBUL, ısı", "istanbul, istanbul, isi"),
        ("ΣΟΦΟΣ σοφος", "σοφοσ σοφοσ"),
        ("", ""),
    ],
)
def test_case_and_accents_do_not_matter(text, expected):
    assert folded(text) == expected


@given(st.text())
def test_what_is_folded_is_folded(text):
    assert folded(folded(text)) == folded(text)


@given(st.text(), st.text())
def test_the_beginning_of_a_text_is_folded_like_the_text(one, other):
    assert folded(one + other) == folded(one) + folded(other)


@given(st.text())
def test_any_case_and_any_form_of_unicode_is_the_same(text):
    assert folded(text.upper()) == folded(text.lower()) == folded(text)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert folded(unicodedata.normalize(form, text)) == folded(text)


# ---------------------------------------------------------------- the index


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" -/. @ ", ""),
        ("Novak", "novak"),
        ("Novak-Kos", "novak kos"),
        ("OM-0012/3", "om 0012 3 om00123 00123 12 123 om123"),
        ("0012", "0012 12"),
        ("000", "000"),
        ("18.204-411", "18 204 411 18204411 204411"),
        ("Lipova 12", "lipova 12"),
        ("Lipova 12a", "lipova 12a a"),
        ("Ulica 4. julija 7", "ulica 4 julija 7"),
        ("Kos d.o.o.", "kos d o oo doo"),
        ("A.Novak", "a novak anovak"),
        ("ana@primer.si", "ana@primer.si ana primer si"),
        ("<ana@primer.si>,", "ana@primer.si ana primer si"),
    ],
)
def test_what_is_indexed(text, expected):
    assert terms(text) == set(expected.split())


def test_a_long_word_is_cut():
    assert terms("a" * 99) == {"a" * LONGEST}
    assert max(map(len, terms("1-" * 500, "0" * 99 + "7", "a@" + "b" * 99))) == LONGEST


@given(st.lists(st.text()))
def test_terms_are_folded_and_can_be_kept(texts):
    for term in terms(*texts):
        assert 0 < len(term) <= LONGEST
        assert term == folded(term)
        term.encode()
        assert "\0" not in term


# ---------------------------------------------------------------- what is typed


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ""),
        ("  \t ", ""),
        ("-- / .,?%_'\"\0", ""),
        ("%", ""),
        ("Novak", "novak"),
        ("  NOVAK,ana ", "novak ana"),
        ("Novak-Kos", "novak kos"),
        ("novak NOVÁK nov", "novak"),
        ("OM-0012/3", "om00123"),
        ("OM\N{EN DASH}0012", "om0012"),
        ("0012", "12"),
        ("00", "00"),
        ("ul.12", "ul 12"),
        ("4.julija", "4 julija"),
        ("d.o.o.", "doo"),
        ("ana@primer.si", "ana@primer.si"),
        ("ana@primer.si.", "ana@primer.si"),
        ("ana@", "ana@"),
        ("@primer.si", "primer si"),
        ("ana.nov", "ana nov"),
        ("a b c d e f g h", "a b c d e f"),
    ],
)
def test_how_a_query_is_read(query, expected):
    assert words(query) == expected.split()


@given(st.text(max_size=300))
def test_any_query_is_read(query):
    found = words(query)
    assert len(found) <= MOST_WORDS
    assert len(set(found)) == len(found)
    for word in found:
        assert 0 < len(word) <= LONGEST
        word.encode()
        assert "\0" not in word


# ---------------------------------------------------------------- both together


@pytest.mark.parametrize(
    "query",
    [
        "cuk",
        "ČUK ana",
        "ana čuk-žagar",
        "zagar solska",
        "šolska 12 a",
        "solska 12a",
        "SOLSKA UL 12/A",
        "šolska ul.12",
        "podg 2999",
        "4512",
        "004512",
        "0004512",
        "om-0012/3",
        "OM 0012/3",
        "om0012",
        "om00123",
        "OM-12/3",
        "om12",
        "0012/3",
        "12-3",
        "18204411",
        "18.204-411",
        "0018204411",
        "18-204",
        "204 411",
        "ana.cuk_7@primer.si",
        "ANA.CUK",
        "ana.cuk_7@",
        "primer.si",
    ],
)
def test_ana_is_found(query):
    assert is_found(query, *ANA)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "bojan",
        "uk",
        "ana novak",
        "12b",
        "4513",
        "45121",
        "om-0012/4",
        "ana@drugje.si",
        "šolska trg 12",
    ],
)
def test_ana_is_not_found(query):
    assert not is_found(query, *ANA)


@pytest.mark.parametrize("stored", ["12a", "12 a", "12/a", "12/A", "12-a", "12 A"])
@pytest.mark.parametrize("typed", ["12", "12a", "12 a", "12/A", "12-a", "12.a"])
def test_a_house_is_found_however_its_letter_is_written(stored, typed):
    assert is_found(f"lipova {typed}", f"Lipova ulica {stored}")


@pytest.mark.parametrize("stored", ["Vodovod d.o.o.", "VODOVOD DOO"])
@pytest.mark.parametrize("typed", ["vodovod d.o.o.", "Vodovod doo", "vodovod d.o"])
def test_a_company_is_found_with_its_form(stored, typed):
    assert is_found(typed, stored)


LETTERS = "abcčšžđßéıİǆﬁ한"
NAMES = st.text(LETTERS + LETTERS.upper(), min_size=1, max_size=12)
PARTS = st.one_of(NAMES, st.text("0123456789", min_size=1, max_size=8), NAMES)
CHUNKS = st.lists(st.tuples(PARTS, st.sampled_from("-/.\N{EN DASH}")), min_size=1, max_size=4).map(
    lambda pairs: "".join(part + joint for part, joint in pairs)[:-1]
)
EMAILS = st.from_regex(r"[a-z0-9][a-zA-Z0-9.+_-]{0,8}@[a-z0-9-]{1,8}\.si", fullmatch=True)
PIECES = st.one_of(
    CHUNKS, EMAILS, st.text(min_size=1, max_size=12).map(lambda t: "".join(t.split()))
)
TEXTS = st.lists(PIECES, min_size=1, max_size=5).map(" ".join)


@st.composite
def typed(draw):
    """Texts of a customer, and the beginnings of some of their pieces as somebody types them."""
    texts = draw(st.lists(TEXTS, min_size=1, max_size=4))
    pieces = [piece for text in texts for piece in text.split()]
    some = draw(st.lists(st.sampled_from(pieces or ["a"]), min_size=1, max_size=6))
    begun = [piece[: draw(st.integers(2, max(2, len(piece))))] for piece in some]
    change = draw(st.sampled_from([str, str.upper, str.lower, str.swapcase, folded]))
    return texts, change(" ".join(begun))


@given(typed())
def test_a_customer_is_found_by_any_beginnings_in_any_order(case):
    texts, query = case
    assert not words(query) or is_found(query, *texts)


SERIALS = st.lists(st.from_regex(r"[A-Z]{0,2}[0-9]{1,5}", fullmatch=True), min_size=1, max_size=3)


@given(SERIALS, st.sampled_from("-/."), st.sampled_from(["-", "/", "\N{EN DASH}", ""]))
def test_a_serial_is_found_with_any_hyphens_or_none(parts, stored, typed_with):
    if stored == "." or typed_with == "":
        assert is_found("".join(parts), stored.join(parts))
    assert is_found(typed_with.join(parts), stored.join(parts))
    assert is_found(typed_with.join(parts), "".join(parts))


@given(st.integers(1, 10**9), st.integers(0, 5), st.integers(0, 5))
def test_leading_zeros_do_not_matter(number, stored, zeros):
    assert is_found("0" * zeros + str(number), "0" * stored + str(number))


@given(EMAILS, st.data())
def test_an_email_is_found_by_its_beginning(email, data):
    begun = email[: data.draw(st.integers(2, len(email)))]
    assert not words(begun) or is_found(begun.upper(), email)


# ---------------------------------------------------------------- ranges


@given(st.text(max_size=5), st.text(max_size=5))
def test_a_range_holds_all_that_begins_so_and_nothing_else(prefix, text):
    for term in (text, prefix + text):
        inside = prefix.encode() <= term.encode() < after(prefix).encode()
        assert inside == term.startswith(prefix)


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("a", "b"),
        ("az", "a{"),
        ("9", ":"),
        ("\ud7ff", "\ue000"),
        ("a\U0010ffff\U0010ffff", "b"),
        ("\x7f", "\x80"),
        ("", "\U0010ffff" * (LONGEST + 1)),
    ],
)
def test_where_a_range_ends(prefix, expected):
    assert after(prefix) == expected


# ---------------------------------------------------------------- time


@pytest.mark.parametrize("sign", ["a", "1", "1-", "a.", "-", "a@", "a ", "1a ", "+", "@", "č"])
def test_the_work_grows_with_the_length_of_the_text(sign):
    assert hundredfold(lambda count: terms(sign * count), 500) < LINEAR
    assert hundredfold(lambda count: words(sign * count), 500) < LINEAR
