"""Tables of invoices and their lines: what is taken, what is refused, and what becomes of it."""

import json

import pytest

HEAD = (
    "stevilka_racuna;sifra_stranke;vrsta;datum;zapadlost;obdobje_od;obdobje_do;sklic;"
    "osnova;ddv;za_placilo\n"
)
ONE = "2026-10-1;007;račun;8.11.2026;28.11.2026;1.10.2026;31.10.2026;SI12 1234567890120;30,00;2,85;32,85\n"  # noqa: E501 a row of a table
TWO = "2026-10-2;008;;8.11.2026;28.11.2026;;;;;;12,00\n"
CREDIT = "D-1;007;dobropis;15.11.2026;15.11.2026;;;;10,00;0,95;10,95\n"
LINE_HEAD = (
    "stevilka_racuna;opis;kolicina;enota;cena;stopnja_ddv;osnova;ddv;znesek;"
    "sifra_odjemnega_mesta;stevilka_vodomera;staro_stanje;novo_stanje\n"
)
WATER = "2026-10-1;Vodarina;12;m³;1,0000;9,5;12,00;1,14;13,14;OM1;0018;455;467\n"
NETWORK = "2026-10-1;Omrežnina;1;mes;18,0000;9,5;18,00;1,71;19,71;OM1;;;\n"


@pytest.fixture
def town(terminal):
    terminal.town()
    return terminal


def entries(town):
    return town.rows(
        "SELECT c.number, e.document, e.amount_cents, e.open_cents, e.origin FROM ledger_entry e "
        "JOIN customer c ON c.id = e.customer_id ORDER BY e.id"
    )


def test_invoices_come_with_their_lines_and_stand_on_the_card(town):
    done = town.bills(HEAD + ONE + TWO, LINE_HEAD + WATER + NETWORK)
    assert done.exit_code == 0, done.output
    assert "racuni.csv (računi): novih 2" in done.output
    assert "postavke.csv (postavke): prebranih 2" in done.output
    assert entries(town) == [
        ("007", "2026-10-1", 3285, 3285, "invoice"),
        ("008", "2026-10-2", 1200, 1200, "invoice"),
    ]
    ((content, points, payer, place),) = town.rows(
        "SELECT content, supply_points, payer_name, payer_place FROM invoice "
        "WHERE number = '2026-10-1'"
    )
    lines = json.loads(content)["lines"]
    assert lines[0] == [
        *("Vodarina", "12", "m³", "1.0000", "9.5", 1200, 114, 1314),
        *("OM1", "0018", "455", "467"),
    ]
    assert [line[0] for line in lines] == ["Vodarina", "Omrežnina"]
    assert (points, payer, place) == ("\nOM1\n", "Ana Novak", "2000 Podgorje")


def test_the_same_again_changes_nothing(town):
    town.bills(HEAD + ONE + TWO, LINE_HEAD + WATER + NETWORK)
    before = town.everything()
    done = town.bills(HEAD + TWO + ONE, LINE_HEAD + WATER + NETWORK)
    assert done.exit_code == 0, done.output
    assert "novih 0, spremenjenih 0, nespremenjenih 2" in done.output
    assert "Ni sprememb" in done.output
    assert town.everything() == before


def test_lines_may_be_scattered_and_come_before_the_invoices(town):
    other = "2026-10-2;Vodarina;;;;;;;12,00;;;;\n"
    done = town.import_all(
        "invoices",
        town.file("b.csv", LINE_HEAD + WATER + other + NETWORK),
        town.file("a.csv", HEAD + TWO + ONE),
    )
    assert done.exit_code == 0, done.output
    rows = town.rows("SELECT content FROM invoice WHERE number = '2026-10-1'")
    assert [line[0] for line in json.loads(rows[0][0])["lines"]] == ["Vodarina", "Omrežnina"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("32,85", "32,86"), "za plačilo 32,86, osnova in DDV 32,85"),
        (("30,00;2,85;32,85", "31,00;2,85;33,85"), "osnova 31,00, vsota postavk 30,00"),
        (("30,00;2,85", "29,85;3,00"), "DDV 3,00, vsota postavk 2,85"),
    ],
)
def test_what_does_not_add_up_is_kept_out(town, change, named):
    done = town.bills(HEAD + ONE.replace(*change), LINE_HEAD + WATER + NETWORK)
    assert done.exit_code == 1
    assert 'stevilka_racuna: "2026-10-1": se ne sešteje' in done.stderr
    assert named in done.stderr
    assert entries(town) == []


def test_or_let_in_and_marked(town):
    lines = LINE_HEAD + WATER + NETWORK
    done = town.bills(HEAD + ONE.replace("32,85", "32,86"), lines, "--accept-sums")
    assert done.exit_code == 0, done.output
    ((flaw, cents),) = town.rows("SELECT flaw, to_pay_cents FROM invoice")
    assert flaw.startswith("za plačilo 32,86, osnova in DDV 32,85")
    assert cents == 3286


def test_a_line_that_does_not_add_up_is_named(town):
    done = town.bills(HEAD + ONE, LINE_HEAD + WATER.replace("13,14", "13,15") + NETWORK)
    assert "Vodarina: 13,14 ni 13,15" in done.stderr


