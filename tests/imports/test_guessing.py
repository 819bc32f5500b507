"""What an upload is taken for, whatever it is called, and that it can be imported as that."""

import io
import re
import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.billing import eslog_writer
from mojupravljalec.extensions import db
from mojupravljalec.imports.actions import import_tables
from mojupravljalec.imports.archive import Wish
from mojupravljalec.imports.cells import plain
from mojupravljalec.imports.guessing import fit, given_for, guess, kind_of_table
from mojupravljalec.imports.kinds import KINDS, TABLES
from mojupravljalec.imports.rejected import RejectedFiles
from mojupravljalec.imports.table_file import Unreadable
from mojupravljalec.ledger import camt053

from .conftest import CUSTOMERS, METERS, POINTS, READINGS
from .test_documents import PDF, document
from .test_invoices import HEAD, ONE
from .test_mapping import FOREIGN

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
MEGABYTE = 1024 * 1024
ESLOG = eslog_writer.write(document())
UBL = b"""<?xml version="1.0"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:b="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<b:ID>2026-7</b:ID></Invoice>"""
CII = b"""<c:CrossIndustryInvoice xmlns:r="urn:x"
 xmlns:c="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100">
<c:ExchangedDocument><r:ID>7</r:ID></c:ExchangedDocument></c:CrossIndustryInvoice>"""
PAYMENT = camt053.Transaction(
    key=camt053.key_of("SI56020170014356205", date(2026, 11, 20), "1"),
    booked_on=date(2026, 11, 20),
    amount_cents=4210,
    name="NOVAK ANA",
    iban="",
    reference="SI00007",
    text="",
    account="SI56020170014356205",
)
STATEMENT = camt053.write(
    camt053.Statement(account=PAYMENT.account, identifier="1", from_on=None, to_on=None), [PAYMENT]
)
ANY_ROW = "1;2;3;4;5;6;7;8;9;10;11;12;13;14"


@pytest.fixture
def upload(tmp_path):
    """Keeps bytes, or text in UTF-8, as uploads are kept: under a name that says nothing."""

    def kept(content: bytes | str) -> Path:
        path = tmp_path / "5f0c.bin"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return kept


def pack(files):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return memory.getvalue()


