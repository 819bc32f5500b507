"""e-SLOG 2.0: the official sample, a water bill, what is missing or odd, and there and back."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from lxml import etree

from mojupravljalec.billing import sums
from mojupravljalec.billing.document import Content, Document, Kind, Line, Party, VatSum
from mojupravljalec.billing.eslog import is_eslog, read
from mojupravljalec.billing.eslog_writer import write
from mojupravljalec.billing.said import BadInvoice
from mojupravljalec.values.safe_xml import parse

from .documents import documents

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
SAMPLE = SAMPLES / "eslog20-official-sample.xml"
SCHEMA = SAMPLES / "eSLOG20_INVOIC_v200.xsd"
XSD = "{http://www.w3.org/2001/XMLSchema}"

# Ana's water bill, as her utility writes it.
BILL = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:eslog:2.00">
<M_INVOIC Id="data">
<S_UNH><D_0062>another number</D_0062></S_UNH>
<S_BGM><C_C002><D_1001>380</D_1001></C_C002><C_C106><D_1004>2026-000123</D_1004></C_C106></S_BGM>
<S_DTM><C_C507><D_2005>137</D_2005><D_2380>2026-11-02</D_2380></C_C507></S_DTM>
<S_DTM><C_C507><D_2005>35</D_2005></C_C507></S_DTM>
<S_DTM><C_C507><D_2005>167</D_2005></C_C507></S_DTM>
<S_DTM><C_C507><D_2005>167</D_2005><D_2380>2026-10-01</D_2380></C_C507></S_DTM>
<S_DTM><C_C507><D_2005>168</D_2005><D_2380>2026-10-31+01:00</D_2380></C_C507></S_DTM>
<S_FTX><D_4451>GEN</D_4451><C_C108><D_4440>Hvala, ker
 plačujete.</D_4440><D_4440_2>Voda je pitna.</D_4440_2></C_C108></S_FTX>
<S_FTX><D_4451>ALQ</D_4451><C_C108><D_4440>WTER</D_4440></C_C108></S_FTX>
<S_FTX><D_4451>GEN</D_4451><C_C108><D_4440>Lep pozdrav.</D_4440></C_C108></S_FTX>
<G_SG1><S_RFF><C_C506><D_1153>OI</D_1153><D_1154>2026-000100</D_1154></C_C506></S_RFF></G_SG1>
<G_SG1><S_RFF><C_C506><D_1153>PQ</D_1153><D_1154>si12 1234567890120</D_1154></C_C506></S_RFF>
</G_SG1>
<G_SG2>
<S_NAD><D_3035>BY</D_3035><C_C082><D_3039>000123</D_3039></C_C082>
<C_C080><D_3036>Ana Novak</D_3036></C_C080><C_C059><D_3042>Lepa cesta 1</D_3042></C_C059>
<D_3164>Ljubljana</D_3164><D_3251>1000</D_3251></S_NAD>
</G_SG2>
<G_SG2>
<S_NAD><D_3035>SE</D_3035><C_C080><D_3036>Komunala, d. o. o.</D_3036></C_C080></S_NAD>
<S_FII><D_3035>RB</D_3035><C_C078><D_3194>si56 0201 7001 4356 205</D_3194></C_C078></S_FII>
<G_SG3><S_RFF><C_C506><D_1153>AHP</D_1153><D_1154>50223054</D_1154></C_C506></S_RFF></G_SG3>
<G_SG3><S_RFF><C_C506><D_1153>VA</D_1153><D_1154>SI50223054</D_1154></C_C506></S_RFF></G_SG3>
</G_SG2>
<G_SG7><S_CUX><C_C504><D_6347>2</D_6347><D_6345>EUR</D_6345></C_C504></S_CUX></G_SG7>
<G_SG8>
<S_PAT><D_4279>1</D_4279></S_PAT>
<S_DTM><C_C507><D_2005>13</D_2005><D_2380>2026-11-20</D_2380></C_C507></S_DTM>
</G_SG8>
<G_SG26>
<S_LIN><D_1082>1</D_1082></S_LIN>
<S_IMD><D_7077>A</D_7077><C_C273><D_7008>Pitna voda</D_7008></C_C273></S_IMD>
<S_IMD><D_7077>F</D_7077><C_C273><D_7008>Vodarina</D_7008></C_C273></S_IMD>
<S_MEA><D_6311>OLD</D_6311><C_C174><D_6411>MTQ</D_6411><D_6314>00467</D_6314></C_C174></S_MEA>
<S_MEA><D_6311>NEW</D_6311><C_C174><D_6411>MTQ</D_6411><D_6314>00479</D_6314></C_C174></S_MEA>
<S_QTY><C_C186><D_6063>47</D_6063><D_6060>12</D_6060><D_6411>MTQ</D_6411></C_C186></S_QTY>
<G_SG27><S_MOA><C_C516><D_5025>203</D_5025><D_5004>9.38</D_5004></C_C516></S_MOA></G_SG27>
<G_SG27><S_MOA><C_C516><D_5025>38</D_5025><D_5004>10.27</D_5004></C_C516></S_MOA></G_SG27>
<G_SG29><S_PRI><C_C509><D_5125>AAB</D_5125><D_5118>9.0000</D_5118></C_C509></S_PRI></G_SG29>
<G_SG29><S_PRI><C_C509><D_5125>AAA</D_5125><D_5118>0.7820</D_5118></C_C509></S_PRI></G_SG29>
<G_SG30><S_RFF><C_C506><D_1153>AVE</D_1153><D_1154>1001</D_1154></C_C506></S_RFF></G_SG30>
<G_SG30><S_RFF><C_C506><D_1153>MG</D_1153><D_1154>A1</D_1154></C_C506></S_RFF></G_SG30>
<G_SG34>
<S_TAX><D_5283>7</D_5283><C_C241><D_5153>OTH</D_5153></C_C241><C_C243><D_5278>3</D_5278></C_C243></S_TAX>
<S_MOA><C_C516><D_5025>124</D_5025><D_5004>0.28</D_5004></C_C516></S_MOA>
</G_SG34>
<G_SG34>
<S_TAX><D_5283>7</D_5283><C_C241><D_5153>VAT</D_5153></C_C241><C_C243><D_5278>9.5</D_5278></C_C243></S_TAX>
<S_MOA><C_C516><D_5025>125</D_5025><D_5004>9.38</D_5004></C_C516></S_MOA>
<S_MOA><C_C516><D_5025>124</D_5025><D_5004>0.89</D_5004></C_C516></S_MOA>
</G_SG34>
</G_SG26>
<G_SG26>
<S_LIN><D_1082>2</D_1082></S_LIN>
<S_IMD><D_7077>F</D_7077><C_C273><D_7008>Omrežnina</D_7008></C_C273></S_IMD>
<G_SG27><S_MOA><C_C516><D_5025>203</D_5025><D_5004>4.22</D_5004></C_C516></S_MOA></G_SG27>
<G_SG34>
<S_TAX><D_5283>7</D_5283><C_C241><D_5153>VAT</D_5153></C_C241><C_C243><D_5278>9.5</D_5278></C_C243></S_TAX>
</G_SG34>
</G_SG26>
<S_UNS><D_0081>D</D_0081></S_UNS>
<G_SG50><S_MOA><C_C516><D_5025>79</D_5025><D_5004>13.60</D_5004></C_C516></S_MOA></G_SG50>
<G_SG50><S_MOA><C_C516><D_5025>389</D_5025><D_5004>13.6</D_5004></C_C516></S_MOA></G_SG50>
<G_SG50><S_MOA><C_C516><D_5025>176</D_5025><D_5004>1.29</D_5004></C_C516></S_MOA></G_SG50>
<G_SG50><S_MOA><C_C516><D_5025>388</D_5025><D_5004>14.8900</D_5004></C_C516></S_MOA></G_SG50>
<G_SG50><S_MOA><C_C516><D_5025>113</D_5025><D_5004>5</D_5004></C_C516></S_MOA></G_SG50>
<G_SG50><S_MOA><C_C516><D_5025>366</D_5025></C_C516></S_MOA></G_SG50>
<G_SG50><S_MOA><C_C516><D_5025>9</D_5025><D_5004>9.89</D_5004></C_C516></S_MOA></G_SG50>
<G_SG52>
<S_TAX><D_5283>7</D_5283><C_C241><D_5153>VAT</D_5153></C_C241><C_C243><D_5278>9.5</D_5278></C_C243></S_TAX>
<S_MOA><C_C516><D_5025>125</D_5025><D_5004>13.60</D_5004></C_C516></S_MOA>
<S_MOA><C_C516><D_5025>124</D_5025><D_5004>1.29</D_5004></C_C516></S_MOA>
</G_SG52>
<G_SG52>
<S_TAX><D_5283>7</D_5283><C_C241><D_5153>OTH</D_5153></C_C241></S_TAX>
</G_SG52>
</M_INVOIC>
</Invoice>"""