def test_an_invoice_is_not_taken_without_one_of_its_lines(town):
    lines = LINE_HEAD + WATER + NETWORK + "2026-10-1;Nič;abc;;;;0,00;0,00;0,00;;;;\n"
    done = town.bills(HEAD + ONE + TWO, lines, "--skip-bad")
    assert 'postavke.csv:4: kolicina: "abc": ni število' in done.stderr
    assert "postavka v vrstici 4 je zavrnjena" in done.stderr
    assert [row[1] for row in entries(town)] == ["2026-10-2"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("28.11.2026", "29.11.2026"), "zapadlost 2026-11-29, uvoženo 2026-11-28"),
        (("SI12 1234567890120", "SI05 98765432100"), "sklic SI0598765432100"),
        ((";007;", ";008;"), "z drugačno vsebino: stranka"),
        (("32,85", "32,86"), "za plačilo 32,86, uvoženo 32,85"),
    ],
)
def test_an_imported_invoice_is_never_changed(town, change, named):
    town.bills(HEAD + ONE, LINE_HEAD + WATER + NETWORK)
    before = town.everything()
    lines = LINE_HEAD + WATER + NETWORK
    done = town.bills(HEAD + ONE.replace(*change), lines, "--accept-sums")
    assert done.exit_code == 1
    assert named in done.stderr
    assert town.everything() == before


def test_other_lines_are_another_invoice_too(town):
    town.bills(HEAD + ONE, LINE_HEAD + WATER + NETWORK)
    done = town.bills(HEAD + ONE, LINE_HEAD + WATER.replace("Vodarina", "Voda") + NETWORK)
    assert "z drugačno vsebino: postavke" in done.stderr


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (ONE.replace(";007;", ";999;"), 'sifra_stranke: "999": te stranke ni'),
        (ONE.replace("SI12 1234567890120", "SI12 1234567890121"), "sklic: "),
        (ONE.replace("32,85", "1.234"), "dvoumna pika"),
        (ONE.replace("32,85", "32,855"), "več kot dve decimalki"),
        (ONE.replace("1.10.2026;31", "1.11.2026;31"), "pred dnem »obdobje_od«"),
        (ONE.replace("račun;", "predračun;"), "ni račun ali dobropis"),
        (CREDIT.replace("10,95", "-10,95"), "dobropis ima pozitivne zneske"),
        (ONE.replace("32,85", ""), 'za_placilo: "": manjka'),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(town, row, named):
    before = town.everything()
    done = town.bills(HEAD + TWO + row)
    assert done.exit_code == 1
    assert named in done.stderr
    assert town.everything() == before


def test_a_credit_note_pays_what_is_open(town):
    town.bills(HEAD + ONE + CREDIT)
    assert entries(town) == [
        ("007", "2026-10-1", 3285, 2190, "invoice"),
        ("007", "D-1", -1095, 0, "credit_note"),
    ]


def test_lines_of_no_invoice_are_told(town):
    done = town.bills(HEAD + TWO, LINE_HEAD + WATER)
    assert done.exit_code == 0, done.output
    assert "Postavke brez računa, prezrte: 2026-10-1" in done.output


def test_what_a_line_leaves_out_is_worked_out_and_rounded_half_up(town):
    row = ONE.replace("30,00;2,85;32,85", "0,13;0,01;0,14")
    done = town.bills(HEAD + row, LINE_HEAD + "2026-10-1;Vodarina;0,125;m³;1,0000;9,5;;;;;;;\n")
    assert done.exit_code == 0, done.output
    ((content,),) = town.rows("SELECT content FROM invoice")
    assert json.loads(content)["lines"][0][5:8] == [13, 1, 14]


def test_undoing_leaves_everything_as_it_was(town):
    before = town.everything()
    town.bills(HEAD + ONE + TWO, LINE_HEAD + WATER + NETWORK)
    assert town.undo("invoices").exit_code == 0
    assert town.everything() == before


def test_a_folder_holds_invoices_and_their_lines_too(town):
    folder = town.folder / "izvoz"
    folder.mkdir()
    (folder / "racuni.csv").write_text(HEAD + ONE)
    (folder / "postavke.csv").write_text(LINE_HEAD + WATER + NETWORK)
    (folder / "kartica.csv").write_text(
        "sifra_stranke;datum;opis;breme;dobro\n007;1.11.2026;Plačilo;;5,00\n"
    )
    done = town.import_all("all", folder)
    assert done.exit_code == 0, done.output
    assert [row[3] for row in entries(town)] == [2785, 0]


def test_a_mapping_reaches_the_lines(town):
    done = town.import_all(
        "invoices",
        town.file("a.csv", (HEAD + ONE).replace("stevilka_racuna", "Račun št.")),
        town.file("b.csv", (LINE_HEAD + WATER + NETWORK).replace("stevilka_racuna", "Račun št.")),
        "--map",
        "stevilka_racuna=Račun št.",
    )
    assert done.exit_code == 0, done.output
    assert "prebranih 2" in done.output


def test_a_dry_run_writes_nothing(town):
    before = town.everything()
    done = town.bills(HEAD + ONE, LINE_HEAD + WATER + NETWORK, "--dry-run")
    assert "Poskusni tek" in done.output
    assert town.everything() == before
