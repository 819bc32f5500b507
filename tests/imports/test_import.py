import hashlib
import zipfile

import pytest

from .conftest import CUSTOMERS, METERS, POINTS, READINGS

STEMS = {
    "stranke": CUSTOMERS,
    "odjemna_mesta": POINTS,
    "vodomeri": METERS,
    "odcitki": READINGS,
}
READING_HEAD = "stevilka_vodomera;datum;stanje;vir\n"


def test_a_town_comes_in(terminal):
    terminal.town()
    assert terminal.rows("SELECT number, name, town FROM customer ORDER BY number") == [
        ("007", "Ana Novak", "Podgorje"),
        ("008", "Gostilna Žvižgač", "Čepovje"),
    ]
    assert terminal.rows(
        "SELECT p.number, c.number, o.persons, CAST(o.from_on AS VARCHAR) FROM occupancy o "
        "JOIN supply_point p ON p.id = o.supply_point_id JOIN customer c ON c.id = o.customer_id "
        "ORDER BY p.number"
    ) == [("OM1", "007", 3, "1900-01-01"), ("OM2", "008", None, "2024-05-01")]
    assert terminal.rows(
        "SELECT serial, digits, decimals, start_l, end_l FROM meter_installation ORDER BY serial"
    ) == [("0018", 5, 0, 0, None), ("0019", 6, 3, 12_500, None)]
    assert terminal.rows(
        "SELECT value_l, source, status, submission, batch_id FROM reading ORDER BY value_l"
    ) == [
        (455_000, "collector", "accepted", None, 4),
        (467_000, "customer", "accepted", None, 4),
        (1_234_567, "estimate", "accepted", None, 4),
    ]


def test_a_batch_says_what_came_in(terminal):
    done = terminal.import_("customers", CUSTOMERS)
    assert "novih 2, spremenjenih 0, nespremenjenih 0, zavrnjenih 0" in done.output
    assert "Uvoz 1 je zapisan." in done.output
    fingerprint = hashlib.sha256(CUSTOMERS.encode()).hexdigest()
    [(kind, name, sha256, by, new)] = terminal.rows(
        "SELECT kind, file_name, sha256, imported_by, new_rows FROM import_batch"
    )
    assert (kind, name, sha256, new) == ("customers", "customers.csv", fingerprint, 2)
    assert by.startswith("terminal: ")
    assert terminal.rows("SELECT event, subject FROM audit_entry") == [
        ("import.done", "import_batch:1")
    ]