RATE = Decimal("9.5")
EXPECTED = Document(
    number="2026-000123",
    kind=Kind.INVOICE,
    customer_number="000123",
    issued_on=date(2026, 11, 2),
    due_on=date(2026, 11, 20),
    period_from=date(2026, 10, 1),
    period_to=date(2026, 10, 31),
    reference="SI121234567890120",
    net_cents=1360,
    vat_cents=129,
    gross_cents=1489,
    to_pay_cents=989,
    iban="SI56020170014356205",
    purpose_code="WTER",
    content=Content(
        lines=(
            Line(
                description="Vodarina",
                quantity=Decimal(12),
                unit="MTQ",
                price=Decimal("0.7820"),
                vat_rate=RATE,
                net_cents=938,
                vat_cents=89,
                gross_cents=1027,
                supply_point="1001",
                meter="A1",
                old_value=Decimal(467),
                new_value=Decimal(479),
            ),
            Line(
                description="Omrežnina",
                vat_rate=RATE,
                net_cents=422,
                vat_cents=40,
                gross_cents=462,
            ),
        ),
        vat=(VatSum(rate=RATE, base_cents=1360, vat_cents=129),),
        prepaid_cents=500,
        seller=Party(name="Komunala, d. o. o.", tax_number="SI50223054"),
        payer=Party(name="Ana Novak", street="Lepa cesta 1", post_code="1000", town="Ljubljana"),
        note="Hvala, ker plačujete.\nVoda je pitna.\nLep pozdrav.",
    ),
)