def workbook(*rows):
    memory = io.BytesIO()
    with xlsxwriter.Workbook(memory, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(rows):
            sheet.write_row(line, 0, row)
    return memory.getvalue()


def table(headings, separator=";"):
    """A table with one row below its headings."""
    cells = ANY_ROW.split(";")[: len(headings)]
    return f"{separator.join(headings)}\r\n{separator.join(cells)}\r\n"


def called(kind):
    """Lines of invoices are imported with their invoices."""
    return "invoices" if kind.name == "invoice-lines" else kind.name


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_a_table_is_known_by_its_headings_alone(upload, kind):
    found = guess(upload(table([*kind.wanted])), "izvoz.csv")
    assert found.kind == called(kind)
    assert found.headings == tuple(kind.wanted)
    assert (found.mapping, found.missing) == ({}, ())


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_a_table_is_known_by_what_it_must_have(upload, kind):
    required = [ours for ours, needed in kind.wanted.items() if needed]
    assert guess(upload(table([*required, "opomba"])), "izvoz.csv").kind == called(kind)


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_a_table_is_known_by_foreign_headings(upload, kind):
    theirs = FOREIGN[kind.name]
    found = guess(upload(table([*theirs.values()])), "izvoz (3).csv")
    assert found.kind == called(kind)
    assert found.mapping == {
        ours: name for ours, name in theirs.items() if plain(ours) != plain(name)
    }
    assert found.missing == ()


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_a_table_is_known_by_its_name_before_its_headings(upload, kind):
    name = f"C:\\izvoz\\{kind.stem.replace('_', ' ').title()}.TXT"
    found = guess(upload("karkoli;drugo\n1;2\n"), name)
    assert found.kind == called(kind)
    assert found.missing == tuple(ours for ours, needed in kind.wanted.items() if needed)


def test_what_fits_no_kind_is_said_to_be_none(upload):
    found = guess(upload("ime;višina;teža\nAna;170;60\n"), "meritve.csv")
    assert (found.kind, found.mapping, found.missing) == ("", {}, ())
    assert found.headings == ("ime", "višina", "teža")
    assert found.sample == (("Ana", "170", "60"),)


def test_of_two_that_fit_the_one_with_more_columns_is_meant(upload):
    headings = ["sifra_odjemnega_mesta", "sifra_stranke", "naziv", "ulica", "kraj", "osebe"]
    assert guess(upload(table(headings)), "izvoz.csv").kind == "supply-points"


def test_what_is_missing_is_named(upload):
    found = guess(upload(table(["Račun", "Kupec", "Datum računa", "Zapade"])), "izvoz.csv")
    assert (found.kind, found.missing) == ("invoices", ("za_placilo",))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1250"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_encoding_and_separator_are_found(upload, encoding, separator):
    text = CUSTOMERS.replace(";", separator)
    found = guess(upload(text.encode(encoding)), "podatki.csv")
    assert found.kind == "customers"
    assert found.encoding == ("cp1250" if encoding == "cp1250" else "utf-8-sig")
    assert found.separator == separator
    assert found.sample[1][:2] == ("008", "Gostilna Žvižgač")


def test_the_first_five_rows_are_shown_below_blank_lines(upload):
    text = "\n\n stanje ;datum;stevilka_vodomera\n\n" + "470; 1.11.2026 ;0018\n" * 9
    found = guess(upload(text), "izvoz.csv")
    assert found.headings == ("stanje", "datum", "stevilka_vodomera")
    assert found.sample == (("470", "1.11.2026", "0018"),) * 5


def test_a_long_cell_is_shown_in_part(upload):
    found = guess(upload(f"sifra_stranke;naziv\n1;{'a' * 5000}\n"), "izvoz.csv")
    assert len(found.sample[0][1]) == 200


def test_a_single_column_has_no_separator(upload):
    assert guess(upload("naziv\nAna\n"), "izvoz.csv").separator == ""


def test_a_workbook_is_a_table_whatever_its_ending(upload):
    data = workbook(["Števec", "Datum odčitka", "Stanje"], ["0018", "1.11.2026", 467.5])
    found = guess(upload(data), "izvoz.dat")
    assert (found.kind, found.encoding, found.separator) == ("readings", "xlsx", "")
    assert found.mapping == {"stevilka_vodomera": "Števec", "datum": "Datum odčitka"}
    assert found.sample == (("0018", "1.11.2026", "467,5"),)


def test_a_person_may_know_better(upload):
    path = upload(table(["Kupec", "Naslov", "Ime"]))
    assert guess(path, "izvoz.csv").kind == "customers"
    found = fit(path, "izvoz.csv", "ledger")
    assert found.kind == "ledger"
    assert found.mapping == {"sifra_stranke": "Kupec"}
    assert found.missing == ("datum", "opis")


def test_invoices_may_be_their_lines():
    lines, bills = KINDS["invoice-lines"], KINDS["invoices"]
    assert kind_of_table("postavke.csv", ["a"], "invoices") is lines
    assert kind_of_table("izvoz.csv", [*lines.wanted], "invoices") is lines
    assert kind_of_table("izvoz.csv", [*bills.wanted, "opis"], "invoices") is bills
    assert kind_of_table("izvoz.csv", ["a"], "invoices") is bills
    said = {"stevilka_racuna": "a", "opis": "b"}
    assert kind_of_table("izvoz.csv", ["A", "b"], "invoices", said) is lines


# ---------------------------------------------------------------- documents and ZIPs


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (ESLOG, "invoices"),
        (b"\xef\xbb\xbf\r\n" + ESLOG.partition(b"?>")[2].lstrip(), "invoices"),
        (UBL, "invoices"),
        (UBL.decode().replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16"), "invoices"),
        (CII, "invoices"),
        (STATEMENT, "statements"),
        (STATEMENT.replace(b"053.001.08", b"053.001.02"), "statements"),
    ],
)
def test_an_xml_is_known_by_what_is_in_it(upload, content, kind):
    found = guess(upload(content), "brez končnice")
    assert (found.kind, found.encoding, found.headings) == (kind, "xml", ())
    assert fit(upload(content), "x", kind) == found


def test_only_the_beginning_of_a_statement_is_read(upload):
    head = STATEMENT.partition(b"</GrpHdr>")[0]
    path = upload(head + b"</GrpHdr>" + b" " * 2 * MEGABYTE + b"<never closed")
    assert guess(path, "izpisek.xml").kind == "statements"


