"""Letters with codes: what the window shows, what can be read and scanned, in which order."""

from dataclasses import replace
from io import BytesIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from mojupravljalec.codes.letters_pdf import (
    Addressee,
    Sender,
    Words,
    in_post_order,
    registration_url,
    write,
)

MM = 72 / 25.4
HEIGHT = 297 * MM
WINDOW = (20 * MM, HEIGHT - 90 * MM, 105 * MM, HEIGHT - 45 * MM)  # left, bottom, right, top
FOLDS_MM = (105, 210)
SITE = "https://voda.podgorje.si"
RETURN_LINE = "Komunala Podgorje, d. o. o., Vodovodna cesta 1, 1999 Podgorje"

ANA = Addressee("48213", "Ana Žagar", "Lipova ulica 7", "3698", "Loški Potok", "3333-AAAA-9Y9Y")
BOJAN = Addressee("48214", "Bojan Čuk", "Šolska 2", "1999", "Podgorje", "4467-KWMN-QRTU")
SENDER = Sender(
    name="Komunala Podgorje, d. o. o.",
    street="Vodovodna cesta 1",
    place="1999 Podgorje",
    phone="02 555 01 20",
    hours="od ponedeljka do petka, od 7. do 15. ure",
    email="info@podgorje.example",
)
WORDS = Words(
    title="Pisma s kodami strank",
    heading="Vaša koda za spletni portal",
    paragraphs=(
        "Na portalu lahko sami oddate stanje vodomera ter pregledate porabo in račune.",
        "Za prvo prijavo potrebujete kodo. Ne povejte je nikomur.",
    ),
    customer_number_label="Šifra stranke",
    code_label="Vaša koda stranke",
    steps=(
        "Odprite voda.podgorje.si/registracija ali s telefonom poslikajte kvadrat na desni.",
        "Vpišite svoj e-naslov, geslo in kodo s tega pisma.",
        "V e-pošti odprite naše sporočilo in potrdite račun.",
    ),
    qr_hint="Poslikajte s telefonom: koda bo že vpisana.",
    closing="Potrebujete pomoč? Pokličite nas.",
    phone_label="Telefon",
    hours_label="Delovni čas",
    email_label="E-pošta",
)


def letters(*addressees, **changes):
    file = BytesIO()
    whole = {
        "sender": SENDER,
        "words": WORDS,
        "site_url": SITE,
        "written": "Podgorje, 23. november 2026",
        "language": "sl-SI",
    }
    write(file, addressees, **whole | changes)
    return file.getvalue()


def texts(pdf):
    """What a reader copies from each page, with every run of white space as one space."""
    with pdfium.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return [" ".join(text.split()) for text in pages]


def in_window(pdf):
    """The lines that the window shows of the first letter, from above."""
    with pdfium.PdfDocument(pdf) as document:
        text = document[0].get_textpage().get_text_bounded(*WINDOW)
    return [line.strip() for line in text.splitlines()]


def signs(pdf):
    """Every sign of the first letter that is not blank, with left, bottom, right and top."""
    with pdfium.PdfDocument(pdf) as document:
        text = document[0].get_textpage()
        found = [(text.get_text_range(nth, 1), nth) for nth in range(text.count_chars())]
        return [(sign, text.get_charbox(nth)) for sign, nth in found if sign.strip()]


def pixels(pdf, dpi=150):
    with pdfium.PdfDocument(pdf) as document:
        return document[0].render(scale=dpi / 72).to_pil().convert("L")


def scanned(pdf):
    (code,) = zxingcpp.read_barcodes(pixels(pdf))
    return code.text


def qr_edges_mm(pdf):
    """Left, top, right and bottom of the code without its quiet zone, from the upper left."""
    (code,) = zxingcpp.read_barcodes(pixels(pdf, 300))
    first, last = code.position.top_left, code.position.bottom_right
    return tuple(edge * 25.4 / 300 for edge in (first.x, first.y, last.x, last.y))


def is_inside(box):
    left, bottom, right, top = box
    return left >= WINDOW[0] and bottom >= WINDOW[1] and right <= WINDOW[2] and top <= WINDOW[3]