def bill(*changes):
    """Ana's bill, in which each (what, by what) was replaced where it stands first."""
    text = BILL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return parse(text.encode())


def refusal(*changes):
    with pytest.raises(BadInvoice) as refused:
        read(bill(*changes))
    return str(refused.value)


# ---------------------------------------------------------------- a water bill


def test_a_water_bill_is_read_whole():
    assert is_eslog(bill())
    assert read(bill()) == EXPECTED


def test_a_price_keeps_its_decimals():
    assert str(read(bill()).content.lines[0].price) == "0.7820"


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (b"<Invoice><M_INVOIC/></Invoice>", True),
        (b"<e:Invoice xmlns:e='urn:eslog:2.00'><e:M_INVOIC/></e:Invoice>", True),
        (b"<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'/>", False),
        (b"<IzdaniRacunEnostavni/>", False),
        (b"<M_INVOIC/>", False),
    ],
)
def test_an_eslog_is_told_by_its_message_whatever_its_prefix(root, expected):
    assert is_eslog(parse(root)) is expected


def test_prefixes_spaces_and_comments_change_nothing():
    text = re.sub(r"<(/?)([A-Z])", r"<\1e:\2", BILL).replace("xmlns=", "xmlns:e=")
    text = text.replace(">2026-000123<", ">\n  2026-<!-- 000000 -->000123\t<")
    assert read(parse(text.encode())) == EXPECTED


def test_a_bill_in_utf_16_says_the_same():
    assert read(parse(BILL.replace("UTF-8", "UTF-16").encode("utf-16"))) == EXPECTED


# ---------------------------------------------------------------- kinds


@pytest.mark.parametrize("code", ["380", "383", "384", "386", "388"])
def test_what_is_to_be_paid_is_an_invoice(code):
    assert read(bill((">380<", f">{code}<"))).kind is Kind.INVOICE


@pytest.mark.parametrize("code", ["381", "81", "396", "532"])
def test_what_takes_back_is_a_credit_note_that_names_its_invoice(code):
    document = read(bill((">380<", f">{code}<")))
    assert document.kind is Kind.CREDIT_NOTE
    assert document.corrects == "2026-000100"