def test_a_new_customer_gets_a_code_and_keeps_it(terminal):
    terminal.import_("customers", CUSTOMERS)
    before = terminal.rows("SELECT number, access_code, access_code_key FROM customer ORDER BY 1")
    assert before[0] == ("007", "ANA-1", "ANA1")
    assert len(before[1][2]) >= 12
    done = terminal.import_("customers", CUSTOMERS.replace("ANA-1", "").replace("Ana ", "Anica "))
    assert "spremenjenih 1, nespremenjenih 1" in done.output
    assert before == terminal.rows(
        "SELECT number, access_code, access_code_key FROM customer ORDER BY 1"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1250"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_every_writing_is_read(terminal, encoding, separator):
    file = terminal.file("a.csv", CUSTOMERS.replace(";", separator), encoding)
    assert terminal.import_("customers", file).exit_code == 0
    assert ("Gostilna Žvižgač",) in terminal.rows("SELECT name FROM customer")


def test_twice_is_nothing(terminal):
    terminal.town()
    before = terminal.everything()
    for kind, content in zip(
        ("customers", "supply-points", "meters", "readings"), STEMS.values(), strict=True
    ):
        done = terminal.import_(kind, content)
        assert "novih 0, spremenjenih 0" in done.output
        assert "Ni sprememb" in done.output
    assert terminal.everything() == before
    assert terminal.rows("SELECT count(*) FROM import_batch") == [(4,)]


def test_a_dry_run_only_counts(terminal):
    before = terminal.everything()
    done = terminal.import_("customers", CUSTOMERS, "--dry-run")
    assert "novih 2" in done.output
    assert done.exit_code == 0
    assert terminal.everything() == before


BAD_CUSTOMERS = [
    ("009;;;;;", "naziv", "", "manjka"),
    ("007;Ana Horvat;Lipova ulica 7;2000;Podgorje;ANA-1", "sifra_stranke", "007", "vrstico 2"),
    ("009;Bor;;;;ana 1", "koda_stranke", "ana 1", "to kodo ima stranka 007"),
    ("009;Bor;;;;--", "koda_stranke", "--", "nima ne črke"),
    ("009;Bor", "vrstica", "009;Bor", "celic je 2"),
    ("009;Bor\u202e;;;;", "naziv", "Bor\N{REPLACEMENT CHARACTER}", "nedovoljene"),
    (f"009;{'B' * 201};;;;", "naziv", "B" * 80 + "…", "daljše"),
]
BAD_POINTS = [
    ("OM3;999;Lipova 1;;", "Šifra stranke", "999", "te stranke ni"),
    ("OM1;007;Druga 9;3;", "Šifra odjemnega mesta", "OM1", "vrstico 2"),
    ("OM3;007;Lipova 1;tri;", "Osebe", "tri", "ni celo število"),
    ("OM3;007;Lipova 1;;31.2.2024", "Od", "31.2.2024", "tega dne ni"),
    ("OM3;007;;;", "Ulica", "", "manjka"),
]
BAD_METERS = [
    ("1;OM9;20;;;1.1.2024;;", "sifra_odjemnega_mesta", "OM9", "tega odjemnega mesta ni"),
    ("1;OM1;20;;;1.1.2024;100000;", "zacetno_stanje", "100000", "več mest"),
    ("1;OM1;20;;;1.1.2024;0,5;", "zacetno_stanje", "0,5", "več decimalk"),
    ("1;OM1;20;;;1.1.2024;1.000;", "zacetno_stanje", "1.000", "več decimalk"),
    ("1;OM1;20;10;;1.1.2024;;", "mest", "10", "ni med 3 in 9"),
    ("1;OM1;20;;4;1.1.2024;;", "decimalk", "4", "ni med 0 in 3"),
    ("1;OM1;;;;;;", "vgrajen", "", "manjka"),
]
BAD_READINGS = [
    ("0020;31.10.2026;5;", "stevilka_vodomera", "0020", "ni nikjer vgrajen"),
    ("18;31.10.2026;5;", "stevilka_vodomera", "18", "ni nikjer vgrajen"),
    ("0018;13.05.2023;5;", "stevilka_vodomera", "0018", "ni nikjer vgrajen"),
    ("0018;31.10.2026;100000;", "stanje", "100000", "več mest"),
    ("0018;31.10.2026;467,5;", "stanje", "467,5", "več decimalk"),
    ("0018;31.10.2026;1.000;", "stanje", "1.000", "dvoumna"),
    ("0018;31.10.2026;-4;", "stanje", "-4", "ni število"),
    ("0018;31.10.2026;;", "stanje", "", "manjka"),
    ("0018;31.11.2026;4;", "datum", "31.11.2026", "tega dne ni"),
    ("0018;31.10.2126;4;", "datum", "31.10.2126", "leto ni med"),
    ("0018;31.10.2099;4;", "datum", "31.10.2099", "v prihodnosti"),
    ("0018;31.10.2026;4;sosed", "vir", "sosed", "ni odčitek, stranka ali ocena"),
]


@pytest.mark.parametrize(("row", "column", "value", "reason"), BAD_CUSTOMERS)
def test_a_bad_customer_is_named(terminal, row, column, value, reason):
    _named(terminal, "customers", CUSTOMERS + row + "\n", 4, column, value, reason)


@pytest.mark.parametrize(("row", "column", "value", "reason"), BAD_POINTS)
def test_a_bad_supply_point_is_named(terminal, row, column, value, reason):
    terminal.import_("customers", CUSTOMERS)
    _named(terminal, "supply-points", POINTS + row + "\n", 4, column, value, reason)


@pytest.mark.parametrize(("row", "column", "value", "reason"), BAD_METERS)
def test_a_bad_meter_is_named(terminal, row, column, value, reason):
    terminal.import_("customers", CUSTOMERS)
    terminal.import_("supply-points", POINTS)
    _named(terminal, "meters", METERS + row + "\n", 4, column, value, reason)


@pytest.mark.parametrize(("row", "column", "value", "reason"), BAD_READINGS)
def test_a_bad_reading_is_named(terminal, row, column, value, reason):
    terminal.town()
    _named(terminal, "readings", READING_HEAD + row + "\n", 2, column, value, reason)


def _named(terminal, kind, content, line, column, value, reason):
    before = terminal.everything()
    done = terminal.import_(kind, content)
    assert done.exit_code == 1, done.output
    [said] = [text for text in done.stderr.splitlines() if f"{kind}.csv:" in text]
    assert f'/{kind}.csv:{line}: {column}: "{value}": ' in said
    assert reason in said
    assert "zavrnjenih 1" in done.stdout
    assert terminal.everything() == before


def test_two_values_of_a_day_are_a_conflict(terminal):
    terminal.town()
    rows = "0018;1.11.2026;470;\n0018;1.11.2026;470;\n0018;1.11.2026;471;\n"
    done = terminal.import_("readings", READING_HEAD + rows)
    assert 'readings.csv:4: stanje: "471": ne ujema se z vrstico 2' in done.stderr
    assert "novih 1, spremenjenih 0, nespremenjenih 1, zavrnjenih 1" in done.stdout


def test_a_serial_at_two_points_is_ambiguous(terminal):
    terminal.town()
    terminal.import_("meters", METERS + "0018;OM2;20;;;1.10.2026;;\n")
    rows = "0018;30.09.2026;455;\n0018;1.11.2026;470;\n"
    done = terminal.import_("readings", READING_HEAD + rows)
    assert 'csv:3: stevilka_vodomera: "0018": ta dan je vgrajen na več' in done.stderr
    assert "nespremenjenih 1, zavrnjenih 1" in done.stdout


def test_a_removed_meter_takes_readings_until_its_last_day(terminal):
    terminal.town()
    head = "stevilka_vodomera;sifra_odjemnega_mesta;vgrajen;odstranjen;koncno_stanje\n"
    done = terminal.import_("meters", head + "0018;OM1;14.5.2023;5.11.2026;470\n")
    assert "spremenjenih 1" in done.output
    rows = "0018;5.11.2026;470;\n0018;6.11.2026;470;\n"
    done = terminal.import_("readings", READING_HEAD + rows)
    assert "novih 1, spremenjenih 0, nespremenjenih 0, zavrnjenih 1" in done.stdout


def test_a_missing_column_leaves_what_is_known(terminal):
    terminal.town()
    done = terminal.import_("customers", "sifra_stranke;naziv\n007;Ana Horvat\n")
    assert "spremenjenih 1" in done.output
    assert terminal.rows("SELECT name, street FROM customer WHERE number = '007'") == [
        ("Ana Horvat", "Lipova ulica 7")
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("sifra_stranke\n1\n", "manjka stolpec »naziv«"),
        ("sifra_stranke;naziv;Šifra stranke\n1;A;2\n", "naveden dvakrat"),
        ("", "prazna"),
        (";;;\n1;2;3;4\n", "naslovna vrstica je prazna"),
        ('sifra_stranke;naziv\n1;"A\n', "narekovaji v vrstici 2"),
        ("sifra_stranke;naziv\n" + "x" * 500_000, "predolga vrstica"),
    ],
)
def test_what_is_no_table_is_refused(terminal, content, reason):
    done = terminal.import_("customers", content)
    assert done.exit_code == 1
    assert reason in done.stderr
    assert "Nič ni zapisano" in done.stderr


