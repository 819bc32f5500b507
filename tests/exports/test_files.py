"""Exports as bytes: kept, as CSV, as a workbook."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from mojupravljalec.exports import files
from mojupravljalec.exports.files import Ending, Kept, TooManyRows
from mojupravljalec.exports.rules import HEADINGS, OUR_HEADINGS, Line
from mojupravljalec.values.spreadsheets import guarded

MADE_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINE = Line(
    "0018",
    "OM-1",
    "007",
    date(2026, 12, 31),
    Decimal("470.500"),
    Decimal("467.000"),
    Decimal("3.500"),
    "stranka",
    "prazna hiša",
    "",
)


def kept(*lines, headings=OUR_HEADINGS):
    content, rows = files.pack(lines)
    return Kept(7, MADE_AT, headings, rows, content)


def sheet(one):
    book = CalamineWorkbook.from_filelike(io.BytesIO(files.written(one, Ending.XLSX)))
    return book.get_sheet_by_index(0).to_python()


# What a cell of the tables can hold: PostgreSQL takes no NUL, XML no other control character.
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], include_characters="\t\n\r"), max_size=20
)
quantities = st.decimals(-(10**9), 10**9, places=3)
lines = st.builds(
    Line, texts, texts, texts, st.dates(date(1900, 3, 1)), *[quantities] * 3, *[texts] * 3
)


@given(st.lists(lines, max_size=5))
def test_what_is_packed_comes_out_as_it_was(given_lines):
    content, rows = files.pack(given_lines)
    assert list(files.unpack(content)) == given_lines
    assert rows == len(given_lines)
    assert files.pack(given_lines) == (content, rows)


def test_the_csv_opens_in_a_slovenian_excel():
    assert files.written(kept(LINE), Ending.CSV) == (
        b"\xef\xbb\xbf"
        + ";".join(HEADINGS).encode()
        + b"\r\n"
        + "0018;OM-1;007;31.12.2026;470,500;467,000;3,500;stranka;prazna hiša;\r\n".encode()
    )


@given(lines)
def test_no_cell_of_the_csv_is_a_formula(one):
    data = files.written(kept(one), Ending.CSV).decode("utf-8-sig")
    (_, cells) = csv.reader(io.StringIO(data, newline=""), delimiter=";")
    for ours, cell, written in zip(HEADINGS, one, cells, strict=True):
        if isinstance(cell, str):
            assert written == guarded(cell), ours
        elif isinstance(cell, Decimal):
            assert Decimal(written.replace(",", ".")) == cell
        else:
            assert datetime.strptime(written, "%d.%m.%Y").date() == cell  # noqa: DTZ007 a day


def test_a_formula_is_guarded_in_cells_and_headings():
    one = LINE._replace(meter="=1+1", note="@SUM(A1)")
    data = files.written(kept(one, headings={"stevilka_vodomera": "-a", "opomba": "o"}), Ending.CSV)
    assert data.decode("utf-8-sig") == "'-a;o\r\n'=1+1;'@SUM(A1)\r\n"


def test_in_the_workbook_numbers_are_numbers_and_days_are_days():
    assert sheet(kept(LINE._replace(note="=1+1", used=Decimal("-5")))) == [
        list(HEADINGS),
        [
            "0018",
            "OM-1",
            "007",
            date(2026, 12, 31),
            470.5,
            467.0,
            -5.0,
            "stranka",
            "prazna hiša",
            "=1+1",
        ],
    ]


def test_a_layout_leaves_out_renames_and_orders():
    headings = {"stanje": "Stanje", "datum": "DAN", "stevilka_vodomera": "St"}
    one = kept(LINE, headings=headings)
    assert files.written(one, Ending.CSV).decode("utf-8-sig").split("\r\n") == [
        "Stanje;DAN;St",
        "470,500;31.12.2026;0018",
        "",
    ]
    assert sheet(one) == [["Stanje", "DAN", "St"], [470.5, date(2026, 12, 31), "0018"]]
    assert files.first_rows(one, 3) == [["470,500", "31.12.2026", "0018"]]


@pytest.mark.parametrize("ending", Ending)
def test_equal_input_gives_equal_bytes(ending, clock):
    one = files.written(kept(LINE, LINE), ending)
    clock.move_to(datetime(2027, 3, 4, 5, 6, tzinfo=UTC))
    assert files.written(kept(LINE, LINE), ending) == one


def test_a_workbook_is_refused_rather_than_cut_off():
    one = kept(LINE)
    many = Kept(one.number, one.made_at, one.headings, files.XLSX_ROWS + 1, one.content)
    with pytest.raises(TooManyRows):
        files.written(many, Ending.XLSX)


def test_the_name_tells_the_number():
    assert kept().name(Ending.XLSX) == "odcitki-7.xlsx"
