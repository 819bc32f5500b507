"""The catalogues hold every text, whole and in every number; no template speaks past them."""

import html
import re

import pytest
from flask_babel import force_locale, gettext, ngettext

from mojupravljalec.config import ROOT
from mojupravljalec.translations import update

TEMPLATES = sorted(
    path for path in (ROOT / "templates").rglob("*.*") if path.suffix in {".html", ".txt"}
)

# Letters that need no translation: a diameter, the mark of a receipt, a sample code, ends of ids.
NOT_WORDS = ["DN", "OD-", "7K4M-9QTA-X3FE", "-help", "-error"]
# Attributes that a person reads or hears.
SAID = r"""\s(?:alt|title|placeholder|aria-label|aria-description)=("[^"]*"|'[^']*')"""


@pytest.fixture(scope="module")
def found():
    return update.template()


@pytest.fixture(scope="module")
def slovenian():
    return update.read("sl")


def texts(catalog):
    return [message for message in catalog if message.id]


def forms(text):
    return [text] if isinstance(text, str) else list(text)


def placeholders(text):
    """The named places of ``text``, with how they are written: %(num)d is not %(num)s."""
    return set(re.findall(r"%\(\w+\)[a-z]", text))


def test_the_code_has_texts_of_every_kind(found):
    for text in ("Customer code", "We never ask for your password in letters.", "I do not know"):
        assert found.get(text), text
    assert any(isinstance(message.id, tuple) for message in texts(found))


def test_slovenian_has_every_text_and_no_other(found, slovenian):
    # On failure: make messages, then translate what it names.
    assert {str(one.id) for one in texts(slovenian)} == {str(one.id) for one in texts(found)}
    assert update.untranslated(slovenian) == []


def test_english_has_only_ids_of_the_code_and_each_that_needs_it(found):
    english = update.read("en")
    assert {one.id for one in texts(english)} <= {one.id for one in texts(found)}
    assert all(english.get(one.id) for one in texts(found) if update.wants_english(one))
    assert update.untranslated(english) == []


@pytest.mark.parametrize("language", update.HEADERS)
def test_nothing_is_guessed_or_left_over(language):
    catalog = update.read(language)
    assert not [one.id for one in catalog if one.id and one.fuzzy]
    assert not catalog.obsolete


@pytest.mark.parametrize("language", update.HEADERS)
def test_the_files_are_what_make_messages_writes(language, found):
    path = update.path_of(language)
    catalog = update.renewed(update.read(language), found)
    assert path.read_bytes() == update.as_po(catalog)
    assert path.with_suffix(".mo").read_bytes() == update.as_mo(catalog)


def test_a_text_that_is_new_is_named(found, slovenian):
    more = update.template()
    more.add("Quite new", locations=[("a.py", 0)])
    more.add(("%(num)d new", "%(num)d new ones"), locations=[("a.py", 0)])
    assert update.untranslated(update.renewed(slovenian, more)) == ["Quite new", "%(num)d new"]


def test_a_text_that_became_plural_is_named(slovenian):
    once = update.template()
    once.add(("Home", "Homes"), locations=[("a.py", 0)])
    assert update.untranslated(update.renewed(slovenian, once)) == ["Home"]


def test_slovenian_counts_in_four_ways(slovenian):
    assert slovenian.num_plurals == 4
    for message in texts(slovenian):
        if isinstance(message.id, tuple):
            assert len(message.string) == 4, message.id


@pytest.mark.parametrize("language", update.HEADERS)
def test_every_place_is_filled(language):
    for message in texts(update.read(language)):
        wanted = set().union(*map(placeholders, forms(message.id)))
        for text in forms(message.string):
            assert placeholders(text) == wanted, message.id
            assert "%" not in re.sub(r"%\(\w+\)[a-z]|%%", "", text), message.id


def test_the_marks_of_slovenian(slovenian):
    """True quotes, no exclamation but the user's own, no straight dash between words."""
    for message in texts(slovenian):
        for text in forms(message.string):
            assert not re.search(r"[\"“”„]", text), text
            assert not re.search(r" - |  |^\s|\s$", text), text
            assert "!" not in text or text == "Prosim, vpišite uporabniško ime in geslo!"


def test_an_access_is_no_invoice_and_a_code_is_whose(slovenian):
    """»račun« is a bill, but in the user's own sentence; the code is the customer's."""
    for message in texts(slovenian):
        said = " ".join(forms(message.string)).casefold()
        if "access" in str(message.id):
            assert not re.search(r"račun\w* ni aktiv|uporabnišk\w+ račun", said), said
        if re.search(r"customer code|code from (the|their) bill", str(message.id)):
            assert re.search(r"kod[aeio]\w* strank", said), said