@pytest.mark.parametrize(
    "content",
    ["a;b\n1;2\n".encode("utf-16"), b"\x81\x83\x88", b"\xd0\xcf\x11\xe0x", b"PK\x03\x04x"],
)
def test_what_is_no_text_is_refused(terminal, content):
    done = terminal.import_("customers", terminal.file("a.csv", content))
    assert done.exit_code == 1
    assert "a.csv: " in done.stderr


def test_no_text_is_mistaken_for_another(terminal):
    terminal.import_("customers", "sifra_stranke;naziv\n\\N;A\\tB\\\n\\.;'O''\n")
    assert terminal.rows("SELECT number, name FROM customer ORDER BY name") == [
        ("\\.", "'O''"),
        ("\\N", "A\\tB\\"),
    ]


def test_unknown_columns_are_named(terminal):
    done = terminal.import_("customers", "naziv;opomba;sifra_stranke\nA;x;1\n")
    assert done.exit_code == 0
    assert "neznani stolpci, prezrti: opomba" in done.output


def test_foreign_headings_are_mapped(terminal):
    content = "Kupec;Ime in priimek\n1;Ana\n"
    options = ["--map", "sifra_stranke=kupec", "--map", "Naziv=Ime in priimek"]
    assert terminal.import_("customers", content, *options).exit_code == 0
    assert terminal.rows("SELECT number, name FROM customer") == [("1", "Ana")]
    assert terminal.import_("customers", content, "--map", "x=y").exit_code == 2
    unused = terminal.import_("customers", CUSTOMERS, "--map", "e_posta=mail")
    assert unused.exit_code == 1
    assert "mail" in unused.stderr


