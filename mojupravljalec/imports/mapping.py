"""Which of a file's headings means which of ours, also where a billing program says otherwise.

Nothing is suggested rather than something wrong: a person looks at the suggestion, but not at
every cell below it. Pure: no Flask and no database.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from .cells import plain

ALIKE = 0.88  # of two words; an ending more or a letter less, not another word
SHORTEST_ALIKE = 5  # letters

_SHORT = {
    "st": "stevilka",
    "stev": "stevilka",
    "sif": "sifra",
    "dat": "datum",
    "kol": "kolicina",
    "zac": "zacetno",
    "konc": "koncno",
}
_UNITS = {"eur", "m3", "v"}  # after what is counted: »Stanje (m3)«, »Znesek v EUR«

# What our headings are called elsewhere, the surest names first.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "sifra_stranke": (
        *("šifra kupca", "šifra plačnika", "šifra partnerja", "šifra uporabnika"),
        *("šifra odjemalca", "šifra naročnika", "številka stranke", "številka kupca"),
        *("številka plačnika", "številka partnerja", "številka odjemalca", "številka uporabnika"),
        *("id stranke", "stranka id", "stranka šifra", "customer number", "customer id", "šifra"),
        *("stranka", "kupec", "plačnik", "partner", "odjemalec", "uporabnik", "customer"),
    ),
    "naziv": (
        *("ime in priimek", "priimek in ime", "ime priimek", "priimek ime", "naziv stranke"),
        *("naziv kupca", "naziv plačnika", "naziv partnerja", "naziv odjemalca"),
        *("naziv uporabnika", "ime stranke", "ime kupca", "ime plačnika", "ime", "naslovnik"),
        "name",
    ),
    "ulica": ("ulica in hišna številka", "ulica in številka", "naslov", "street", "address"),
    "posta": (
        *("poštna številka", "številka pošte", "pošta številka", "ptt", "ptt številka"),
        *("post code", "postal code", "zip"),
    ),
    "kraj": (
        *("naziv pošte", "ime pošte", "pošta naziv", "pošta kraj", "naziv kraja", "poštni kraj"),
        *("mesto", "naselje", "town", "city"),
    ),
    "davcna_stevilka": (
        *("davčna", "davčna številka stranke", "davčna številka kupca", "id za ddv", "id ddv"),
        *("ddv številka", "identifikacijska številka za ddv", "tax number", "vat id"),
    ),
    "e_posta": (
        *("e-mail", "email naslov", "elektronska pošta", "elektronski naslov", "e-naslov", "mail"),
        *("e-pošta stranke", "e-mail stranke"),
    ),
    "koda_stranke": ("osebna koda", "dostopna koda", "koda za dostop", "access code"),
    "sifra_odjemnega_mesta": (
        *("številka odjemnega mesta", "odjemno mesto", "šifra om", "številka om", "id om", "om"),
        *("šifra merilnega mesta", "številka merilnega mesta", "merilno mesto"),
        *("šifra priključka", "številka priključka", "priključek", "supply point"),
    ),
    "osebe": ("število oseb", "oseb", "število članov", "število uporabnikov", "persons"),
    "od": ("velja od", "veljavno od", "od dne", "od datuma", "datum od"),
    "do": ("velja do", "veljavno do", "do dne", "do datuma", "datum do"),
    "stevilka_vodomera": (
        *("serijska številka vodomera", "serijska številka števca", "serijska številka"),
        *("tovarniška številka vodomera", "tovarniška številka števca", "tovarniška številka"),
        *("številka števca", "številka merilnika", "vodomer", "števec", "merilnik"),
        *("serial number", "serial", "meter number", "meter"),
    ),
    "dn": ("nazivni premer", "premer vodomera", "premer", "dn vodomera", "dn mm", "dimenzija"),
    "mest": ("število mest", "število celih mest", "cela mesta", "digits"),
    "decimalk": ("število decimalk", "število decimalnih mest", "decimalke", "decimalna mesta"),
    "vgrajen": (
        *("datum vgradnje", "vgrajen dne", "vgrajeno", "vgradnja", "datum montaže"),
        *("datum namestitve", "installed"),
    ),
    "zacetno_stanje": ("začetni odčitek", "stanje ob vgradnji", "odčitek ob vgradnji"),
    "odstranjen": (
        *("datum odstranitve", "odstranjen dne", "odstranjeno", "odstranitev"),
        *("datum demontaže", "removed"),
    ),
    "koncno_stanje": (
        *("končni odčitek", "stanje ob odstranitvi", "odčitek ob odstranitvi"),
        "stanje ob demontaži",
    ),
    "overjen": ("leto overitve", "datum overitve", "overitev", "overjeno", "leto žiga"),
    "stanje": (
        *("novo stanje", "odčitano stanje", "trenutno stanje", "stanje vodomera"),
        *("stanje števca", "vrednost odčitka", "odčitek", "vrednost", "reading", "value"),
    ),
    "vir": ("vir odčitka",),
    "datum": ("datum dokumenta", "dan", "date"),
    "stevilka_racuna": (
        *("račun številka", "številka fakture", "številka dokumenta", "invoice number"),
        *("račun", "faktura", "dokument", "invoice"),
    ),
    "vrsta": ("vrsta računa", "vrsta dokumenta", "tip dokumenta"),
    "zapadlost": (
        *("datum zapadlosti", "zapade dne", "zapade", "datum valute", "rok plačila"),
        *("rok za plačilo", "plačati do", "datum dospelosti", "dospelost", "due date"),
    ),
    "obdobje_od": ("obračunsko obdobje od", "začetek obdobja", "obračun od", "datum od", "od"),
    "obdobje_do": ("obračunsko obdobje do", "konec obdobja", "obračun do", "datum do", "do"),
    "sklic": (
        *("sklic za plačilo", "številka sklica", "sklicna številka", "sklic na številko"),
        *("referenca", "reference"),
    ),
    "osnova": (
        *("osnova za ddv", "osnova ddv", "davčna osnova", "znesek brez ddv", "vrednost brez ddv"),
        *("skupaj brez ddv", "neto znesek", "neto"),
    ),
    "ddv": ("znesek ddv", "ddv znesek", "vrednost ddv", "skupaj ddv", "znesek davka", "davek"),
    "za_placilo": (
        *("znesek za plačilo", "skupaj za plačilo", "za plačati", "znesek računa"),
        *("vrednost računa", "znesek z ddv", "skupaj z ddv", "vrednost z ddv", "skupni znesek"),
        *("bruto znesek", "bruto", "skupaj", "znesek", "total"),
    ),
    "opis": ("opis postavke",),
    "kolicina": ("quantity", "qty"),
    "enota": ("enota mere", "merska enota", "em", "me", "unit"),
    "cena": ("cena na enoto", "cena za enoto", "cena enote", "cena brez ddv", "price"),
    "stopnja_ddv": ("ddv %", "% ddv", "ddv stopnja", "davčna stopnja", "stopnja davka"),
    "znesek": (
        *("znesek z ddv", "vrednost z ddv", "skupaj z ddv", "bruto znesek", "bruto"),
        *("vrednost", "skupaj"),
    ),
    "staro_stanje": (
        *("prejšnje stanje", "predhodno stanje", "začetno stanje", "stari odčitek"),
        "prejšnji odčitek",
    ),
    "novo_stanje": (*("trenutno stanje", "končno stanje", "novi odčitek", "stanje", "odčitek"),),
    "dokument": ("številka dokumenta", "listina", "številka računa", "račun", "document"),
    "breme": ("v breme", "znesek v breme", "debet", "obremenitev", "debit"),
    "dobro": ("v dobro", "znesek v dobro", "kredit", "credit"),
}
# The same heading of ours means something narrower beside another of its kind.
_NAMES_BESIDE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("ulica", "naziv"): ("naslov stranke", "naslov kupca", "naslov plačnika"),
    ("ulica", "sifra_odjemnega_mesta"): ("naslov odjemnega mesta", "naslov om", "naslov objekta"),
    ("datum", "stanje"): ("datum odčitka", "datum odčitavanja", "dan odčitka", "datum popisa"),
    ("datum", "za_placilo"): ("datum računa", "datum izdaje", "datum izdaje računa", "izdano"),
    ("datum", "breme"): ("datum knjiženja", "datum knjižbe", "datum vknjižbe", "knjiženo"),
    ("opis", "kolicina"): (
        *("opis storitve", "naziv storitve", "naziv postavke", "naziv artikla", "storitev"),
        *("artikel", "postavka", "naziv"),
    ),
    ("opis", "breme"): (
        *("opis knjižbe", "opis dogodka", "opis prometa", "vrsta knjižbe", "vrsta dogodka"),
        *("vrsta dokumenta", "besedilo", "dogodek", "knjižba"),
    ),
}
# Names that mean a heading of ours only where another has no need of them.
_NAMES_AT_LAST: Mapping[str, tuple[str, ...]] = {
    "naziv": ("stranka", "kupec", "plačnik", "partner", "odjemalec", "uporabnik"),
}
# A name, and the one beside which it is only a part of what we want.
_ONLY_A_PART = {"ime": "priimek"}


class _Pair(NamedTuple):
    """One of our headings, and the place of one of the file's."""

    ours: str
    place: int