def test_the_samples_are_known(upload):
    for sample in SAMPLES.glob("*.xml"):
        wanted = "statements" if sample.name.startswith("camt") else "invoices"
        assert guess(upload(sample.read_bytes()), "x").kind == wanted


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        ({"stranke.csv": "", "a/Odčitki.XLSX": "", "beri.txt": ""}, ["all"]),
        ({"racuni.csv": "", "postavke.csv": ""}, ["invoices", "all"]),
        ({"racuni.csv": "", "kartica.csv": ""}, ["all", "invoices"]),
        ({"a.pdf": PDF, "a.xml": ESLOG}, ["invoices"]),
        ({"seznam.xml": "<seznam/>", "a.xml": UBL}, ["invoices"]),
        ({"envelope.xml": "<envelope/>", "1.xml": "<a", "2.xml": STATEMENT}, ["statements"]),
        ({"stranke.csv": "", "1.xml": STATEMENT}, ["all", "statements"]),
    ],
)
def test_a_zip_is_known_by_what_it_holds(upload, files, kinds):
    path = upload(pack(files))
    found = guess(path, "podatki")
    assert (found.kind, found.encoding, found.headings) == (kinds[0], "zip", ())
    for kind in ("all", "invoices", "statements"):
        if kind in kinds:
            assert fit(path, "podatki", kind).kind == kind
        else:
            with pytest.raises(Unreadable, match="ni tega, kar ste izbrali"):
                fit(path, "podatki", kind)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (CUSTOMERS, "all"),
        (CUSTOMERS, "statements"),
        (CUSTOMERS, ""),
        (ESLOG, "customers"),
        (ESLOG, "statements"),
        (STATEMENT, "invoices"),
        (STATEMENT, "all"),
        (pack({"stranke.csv": CUSTOMERS}), "customers"),
    ],
)
def test_a_kind_that_cannot_be_is_refused(upload, content, kind):
    with pytest.raises(Unreadable, match=r"^podatki: "):
        fit(upload(content), "podatki", kind)


# ---------------------------------------------------------------- foolish and hostile files


DTD = b'<!DOCTYPE a [<!ENTITY x "y">]>'
BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
FOOLISH = {
    "empty": (b"", "datoteka je prazna"),
    "blank": (b"\r\n \r\n", "datoteka je prazna"),
    "separators": (b";;;\n1;2;3;4\n", "naslovna vrstica je prazna"),
    "pdf": (PDF, "je PDF"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "je slika"),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF", "je slika"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "stara oblika XLS"),
    "utf-16": (CUSTOMERS.encode("utf-16"), "UTF-16"),
    "neither encoding": (b"naziv;kraj\n\x81\x83;\x88\n", "ni besedilo v UTF-8"),
    "one endless line": (b"a" * MEGABYTE, "predolga vrstica"),
    "too many columns": (b";".join([b"a"] * 201) + b"\n", "več kot 200 stolpcev"),
    "open quotation": (b'"naziv;kraj\nAna;Podgorje\n', "narekovaji"),
    "empty workbook": (workbook(), "naslovna vrstica je prazna"),
    "damaged workbook": (workbook(["naziv"])[:-40], "ZIP poškodovan"),
    "word": (pack({"[Content_Types].xml": "", "word/document.xml": ""}), "to ni XLSX"),
    "xlsb": (pack({"[Content_Types].xml": "", "xl/workbook.bin": ""}), "to ni XLSX"),
    "ods": (pack({"mimetype": "application/vnd.oasis", "content.xml": "<a/>"}), "to ni XLSX"),
    "empty zip": (pack({}), "v ZIP ni"),
    "zip of pictures": (pack({"a.png": "x", "stranke.doc": "y"}), "v ZIP ni"),
    "zip of strange xml": (pack({"a.xml": "<a/>"}), "v ZIP ni"),
    "zip of harmful xml": (pack({"a.xml": DTD + UBL}), "v ZIP ni"),
    "damaged zip": (pack({"stranke.csv": CUSTOMERS})[:-30], "ZIP poškodovan"),
    "zip outwards": (pack({"../stranke.csv": CUSTOMERS}), "nedovoljeno ime"),
    "zip from the root": (pack({"/etc/stranke.csv": CUSTOMERS}), "nedovoljeno ime"),
    "zip bomb": (pack({"stranke.csv": b"0" * 8 * MEGABYTE}), "razpakiral"),
    "xml with a dtd": (b'<?xml version="1.0"?>' + DTD + UBL.partition(b"?>")[2], "DOCTYPE"),
    "xml bomb": (BOMB + b"<a><ID>&b;</ID></a>", "DOCTYPE"),
    "xml cut off": (ESLOG[:200], "XML ni berljiv"),
    "strange xml": (b"<a><b/></a>", "ni račun"),
    "strange long xml": (b"<a>" + b"<b>c</b>" * 300_000 + b"</a>", "ni račun"),
    "web page": (b"<!DOCTYPE html><html><body><table></table></body></html>", "XML"),
    "another message of the bank": (STATEMENT.replace(b"camt.053", b"camt.054"), "ni račun"),
    "rtf": (b"{\\rtf1 naziv;kraj}", "RTF"),
}


