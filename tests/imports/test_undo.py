import zipfile

import pytest

from .conftest import CUSTOMERS, METERS, POINTS, READINGS
from .test_import import READING_HEAD

KINDS = ["customers", "supply-points", "meters", "readings"]


def test_a_town_goes_as_it_came(terminal):
    before = terminal.everything()
    terminal.town()
    for kind in reversed(KINDS):
        assert terminal.undo(kind).exit_code == 0
    assert terminal.everything() == before
    assert terminal.rows("SELECT count(*) FROM import_batch WHERE undone_at IS NULL") == [(0,)]
    assert terminal.rows("SELECT count(*) FROM audit_entry WHERE event = 'import.undone'") == [(4,)]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("customers", CUSTOMERS.replace("Ana", "Anica").replace("ANA-1", "X1") + "9;Bor;;;;\n"),
        ("supply-points", POINTS.replace("OM2;008", "OM2;007").replace("a 7;3", "a 8;4")),
        ("meters", METERS.replace("OM1;20;", "OM1;25;") + "5;OM1;;;;1.2.2026;;\n"),
        ("readings", READINGS.replace("467", "468") + "0018;1.11.2026;470;\n"),
    ],
)
def test_what_was_changed_is_restored(terminal, kind, content):
    terminal.town()
    before = terminal.everything()
    assert ", spremenjenih 0" not in terminal.import_(kind, content).output
    assert terminal.everything() != before
    done = terminal.undo(kind)
    assert done.exit_code == 0, done.output
    assert terminal.everything() == before


def test_nothing_to_undo(terminal):
    assert "Ni uvoza vrste meters" in terminal.undo("meters").stderr


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("customers", "uporabniki odjemnih mest: 2"),
        ("supply-points", "vodomeri: 2"),
        ("meters", "odčitki: 3"),
    ],
)
def test_what_carries_something_stays(terminal, kind, named):
    terminal.town()
    before = terminal.everything()
    done = terminal.undo(kind)
    assert done.exit_code == 1
    assert named in done.stderr
    assert terminal.everything() == before


def test_a_linked_customer_stays(terminal):
    terminal.import_("customers", CUSTOMERS)
    terminal.run(
        "INSERT INTO account (id, email, email_key, first_name, last_name, password_hash, "
        "created_at, browser_mark) VALUES (1, 'a', 'a', '', '', '', '2026-01-01', 'a')"
    )
    terminal.run(
        "INSERT INTO customer_link (account_id, customer_id, linked_at) "
        "SELECT 1, id, '2026-01-01' FROM customer WHERE number = '007'"
    )
    assert "povezave uporabnikov s strankami: 1" in terminal.undo("customers").stderr


def test_a_row_changed_by_hand_stays(terminal):
    terminal.import_("customers", CUSTOMERS)
    terminal.import_("customers", CUSTOMERS.replace("Ana", "Anica"))
    terminal.run("UPDATE customer SET name = 'Anja Novak' WHERE number = '007'")
    assert "pozneje spremenjene vrstice (stranke: 1)" in terminal.undo("customers").stderr


def test_exported_readings_stay(terminal):
    terminal.town()
    terminal.run("UPDATE reading SET exported_at = '2026-11-01' WHERE value_l = 467000")
    assert "že izvoženi za obračun: 1" in terminal.undo("readings").stderr


def test_corrected_readings_stay(terminal):
    terminal.town()
    columns = (
        "value_l, source, status, reason, submission, received_at, account_id, batch_id, "
        "counts_for, doubts, photo"
    )
    terminal.run(
        f"INSERT INTO earlier_reading (reading_id, replaced_at, {columns}) "
        f"SELECT id, '2026-11-02', {columns} FROM reading WHERE value_l = 467000"
    )
    terminal.run("UPDATE reading SET value_l = 1, batch_id = NULL WHERE value_l = 467000")
    assert "pozneje kdo popravil: 1" in terminal.undo("readings").stderr


def test_the_later_import_goes_first(terminal):
    terminal.town()
    path = terminal.folder / "vse.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("odcitki.csv", READING_HEAD + "0018;1.11.2026;470;\n")
    before = terminal.everything()
    assert terminal.import_("all", path).exit_code == 0
    done = terminal.undo("readings")
    assert done.exit_code == 1
    assert "uvoz 5 (vse.zip): mojupravljalec undo all" in done.stderr
    assert terminal.undo("all").exit_code == 0
    assert terminal.everything() == before
    assert terminal.undo("readings").exit_code == 0


def test_an_import_of_all_is_undone_as_one(terminal):
    folder = terminal.folder / "vse"
    folder.mkdir()
    before = terminal.everything()
    for stem, content in (
        ("stranke", CUSTOMERS),
        ("odjemna_mesta", POINTS),
        ("vodomeri", METERS),
        ("odcitki", READINGS),
    ):
        (folder / f"{stem}.csv").write_text(content)
    assert terminal.import_("all", folder).exit_code == 0
    done = terminal.undo("all")
    assert done.exit_code == 0, done.output
    assert terminal.everything() == before


# ---------------------------------------------------------------- the shapes of customer codes

SHAPES = "SELECT length, is_ours, codes, symbols FROM code_shape ORDER BY length"


def test_an_import_and_its_undo_keep_the_summary_of_codes(terminal):
    terminal.import_("customers", CUSTOMERS)
    short, ours = terminal.rows(SHAPES)
    assert short == (4, False, 1, "1AN")
    assert ours[:3] == (12, True, 1)
    before = terminal.rows(SHAPES)
    terminal.import_("customers", "sifra_stranke;naziv;koda_stranke\n008;Gostilna;BOR-12\n")
    assert [row[:3] for row in terminal.rows(SHAPES)] == [(4, False, 1), (5, False, 1)]
    terminal.undo("customers")
    assert terminal.rows(SHAPES) == before
    terminal.undo("customers")
    assert terminal.rows(SHAPES) == []


def test_a_refused_import_leaves_the_summary_of_codes(terminal):
    terminal.import_("customers", CUSTOMERS)
    before = terminal.rows(SHAPES)
    bad = "sifra_stranke;naziv;koda_stranke\n009;Bor;BOR-12\n010;;\n"
    assert terminal.import_("customers", bad).exit_code != 0
    assert terminal.rows(SHAPES) == before
