"""Text in ISO 8859-2 or CP852 is not taken for Windows-1250."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.imports.text_encoding import ENCODINGS, doubt

FILES = Path(__file__).parent / "files"
NAMES = (
    *("Špela", "Žagar", "KOŠIR", "LUKEŽ", "Škoflja Loka", "Žiga", "Koščak", "Šmid", "Boštjan"),
    *("ŠMARJE", "Jože", "Nežka", "Brežice", "Šmartno pri Litiji", "Aleš", "MATJAŽ", "Ježek"),
)
OF_CP852 = ("Črnuče", "Kovač", "DRAVEČ", "Čuk", "Petrović", "Mićo", "Anđić")


def mistaken(text, encoding):
    """Text in ``encoding`` as it is read in Windows-1250."""
    return text.encode(ENCODINGS[encoding]).decode("cp1250")


@pytest.mark.parametrize("encoding", ["iso-8859-2", "cp852"])
@pytest.mark.parametrize("name", NAMES)
def test_one_name_in_another_encoding_is_enough(name, encoding):
    found = doubt(["sifra_stranke;naziv", f"7;{mistaken(name, encoding)};Lipova 1"])
    assert (found.line, found.encoding) == (2, encoding)
    assert found.likelier in name


@pytest.mark.parametrize("name", OF_CP852)
def test_names_that_differ_only_in_cp852_are_found(name):
    assert doubt([mistaken(name, "cp852")]).encoding == "cp852"


@given(st.lists(st.text("abcčdefghijklmnoprsštuvzžABCČDŠŽćĆđĐ »«-.,;()0123456789äöüÄÖÜáéő")))
def test_slovenian_text_in_windows_1250_is_never_doubted(lines):
    text = [line for line in lines if not (set("»«") & set(line) or "ć" in line)]
    assert doubt(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "© 2026 Podjetje d.o.o.",
        "Lego® in Šiška",
        "»Lipa« d.o.o.",
        "Ljubljanska cesta 5 – stanovanje § 3",
        "Petrović, Ćosić, Aćimović, KAĆIĆ",
        "Ľudovít Štúr",
        "Dąbrowski Živa",
        "François Žnidaršič",
        "Çela",
        # Without any letter that only Windows-1250 has at its place.
        "François",
        "Françoise Petit, Joao Gonçalves, Restavracija Le Garçon, LOURENÇO in Lourenço",
        "Gostilna Provençale, Curaçao",
        "Lego® kocke",
        "Voda® d.o.o.",
        # With one that CP852, or ISO 8859-2, has not.
        "Barça, Kovač",
        "Hoçaj; Čuk",
        "ćirić in Kovačević",
        "VODA® d.o.o., Cesta 5 – 7",
        "VODA® „Lipa“",
        "Dąbrowski, 5 €",
    ],
)
def test_names_of_others_are_no_reason(text):
    assert doubt([text]) is None


@pytest.mark.parametrize(
    "text",
    [
        *("Ľudovít Hľad", "Dąbrowski", "Barça", "Hoça", "»Lip«a«", "VODA® d.o.o.", "MONTA® s.p."),
        # What is in the text besides says nothing of the other encoding.
        *("VODA® d.o.o., Kovač", "Dąbrowski in Čuk", "Hoça – stanovanje", "François in Hoça"),
    ],
)
def test_names_of_others_alone_are_doubted(text):
    assert doubt([text])


SMALL_S = (
    *("Krašovec", "Peršič", "Ošlak", "Mišo", "Tomšič", "Anšo", "Janša", "Francoiš", "Hanšalj"),
    *("Barša", "Garšič", "Peršolja", "Franšek", "Kuraš", "Lorenšek", "Grašič", "Gošnik"),
)


@pytest.mark.parametrize("name", [*SMALL_S, "Višnar", "Šuštar", "Šmit"])
@pytest.mark.parametrize("beside", ["", "François Petit", "Lego® in Marić"])
def test_a_small_file_in_cp852_whose_only_letter_is_s_with_caron_is_found(name, beside):
    found = doubt([beside, f"7;{mistaken(name, 'cp852')};Lipova 1"])
    assert (found.line, found.encoding, found.likelier) == (2, "cp852", name)


@pytest.mark.parametrize("name", ["KRIŽ", "MOŽ", "VODAŽ", "MONTAŽ d.o.o.", "JEŽ s.p.", "Ž. KRIŽ"])
@pytest.mark.parametrize("beside", ["", "Lego® in Kovač, Čuk, Petrović, Anđić"])
def test_a_small_file_in_iso_8859_2_whose_only_letter_is_z_with_caron_is_found(name, beside):
    found = doubt([beside, f"7;{mistaken(name, 'iso-8859-2')};Lipova 1"])
    assert (found.line, found.encoding) == (2, "iso-8859-2")
    assert found.likelier in name


@pytest.mark.parametrize("name", ["»Lipa«", "»Gostilna Lipa«", "»LIPA«", "«Lipa»", "»Lipa 2«"])
def test_quotes_of_cp852_are_found(name):
    found = doubt([mistaken(name, "cp852")])
    assert found
    assert found.encoding in {"cp852", ""}


@pytest.mark.parametrize(("name", "encoding"), [("Krašovec", "cp852"), ("KRIŽ", "iso-8859-2")])
@given(lines=st.lists(st.text("abcčdefghijklmnoprsštuvzžABCČDŠŽćĆđĐ -.,;0123456789äöőéá")))
def test_no_slovenian_text_of_the_same_encoding_clears_a_name(name, encoding, lines):
    assert doubt(mistaken(line, encoding) for line in [name, *lines])


def test_the_file_is_refused_by_the_terminal_until_its_encoding_is_said(terminal):
    path = FILES / "stranke-iso-8859-2.csv"
    done = terminal.import_("customers", path)
    assert done.exit_code == 1
    assert "vrstica 2: »©pela«" in done.stderr
    assert "»Špela«" in done.stderr
    assert "iso-8859-2" in done.stderr
    assert terminal.rows("SELECT count(*) FROM customer") == [(0,)]
    assert terminal.import_("customers", path, "--encoding", "iso-8859-2").exit_code == 0
    rows = csv.reader(io.StringIO(path.read_text("iso-8859-2")), delimiter=";")
    names = sorted(row[1] for row in list(rows)[1:])
    assert terminal.rows("SELECT name FROM customer ORDER BY name") == [(one,) for one in names]


def test_text_is_taken_as_it_is_when_its_encoding_is_said(terminal):
    table = terminal.folder / "stranke.csv"
    table.write_bytes("sifra_stranke;naziv\n7;©Hľad\n".encode("cp1250"))
    assert terminal.import_("customers", table).exit_code == 1
    assert terminal.import_("customers", table, "--encoding", "windows-1250").exit_code == 0
    assert terminal.rows("SELECT name FROM customer") == [("©Hľad",)]


def test_the_encoding_holds_for_every_table_of_a_folder(terminal):
    folder = terminal.folder / "vse"
    folder.mkdir()
    (folder / "stranke.csv").write_bytes("sifra_stranke;naziv\n7;Špela\n".encode("cp852"))
    assert terminal.import_("all", folder).exit_code == 1
    assert terminal.import_("all", folder, "--encoding", "cp852").exit_code == 0
    assert terminal.rows("SELECT name FROM customer") == [("Špela",)]


def test_text_that_is_not_in_the_encoding_that_was_said_is_refused(terminal):
    table = terminal.folder / "stranke.csv"
    table.write_bytes("sifra_stranke;naziv\n7;Špela\n".encode("cp1250"))
    done = terminal.import_("customers", table, "--encoding", "utf-8")
    assert done.exit_code == 1
    assert "ni besedilo v kodiranju utf-8" in done.stderr
