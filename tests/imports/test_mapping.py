"""Which of a file's headings is taken for which of ours."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.imports import mapping
from mojupravljalec.imports.cells import plain
from mojupravljalec.imports.kinds import KINDS, TABLES

# One table of each kind as a billing program may write it, ours → theirs.
FOREIGN = {
    "customers": {
        "sifra_stranke": "Šifra kupca",
        "naziv": "Ime in priimek",
        "ulica": "Ulica in hišna številka",
        "posta": "Poštna št.",
        "kraj": "Naziv pošte",
        "davcna_stevilka": "ID za DDV",
        "e_posta": "E-mail",
        "koda_stranke": "Osebna koda",
    },
    "supply-points": {
        "sifra_odjemnega_mesta": "Št. odjemnega mesta",
        "sifra_stranke": "Plačnik",
        "ulica": "Naslov odjemnega mesta",
        "posta": "PTT",
        "kraj": "Naselje",
        "osebe": "Število oseb",
        "od": "Velja od",
        "do": "Velja do",
    },
    "meters": {
        "stevilka_vodomera": "Serijska številka",
        "sifra_odjemnega_mesta": "Odjemno mesto",
        "dn": "Premer",
        "mest": "Število mest",
        "decimalk": "Število decimalk",
        "vgrajen": "Datum vgradnje",
        "zacetno_stanje": "Začetni odčitek",
        "odstranjen": "Datum demontaže",
        "koncno_stanje": "Končni odčitek",
        "overjen": "Leto overitve",
    },
    "readings": {
        "stevilka_vodomera": "Števec",
        "datum": "Datum odčitka",
        "stanje": "Novo stanje (m³)",
        "vir": "Vir odčitka",
    },
    "invoices": {
        "stevilka_racuna": "Št. računa",
        "sifra_stranke": "Partner",
        "vrsta": "Vrsta dokumenta",
        "datum": "Datum izdaje",
        "zapadlost": "Rok plačila",
        "obdobje_od": "Obračunsko obdobje od",
        "obdobje_do": "Obračunsko obdobje do",
        "sklic": "Referenca",
        "osnova": "Znesek brez DDV",
        "ddv": "Znesek DDV",
        "za_placilo": "Znesek z DDV",
    },
    "invoice-lines": {
        "stevilka_racuna": "Račun",
        "opis": "Naziv storitve",
        "kolicina": "Kol.",
        "enota": "EM",
        "cena": "Cena na enoto",
        "stopnja_ddv": "DDV %",
        "osnova": "Neto",
        "ddv": "DDV EUR",
        "znesek": "Bruto",
        "sifra_odjemnega_mesta": "OM",
        "stevilka_vodomera": "Vodomer",
        "staro_stanje": "Prejšnje stanje",
        "novo_stanje": "Stanje",
    },
    "ledger": {
        "sifra_stranke": "Stranka",
        "datum": "Datum knjiženja",
        "dokument": "Listina",
        "opis": "Opis knjižbe",
        "breme": "Debet",
        "dobro": "Kredit",
        "zapadlost": "Zapade",
        "sklic": "Sklic na številko",
    },
}


def one(theirs, *wanted):
    """What is suggested for the first of ``wanted``, beside nothing else in the file."""
    return mapping.suggest([theirs], dict.fromkeys(wanted, True)).get(wanted[0], "")


def test_the_example_holds():
    assert doctest.testmod(mapping).failed == 0


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_a_foreign_table_is_understood_in_any_order(kind):
    theirs = FOREIGN[kind.name]
    assert set(theirs) == set(kind.wanted)
    for written in (list(theirs.values()), list(theirs.values())[::-1]):
        assert mapping.suggest(["Opomba", *written, ""], kind.wanted) == theirs


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_our_own_headings_mean_themselves(kind):
    own = {ours: ours.replace("_", " ").upper() for ours in kind.wanted}
    assert mapping.suggest(list(own.values()), kind.wanted) == own


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_a_table_of_another_kind_gives_no_column_a_second_meaning(kind):
    for theirs in FOREIGN.values():
        found = mapping.suggest(list(theirs.values()), kind.wanted)
        assert len(set(found.values())) == len(found)
        assert set(found) <= set(kind.wanted)


def test_every_heading_has_other_names():
    assert {ours for kind in TABLES for ours in kind.wanted} == set(mapping._NAMES)


def test_the_same_heading_goes_before_another_name():
    found = mapping.suggest(["Števec", "Stevilka vodomera"], {"stevilka_vodomera": True})
    assert found == {"stevilka_vodomera": "Stevilka vodomera"}


def test_the_surer_name_goes_first():
    wanted = {"sifra_stranke": True, "naziv": True}
    assert mapping.suggest(["Stranka", "Šifra"], wanted) == {
        "sifra_stranke": "Šifra",
        "naziv": "Stranka",
    }
    assert mapping.suggest(["Stranka", "Naziv"], wanted) == {
        "sifra_stranke": "Stranka",
        "naziv": "Naziv",
    }


def test_one_column_is_not_both_the_number_and_the_name():
    assert mapping.suggest(["Stranka"], {"sifra_stranke": True, "naziv": True}) == {
        "sifra_stranke": "Stranka"
    }


def test_a_first_name_alone_is_not_the_name():
    wanted = {"sifra_stranke": True, "naziv": True}
    assert "naziv" not in mapping.suggest(["Šifra", "Ime", "Priimek"], wanted)
    assert mapping.suggest(["Šifra", "Ime"], wanted)["naziv"] == "Ime"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Šifra strank", "sifra_stranke"),
        ("stevilka_vodomra", "stevilka_vodomera"),
        ("STEVILKAVODOMERA", "stevilka_vodomera"),
        ("Odjemno  mesto:", "sifra_odjemnega_mesta"),
        ("Vgrajeni", "vgrajen"),
        ("Stanje [m3]", "stanje"),
        ("Cena v EUR", "cena"),
        ("Količina/m³", "kolicina"),
    ],
)
def test_what_is_written_nearly_alike_is_the_same(theirs, ours):
    assert one(theirs, ours) == theirs


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("DDV %", "ddv"),
        ("Znesek z DDV", "ddv"),
        ("Znesek brez DDV", "za_placilo"),
        ("Zapadlo", "zapadlost"),
        ("Datum vgradnje", "datum"),
        ("Obdobje od", "obdobje_do"),
        ("Novo stanje", "staro_stanje"),
        ("Začetno stanje", "koncno_stanje"),
        ("Stanje 2", "stanje"),
        ("Sifra2 stranke", "sifra_stranke"),
        ("Sklep", "sklic"),
        ("Popis", "opis"),
        ("Oseba", "od"),
        ("Davčna številka", "stevilka_vodomera"),
        ("Koda", "koda_stranke"),
        ("Valuta", "zapadlost"),
        ("", "stanje"),
        ("%", "ddv"),
        ("€", "znesek"),
    ],
)
def test_what_means_something_else_is_not_suggested(theirs, ours):
    assert one(theirs, ours) == ""


def test_a_day_means_what_its_table_is_about():
    assert one("Datum odčitka", "datum", "stanje") == "Datum odčitka"
    assert one("Datum odčitka", "datum", "za_placilo") == ""
    assert one("Datum računa", "datum", "za_placilo") == "Datum računa"
    assert one("Datum računa", "datum", "stanje") == ""


def test_of_doubled_headings_one_is_taken():
    assert mapping.suggest(["Naziv", "naziv"], {"naziv": True}) == {"naziv": "Naziv"}


def test_only_what_must_be_there_is_unmatched():
    wanted = {"sifra_stranke": True, "naziv": True, "ulica": False}
    assert mapping.unmatched(wanted, mapping.suggest(["Kupec"], wanted)) == ("naziv",)
    assert mapping.unmatched(wanted, {}) == ("sifra_stranke", "naziv")


NAMES = [*mapping._NAMES, *(name for names in mapping._NAMES.values() for name in names)]


@given(
    st.lists(st.one_of(st.sampled_from(NAMES), st.text(max_size=20)), max_size=12),
    st.sampled_from(sorted(KINDS)),
)
def test_whatever_the_file_says_each_heading_is_used_once(written, kind):
    wanted = KINDS[kind].wanted
    found = mapping.suggest(written, wanted)
    assert set(found) <= set(wanted)
    stripped = [heading.strip() for heading in written]
    assert all(stripped.count(theirs) >= 1 for theirs in found.values())
    assert len(found) <= len(written)
    for ours in wanted:
        if plain(ours) in map(plain, written):
            assert plain(found[ours]) == plain(ours)
