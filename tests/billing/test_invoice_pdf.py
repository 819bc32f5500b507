"""A printed invoice: what is on it, that it fits, and that its code can be paid from."""

import re
import threading

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
import segno
import zxingcpp

from mojupravljalec.billing.invoice_pdf import Paper, Payment, invoice_pdf
from mojupravljalec.paper.sheets import CELL, INNER, Table, columns, wrapped

UPN = (
    "UPNQR\n\n\n\n\nAna Žagar\nLepa cesta 15\n3698 Loški Potok\n00000004326\n\n\nWTER\n"
    "Račun 2026-10-4821\n05.12.2026\nSI56020170014356205\nSI121234567890120\n"
    "Komunala Podgorje, d. o. o.\nVodovodna cesta 1\n1999 Podgorje\n201\n"
)
MODULES = tuple(
    bytes(row)
    for row in segno.make(
        UPN,
        version=15,
        error="m",
        mode="byte",
        encoding="iso-8859-2",
        eci=True,
        boost_error=False,
    ).matrix
)
PAYMENT = Payment(
    title="Plačilni nalog",
    order=(
        ("Plačnik", "Ana Žagar\nLepa cesta 15\n3698 Loški Potok"),
        ("Znesek", "43,26 €"),
        ("Koda namena in namen", "WTER Račun 2026-10-4821"),
        ("Rok plačila", "5. 12. 2026"),
        ("IBAN prejemnika", "SI56 0201 7001 4356 205"),
        ("Sklic prejemnika", "SI12 1234 5678 9012 0"),
        ("Prejemnik", "Komunala Podgorje, d. o. o.\nVodovodna cesta 1\n1999 Podgorje"),
    ),
    modules=MODULES,
)
ITEMS = (
    "Vodarina",
    "Čiščenje odpadne vode",
    "Okoljska dajatev za onesnaževanje okolja zaradi odvajanja odpadnih voda",
    "Omrežnina – vodovod, DN 20",
)


def line(nth):
    return (f"{ITEMS[nth % 4]} {nth}.", f"{nth} m³", "0,7820", "9,5 %", "9,38", f"{nth},27")


def paper(lines=10, lines_table=None, **changes):
    whole = {
        "title": "Račun 2026-10-4821",
        "language": "sl-SI",
        "seller": ("Komunala Podgorje, d. o. o.", "Vodovodna cesta 1", "1999 Podgorje"),
        "payer": ("Ana Žagar", "Lepa cesta 15", "3698 Loški Potok"),
        "facts": (
            ("Izdan", "15. november 2026"),
            ("Obdobje", "1.–31. oktober 2026"),
            ("Rok plačila", "5. december 2026"),
            ("Šifra stranke", "48213"),
            ("Odjemno mesto", "000123, Lepa cesta 15"),
            ("Sklic", "SI12 1234 5678 9012 0"),
        ),
        "lines": lines_table
        or Table(
            headings=("Postavka", "Količina", "Cena brez DDV", "Stopnja", "Osnova", "Z DDV"),
            rows=tuple(line(nth) for nth in range(1, lines + 1)),
        ),
        "totals": (
            ("Skupaj brez DDV", "39,51 €", False),
            ("Akontacije", "−12,00 €", False),
            ("Za plačilo", "43,26 €", True),
        ),
        "vat": Table(headings=("Stopnja DDV", "Osnova €", "DDV €"), rows=(("9,5 %", "8", "3,75"),)),
        "meters": Table(
            headings=("Vodomer", "Staro stanje", "Novo stanje", "Poraba"),
            rows=(("ELS-8837412", "455 m³", "467 m³", "12 m³"),),
        ),
        "notes": ("Od porabe je odšteto, kar ste že plačali z akontacijami.",),
        "payment": PAYMENT,
        "footer": ("Komunala Podgorje · 02 555 01 20", "Matična številka 5067936000"),
    }
    return Paper(**whole | changes)


def texts(pdf):
    """What a reader copies from each page, with every run of white space as one space."""
    with pdfium.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return [" ".join(text.split()) for text in pages]


def page_pixels(pdf, nth, dpi):
    with pdfium.PdfDocument(pdf) as document:
        return document[nth].render(scale=dpi / 72).to_pil().convert("L")


def assert_in_order(text, parts):
    at = 0
    for part in parts:
        found = text.find(" ".join(part.split()), at)
        assert found >= 0, part
        at = found + len(part)


# ---------------------------------------------------------------- what is on it


def test_every_text_can_be_read_in_order():
    (text,) = texts(invoice_pdf(paper()))
    whole = paper()
    assert_in_order(
        text,
        [
            *whole.seller,
            *whole.payer,
            *(f"{label} {value}" for label, value in whole.facts),
            whole.title,
            "Za plačilo 43,26 €",
            *whole.lines.headings,
            *(" ".join(row) for row in whole.lines.rows),
            *whole.vat.headings,
            *whole.vat.rows[0],
            *whole.meters.headings,
            *whole.meters.rows[0],
            *(f"{label} {value}" for label, value, _ in whole.totals),
            *whole.notes,
            PAYMENT.title,
            *(f"{label} {value}" for label, value in PAYMENT.order),
            *whole.footer,
            "1/1",
        ],
    )