@pytest.mark.parametrize("code", ["325", "999", "račun", "38"])
def test_an_unknown_kind_is_refused_by_name(code):
    assert refusal((">380<", f">{code}<")) == (
        f"vrsta računa (S_BGM/C_C002/D_1001): »{code}«: ni račun ali dobropis"
    )


def test_a_credit_note_with_an_amount_below_nothing_is_refused():
    assert refusal((">380<", ">381<"), (">9.89<", ">-9.89<")) == "dobropis ima negativne zneske"


def test_an_overpaid_invoice_may_ask_for_less_than_nothing():
    assert read(bill((">9.89<", ">-9.89<"))).to_pay_cents == -989


# ---------------------------------------------------------------- what is missing


@pytest.mark.parametrize(
    ("gone", "what"),
    [
        ("<D_1004>2026-000123</D_1004>", "številka računa (S_BGM/C_C106/D_1004)"),
        ("<D_1001>380</D_1001>", "vrsta računa (S_BGM/C_C002/D_1001)"),
        ("<D_3039>000123</D_3039>", "šifra stranke (G_SG2/S_NAD BY/C_C082/D_3039)"),
        ("<D_2380>2026-11-02</D_2380>", "datum izdaje (S_DTM 137)"),
        ("<D_5004>13.6</D_5004>", "osnova (S_MOA 389)"),
        ("<D_5004>14.8900</D_5004>", "znesek z DDV (S_MOA 388)"),
        ("<D_5004>9.89</D_5004>", "znesek za plačilo (S_MOA 9)"),
    ],
)
def test_what_is_missing_is_named(gone, what):
    assert refusal((gone, "")) == f"manjka {what}"


@pytest.mark.parametrize(
    ("gone", "what"),
    [
        ("<D_5004>9.38</D_5004>", "1. postavka: manjka osnova (S_MOA 203)"),
        ("<D_7008>Omrežnina</D_7008>", "2. postavka: manjka opis (S_IMD F/C_C273/D_7008)"),
    ],
)
def test_what_is_missing_in_a_line_is_named_with_its_number(gone, what):
    assert refusal((gone, "")) == what


def test_without_a_message_it_is_no_eslog():
    with pytest.raises(BadInvoice, match="ni e-SLOG"):
        read(parse(b"<Invoice/>"))


def test_an_empty_message_is_refused():
    with pytest.raises(BadInvoice, match="manjka vrsta računa"):
        read(parse(b"<Invoice><M_INVOIC/></Invoice>"))


def test_what_need_not_be_said_may_be_missing():
    text = BILL
    for name in ("G_SG7", "G_SG8", "G_SG26", "G_SG52", "S_FTX", "G_SG1"):
        text = re.sub(rf"(?s)<{name}>.*?</{name}>\n", "", text)
    text = re.sub(r"(?s)<C_C080>.*?</C_C080>", "", text)
    text = re.sub(r"<G_SG50>.*>(?:176|113)<.*\n", "", text)
    document = read(parse(text.encode()))

    assert document.content == Content()
    assert (document.due_on, document.reference, document.vat_cents) == (None, "", 0)


# ---------------------------------------------------------------- what is odd


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("9.891", "znesek ima del centa"),
        ("9.885000001", "znesek ima del centa"),
        ("9,89", "ni število"),
        ("1e3", "ni število"),
        ("NaN", "ni število"),
        ("1_0", "ni število"),
        ("devet", "ni število"),
        ("9" * 13, "ni število"),
    ],
)
def test_an_amount_is_whole_cents_or_refused(said, reason):
    change = (">9.89<", f">{said}<")
    assert refusal(change) == f"znesek za plačilo (S_MOA 9): »{said}«: {reason}"


@pytest.mark.parametrize("said", ["9.8900", "+9.89", "009.89", "9.890"])
def test_an_amount_may_be_written_with_more_zeros(said):
    assert read(bill((">9.89<", f">{said}<"))).to_pay_cents == 989


@pytest.mark.parametrize("said", ["2026-02-30", "20261102", "2. 11. 2026", "2026-W45-1", "včeraj"])
def test_a_day_that_is_none_is_refused(said):
    assert refusal((">2026-11-02<", f">{said}<")) == (
        f"datum izdaje (S_DTM 137): »{said}«: ni datum, kot je 2026-11-22"
    )


def test_a_period_that_ends_before_it_begins_is_refused():
    assert refusal((">2026-10-01<", ">2026-11-01<")) == "obdobje se konča, preden se začne"


