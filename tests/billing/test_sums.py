"""Whether a bill adds up: what each rule says, and that no amount can change unseen."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.billing.document import Content, Document, Kind, Line, VatSum
from mojupravljalec.billing.sums import differences

from .documents import adding_up, documents, priced, vat_sums

RATE = Decimal("9.5")


def line(quantity, price, rate=RATE):
    """A line that is calculated as bills do: net and VAT are rounded, each on its own."""
    plain = Line(
        description="Vodarina",
        quantity=Decimal(quantity),
        price=Decimal(price),
        vat_rate=rate,
        net_cents=0,
        gross_cents=0,
    )
    return priced(plain)


def bill(*lines, **sums):
    """A bill of ``lines`` that adds up, but for the ``sums`` of its content."""
    net_cents = sum(one.net_cents for one in lines)
    vat_cents = sum(one.vat_cents for one in lines)
    return Document(
        number="2026-1",
        kind=Kind.INVOICE,
        customer_number="000123",
        issued_on=date(2026, 11, 22),
        due_on=None,
        net_cents=net_cents,
        vat_cents=vat_cents,
        gross_cents=net_cents + vat_cents,
        to_pay_cents=net_cents + vat_cents,
        content=Content(lines=lines, vat=vat_sums(lines), **sums),
    )


WATER, FEE = line("12", "0.7820"), line("1", "4.2178")
BILL = bill(WATER, FEE)


def with_content(document, **changes):
    return replace(document, content=replace(document.content, **changes))


def with_line(document, **changes):
    first, *others = document.content.lines
    return with_content(document, lines=(replace(first, **changes), *others))


def with_vat(document, **changes):
    first, *others = document.content.vat
    return with_content(document, vat=(replace(first, **changes), *others))


# ---------------------------------------------------------------- each rule


def test_a_bill_that_adds_up_has_no_differences():
    assert (BILL.net_cents, BILL.vat_cents, BILL.gross_cents) == (1360, 129, 1489)
    assert differences(BILL) == []


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            replace(BILL, net_cents=1370),
            ["vsota postavk 13,60 ni 13,70", "osnova z DDV 14,99 ni 14,89"],
        ),
        (
            replace(BILL, vat_cents=130),
            ["osnova z DDV 14,90 ni 14,89", "vsota DDV po stopnjah 1,29 ni 1,30"],
        ),
        (
            replace(BILL, gross_cents=1490),
            ["osnova z DDV 14,89 ni 14,90", "izračunani znesek za plačilo 14,90 ni 14,89"],
        ),
        (replace(BILL, to_pay_cents=0), ["izračunani znesek za plačilo 14,89 ni 0,00"]),
        (
            with_content(BILL, prepaid_cents=500, rounding_cents=1),
            ["izračunani znesek za plačilo 9,90 ni 14,89"],
        ),
        (
            with_content(BILL, allowances_cents=100, charges_cents=30),
            ["vsota postavk s popusti in dodatki 12,90 ni 13,60"],
        ),
        (
            with_vat(BILL, base_cents=1361),
            ["vsota postavk s stopnjo DDV 9,5 %: 13,60 ni 13,61"],
        ),
        (
            with_vat(BILL, vat_cents=229),
            ["vsota DDV po stopnjah 2,29 ni 1,29", "izračunani DDV 9,5 %: 1,29 ni 2,29"],
        ),
        (with_content(BILL, vat=()), ["vsota DDV po stopnjah 0,00 ni 1,29"]),
        (
            with_line(BILL, gross_cents=1030),
            ["1. postavka: osnova z DDV 10,27 ni 10,30"],
        ),
        (
            with_line(BILL, quantity=Decimal(13)),
            ["1. postavka: količina × cena 10,17 ni 9,38"],
        ),
        (
            with_line(BILL, vat_rate=Decimal(22)),
            [
                "vsota postavk s stopnjo DDV 9,5 %: 4,22 ni 13,60",
                "vsota postavk s stopnjo DDV 22 %: 9,38 ni 0,00",
            ],
        ),
    ],
)
def test_what_does_not_add_up_is_told_with_both_amounts(document, expected):
    assert differences(document) == expected


def test_lines_are_numbered_as_they_stand():
    second = replace(FEE, gross_cents=FEE.gross_cents + 1)
    assert differences(bill(WATER, second)) == ["2. postavka: osnova z DDV 4,62 ni 4,63"]


# ---------------------------------------------------------------- what is let go


def test_a_line_may_be_a_cent_from_quantity_times_price():
    near = with_line(BILL, quantity=Decimal("12.01"))  # 9.39
    far = with_line(BILL, quantity=Decimal("12.02"))  # 9.40
    assert differences(near) == []
    assert differences(far) == ["1. postavka: količina × cena 9,40 ni 9,38"]


def test_vat_rounded_on_every_line_may_differ_by_a_cent_for_each():
    lines = (line("1", "0.06"),) * 20  # 0.0057 of VAT each, rounded up to a cent
    document = bill(*lines)
    assert document.vat_cents == 20  # by the base it would be 11
    assert differences(document) == []


def test_vat_beyond_a_cent_a_line_is_told():
    document = bill(WATER)
    off = with_vat(replace(document, vat_cents=91, gross_cents=1029, to_pay_cents=1029))
    off = with_vat(off, vat_cents=91)
    assert differences(off) == ["izračunani DDV 9,5 %: 0,89 ni 0,91"]


def test_a_discount_of_the_document_leaves_open_which_base_it_lowers():
    document = with_vat(BILL, base_cents=1260, vat_cents=120)
    document = with_content(document, allowances_cents=100)
    document = replace(document, net_cents=1260, vat_cents=120, gross_cents=1380, to_pay_cents=1380)
    assert differences(document) == []


def test_without_lines_nothing_is_asked_of_them():
    document = with_content(BILL, lines=())
    assert differences(document) == []
    assert differences(replace(document, to_pay_cents=1)) == [
        "izračunani znesek za plačilo 14,89 ni 0,01"
    ]


def test_a_line_that_says_no_rate_leaves_the_bases_open():
    assert differences(with_line(BILL, vat_rate=None)) == []


def test_bases_of_one_rate_are_added():
    parts = (
        VatSum(rate=RATE, base_cents=938, vat_cents=89),
        VatSum(rate=Decimal("9.50"), base_cents=422, vat_cents=40),
    )
    assert differences(with_content(BILL, vat=parts)) == []


def test_a_credit_note_adds_up_as_an_invoice_does():
    assert differences(replace(BILL, kind=Kind.CREDIT_NOTE)) == []


def test_a_line_that_gives_back_is_rounded_away_from_nothing():
    back = line("-1", "0.105")
    assert back.net_cents == -11
    assert differences(bill(WATER, back)) == []


# ---------------------------------------------------------------- any document


@given(adding_up())
def test_documents_made_to_add_up_have_no_differences(document):
    assert differences(document) == []


@given(
    adding_up(),
    st.sampled_from(["net_cents", "vat_cents", "gross_cents", "to_pay_cents"]),
    st.integers(-1000, 1000).filter(bool),
)
def test_no_amount_of_the_document_changes_unseen(document, name, more):
    assert differences(replace(document, **{name: getattr(document, name) + more}))


@given(
    adding_up(),
    st.sampled_from(["net_cents", "vat_cents", "gross_cents"]),
    st.integers(-1000, 1000).filter(bool),
)
def test_no_amount_of_a_line_changes_unseen(document, name, more):
    first = document.content.lines[0]
    assert differences(with_line(document, **{name: getattr(first, name) + more}))


@given(
    adding_up(),
    st.sampled_from(["base_cents", "vat_cents"]),
    st.integers(-1000, 1000).filter(bool),
)
def test_no_amount_of_a_vat_rate_changes_unseen(document, name, more):
    first = document.content.vat[0]
    assert differences(with_vat(document, **{name: getattr(first, name) + more}))


@given(documents())
def test_of_any_document_it_can_be_said(document):
    assert all(isinstance(one, str) for one in differences(document))
