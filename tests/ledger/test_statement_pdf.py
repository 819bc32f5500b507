"""A printed account statement: every row on it, on as many pages as it takes."""

import pypdfium2 as pdfium
import pytest

from mojupravljalec.ledger.statement_pdf import Statement, statement_pdf
from mojupravljalec.paper.sheets import Table
from tests.growth import LINEAR, hundredfold

HEADINGS = ("Datum", "Dokument", "Opis", "Breme €", "Dobro €", "Stanje €")


def row(nth):
    return (f"{nth % 28 + 1}. 10. 2026", f"R-{nth}", "Plačilo čšž", "43,26", "", f"{nth},00")


def statement(rows=3, **changes):
    whole = {
        "title": "Finančna kartica",
        "language": "sl-SI",
        "operator": ("Komunala Podgorje, d. o. o.", "Vodovodna cesta 1", "1999 Podgorje"),
        "customer": ("Cvetka Žagar", "Lepa cesta 15", "3698 Loški Potok"),
        "span": "Od 1. januarja do 22. novembra 2026.",
        "table": Table(headings=HEADINGS, rows=tuple(row(nth) for nth in range(rows))),
        "totals": (("", "", "Skupaj", "1.234.567,89", "1.234.523,63", "44,26"),),
        "footer": ("Komunala Podgorje · 02 555 01 20",),
    }
    return Statement(**whole | changes)


def texts(pdf):
    """What a reader copies from each page, with every run of white space as one space."""
    with pdfium.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return [" ".join(text.split()) for text in pages]


def test_every_text_can_be_read_in_order():
    assert texts(statement_pdf(statement())) == [
        "Komunala Podgorje, d. o. o. Vodovodna cesta 1 1999 Podgorje "
        "Cvetka Žagar Lepa cesta 15 3698 Loški Potok "
        "Finančna kartica Od 1. januarja do 22. novembra 2026. "
        "Datum Dokument Opis Breme € Dobro € Stanje € "
        "1. 10. 2026 R-0 Plačilo čšž 43,26 0,00 "
        "2. 10. 2026 R-1 Plačilo čšž 43,26 1,00 "
        "3. 10. 2026 R-2 Plačilo čšž 43,26 2,00 "
        "Skupaj 1.234.567,89 1.234.523,63 44,26 "
        "Komunala Podgorje · 02 555 01 20 1/1"
    ]


def test_it_says_its_title_author_and_language():
    pdf = statement_pdf(statement())
    with pdfium.PdfDocument(pdf) as document:
        about = document.get_metadata_dict()
    assert about["Title"] == "Finančna kartica"
    assert about["Author"] == "Komunala Podgorje, d. o. o."
    assert b"/Lang (sl-SI)" in pdf
    assert b"/DisplayDocTitle true" in pdf
    assert b"Helvetica" not in pdf


def test_the_same_statement_gives_the_same_bytes():
    assert statement_pdf(statement(100)) == statement_pdf(statement(100))


def test_a_thousand_rows_flow_over_pages_with_headings_and_numbers():
    pages = texts(statement_pdf(statement(1000)))
    count = len(pages)
    assert 20 < count < 30
    whole = " ".join(pages)
    assert all(" ".join(row(nth)).replace("  ", " ") in whole for nth in range(1000))
    assert all(text.count(" ".join(HEADINGS)) == 1 for text in pages)
    assert all(text.startswith("Finančna kartica Datum") for text in pages[1:])
    assert all(text.endswith(f" {nth}/{count}") for nth, text in enumerate(pages, 1))


def test_the_work_grows_with_the_number_of_rows():
    statements = {count: statement(count) for count in (100, 10_000)}
    assert hundredfold(lambda count: statement_pdf(statements[count]), 100) < LINEAR


def test_an_empty_statement_has_its_headings():
    (text,) = texts(statement_pdf(statement(0, totals=())))
    assert " ".join(HEADINGS) in text


@pytest.mark.parametrize("text", ["<b>Ana</b> & <br/>", "Č" * 400, "vrstica\ndruga"])
def test_any_text_is_shown_as_it_is(text):
    rows = (("1. 10. 2026", text, text, "1,00", "", text),)
    pages = texts(statement_pdf(statement(table=Table(headings=HEADINGS, rows=rows))))
    together = "".join("".join(pages).split())
    assert together.count("".join(text.split())) == 3
