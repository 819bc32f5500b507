"""The payment QR: what it says, how it is drawn, and what another program reads off it."""

import io
from dataclasses import replace
from datetime import date

import pytest
import segno
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mojupravljalec.billing.upn_qr import (
    ENCODING,
    MOST_CENTS,
    NotPayable,
    Obstacle,
    Order,
    content,
    fitted,
    modules,
    png,
    qr,
    why_not,
)
from mojupravljalec.values.references import rf, with_check_digit

JANEZ = Order(
    payer=("Janez Novak", "Dunajska ulica 1", "1000 Ljubljana"),
    amount_cents=8105,
    purpose_code="RENT",
    purpose="Plačilo najemnine za marec 2017",
    due_on=date(2017, 4, 1),
    iban="SI56020170014356205",
    reference="SI121234567890120",
    payee=("RentaCar d.o.o.", "Pohorska ulica 22", "2000 Maribor"),
)
# The two examples of the standard, with the order that each was made of.
OFFICIAL = [
    (
        JANEZ,
        "UPNQR\n\n\n\n\nJanez Novak\nDunajska ulica 1\n1000 Ljubljana\n00000008105\n\n\nRENT\n"
        "Plačilo najemnine za marec 2017\n01.04.2017\nSI56020170014356205\nSI121234567890120\n"
        "RentaCar d.o.o.\nPohorska ulica 22\n2000 Maribor\n201\n",
    ),
    (
        Order(
            payer=("Janez Novak", "Dunajska 1", "1000 Ljubljana"),
            amount_cents=8105,
            purpose_code="COST",
            purpose="Plačilo obveznosti 10/2016",
            due_on=None,
            iban="SI56051008010486080",
            reference="SI0598765432100",
            payee=("Novo podjetje d.o.o.", "Lepa cesta 15", "3698 Loški Potok"),
        ),
        "UPNQR\n\n\n\n\nJanez Novak\nDunajska 1\n1000 Ljubljana\n00000008105\n\n\nCOST\n"
        "Plačilo obveznosti 10/2016\n\nSI56051008010486080\nSI0598765432100\n"
        "Novo podjetje d.o.o.\nLepa cesta 15\n3698 Loški Potok\n183\n",
    ),
]

LETTERS = st.sampled_from("aeioučšžćđČŠŽĆĐüőłß€–„“”’…½³ 🚰👩‍🔧عميل東한\n\t\x00\u200b\u00ad\ud800")
LINES = st.one_of(
    st.text(min_size=1, max_size=60),
    st.text(LETTERS, min_size=1, max_size=60),
    st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=9).map(" ".join),
).filter(lambda text: bool("".join(fitted(replace(JANEZ, purpose=text)).purpose)))
ADDRESSES = st.tuples(LINES, LINES, LINES)
NUMBERS = st.text("0123456789", min_size=1, max_size=6)
REFERENCES = st.one_of(
    st.just(""),
    NUMBERS.map(lambda number: with_check_digit("12", number)),
    st.tuples(NUMBERS, NUMBERS, NUMBERS).map(lambda parts: with_check_digit("05", *parts)),
    st.text("0123456789ABCXYZ", min_size=1, max_size=21).map(rf),
)
ORDERS = st.builds(
    Order,
    payer=ADDRESSES,
    amount_cents=st.integers(1, MOST_CENTS),
    purpose_code=st.sampled_from(["OTHR", "WTER", "wter", "", "voda"]),
    purpose=LINES,
    due_on=st.none() | st.dates(),
    iban=st.sampled_from(["SI56020170014356205", "si56 0510 0801 0486 080"]),
    reference=REFERENCES,
    payee=ADDRESSES,
)


def fields(order):
    """The 20 fields of what the code says."""
    said = content(order)
    assert said.endswith("\n")
    return said[:-1].split("\n")


def read(picture, **how):
    """What a reader that knows nothing of the writer sees in the picture."""
    return zxingcpp.read_barcode(Image.open(io.BytesIO(picture)).convert("L"), **how)


# ---------------------------------------------------------------- what it says


@pytest.mark.parametrize(("order", "said"), OFFICIAL)
def test_the_examples_of_the_standard_are_said_byte_by_byte(order, said):
    assert content(order).encode(ENCODING) == said.encode(ENCODING)