def is_apart(box):
    left, bottom, right, top = box
    return right <= WINDOW[0] or top <= WINDOW[1] or left >= WINDOW[2] or bottom >= WINDOW[3]


# ---------------------------------------------------------------- the window


def test_the_window_shows_the_sender_and_the_address_and_nothing_else():
    pdf = letters(ANA)
    assert in_window(pdf) == [RETURN_LINE, "Ana Žagar", "Lipova ulica 7", "3698 Loški Potok"]
    assert all(is_inside(box) or is_apart(box) for _, box in signs(pdf))


def test_a_sheet_that_slips_in_its_envelope_shows_nothing_more():
    page = pixels(letters(ANA), 254)  # 10 pixels are a millimetre
    for around in ((0, 380, 1200, 520), (0, 900, 1200, 980), (1010, 380, 1200, 980)):
        assert page.crop(around).getextrema() == (255, 255)


@pytest.mark.parametrize(
    ("missing", "shown"),
    [
        ({"street": ""}, ["Ana Žagar", "3698 Loški Potok"]),
        ({"town": ""}, ["Ana Žagar", "Lipova ulica 7", "3698"]),
        ({"post_code": "", "town": " "}, ["Ana Žagar", "Lipova ulica 7"]),
        ({"post_code": "", "street": ""}, ["Ana Žagar", "Loški Potok"]),
        ({"name": "", "street": "", "post_code": "", "town": ""}, []),
    ],
)
def test_what_is_missing_from_the_address_leaves_no_empty_line(missing, shown):
    pdf = letters(replace(ANA, **missing))
    assert in_window(pdf) == [RETURN_LINE, *shown]
    heights = [box[3] for sign, box in signs(pdf) if sign in "AL3" and is_inside(box)][:2]
    assert len(shown) < 2 or heights[0] - heights[1] < 16


def test_a_long_name_takes_two_lines_and_a_longer_one_gets_smaller():
    name = "Skupnost etažnih lastnikov stavbe Čebelarska ulica 14"
    _, first, second, street, _ = in_window(letters(replace(ANA, name=name)))
    assert f"{first} {second}" == name
    assert street == "Lipova ulica 7"
    longer = f"{name}, vhod na dvoriščni strani ob potoku"
    lines = in_window(letters(replace(ANA, name=longer)))
    assert " ".join(lines[1:3]) == longer
    assert len(lines) == 5


def test_an_endless_name_ends_with_an_ellipsis():
    _, _, second, *rest = in_window(letters(replace(ANA, name="Cvetka Dolga " * 30)))
    assert second.endswith("…")
    assert rest == ["Lipova ulica 7", "3698 Loški Potok"]


ODD = st.text(st.sampled_from(" \"'<>&%\\()„“»«čšžČŠŽđćAWil0,.-/…水\n\t"), max_size=160)


@settings(max_examples=40, deadline=None)
@given(name=ODD, street=ODD, post_code=ODD, town=ODD, number=ODD)
def test_whatever_the_address_is_it_stays_in_the_window(name, street, post_code, town, number):
    pdf = letters(Addressee(number, name, street, post_code, town, "3333-AAAA-9Y9Y"))
    assert all(is_inside(box) or is_apart(box) for _, box in signs(pdf))
    assert len(in_window(pdf)) <= 1 + 2 + 2 + 1
    assert len(texts(pdf)) == 1


# ---------------------------------------------------------------- the letter


def test_every_sentence_is_printed():
    (text,) = texts(letters(ANA))
    for sentence in (
        *(SENDER.name, SENDER.phone, SENDER.hours, SENDER.email),
        *(WORDS.heading, *WORDS.paragraphs, WORDS.code_label, WORDS.closing, WORDS.qr_hint),
        *(f"{nth}. {step}" for nth, step in enumerate(WORDS.steps, 1)),
        *(WORDS.phone_label, WORDS.hours_label, WORDS.email_label),
        "Podgorje, 23. november 2026",
    ):
        assert sentence in text