def test_another_currency_is_refused_by_name():
    assert refusal((">EUR<", ">DKK<")) == "valuta (G_SG7/S_CUX): »DKK«: valuta ni EUR"
    amount = (">9.89</D_5004>", ">9.89</D_5004><D_6345>HRK</D_6345>")
    assert refusal(amount) == "znesek za plačilo (S_MOA 9): »HRK«: valuta ni EUR"


def test_only_the_currency_of_the_invoice_counts():
    assert read(bill((">2</D_6347><D_6345>EUR<", ">6</D_6347><D_6345>DKK<"))) == EXPECTED


@pytest.mark.parametrize("said", ["-1", "101", "9,5", "osvobojeno"])
def test_a_rate_that_is_none_is_refused(said):
    assert refusal((">9.5<", f">{said}<")).startswith("1. postavka: stopnja DDV")


def test_texts_longer_than_the_schema_allows_are_refused():
    assert "S_BGM" in refusal((">2026-000123<", f">{'1' * 71}<"))
    assert refusal((">Vodarina<", f">{'v' * 513}<")).endswith("znakov (D_7008)")


def test_terms_of_another_payment_say_no_due_date():
    assert read(bill(("<D_4279>1<", "<D_4279>3<"))).due_on is None


# ---------------------------------------------------------------- lines


def line(*changes):
    return read(bill(*changes)).content.lines[0]


def test_without_gross_a_line_is_net_and_vat():
    gone = (
        "<G_SG27><S_MOA><C_C516><D_5025>38</D_5025><D_5004>10.27</D_5004></C_C516></S_MOA></G_SG27>"
    )
    assert line((gone, ""), (">0.89<", ">0.90<")).gross_cents == 1028


def test_without_vat_a_line_has_what_lies_between_net_and_gross():
    assert line(("<D_5004>0.89</D_5004>", ""), (">10.27<", ">10.28<")).vat_cents == 90


@pytest.mark.parametrize(
    ("net", "vat"), [("0.10", 1), ("-0.10", -1), ("1.00", 10), ("-1.00", -10), ("0.05", 0)]
)
def test_vat_that_is_not_said_is_rounded_half_up_on_the_line(net, vat):
    second = read(bill((">4.22<", f">{net}<"))).content.lines[1]
    assert (second.vat_cents, second.gross_cents - second.net_cents) == (vat, vat)


def test_a_line_without_a_rate_has_no_vat_of_its_own():
    document = read(bill(("<D_5004>0.89</D_5004>", ""), ("<D_5278>9.5</D_5278>", "")))
    assert document.content.lines[0].vat_rate is None


@pytest.mark.parametrize(
    ("units", "price"), [("1", "0.7820"), ("100", "0.007820"), ("0.5", "1.564")]
)
def test_a_price_of_several_units_is_told_for_one(units, price):
    change = (">0.7820</D_5118>", f">0.7820</D_5118><D_5284>{units}</D_5284>")
    assert line(change).price == Decimal(price)


@pytest.mark.parametrize("units", ["0", "-0.0", "0.0000000001"])
def test_a_price_of_no_units_is_refused(units):
    said = refusal((">0.7820</D_5118>", f">0.7820</D_5118><D_5284>{units}</D_5284>"))
    assert said.endswith("cena za nič enot")


def change_of_line(sign, code, euros):
    amount = f"<S_MOA><C_C516><D_5025>{code}</D_5025><D_5004>{euros}</D_5004></C_C516></S_MOA>"
    base = "<S_MOA><C_C516><D_5025>25</D_5025><D_5004>99.00</D_5004></C_C516></S_MOA>"
    group = f"<G_SG42>{amount}</G_SG42><G_SG42>{base}</G_SG42>"
    return f"<G_SG39><S_ALC><D_5463>{sign}</D_5463></S_ALC>{group}</G_SG39>"


def test_a_line_with_a_discount_of_its_own_shows_no_price():
    less, more = change_of_line("A", "204", "1.00"), change_of_line("C", "23", "1.00")
    assert line(("</G_SG26>", f"{less}</G_SG26>")).price is None
    assert line(("</G_SG26>", f"{less}{more}</G_SG26>")).price == Decimal("0.7820")