@settings(max_examples=1000)
@given(ORDERS)
def test_any_order_is_said_in_20_fields_within_their_lengths(order):
    found = fields(order)
    assert len(found) == 20
    longest = [5, 0, 0, 0, 0, 33, 33, 33, 11, 0, 0, 4, 42, 10, 34, 26, 33, 33, 33, 3]
    assert all(len(field) <= most for field, most in zip(found, longest, strict=True))
    required = (0, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18)
    assert all(found[place] for place in required)
    assert all(field == field.strip() and field.isprintable() for field in found)
    assert int(found[8]) == order.amount_cents
    assert len(found[8]) == 11
    assert found[19] == f"{sum(len(field) for field in found[:19]) + 19:03}"
    assert len(content(order).encode(ENCODING)) <= 411


@settings(max_examples=300)
@given(ORDERS)
def test_a_fitted_order_fits(order):
    assert fitted(fitted(order)) == fitted(order)
    assert content(fitted(order)) == content(order)


def test_the_longest_order_still_fits():
    long = ("Ž" * 40, "Š" * 40, "Č" * 40)
    order = replace(
        JANEZ,
        payer=long,
        payee=long,
        purpose="ž" * 50,
        amount_cents=MOST_CENTS,
        reference="SI00 1234567-890123-4567890",
    )
    assert len(content(order).encode(ENCODING)) == 338
    assert read(png(order)).bytes == content(order).encode(ENCODING)


def test_no_reference_is_said_as_the_empty_model():
    assert fields(replace(JANEZ, reference=" "))[15] == "SI99"


def test_iban_and_reference_are_said_without_spaces_and_with_hyphens():
    order = replace(JANEZ, iban="si56 0201 7001 4356 205", reference="si05 19-1235-84503")
    assert fields(order)[14:16] == ["SI56020170014356205", "SI0519-1235-84503"]


@pytest.mark.parametrize(
    ("code", "said"),
    [("WTER", "WTER"), (" wter", "WTER"), ("", "OTHR"), ("WATER", "OTHR"), ("ŽAGA", "OTHR")],
)
def test_a_purpose_code_is_four_capital_letters(code, said):
    assert fields(replace(JANEZ, purpose_code=code))[11] == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Čiščenje žlebov, Đurđa Ćosić", "Čiščenje žlebov, Đurđa Ćosić"),
        ("C\N{COMBINING CARON}istilna naprava", "Čistilna naprava"),
        ("8 € – voda — „Vrelec“ ‚x’ »y«", '8 EUR - voda - "Vrelec" \'x\' "y"'),
        ("‘x’ “y” ›z‹ a‑b −3 • c", "'x' \"y\" 'z' a-b -3 - c"),
        ("12 m³ in ½ m² …", "12 m3 in 1/2 m2 ..."),
        ("Niccolò Fabbrì, Señor Åse Ørsted", "Niccolo Fabbri, Senor Ase Orsted"),
        ("Bükkösdi Győző, Łódź, Straße", "Bükkösdi Győző, Łódź, Straße"),
        ("Ægir Þór Œuvre ﬁ №", "AEgir Thór OEuvre fi No"),
        ("عميل", "????"),
        ("Ana 👩\N{ZERO WIDTH JOINER}🔧", "Ana ??"),
        ("voda\ud800", "voda?"),
        (
            "  voda\r\nin\todvoz\x00\x85\N{NO-BREAK SPACE}smeti\N{LINE SEPARATOR} ",
            "voda in odvoz smeti",
        ),
        ("vo\N{SOFT HYPHEN}da\N{ZERO WIDTH SPACE}\N{RIGHT-TO-LEFT MARK}", "voda"),
    ],
)
def test_what_the_standard_cannot_write_is_written_otherwise(text, said):
    assert fitted(replace(JANEZ, purpose=text)).purpose == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Komunalno podjetje Zgornja Savina", "Komunalno podjetje Zgornja Savina"),  # all 33
        ("Komunalno podjetje Zgornja Savinja", "Komunalno podjetje Zgornja"),
        ("Komunalno podjetje Zgornja Savina d.o.o.", "Komunalno podjetje Zgornja Savina"),
        ("Ž" * 34, "Ž" * 33),
        ("Ž" * 34 + " d.o.o.", "Ž" * 33),
        ("Č " + "Ž" * 34, "Č"),
        ("€" * 12, "EUR" * 11),
    ],
)
def test_long_names_end_with_a_whole_word(name, said):
    order = replace(JANEZ, payer=(name, name, name), payee=(name, name, name))
    assert fitted(order).payer == fitted(order).payee == (said, said, said)