def test_it_says_its_title_author_and_language():
    pdf = invoice_pdf(paper())
    with pdfium.PdfDocument(pdf) as document:
        about = document.get_metadata_dict()
        assert document[0].get_size() == pytest.approx((595.28, 841.89), abs=0.01)
    assert about["Title"] == "Račun 2026-10-4821"
    assert about["Author"] == "Komunala Podgorje, d. o. o."
    assert b"/Lang (sl-SI)" in pdf
    assert b"/DisplayDocTitle true" in pdf


def test_its_fonts_are_embedded():
    pdf = invoice_pdf(paper())
    with pdfium.PdfDocument(pdf) as document:
        marks = list(document[0].get_objects([pdfium_c.FPDF_PAGEOBJ_TEXT]))
        fonts = [pdfium_c.FPDFTextObj_GetFont(mark.raw) for mark in marks]
        assert fonts
        assert all(pdfium_c.FPDFFont_GetIsEmbedded(font) == 1 for font in fonts)
    assert b"Helvetica" not in pdf


def test_the_same_paper_gives_the_same_bytes():
    assert invoice_pdf(paper()) == invoice_pdf(paper())
    assert invoice_pdf(paper()) != invoice_pdf(paper(title="Račun 2026-10-4822"))


def test_papers_made_at_the_same_time_do_not_mix():
    papers = [paper(title=f"Račun {nth} {chr(0x10C + nth)}") for nth in range(6)]
    alone = [invoice_pdf(one) for one in papers]
    together = [b""] * len(papers)

    def make(nth):
        together[nth] = invoice_pdf(papers[nth])

    threads = [threading.Thread(target=make, args=(nth,)) for nth in range(len(papers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize("lines", [1, 8, 10, 12])
def test_a_usual_invoice_takes_one_page(lines):
    assert len(texts(invoice_pdf(paper(lines)))) == 1


def test_a_long_invoice_shows_every_line_under_repeated_headings():
    pages = texts(invoice_pdf(paper(60)))
    count = len(pages)
    assert count > 1
    assert_in_order(" ".join(pages), [" ".join(line(nth)) for nth in range(1, 61)])
    for nth, text in enumerate(pages, 1):
        assert "Račun 2026-10-4821" in text
        assert text.endswith(f"Matična številka 5067936000 {nth}/{count}")
        assert ("Postavka Količina" in text) == bool(re.search(r"\d m³ 0,7820", text))


@pytest.mark.parametrize("lines", range(13, 45))
def test_the_payment_order_is_whole_and_on_the_last_page(lines):
    *others, last = texts(invoice_pdf(paper(lines)))
    assert_in_order(last, [PAYMENT.title, *(value for _, value in PAYMENT.order)])
    assert not any(PAYMENT.title in text for text in others)
    assert_in_order(" ".join([*others, last]), [" ".join(line(nth)) for nth in range(1, lines + 1)])


@pytest.mark.parametrize("lines", range(17, 28))
def test_sums_are_not_parted_wherever_the_page_ends(lines):
    for more in range(5):
        pdf = invoice_pdf(paper(lines, payer=("Ana Žagar",) * (6 + more)))
        (text,) = (text for text in texts(pdf) if "Stopnja DDV" in text)
        assert_in_order(text, ["Stopnja DDV", "ELS-8837412", "Skupaj brez DDV", "Za plačilo"])


def test_many_meters_flow_over_pages():
    rows = tuple((f"ELS-{nth:04}", "455 m³", "467 m³", "12 m³") for nth in range(90))
    meters = Table(headings=("Vodomer", "Staro stanje", "Novo stanje", "Poraba"), rows=rows)
    pages = texts(invoice_pdf(paper(meters=meters)))
    assert_in_order(" ".join(pages), [" ".join(row) for row in rows])
    assert sum("Vodomer Staro stanje" in text for text in pages) > 1


def test_without_a_payment_it_says_why():
    (text,) = texts(invoice_pdf(paper(payment=None, why_no_payment="Račun je že plačan.")))
    assert "Račun je že plačan." in text
    assert "IBAN prejemnika" not in text


def test_what_is_not_there_leaves_nothing_behind():
    bare = paper(
        0, seller=(), payer=(), facts=(), totals=(), vat=None, meters=None, notes=(), payment=None
    )
    (text,) = texts(invoice_pdf(bare))
    assert_in_order(text, ["Račun 2026-10-4821", "Postavka", "1/1"])


# ---------------------------------------------------------------- the code


@pytest.mark.parametrize("lines", [10, 60])
def test_the_printed_code_holds_the_exact_bytes(lines):
    pdf = invoice_pdf(paper(lines))
    (code,) = zxingcpp.read_barcodes(page_pixels(pdf, len(texts(pdf)) - 1, 300))
    assert code.bytes == UPN.encode("iso-8859-2")


def test_the_code_has_its_printed_size_and_a_white_border():
    pixels = page_pixels(invoice_pdf(paper()), 0, 600)
    (code,) = zxingcpp.read_barcodes(pixels)
    place = code.position
    module = 0.42333 / 25.4 * 600
    assert place.top_right.x - place.top_left.x == pytest.approx(77 * module, abs=module)
    assert place.bottom_left.y - place.top_left.y == pytest.approx(77 * module, abs=module)
    quiet = 3.5 * module
    left, right = place.top_left.x - quiet, place.top_right.x + quiet
    top, bottom = place.top_left.y - quiet, place.bottom_left.y + quiet
    around = pixels.crop((int(left), int(top), int(right), int(bottom)))
    inside = tuple(int(side) for side in (quiet / 2, quiet / 2))
    around.paste(255, (*inside, around.width - inside[0], around.height - inside[1]))
    assert around.getextrema() == (255, 255)


# ---------------------------------------------------------------- hostile texts


@pytest.mark.parametrize(
    "text", ["<b>Bojan</b> & <br/>", "&amp; %s {0} \\n (a) )b( \\", "=1+1 €²³✓→−"]
)
def test_markup_is_shown_as_it_is(text):
    lines = Table(headings=("Postavka", "Z DDV"), rows=((text, "1"),))
    pdf = invoice_pdf(paper(title=text, payer=(text,), lines_table=lines, notes=(text,)))
    assert texts(pdf)[0].count(text) == 4
    with pdfium.PdfDocument(pdf) as document:
        assert document.get_metadata_value("Title") == text


def test_very_long_words_are_broken_and_stay_on_the_paper():
    word = "Č" * 300
    lines = Table(headings=(word, "1"), rows=((word, word), ("Ana", "2")))
    pdf = invoice_pdf(paper(payer=(word,), facts=((word, word),), lines_table=lines))
    text = "".join("".join(texts(pdf)).split())
    assert text.count("Č") == 300 * 6
    with pdfium.PdfDocument(pdf) as document:
        for page in document:
            for mark in page.get_objects([pdfium_c.FPDF_PAGEOBJ_TEXT]):
                left, _, right, _ = mark.get_bounds()
                assert 50 < left <= right < 545


def test_a_line_longer_than_a_page_is_parted():
    words = " ".join(f"beseda{nth}" for nth in range(3000))
    lines = Table(headings=("Postavka", "Z DDV"), rows=((words, "1"),))
    pages = texts(invoice_pdf(paper(lines_table=lines)))
    assert len(pages) > 2
    whole = " ".join(pages)
    assert all(f"beseda{nth} " in whole for nth in range(3000))


def test_no_two_texts_overlap():
    pdf = invoice_pdf(paper(60, facts=(("Odjemno mesto", "Zelo dolga ulica " * 6),) * 3))
    with pdfium.PdfDocument(pdf) as document:
        for page in document:
            boxes = [m.get_bounds() for m in page.get_objects([pdfium_c.FPDF_PAGEOBJ_TEXT])]
            for nth, one in enumerate(boxes):
                assert not any(overlap(one, other) for other in boxes[nth + 1 :])


def overlap(one, other):
    left, bottom = max(one[0], other[0]), max(one[1], other[1])
    right, top = min(one[2], other[2]), min(one[3], other[3])
    return right - left > 0.5 and top - bottom > 0.5


# ---------------------------------------------------------------- wrapping


def test_text_is_wrapped_at_spaces_and_line_breaks():
    assert wrapped("ena dve", CELL, CELL.width("ena dve") + 1) == ["ena dve"]
    assert wrapped("ena dve", CELL, CELL.width("ena dv")) == ["ena", "dve"]
    assert wrapped("ena\r\ndve\n", CELL, INNER) == ["ena", "dve"]
    assert wrapped("", CELL, INNER) == [""]


def test_a_no_break_space_keeps_a_number_with_its_unit():
    text = "do 12\N{NO-BREAK SPACE}m³"
    assert wrapped(text, CELL, CELL.width("12 m³") + 1) == ["do", "12\N{NO-BREAK SPACE}m³"]


def test_a_separate_accent_joins_its_letter_and_an_unknown_sign_is_seen_to_be_missing():
    assert wrapped("Z\N{COMBINING CARON}agar", CELL, INNER) == ["Žagar"]
    assert wrapped("水\x00a", CELL, INNER) == ["\N{REPLACEMENT CHARACTER}" * 2 + "a"]


def test_columns_fill_the_width_whatever_is_in_them():
    table = Table(headings=("a", "b", "c"), rows=(("", "x" * 500, "12"),))
    grid = columns(table, texts=1, wide=0)
    assert grid[-1].x + grid[-1].width - grid[0].x == pytest.approx(INNER)
    assert grid[0].width > INNER / 4
    assert grid[2].width >= CELL.width("12")
    assert [column.is_number for column in grid] == [False, True, True]