def test_each_letter_has_a_page_with_its_own_code_and_number():
    ana, bojan = texts(letters(ANA, BOJAN))
    assert ANA.code in ana
    assert f"{WORDS.customer_number_label} Podgorje" in ana
    assert ANA.number in ana
    assert BOJAN.code not in ana
    assert BOJAN.number not in ana
    assert BOJAN.code in bojan
    assert BOJAN.number in bojan
    assert BOJAN.name in bojan


def test_it_says_how_many_and_reports_each():
    done = []
    file = BytesIO()
    people = (replace(ANA, number=str(nth)) for nth in range(3))
    count = write(
        file,
        people,
        sender=SENDER,
        words=WORDS,
        site_url=SITE,
        written="Podgorje",
        language="sl-SI",
        progress=done.append,
    )
    assert count == 3
    assert done == [1, 1, 1]
    assert len(texts(file.getvalue())) == 3


@pytest.mark.parametrize("code", ["3333-AAAA-9Y9Y", "WWWW-WWWW-WWWW", "48213-07"])
def test_the_code_is_printed_at_26_points_at_least(code):
    pdf = letters(replace(ANA, code=code))
    assert code in texts(pdf)[0]
    tallest = max(top - bottom for _, (_, bottom, _, top) in signs(pdf))
    assert tallest > 26 * 0.7  # a capital is seven tenths of the size


def test_a_code_too_wide_for_its_frame_gets_smaller():
    code = "WWWW-" * 8
    pdf = letters(replace(ANA, code=code))
    assert code in texts(pdf)[0]
    assert max(right for _, (_, _, right, _) in signs(pdf)) < 190 * MM


def test_markup_is_shown_as_it_is():
    name = "<b>Bojan</b> & <br/> (a) )b( \\ %s"
    assert in_window(letters(replace(ANA, name=name)))[1] == name


def test_what_the_operator_lacks_is_left_out():
    (text,) = texts(letters(ANA, sender=replace(SENDER, hours="", email="", street="")))
    assert WORDS.hours_label not in text
    assert WORDS.email_label not in text
    assert "Komunala Podgorje, d. o. o., 1999 Podgorje" in text


def test_the_sheet_is_a4_and_says_its_title_author_and_language():
    pdf = letters(ANA)
    with pdfium.PdfDocument(pdf) as document:
        about = document.get_metadata_dict()
        assert document[0].get_size() == pytest.approx((595.28, 841.89), abs=0.01)
    assert about["Title"] == WORDS.title
    assert about["Author"] == SENDER.name
    assert b"/Lang (sl-SI)" in pdf


def test_its_fonts_are_embedded():
    pdf = letters(ANA)
    with pdfium.PdfDocument(pdf) as document:
        marks = list(document[0].get_objects([pdfium_c.FPDF_PAGEOBJ_TEXT]))
        fonts = [pdfium_c.FPDFTextObj_GetFont(mark.raw) for mark in marks]
        assert len(fonts) > 20
        assert all(pdfium_c.FPDFFont_GetIsEmbedded(font) == 1 for font in fonts)
    assert b"Helvetica" not in pdf


def test_the_same_letters_are_the_same_bytes():
    assert letters(ANA, BOJAN) == letters(ANA, BOJAN)
    assert letters(ANA, BOJAN) != letters(BOJAN, ANA)


def test_no_two_texts_overlap():
    with pdfium.PdfDocument(letters(ANA)) as document:
        page = document[0]
        boxes = [mark.get_bounds() for mark in page.get_objects([pdfium_c.FPDF_PAGEOBJ_TEXT])]
    for nth, one in enumerate(boxes):
        for other in boxes[nth + 1 :]:
            width = min(one[2], other[2]) - max(one[0], other[0])
            height = min(one[3], other[3]) - max(one[1], other[1])
            assert width < 0.5 or height < 0.5


def test_words_that_do_not_fit_are_refused_and_nothing_is_written():
    file = BytesIO()
    words = replace(WORDS, paragraphs=("Zelo dolga pripoved o vodi. " * 80,))
    with pytest.raises(ValueError, match="do not fit"):
        write(
            file,
            [ANA],
            sender=SENDER,
            words=words,
            site_url=SITE,
            written="Podgorje",
            language="sl-SI",
        )
    assert file.getvalue() == b""