# ------------------------------------------------------------------ the user's own words

WORDS = {
    "Sign in (heading)": "Prijava",
    "You must sign in to open the requested page.": (
        "Za dostop do zahtevane strani je potrebna prijava."
    ),
    "Please enter your user name and password!": "Prosim, vpišite uporabniško ime in geslo!",
    "E-mail address": "Elektronski naslov",
    "Password": "Geslo",
    "Sign in": "Prijava",
    "New user": "Nov uporabnik",
    "Forgot your password?": "Ste pozabili geslo?",
    "Registration": "Registracija",
    "E-mail": "E-mail",
    "first name": "ime",
    "last name": "priimek",
    "Confirm the password": "Potrditev gesla",
    "Please enter a valid e-mail address. (registration)": (
        "Prosimo, vpišite veljaven elektronski naslov. Na vpisan elektronski naslov vam bomo "
        "poslali navodila za aktivacijo računa. Vpisan elektronski naslov je skrbno varovan in "
        "ne bo uporabljen v nepooblaščene namene. Prav tako ne bo posredovan tretjim osebam."
    ),
    "Your password must not be one of the commonly used passwords.": (
        "Vaše geslo ne sme biti eno izmed pogosto uporabljenih gesel."
    ),
    "Enter the same password as before, for verification.": (
        "Vnesite isto geslo kot prej, za preverjanje."
    ),
    "Confirm": "Potrdi",
    "Cancel": "Prekliči",
    "Link a customer": "Priključi stranko",
    "customer code": "koda stranke",
    "Details": "Podrobnosti",
    "Sign out": "Odjava",
    "Supply points": "Odjemna mesta",
    "Profile": "Profil",
    "Help": "Pomoč",
    "Privacy": "Zasebnost",
    "Accessibility": "Dostopnost",
    "Demo mailbox": "Poskusni poštni predal (Demo mailbox)",
    "Meter": "Vodomer",
    "Send the reading": "Oddaj stanje",
    "Home": "Domov",
    "%(day)s at %(time)s": "%(day)s ob %(time)s",
}
FIRST_SIGN_IN = (
    "Tole je vaša prva prijava. Pred nadaljevanjem vpišite vašo osebno kodo za uporabo "
    "aplikacije Moj upravljalec z zadnjega računa. Vpis kode je potreben za identifikacijo "
    "uporabnika in jo morate vpisati le tokrat."
)


@pytest.mark.parametrize(("text", "said"), WORDS.items())
def test_the_users_words_to_the_letter(slovenian, text, said):
    assert slovenian.get(text).string == said


def test_the_users_words_that_are_filled_in(app, slovenian):
    first = next(
        one.id for one in texts(slovenian) if str(one.id).startswith("This is your first sign-in.")
    )
    length = (
        "Your password must have at least %(num)d character.",
        "Your password must have at least %(num)d characters.",
    )
    with app.test_request_context(), force_locale("sl"):
        assert gettext(first, site="Moj upravljalec") == FIRST_SIGN_IN
        assert ngettext(*length, 6) == "Vaše geslo mora imeti vsaj 6 znakov."
        assert ngettext(*length, 104) == "Vaše geslo mora imeti vsaj 104 znake."


def test_english_shows_no_notes_for_translators(app):
    with app.test_request_context(), force_locale("en"):
        assert gettext("Sign in (heading)") == "Sign in"
        help_text = gettext("Please enter a valid e-mail address. (registration)")
        assert help_text.endswith("Neither will it be passed on to third parties.")
        assert gettext("Home") == "Home"


# ------------------------------------------------------------------ templates


def without_jinja(source):
    return re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", " ", source, flags=re.DOTALL)


def spoken(source):
    """What a template says by itself: its text, and attributes that are read out."""
    bare = re.sub(r"<!--.*?-->|<(style|script)\b.*?</\1>", " ", source, flags=re.DOTALL)
    bare = without_jinja(bare)
    said = " ".join(re.findall(SAID, bare))
    text = html.unescape(re.sub(r"<[^>]*>", " ", bare) + " " + said)
    for word in NOT_WORDS:
        text = text.replace(word, " ")
    return re.findall(r"[^\W\d_]+", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_visible_text_can_be_translated(path):
    assert spoken(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>{{ _('Home') }}&nbsp;DN 20</p>", []),
        ("<p>Home {{ name }}</p>", ["Home"]),
        ('<img alt="{{ _("A bill") }} here" src="bill.png">', ["here"]),
        ("<style>p { color: red }</style><!--[if mso]>x<![endif]-->", []),
    ],
)
def test_untranslated_text_is_noticed(source, words):
    assert spoken(source) == words