def suggest(written: Sequence[str], wanted: Mapping[str, bool]) -> dict[str, str]:
    """For each of ``wanted``, our headings, the one of ``written`` that most likely means it.

    Those with none are left out, and none is used twice. The same heading (`cells.plain`) goes
    before another name, and that before one that is only written alike.

    >>> suggest(["Števec", "Datum odčitka", "Opomba"], {"stevilka_vodomera": True, "vir": False})
    {'stevilka_vodomera': 'Števec'}
    """
    found: dict[str, int] = {}
    for look in (_same, _named, _named_at_last, _alike):
        for ours, place in look(written, wanted):
            if ours not in found and place not in found.values():
                found[ours] = place
    return {ours: written[found[ours]].strip() for ours in wanted if ours in found}


def unmatched(wanted: Mapping[str, bool], suggested: Mapping[str, str]) -> tuple[str, ...]:
    """Our headings that a file must have, and for which nothing was suggested."""
    return tuple(ours for ours, required in wanted.items() if required and ours not in suggested)


def _same(written: Sequence[str], wanted: Mapping[str, bool]) -> Iterator[_Pair]:
    own = {plain(ours): ours for ours in wanted}
    for place, heading in enumerate(written):
        if (name := plain(heading)) in own:
            yield _Pair(own[name], place)


