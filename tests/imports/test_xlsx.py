"""Workbooks are read within limits; no cell, text or part beyond them reaches the reader."""

import pytest

from mojupravljalec.imports.table_file import Unreadable, examine, opened, source_of

from .workbooks import VARIANTS, book

READ = [name for name, (_, why) in VARIANTS.items() if not why]
REFUSED = [name for name, (_, why) in VARIANTS.items() if why]


def read(tmp_path, content):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    source = source_of(path)
    with opened(source, examine(source)) as rows:
        return list(rows)


@pytest.mark.parametrize("name", READ)
def test_an_unusual_workbook_is_read(tmp_path, name):
    make, _ = VARIANTS[name]
    found = read(tmp_path, make())
    assert found[:2] == [(1, ["sifra_stranke", "naziv"]), (2, ["77", "Ana"])]


@pytest.mark.parametrize("name", REFUSED)
def test_a_workbook_beyond_the_limits_is_refused(tmp_path, name):
    make, why = VARIANTS[name]
    with pytest.raises(Unreadable, match=why):
        read(tmp_path, make())


def test_rows_keep_their_numbers_and_columns(tmp_path):
    far = (
        "<row r='3'><c r='C3' t='inlineStr'><is><t>naziv</t></is></c></row>"
        "<row r='5'><c r='B5'><v>1.5</v></c></row>"
    )
    assert read(tmp_path, book(far)) == [(3, ["", "", "naziv"]), (5, ["", "1,5", ""])]
