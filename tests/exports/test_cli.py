"""Exports from the terminal."""

from datetime import date

import pytest

from mojupravljalec.exports.files import Ending

from .conftest import HEAD


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_month_becomes_a_file_with_its_number(books, type_, folder):
    sent = books.sent(474_000)
    books.doubted(900_000, 21)
    done = type_("--month", "2026-11")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        "Izvoz 1, dvomljivih, ki čakajo na pregled in so izpuščeni: 1, odčitkov: 1, "
        "datoteka: odcitki-1.csv\n"
    )
    assert [path.name for path in folder.iterdir()] == ["odcitki-1.csv"]
    assert (folder / "odcitki-1.csv").read_bytes() == books.bytes_of(1)
    assert books.reading(sent).export_id == 1
    assert books.exports()[0].by.startswith("terminal: ")


@pytest.mark.parametrize("days", [("2026-11-20", "2026-11-20"), ("1.11.2026", "30.11.2026")])
def test_days_become_a_workbook(books, type_, folder, days):
    books.sent(474_000, counts_for=date(2026, 12, 1))
    done = type_("--from", days[0], "--to", days[1], "--format", "xlsx", "--output", "a.xlsx")
    assert done.exit_code == 0, done.output
    assert (folder / "a.xlsx").read_bytes() == books.bytes_of(1, Ending.XLSX)


def test_doubtful_ones_come_along_where_asked(books, type_):
    books.doubted(900_000)
    assert type_("--month", "2026-11", "--include-doubtful").exit_code == 0
    assert "čaka na pregled" in books.rows_of(1)[0]


def test_a_layout_by_its_name(books, type_, folder):
    books.sent(474_000)
    books.add_layout("Obračun", stanje="Stanje")
    assert type_("--month", "2026-11", "--layout", "Obračun").exit_code == 0
    assert (folder / "odcitki-1.csv").read_text("utf-8-sig") == "Stanje\n474\n"


def test_the_standard_output_has_only_the_file(books, type_, folder):
    books.sent(474_000)
    done = type_("--month", "2026-11", "--output", "-")
    assert done.stdout_bytes == books.bytes_of(1)
    assert done.stderr == "Izvoz 1, odčitkov: 1, datoteka: -\n"
    assert list(folder.iterdir()) == []


def test_again_gives_the_same_bytes_and_changes_nothing(books, type_, folder):
    sent = books.sent(474_000)
    type_("--month", "2026-11")
    first = (folder / "odcitki-1.csv").read_bytes()
    books.change_meter(serial="other")
    books.sent(480_000, 25)
    done = type_("--again", "1", "--output", "again.csv")
    assert done.exit_code == 0, done.output
    assert (folder / "again.csv").read_bytes() == first
    assert len(books.exports()) == 1
    assert books.reading(sent).export_id == 1
    assert len(books.audit("export.downloaded")) == 2


@pytest.mark.parametrize(
    ("doubtful", "says"),
    [
        (False, "Noben odčitek ne čaka na izvoz.\n"),
        (True, "Noben odčitek ne čaka na izvoz. Dvomljivih, ki čakajo na pregled: 1.\n"),
    ],
)
def test_where_nothing_waits_there_is_no_file(books, type_, folder, doubtful, says):
    if doubtful:
        books.doubted(900_000)
    done = type_("--month", "2026-11")
    assert (done.exit_code, done.stderr) == (1, says)
    assert list(folder.iterdir()) == []
    assert books.exports() == []


def test_a_number_that_never_was(books, type_, folder):
    done = type_("--again", "9")
    assert (done.exit_code, done.stderr) == (1, "Izvoza 9 ni.\n")
    assert list(folder.iterdir()) == []


def test_without_a_place_for_the_file_nothing_is_exported(books, type_):
    sent = books.sent(474_000)
    done = type_("--month", "2026-11", "--output", "missing/a.csv")
    assert done.exit_code == 1
    assert "Datoteke missing/a.csv ni mogoče zapisati" in done.stderr
    assert books.exports() == []
    assert books.reading(sent).exported_at is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "give either --month, or --from and --to, or --again"),
        (["--from", "2026-11-01"], "give either --month"),
        (["--month", "2026-11", "--to", "2026-11-01"], "give either --month"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "lies before the first"),
        (["--month", "november"], "does not match"),
        (["--month", "2026-11", "--layout", "None"], "there is no layout None"),
        (["--again", "1", "--month", "2026-11"], "--again goes only with"),
        (["--again", "1", "--include-doubtful"], "--again goes only with"),
        (["--again", "0"], "not in the range"),
        (["--month", "2026-11", "--format", "pdf"], "is not one of"),
    ],
)
def test_a_wrong_command_exports_nothing_and_says_why(books, type_, folder, words, why):
    books.sent(474_000)
    done = type_(*words)
    assert done.exit_code == 2
    assert why in done.output
    assert books.exports() == []
    assert list(folder.iterdir()) == []


def test_the_headings_are_those_of_the_portal(books, type_, folder):
    books.sent(474_000)
    type_("--month", "2026-11")
    assert (folder / "odcitki-1.csv").read_text("utf-8-sig").splitlines()[0] == HEAD