def _named(written: Sequence[str], wanted: Mapping[str, bool]) -> list[_Pair]:
    """By the tables of names, the surest first."""
    return _placed(written, {ours: _names(ours, wanted) for ours in wanted})


def _named_at_last(written: Sequence[str], wanted: Mapping[str, bool]) -> list[_Pair]:
    last = {ours: names for ours, names in _NAMES_AT_LAST.items() if ours in wanted}
    return _placed(written, {ours: list(map(_words, names)) for ours, names in last.items()})


def _placed(written: Sequence[str], names: Mapping[str, Sequence[tuple[str, ...]]]) -> list[_Pair]:
    """Where names stand in the file: first those that come first among theirs."""
    places = {"".join(_words(heading)): place for place, heading in enumerate(written)}
    parts = {name for name, rest in _ONLY_A_PART.items() if rest in places}
    found = [
        (rank, _Pair(ours, places[name]))
        for ours, some in names.items()
        for rank, name in enumerate(map("".join, some))
        if name in places and name not in parts
    ]
    return [pair for _, pair in sorted(found, key=lambda one: one[0])]


def _alike(written: Sequence[str], wanted: Mapping[str, bool]) -> list[_Pair]:
    """By how names are written, the closest first. A name that is known has its own meaning."""
    strange = [
        (place, words)
        for place, words in enumerate(map(_words, written))
        if words and "".join(words) not in _KNOWN
    ]
    found = [
        (likeness, _Pair(ours, place))
        for ours in wanted
        for name in _names(ours, wanted)
        for place, words in strange
        if (likeness := _likeness(words, name))
    ]
    return [pair for _, pair in sorted(found, key=lambda one: -one[0])]


def _names(ours: str, wanted: Mapping[str, bool]) -> list[tuple[str, ...]]:
    """What ``ours`` may be called in a table of ``wanted``, in words, the surest first."""
    narrower = [
        name
        for (heading, beside), names in _NAMES_BESIDE.items()
        if heading == ours and beside in wanted
        for name in names
    ]
    return [_words(name) for name in (ours, *narrower, *_NAMES.get(ours, ()))]


@lru_cache(maxsize=4096)
def _words(heading: str) -> tuple[str, ...]:
    """A heading's words as they are compared: whole, and without units at its end."""
    text = unicodedata.normalize("NFKC", heading).replace("%", " odstotek ")
    words = [plain(word) for word in re.split(r"[\W_]+", text) if word]
    while len(words) > 1 and words[-1] in _UNITS:
        words.pop()
    return tuple(_SHORT.get(word, word) for word in words)


def _likeness(words: tuple[str, ...], others: tuple[str, ...]) -> float:
    """How alike two names are, word by word: 0 where any two are not."""
    if len(words) != len(others):
        return 0
    return min(map(_likeness_of_words, words, others))


@lru_cache(maxsize=65_536)
def _likeness_of_words(word: str, other: str) -> float:
    if word == other:
        return 1
    if min(len(word), len(other)) < SHORTEST_ALIKE or _digits(word) != _digits(other):
        return 0
    likeness = SequenceMatcher(None, word, other, autojunk=False).ratio()
    return likeness if word[0] == other[0] and likeness >= ALIKE else 0


def _digits(word: str) -> str:
    return "".join(filter(str.isdigit, word))


_KNOWN = frozenset(
    "".join(_words(name))
    for names in (_NAMES, *_NAMES.values(), *_NAMES_BESIDE.values())
    for name in names
)