def test_skip_bad_puts_the_bad_rows_aside(terminal):
    content = CUSTOMERS + '009;;"=1+1";;;\n010;Bor;;;;\n'
    done = terminal.import_("customers", content, "--skip-bad")
    assert done.exit_code == 1
    assert "novih 3, spremenjenih 0, nespremenjenih 0, zavrnjenih 1" in done.stdout
    assert terminal.rows("SELECT count(*) FROM customer") == [(3,)]
    aside = (terminal.folder / "customers.rejected.csv").read_text("utf-8-sig").splitlines()
    assert aside == [
        "sifra_stranke;naziv;ulica;posta;kraj;koda_stranke;razlog",
        "009;;'=1+1;;;;naziv: manjka",
    ]
    again = terminal.import_("customers", terminal.folder / "customers.rejected.csv", "--skip-bad")
    assert "zavrnjenih 1" in again.stdout
    [twice] = terminal.folder.glob("*.rejected.rejected.csv")
    assert twice.read_text("utf-8-sig").splitlines()[0].count("razlog") == 1


def test_without_skip_bad_nothing_is_put_aside(terminal):
    terminal.import_("customers", CUSTOMERS + "009;;;;;\n")
    terminal.import_("customers", CUSTOMERS + "009;;;;;\n", "--skip-bad", "--dry-run")
    assert [file.name for file in terminal.folder.iterdir()] == ["customers.csv"]


def test_a_folder_is_one_batch(terminal):
    folder = terminal.folder / "izvoz"
    folder.mkdir()
    for stem, content in STEMS.items():
        (folder / f"{stem.upper()}.csv").write_text(content)
    (folder / "drugo.csv").write_text("")
    done = terminal.import_("all", folder)
    assert done.exit_code == 0, done.output
    assert "Prezrte datoteke: drugo.csv" in done.output
    assert terminal.rows("SELECT kind, file_name, new_rows FROM import_batch") == [
        ("all", "izvoz", 9)
    ]


def test_a_zip_is_one_batch_and_writes_nowhere(terminal):
    path = _zip(terminal, {f"a/b/{stem}.csv": text for stem, text in STEMS.items()})
    done = terminal.import_("all", path)
    assert done.exit_code == 0, done.output
    bad = _zip(terminal, {"a/stranke.csv": CUSTOMERS + "1;;;;;\n", "odcitki.csv": READINGS})
    done = terminal.import_("all", bad, "--skip-bad")
    assert 'a/stranke.csv:4: naziv: "": manjka' in done.stderr
    assert sorted(file.name for file in terminal.folder.iterdir()) == [
        "izvoz.stranke.rejected.csv",
        "izvoz.zip",
    ]


@pytest.mark.parametrize(
    "names",
    [
        ["drugo.csv"],
        ["stranke.csv", "a/Stranke.csv"],
        ["stranke.csv", "../x.csv"],
        ["/stranke.csv"],
    ],
)
def test_a_strange_zip_is_refused(terminal, names):
    done = terminal.import_("all", _zip(terminal, dict.fromkeys(names, CUSTOMERS)))
    assert done.exit_code == 1
    assert "izvoz.zip: " in done.stderr


def test_a_damaged_zip_is_refused(terminal):
    path = _zip(terminal, {"stranke.csv": CUSTOMERS})
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    path.write_bytes(data)
    assert "poškodovan" in terminal.import_("all", path).stderr


def _zip(terminal, files):
    path = terminal.folder / "izvoz.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_one_bad_file_of_many_stops_all(terminal):
    path = _zip(terminal, {"stranke.csv": CUSTOMERS, "odjemna_mesta.csv": POINTS + "X;9;U;;\n"})
    assert terminal.import_("all", path).exit_code == 1
    assert terminal.rows("SELECT count(*) FROM customer") == [(0,)]