def test_a_pile_of_no_letters_is_refused():
    with pytest.raises(ValueError, match="nobody"):
        letters()


# ---------------------------------------------------------------- the QR code


@pytest.mark.parametrize("code", ["3333-AAAA-9Y9Y", "4467-KWMN-QRTU", "48213-07", "čšž 7/&#?%"])
@pytest.mark.parametrize("site", [SITE, "https://moj.upravljalec-vodovoda.podgorje.si/portal"])
def test_a_telephone_reads_the_address_with_the_code(code, site):
    pdf = letters(replace(ANA, code=code), site_url=site)
    assert scanned(pdf) == registration_url(site, code)


SYMBOLS = st.text("34679ACDEFGHJKMNPQRTUVWXY", min_size=4, max_size=4)


@settings(max_examples=40, deadline=None)
@given(groups=st.tuples(SYMBOLS, SYMBOLS, SYMBOLS))
def test_any_code_of_ours_can_be_scanned_and_read(groups):
    code = "-".join(groups)
    pdf = letters(replace(ANA, code=code))
    assert scanned(pdf) == f"{SITE}/registracija#koda={code}"
    assert code in texts(pdf)[0]


def test_the_code_stands_in_the_fragment_which_no_server_sees():
    assert registration_url("https://a.si/", "A B/č") == (
        "https://a.si/registracija#koda=A%20B%2F%C4%8D"
    )


@pytest.mark.parametrize("site", [SITE, f"{SITE}/moji/podatki/o/vodi", "http://127.0.0.1:8000"])
def test_the_qr_code_is_large_and_has_its_quiet_zone(site):
    pdf = letters(ANA, site_url=site)
    left, top, right, bottom = qr_edges_mm(pdf)
    assert 34.8 < right - left < 40
    assert 34.8 < bottom - top < 40
    quiet = 4 * (right - left) / 33
    for _, (x, low, end, high) in signs(pdf):
        assert (
            end / MM < left - quiet
            or x / MM > right + quiet
            or (HEIGHT - low) / MM < top - quiet
            or (HEIGHT - high) / MM > bottom + quiet
        )


@pytest.mark.parametrize("lines", range(6))
def test_no_crease_runs_through_the_qr_code(lines):
    more = ("To je stavek, ki je v pismu odveč.",) * lines
    words = replace(WORDS, paragraphs=(*WORDS.paragraphs[:1], *more), steps=WORDS.steps[:2])
    _, top, _, bottom = qr_edges_mm(letters(ANA, words=words))
    assert not any(top - 1 < fold < bottom + 1 for fold in FOLDS_MM)


def test_many_steps_rather_have_a_crease_in_the_qr_code_than_no_letter():
    words = replace(WORDS, paragraphs=WORDS.paragraphs * 3, steps=WORDS.steps * 2)
    pdf = letters(ANA, words=words)
    _, top, _, bottom = qr_edges_mm(pdf)
    assert top < FOLDS_MM[1] < bottom
    assert f"6. {WORDS.steps[-1]}" in texts(pdf)[0]


# ---------------------------------------------------------------- order


def test_letters_are_sorted_as_they_are_delivered():
    def at(post_code, town, street, name="Ana", number="1"):
        return Addressee(number, name, street, post_code, town, "3333")

    ordered = [
        at("1999", "Podgorje", "Šolska 2"),
        at("3698", "Loški Potok", "Cesta 9"),
        at("3698", "Loški Potok", "Čopova 1"),
        at("3698", "Loški Potok", "lipova ulica 1"),
        at("3698", "Loški Potok", "Lipova ulica 2", "Ana", "9"),
        at("3698", "Loški Potok", "Lipova ulica 2", "Ana", "10"),
        at("3698", "Loški Potok", "Lipova ulica 2", "Bojan", "2"),
        at("3698", "Loški Potok", "Lipova ulica 2a"),
        at("3698", "Loški Potok", "Lipova ulica 10"),
        at("3698", "Loški Potok", "Zelena pot 1"),
        at("3698", "Loški Potok", "Žagarska 1"),
        at("3698", "Retje", "Cesta 1"),
    ]
    assert in_post_order(reversed(ordered)) == ordered