@pytest.mark.parametrize("what", FOOLISH)
def test_what_is_nothing_of_ours_is_refused_with_the_reason(upload, what):
    content, reason = FOOLISH[what]
    with pytest.raises(Unreadable, match=reason) as refused:
        guess(upload(content), "moja datoteka")
    assert str(refused.value).startswith("moja datoteka: ")
    assert "5f0c" not in str(refused.value)


def encrypted():
    """A ZIP whose documents claim to be encrypted."""
    data = bytearray(pack({"a.xml": ESLOG}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def test_a_zip_with_a_password_is_refused(upload):
    with pytest.raises(Unreadable, match="v ZIP ni"):
        guess(upload(encrypted()), "a.zip")


GOOD = [
    CUSTOMERS.encode(),
    CUSTOMERS.encode("cp1250"),
    ESLOG,
    STATEMENT,
    workbook(["naziv", "sifra_stranke"], ["Ana", "007"]),
    pack({"stranke.csv": CUSTOMERS, "a.xml": ESLOG}),
]
STARTS = [b"", b"PK\x03\x04", b"PK\x05\x06", b"<?xml", b"<", b"\xff\xfe", b"\xef\xbb\xbf", b'"']


@st.composite
def damaged(draw):
    """A good file of which some bytes are others."""
    data = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 6))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(1, len(data)))]) if draw(st.booleans()) else bytes(data)


def begun(rest):
    return st.builds(bytes.__add__, st.sampled_from(STARTS), rest)


def said_of(path):
    """The guess, or why there is none."""
    try:
        return guess(path, "smeti")
    except Unreadable as error:
        return str(error)


@given(st.one_of(damaged(), begun(st.binary(max_size=300)), begun(st.text().map(str.encode))))
def test_any_bytes_are_guessed_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "garbage.bin"
    path.write_bytes(content)
    found = said_of(path)
    if isinstance(found, str):
        assert found.startswith("smeti: ")
    elif found.kind:
        assert fit(path, "smeti", found.kind) == found


# ---------------------------------------------------------------- importing what was guessed


def take(path, name, aside=None):
    """Import an upload as what it is taken for, with its good rows, and say what came of it."""
    found = guess(path, name)
    wish = Wish(found.mapping)
    with (
        given_for(path, name, found.kind, wish, aside) as (given, ignored),
        RejectedFiles() as rejected,
    ):
        outcome = import_tables(
            found.kind,
            given,
            name=name,
            by="test",
            mapping=wish.mapping,
            on_bad_row=rejected.add,
        )
        kept = rejected.keep()
    db.session.commit()
    return outcome, ignored, kept


@pytest.fixture
def town(terminal):
    terminal.town()
    with terminal.app.app_context():
        yield terminal


def test_each_table_of_a_town_can_be_taken_in(terminal, upload):
    with terminal.app.app_context():
        for text in (CUSTOMERS, POINTS, METERS, READINGS):
            outcome, _, _ = take(upload(text), "izvoz")
            assert outcome.counts.new
            assert not outcome.counts.rejected
            assert [file.given.source.name for file in outcome.files] == ["izvoz"]


def test_foreign_headings_in_a_workbook_can_be_taken_in(town, upload):
    rows = [["Števec", "Dan", "Odčitek", "Opomba"], ["0018", "20.11.2026", 470, ""]]
    outcome, _, _ = take(upload(workbook(*rows)), "popis.xlsx")
    assert outcome.counts.new == 1
    assert outcome.files[0].unknown == ["Opomba"]


def test_a_zip_of_tables_can_be_taken_in(terminal, upload):
    files = {"stranke.csv": CUSTOMERS, "x/odjemna_mesta.csv": POINTS, "beri.txt": "x"}
    with terminal.app.app_context():
        outcome, ignored, _ = take(upload(pack(files)), "mesto.zip")
    assert [file.given.source.name for file in outcome.files] == [
        "mesto.zip/stranke.csv",
        "mesto.zip/x/odjemna_mesta.csv",
    ]
    assert ignored == ["beri.txt"]


LINES = """Št. računa;Naziv storitve;Kol.;EM;Cena;DDV %;Neto;DDV;Bruto
2026-1;Vodarina;1;m3;1;9,5;1;0,10;1,10
"""