def test_of_two_buyers_the_first_pays():
    other = "<G_SG2><S_NAD><D_3035>BY</D_3035><C_C082><D_3039>9</D_3039></C_C082></S_NAD></G_SG2>"
    assert read(bill(("<G_SG7>", f"{other}<G_SG7>"))) == EXPECTED


def test_without_a_vat_number_the_seller_has_a_tax_number():
    seller = read(bill((">SI50223054<", "><"))).content.seller
    assert seller.tax_number == "50223054"


def test_an_address_of_several_lines_is_one_street():
    change = ("Lepa cesta 1</D_3042>", "Lepa cesta 1</D_3042><D_3042_2>3. nadstropje</D_3042_2>")
    assert read(bill(change)).content.payer.street == "Lepa cesta 1, 3. nadstropje"


# ---------------------------------------------------------------- writing


def test_a_bill_that_was_written_is_read_as_it_was():
    assert read(parse(write(EXPECTED))) == EXPECTED


def test_a_credit_note_that_was_written_is_read_as_it_was():
    note = replace(EXPECTED, kind=Kind.CREDIT_NOTE, corrects="2026-000100")
    assert read(parse(write(note))) == note


@given(documents())
def test_any_document_is_read_as_it_was_written(document):
    assert read(parse(write(document))) == document


@given(documents())
def test_equal_documents_give_equal_bytes(document):
    assert write(document) == write(replace(document))


def test_what_is_written_is_utf_8_with_its_declaration():
    written = write(EXPECTED)
    assert written.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<Invoice xmlns=")
    assert "Omrežnina".encode() in written


# ---------------------------------------------------------------- the official sample and schema

with_sample = pytest.mark.skipif(not SAMPLE.exists(), reason="the official sample is not here")
with_schema = pytest.mark.skipif(not SCHEMA.exists(), reason="the official schema is not here")


@with_sample
def test_the_official_sample_is_refused_for_its_crowns():
    with pytest.raises(BadInvoice, match="»DKK«: valuta ni EUR"):
        read(parse(SAMPLE.read_bytes()))


@with_sample
def test_the_official_sample_in_euros_is_read_whole():
    document = read(parse(SAMPLE.read_bytes().replace(b">DKK<", b">EUR<")))
    content = document.content

    assert (document.number, document.kind) == ("TOSL110", Kind.INVOICE)
    assert (document.issued_on, document.due_on) == (date(2013, 4, 10), date(2013, 5, 10))
    assert (document.period_from, document.period_to) == (date(2013, 3, 10), date(2013, 4, 10))
    assert document.customer_number == "5790000436057"
    assert (document.reference, document.iban) == ("PAYREF1", "DK1212341234123412")
    assert document.purpose_code == "OTHR"
    assert (document.net_cents, document.vat_cents) == (400_000, 67_500)
    assert (document.gross_cents, document.to_pay_cents) == (467_500, 233_750)
    assert (content.allowances_cents, content.charges_cents) == (15_000, 15_000)
    assert (content.prepaid_cents, content.rounding_cents) == (233_750, 0)
    assert [one.rate for one in content.vat] == [25, 12]
    assert [one.description for one in content.lines] == [
        "Printing paper",
        "Parker Pen",
        "American Cookies",
    ]
    assert [one.gross_cents for one in content.lines] == [125_000, 62_500, 280_000]
    assert content.payer.name == "BuyerCompany ltd"
    assert content.payer.street == "Anystreet, Building 1, 5th floor, 5th door"
    assert (content.seller.place, content.seller.tax_number) == ("54321 Grootstad", "NL16356706")
    assert content.note == "Ordered through our website"
    assert sums.differences(document) == []


@cache
def schema():
    """The official schema without digital signatures, whose own schema is not beside it."""
    tree = etree.parse(SCHEMA)
    for one in [*tree.iter(f"{XSD}import"), *tree.iter(f"{XSD}element")]:
        if one.tag == f"{XSD}import" or one.get("ref") == "ds:Signature":
            one.getparent().remove(one)
    return etree.XMLSchema(tree)


@with_schema
def test_the_schema_allows_what_is_written():
    schema().assertValid(parse(write(EXPECTED)))


@with_schema
@given(documents())
def test_the_schema_allows_any_document_that_is_written(document):
    schema().assertValid(parse(write(document)))