def test_a_spreadsheet_is_read(terminal):
    workbook = terminal.file("stranke.xlsx", _xlsx([["Šifra stranke", "Naziv"], ["007", 12.5]]))
    done = terminal.import_("customers", workbook)
    assert done.exit_code == 0, done.output
    assert terminal.rows("SELECT number, name FROM customer") == [("007", "12,5")]


def test_a_spreadsheet_with_a_far_cell_is_refused(terminal):
    workbook = terminal.file("a.xlsx", _xlsx([["x"]], corner="XFD1048576"))
    assert "prevelik" in terminal.import_("customers", workbook).stderr


def _xlsx(rows, corner="A9"):
    """The smallest workbook that spreadsheets open."""
    import io

    namespace = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    office = "application/vnd.openxmlformats-officedocument.spreadsheetml"

    def cell(column, line, value):
        place = f'r="{chr(65 + column)}{line}"'
        if isinstance(value, str):
            return f'<c {place} t="inlineStr"><is><t>{value}</t></is></c>'
        return f"<c {place}><v>{value}</v></c>"

    lines = "".join(
        f'<row r="{n}">{"".join(cell(c, n, v) for c, v in enumerate(row))}</row>'
        for n, row in enumerate(rows, 1)
    )
    lines += f'<row><c r="{corner}"/></row>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{packages}/content-types">'
        '<Default Extension="rels" ContentType="application/'
        'vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{office}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{office}.worksheet+xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{packages}/relationships"><Relationship Id="r1" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {namespace} xmlns:r="{relations}"><sheets>'
        '<sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packages}/relationships">'
        f'<Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f"<worksheet {namespace}><sheetData>{lines}</sheetData>"
        "</worksheet>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return out.getvalue()


STAYS_HEAD = "sifra_odjemnega_mesta;sifra_stranke;ulica;od;do\n"


@pytest.mark.parametrize(
    ("first", "second", "bad_line"),
    [
        ("OM9;007;U;;", "OM9;008;U;1.1.2026;", 3),
        ("OM9;007;U;1.1.2026;", "OM9;008;U;;", 2),
        ("OM9;007;U;;1.1.2026", "OM9;008;U;1.1.2026;", 3),
        ("OM9;007;U;1.1.2025;31.12.2025", "OM9;008;U;;", 2),
        ("OM9;007;U;;31.12.2025", "OM9;008;U;1.1.2026;", None),
        ("OM9;007;U;;31.12.2025", "OM9;007;U;1.6.2025;", None),
        ("OM9;007;U;;", "OM8;008;U;1.1.2026;", None),
    ],
)
def test_two_customers_never_have_a_point_on_the_same_day(terminal, first, second, bad_line):
    terminal.town()
    done = terminal.import_("supply-points", f"{STAYS_HEAD}{first}\n{second}\n")
    assert (done.exit_code == 1) == (bad_line is not None), done.output
    if bad_line:
        assert f"csv:{bad_line}: od: " in done.stderr
        assert "obdobje se prekriva s stranko" in done.stderr


def test_a_new_customer_needs_the_last_day_of_the_one_before(terminal):
    terminal.town()
    late = terminal.import_("supply-points", STAYS_HEAD + "OM1;008;U;1.11.2026;\n")
    assert 'csv:2: od: "1.11.2026": obdobje se prekriva s stranko 007' in late.stderr
    both = STAYS_HEAD + "OM1;007;U;;31.10.2026\nOM1;008;U;1.11.2026;\n"
    assert terminal.import_("supply-points", both).exit_code == 0
    assert terminal.import_("supply-points", both).exit_code == 0
    without = "sifra_odjemnega_mesta;sifra_stranke;ulica;od\nOM1;007;U;\nOM1;008;U;1.11.2026\n"
    assert terminal.import_("supply-points", without).exit_code == 0


def test_two_files_of_readings_are_judged_as_one(terminal):
    terminal.town()
    one = terminal.file("one.csv", READING_HEAD + "0018;31.10.2026;467;stranka\n")
    two = terminal.file("two.csv", READING_HEAD + "0018;31.10.2026;468;stranka\n")
    for _ in range(2):
        done = terminal.import_("readings", one, str(two))
        assert done.exit_code == 1
        assert "two.csv:2: stanje" in done.stderr