def test_tables_of_invoices_and_of_their_lines_can_be_taken_in(town, upload):
    name = "racuni.csv, postavke.csv"
    lines = "stevilka_racuna;opis;znesek\n"
    outcome, _, _ = take(upload(pack({"racuni.csv": HEAD + ONE, "postavke.csv": lines})), name)
    assert {file.given.kind.name for file in outcome.files} == {"invoices", "invoice-lines"}


def test_a_table_of_lines_is_taken_as_one(town, upload):
    path = upload(LINES)
    found = guess(path, "izvoz.csv")
    assert found.kind == "invoices"
    with given_for(path, "izvoz.csv", "invoices", Wish(found.mapping)) as (given, _):
        assert [one.kind.name for one in given] == ["invoice-lines"]


def test_a_table_of_invoices_with_a_text_is_none_of_lines(town, upload):
    head, _, rest = (HEAD + ONE).partition("\n")
    text = f"{head};opis\n" + "".join(f"{row};Voda\n" for row in rest.splitlines())
    outcome, _, _ = take(upload(text), "izvoz.csv")
    assert outcome.files[0].given.kind.name == "invoices"
    assert outcome.counts.new == 1


@pytest.mark.parametrize("packed", [False, True])
def test_documents_can_be_taken_in(town, upload, packed):
    path = upload(pack({"a.xml": ESLOG, "a.pdf": PDF, "b.txt": ""}) if packed else ESLOG)
    outcome, ignored, _ = take(path, "envelope računov")
    assert outcome.counts.new == 1
    assert ignored == (["b.txt"] if packed else [])
    assert outcome.files[0].given.source.name == "envelope računov"


@pytest.mark.parametrize("packed", [False, True])
def test_statements_can_be_taken_in(town, upload, packed):
    path = upload(pack({"1.xml": STATEMENT, "b.txt": ""}) if packed else STATEMENT)
    outcome, ignored, _ = take(path, "izpisek")
    assert outcome.counts.new == 1
    assert ignored == (["b.txt"] if packed else [])


def test_bad_rows_go_into_the_folder_named_after_their_table(town, upload, tmp_path):
    aside = tmp_path / "aside"
    aside.mkdir()
    bad = "0018;1.13.2026;470;\n"
    outcome, _, kept = take(upload(READINGS + bad), "../../Odčitki\n.csv", aside)
    assert outcome.counts.rejected == 1
    assert kept == [aside / "odcitki.rejected.csv"]
    assert "tega dne ni v koledarju" in kept[0].read_text("utf-8-sig")
    files = {"stranke.csv": CUSTOMERS + "009;\n", "odcitki.csv": READINGS + bad}
    _, _, kept = take(upload(pack(files)), "mesto.zip", aside)
    assert kept == [aside / "stranke.rejected.csv", aside / "odcitki.rejected.csv"]
    _, _, kept = take(upload(pack({"a.xml": ESLOG, "b.xml": "<a/>"})), "racuni", aside)
    assert kept == [aside / "xml.rejected.csv"]
    assert sorted(aside.iterdir()) == sorted(
        aside / f"{stem}.rejected.csv" for stem in ("odcitki", "stranke", "xml")
    )


def test_without_a_folder_bad_rows_are_kept_nowhere(town, upload, tmp_path):
    before = sorted(tmp_path.iterdir())
    outcome, _, kept = take(upload(READINGS + "0018;1.13.2026;470;\n"), "odcitki.csv")
    assert (outcome.counts.rejected, kept) == (1, [])
    assert sorted(tmp_path.iterdir()) == sorted({*before, tmp_path / "5f0c.bin"})


@pytest.mark.parametrize("what", FOOLISH)
def test_what_is_nothing_of_ours_cannot_be_taken_in_either(upload, what):
    path = upload(FOOLISH[what][0])
    for kind in ("", "all", "customers"):
        with pytest.raises(Unreadable), given_for(path, "smeti", kind, Wish({})):
            pytest.fail("it was let in")


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [("statements", "1.xml", STATEMENT), ("invoices", "racuni.csv", (HEAD + ONE).encode())],
)
def test_a_damaged_member_is_named(upload, kind, name, content):
    data = bytearray(pack({name: content}))
    data[30 + len(name) + 20] ^= 0xFF  # behind the head that stands before it
    path = upload(bytes(data))
    reason = f"a.zip: {name} je v ZIP šifrirana ali poškodovana"
    with (
        pytest.raises(Unreadable, match=re.escape(reason)),
        given_for(path, "a.zip", kind, Wish({})),
    ):
        pytest.fail("it was let in")