def test_a_long_purpose_has_more_room_than_a_name():
    purpose = "Račun 2026-000117 za vodo in odvajanje, oktober 2026"
    assert fitted(replace(JANEZ, purpose=purpose)).purpose == (
        "Račun 2026-000117 za vodo in odvajanje,"
    )


# ---------------------------------------------------------------- what cannot be paid


EMPTY = ("", " ", "\n")


@pytest.mark.parametrize(
    ("changes", "obstacle"),
    [
        ({}, None),
        ({"reference": ""}, None),
        ({"reference": "RF45 SBO2 010"}, None),
        ({"amount_cents": 1}, None),
        ({"amount_cents": MOST_CENTS}, None),
        ({"amount_cents": -1, "iban": ""}, Obstacle.CREDIT),
        ({"amount_cents": 0, "iban": ""}, Obstacle.NOTHING),
        ({"amount_cents": MOST_CENTS + 1, "iban": ""}, Obstacle.TOO_MUCH),
        ({"iban": "", "payer": EMPTY}, Obstacle.NO_IBAN),
        ({"iban": "SI52031001000051063"}, Obstacle.NO_IBAN),
        ({"iban": "HR1210010051863000160"}, Obstacle.NO_IBAN),
        ({"payer": ("Ana", "", "1000 Ljubljana"), "payee": EMPTY}, Obstacle.NO_PAYER),
        ({"payee": ("Vodovod", "Cesta 1", "\t"), "reference": "1"}, Obstacle.NO_PAYEE),
        ({"reference": "SI12 1234567890121", "purpose": ""}, Obstacle.BAD_REFERENCE),
        ({"reference": "1234567890120"}, Obstacle.BAD_REFERENCE),
        ({"purpose": " "}, Obstacle.NO_PURPOSE),
    ],
)
def test_the_first_obstacle_is_named_and_nothing_is_drawn(changes, obstacle):
    order = replace(JANEZ, **changes)
    assert why_not(order) == obstacle
    if obstacle is None:
        assert png(order)
        return
    for draw in (content, qr, png, modules):
        with pytest.raises(NotPayable) as refused:
            draw(order)
        assert refused.value.code is obstacle


@settings(max_examples=300)
@given(ORDERS, st.text(max_size=30), st.text(max_size=30), st.integers())
def test_what_has_no_obstacle_can_always_be_said(order, iban, reference, amount_cents):
    for changed in (
        order,
        replace(order, amount_cents=amount_cents),
        replace(order, reference=reference),
        replace(order, iban=iban),
    ):
        if why_not(changed) is None:
            assert len(fields(changed)) == 20
        else:
            with pytest.raises(NotPayable):
                content(changed)


# ---------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("order", [order for order, _ in OFFICIAL])
def test_the_code_is_what_the_standard_asks_for(order):
    code = qr(order)
    assert isinstance(code, segno.QRCode)
    assert (code.version, code.error, code.mode) == (15, "M", "byte")
    seen = read(png(order))
    assert seen.format == zxingcpp.BarcodeFormat.QRCode
    assert seen.ec_level == "M"
    assert seen.extra["Version"] == "15"
    declared = bytes.fromhex(read(png(order), text_mode=zxingcpp.TextMode.HexECI).text)
    assert declared == b"]Q2\\000004" + content(order).encode(ENCODING)  # ECI 4: ISO 8859-2


@settings(max_examples=60, deadline=None)
@given(ORDERS)
def test_another_program_reads_the_very_same_bytes(order):
    seen = read(png(order, module_px=3))
    assert seen.bytes == content(order).encode(ENCODING)
    assert seen.text == content(order)


def test_the_modules_are_those_of_the_picture():
    rows = modules(JANEZ)
    assert len(rows) == 77
    assert {len(row) for row in rows} == {77}
    picture = Image.open(io.BytesIO(png(JANEZ, module_px=1)))
    assert (picture.size, picture.mode) == ((85, 85), "1")
    for y in range(85):
        for x in range(85):
            inside = 4 <= x < 81 and 4 <= y < 81
            black = bool(inside and rows[y - 4][x - 4])
            assert (picture.getpixel((x, y)) == 0) == black


def test_the_picture_is_small_and_always_the_same():
    first = png(JANEZ)
    assert first == png(JANEZ)
    assert Image.open(io.BytesIO(first)).size == (85 * 8, 85 * 8)
    assert len(first) < 4000
    assert b"tIME" not in first
