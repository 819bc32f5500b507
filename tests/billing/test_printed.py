"""Our own PDF of a kept invoice: its texts, its pages, and a code that pays exactly it."""

import io
from datetime import date
from decimal import Decimal

import pypdfium2 as pdfium
import pytest
import time_machine
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mojupravljalec.billing import page as pages
from mojupravljalec.billing import printed, upn_qr
from mojupravljalec.billing.document import Content, Kind, to_json
from mojupravljalec.extensions import db
from mojupravljalec.values import references

from ..bills import IBAN, NOON, bill, book, item, water

DPI = 300
# Lines of a table may look like a linear code with one digit.
QR = zxingcpp.BarcodeFormat.QRCode
SAME_TABLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def _the_day():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def reader(app, cast):
    """Somebody who reads Slovenian asks for a page; nothing is kept."""
    with app.test_request_context(headers={"Accept-Language": "sl"}):
        yield cast.anas_customer
        db.session.rollback()


def paper(invoice):
    """The PDF, and what it is made of."""
    page = pages.page_of(invoice)
    return printed.invoice_on_paper(page), page


def texts(pdf):
    """What a reader copies from each page, all spaces alike."""
    with pdfium.PdfDocument(pdf) as document:
        found = [sheet.get_textpage().get_text_range() for sheet in document]
    return [" ".join(text.split()) for text in found]


def codes(pdf):
    """The bytes of every QR code that a scan of the pages shows."""
    with pdfium.PdfDocument(pdf) as document:
        scans = [sheet.render(scale=DPI / 72).to_pil().convert("L") for sheet in document]
    return [code.bytes for scan in scans for code in zxingcpp.read_barcodes(scan, formats=QR)]


def said(page):
    return upn_qr.content(page.order).encode(upn_qr.ENCODING)


def lines(count):
    names = ("Vodarina", "Čiščenje odpadne vode", "Omrežnina – vodovod, DN 20", "Števnina žš")
    return [item(f"{names[nth % 4]} {nth}", Decimal(nth), "m³", "0.7820") for nth in range(count)]


# ---------------------------------------------------------------- what is on it


@pytest.mark.parametrize(("new", "used"), [(132, "12"), (115, "–")])
def test_a_register_that_went_back_has_no_consumption_on_paper(reader, new, used):
    values = {"meter": "0018", "old_value": Decimal(120), "new_value": Decimal(new)}
    pdf, _page = paper(bill(reader, "1", water(12, **values)))
    assert f"0018 120 {new} {used}" in " ".join(texts(pdf))


def test_ten_lines_take_one_page_with_everything_on_it(reader):
    metered = water(12, meter="ELS-1", old_value=Decimal(455), new_value=Decimal(467))
    invoice = bill(
        reader,
        "2026-10-1",
        metered,
        *lines(9),
        payer_name="Žiga Čuš",
        period_from=date(2026, 10, 1),
        period_to=date(2026, 10, 31),
        supply_points="\nOM-01\n",
    )
    pdf, page = paper(invoice)
    (text,) = texts(pdf)
    for part in (
        "Račun 2026-10-1",
        "Žiga Čuš",
        "Lipova ulica 7",
        "Komunala Podgorje",
        "Obdobje oktober 2026",
        "Rok plačila 28. 11. 2026",
        "Odjemno mesto OM-01",
        "Vodarina 12 m³ 0,7820 9,5 9,38 10,27",
        "Čiščenje odpadne vode 5",
        "Števnina žš 7",
        "ELS-1 455 467 12",
        "SI56 0201 7001 4356 205",
        "Plačilo računa 2026-10-1",
    ):
        assert part in text
    assert codes(pdf) == [said(page)]


def test_an_english_reader_gets_english(app, cast):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        (text,) = texts(paper(bill(cast.anas_customer, "2026-10-1"))[0])
        db.session.rollback()
    assert "Invoice 2026-10-1" in text
    assert "Pay with the UPN QR code" in text
    assert "Plačilo računa 2026-10-1" in text


def test_the_same_invoice_gives_the_same_bytes(reader):
    invoice = bill(reader, "2026-10-1")
    assert paper(invoice)[0] == paper(invoice)[0]


def test_eighty_lines_go_on_over_pages_and_the_code_is_on_the_last(reader):
    pdf, page = paper(bill(reader, "2026-10-1", *lines(80)))
    found = texts(pdf)
    assert len(found) >= 2
    whole = " ".join(found)
    assert all(f"{line.description} {line.quantity} m³" in whole for line in page.content.lines)
    assert all("Postavka Količina" in text for text in found[:-1])
    assert "Plačajte s kodo UPN QR" in found[-1]
    assert codes(pdf) == [said(page)]


def test_what_is_left_of_a_partly_paid_invoice_is_asked_for(reader):
    invoice = bill(reader, "2026-10-1")
    book(reader, -1000, date(2026, 11, 10))
    pdf, page = paper(invoice)
    assert page.order.amount_cents == 27
    assert codes(pdf) == [said(page)]
    (text,) = texts(pdf)
    assert "Za plačilo 10,27 €" in text
    assert "Znesek 0,27 €" in text


# ---------------------------------------------------------------- where nothing is to be paid


@pytest.mark.parametrize(
    ("fields", "title", "why"),
    [
        ({"to_pay_cents": 0}, "Račun 2026-10-1", "Plačati ni treba ničesar."),
        (
            {"to_pay_cents": -1},
            "Račun 2026-10-1",
            "Plačati ni treba ničesar: znesek je v vaše dobro.",
        ),
        ({"kind": Kind.CREDIT_NOTE}, "Dobropis 2026-10-1", "Plačati ni treba ničesar: znesek je"),
        ({"iban": ""}, "Račun 2026-10-1", "Kode QR ni, ker na računu ni navedenega"),
        ({"to_pay_cents": 10**11}, "1.000.000.000,00 €", "Znesek je za kodo QR prevelik."),
    ],
)
def test_without_a_payment_the_paper_says_why(reader, fields, title, why):
    (text,) = texts(paper(bill(reader, "2026-10-1", **fields))[0])
    assert title in text
    assert why in text
    assert "Plačajte s kodo" not in text


def test_a_paid_invoice_shows_no_code(reader):
    invoice = bill(reader, "2026-10-1")
    book(reader, -1027, date(2026, 11, 10))
    pdf, _ = paper(invoice)
    assert codes(pdf) == []
    assert "Račun je plačan." in texts(pdf)[0]


def test_a_credit_note_names_the_invoice_that_it_corrects(reader):
    note = bill(reader, "D-1", kind=Kind.CREDIT_NOTE, corrects="2026-10-1")
    (text,) = texts(paper(note)[0])
    assert "Popravlja račun 2026-10-1" in text
    assert "V vaše dobro 10,27 €" in text
    assert "Rok plačila" not in text


def test_sums_without_lines_and_what_does_not_add_up_are_printed(reader):
    content = Content(prepaid_cents=300, rounding_cents=-2, allowances_cents=50, note="Opomba čšž.")
    invoice = bill(
        reader,
        "2026-10-1",
        content=to_json(content),
        net_cents=None,
        vat_cents=None,
        flaw="manjka cent",
    )
    (text,) = texts(paper(invoice)[0])
    for part in ("Popusti −0,50 €", "−3,00 €", "Zaokrožitev −0,02 €", "Opomba čšž.", "manjka cent"):
        assert part in text
    assert "Brez DDV 0,00" not in text


# ---------------------------------------------------------------- whatever stands on it

LETTERS = st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters="\x00")
NAMES = st.text(LETTERS, min_size=1, max_size=80) | st.text(
    st.sampled_from("abcčćdđšžAČŠŽ .-'&/,0123456789"), min_size=1, max_size=80
)
REFERENCES = (
    st.just("")
    | st.integers(1, 10**11).map(lambda number: references.with_check_digit("12", str(number)))
    | st.from_regex("[A-Z0-9]{1,21}", fullmatch=True).map(references.rf)
    | st.just("SI99")
)


@st.composite
def invoices(draw):
    """The fields of an invoice over any amount that the code has room for."""
    return {
        "payer_name": draw(NAMES),
        "payer_street": draw(NAMES),
        "payer_place": draw(NAMES),
        "to_pay_cents": draw(st.integers(1, 999) | st.integers(1, upn_qr.MOST_CENTS)),
        "reference": draw(REFERENCES),
        "due_on": draw(st.dates(date(1, 1, 1), date(9999, 12, 30))),
        "purpose_code": draw(st.sampled_from(["", "WTER", "OTHR"])),
    }


def assert_pays(code, fields):
    """What a bank reads off the code is what the invoice says."""
    said_by_code = code.decode(upn_qr.ENCODING).split("\n")
    due_on = fields["due_on"]
    assert said_by_code[0] == "UPNQR"
    assert int(said_by_code[8]) == fields["to_pay_cents"]
    assert said_by_code[13] == f"{due_on:%d.%m.}{due_on.year:04}"
    assert said_by_code[14:16] == [IBAN, fields["reference"] or "SI99"]
    assert len(said_by_code) == 21


@SAME_TABLES
@given(fields=invoices())
def test_the_printed_code_says_exactly_what_the_invoice_says(reader, fields):
    db.session.rollback()
    pdf, page = paper(bill(reader, "2026-10-1", **fields))
    if page.obstacle:
        assert page.obstacle in {upn_qr.Obstacle.NO_PAYER}
        assert codes(pdf) == []
        return
    (code,) = codes(pdf)
    assert code == said(page)
    assert_pays(code, fields)


@SAME_TABLES
@given(fields=invoices())
def test_the_picture_says_exactly_what_the_invoice_says(reader, fields):
    db.session.rollback()
    page = pages.page_of(bill(reader, "2026-10-1", **fields))
    if page.obstacle:
        assert page.obstacle in {upn_qr.Obstacle.NO_PAYER}
        return
    scan = Image.open(io.BytesIO(upn_qr.png(page.order))).convert("L")
    code = zxingcpp.read_barcode(scan).bytes
    assert code == said(page)
    assert_pays(code, fields)
