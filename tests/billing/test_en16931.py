"""UBL and CII: small bills in both, the official example, and whatever is missing or odd."""

from contextlib import suppress
from copy import copy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojupravljalec.billing import sums
from mojupravljalec.billing.document import Content, Document, Kind, Line, Party, VatSum
from mojupravljalec.billing.en16931 import is_ubl_or_cii, read
from mojupravljalec.billing.said import BadInvoice
from mojupravljalec.values.safe_xml import parse

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
SAMPLE = SAMPLES / "ubl-en16931-example1.xml"

UBL = """<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:a="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:b="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<b:ID>2026-000123</b:ID>
<b:IssueDate>2026-11-02</b:IssueDate>
<b:DueDate>2026-11-20</b:DueDate>
<b:InvoiceTypeCode>380</b:InvoiceTypeCode>
<b:Note>Hvala, ker
 plačujete.</b:Note>
<b:Note>Voda je pitna.</b:Note>
<b:DocumentCurrencyCode>EUR</b:DocumentCurrencyCode>
<b:BuyerReference>999</b:BuyerReference>
<a:InvoicePeriod><b:StartDate>2026-10-01</b:StartDate><b:EndDate>2026-10-31</b:EndDate>
</a:InvoicePeriod>
<a:BillingReference><a:InvoiceDocumentReference><b:ID>2026-000100</b:ID>
</a:InvoiceDocumentReference></a:BillingReference>
<a:AccountingSupplierParty><a:Party>
<a:PartyTaxScheme><b:CompanyID>SI50223054</b:CompanyID><a:TaxScheme><b:ID>VAT</b:ID>
</a:TaxScheme></a:PartyTaxScheme>
<a:PartyLegalEntity><b:RegistrationName>Komunala, d. o. o.</b:RegistrationName></a:PartyLegalEntity>
</a:Party></a:AccountingSupplierParty>
<a:AccountingCustomerParty><a:Party>
<a:PartyIdentification><b:ID schemeID="0088">5790000436057</b:ID></a:PartyIdentification>
<a:PartyIdentification><b:ID>000123</b:ID></a:PartyIdentification>
<a:PostalAddress><b:StreetName>Lepa cesta 1</b:StreetName>
<b:CityName>Ljubljana</b:CityName><b:PostalZone>1000</b:PostalZone></a:PostalAddress>
<a:PartyLegalEntity><b:RegistrationName>Ana Novak</b:RegistrationName></a:PartyLegalEntity>
</a:Party></a:AccountingCustomerParty>
<a:PaymentMeans>
<b:PaymentMeansCode>30</b:PaymentMeansCode><b:PaymentDueDate>2026-11-20</b:PaymentDueDate>
<b:PaymentID>si12 1234567890120</b:PaymentID>
<a:PayeeFinancialAccount><b:ID>si56 0201 7001 4356 205</b:ID></a:PayeeFinancialAccount>
</a:PaymentMeans>
<a:TaxTotal><b:TaxAmount currencyID="EUR">1.29</b:TaxAmount>
<a:TaxSubtotal><b:TaxableAmount>13.60</b:TaxableAmount><b:TaxAmount>1.29</b:TaxAmount>
<a:TaxCategory><b:ID>S</b:ID><b:Percent>9.5</b:Percent></a:TaxCategory></a:TaxSubtotal>
</a:TaxTotal>
<a:LegalMonetaryTotal>
<b:LineExtensionAmount>13.60</b:LineExtensionAmount>
<b:TaxExclusiveAmount>13.6</b:TaxExclusiveAmount>
<b:TaxInclusiveAmount>14.8900</b:TaxInclusiveAmount>
<b:PrepaidAmount>5</b:PrepaidAmount>
<b:PayableAmount>9.89</b:PayableAmount>
</a:LegalMonetaryTotal>
<a:InvoiceLine>
<b:ID>1</b:ID>
<b:InvoicedQuantity unitCode="MTQ">12</b:InvoicedQuantity>
<b:LineExtensionAmount>9.38</b:LineExtensionAmount>
<a:DocumentReference><b:ID>1001</b:ID><b:DocumentTypeCode>130</b:DocumentTypeCode>
</a:DocumentReference>
<a:Item><b:Name>Vodarina</b:Name><a:ClassifiedTaxCategory><b:Percent>9.5</b:Percent>
</a:ClassifiedTaxCategory></a:Item>
<a:Price><b:PriceAmount>78.20</b:PriceAmount><b:BaseQuantity>100</b:BaseQuantity></a:Price>
</a:InvoiceLine>
<a:InvoiceLine>
<b:ID>2</b:ID>
<b:InvoicedQuantity unitCode="MON">1</b:InvoicedQuantity>
<b:LineExtensionAmount>4.22</b:LineExtensionAmount>
<a:AllowanceCharge><b:ChargeIndicator>false</b:ChargeIndicator><b:Amount>0.78</b:Amount>
</a:AllowanceCharge>
<a:Item><b:Name>Omrežnina</b:Name><a:ClassifiedTaxCategory><b:Percent>9.5</b:Percent>
</a:ClassifiedTaxCategory></a:Item>
<a:Price><b:PriceAmount>5</b:PriceAmount></a:Price>
</a:InvoiceLine>
</Invoice>"""

CII = """<r:CrossIndustryInvoice
 xmlns:r="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:a="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:u="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<r:ExchangedDocument>
<a:ID>2026-000123</a:ID>
<a:TypeCode>380</a:TypeCode>
<a:IssueDateTime><u:DateTimeString format="102">20261102</u:DateTimeString></a:IssueDateTime>
<a:IncludedNote><a:Content>Hvala, ker plačujete.</a:Content></a:IncludedNote>
<a:IncludedNote><a:Content>Voda je pitna.</a:Content></a:IncludedNote>
</r:ExchangedDocument>
<r:SupplyChainTradeTransaction>
<a:IncludedSupplyChainTradeLineItem>
<a:SpecifiedTradeProduct><a:Name>Vodarina</a:Name></a:SpecifiedTradeProduct>
<a:SpecifiedLineTradeAgreement><a:NetPriceProductTradePrice>
<a:ChargeAmount>78.20</a:ChargeAmount><a:BasisQuantity>100</a:BasisQuantity>
</a:NetPriceProductTradePrice></a:SpecifiedLineTradeAgreement>
<a:SpecifiedLineTradeDelivery><a:BilledQuantity unitCode="MTQ">12</a:BilledQuantity>
</a:SpecifiedLineTradeDelivery>
<a:SpecifiedLineTradeSettlement>
<a:ApplicableTradeTax><a:RateApplicablePercent>9.5</a:RateApplicablePercent></a:ApplicableTradeTax>
<a:SpecifiedTradeSettlementLineMonetarySummation>
<a:LineTotalAmount>9.38</a:LineTotalAmount>
</a:SpecifiedTradeSettlementLineMonetarySummation>
<a:AdditionalReferencedDocument><a:IssuerAssignedID>1001</a:IssuerAssignedID>
<a:TypeCode>130</a:TypeCode></a:AdditionalReferencedDocument>
</a:SpecifiedLineTradeSettlement>
</a:IncludedSupplyChainTradeLineItem>
<a:IncludedSupplyChainTradeLineItem>
<a:SpecifiedTradeProduct><a:Name>Omrežnina</a:Name></a:SpecifiedTradeProduct>
<a:SpecifiedLineTradeAgreement><a:NetPriceProductTradePrice>
<a:ChargeAmount>5</a:ChargeAmount>
</a:NetPriceProductTradePrice></a:SpecifiedLineTradeAgreement>
<a:SpecifiedLineTradeDelivery><a:BilledQuantity unitCode="MON">1</a:BilledQuantity>
</a:SpecifiedLineTradeDelivery>
<a:SpecifiedLineTradeSettlement>
<a:ApplicableTradeTax><a:RateApplicablePercent>9.5</a:RateApplicablePercent></a:ApplicableTradeTax>
<a:SpecifiedTradeAllowanceCharge><a:ChargeIndicator><u:Indicator>false</u:Indicator>
</a:ChargeIndicator><a:ActualAmount>0.78</a:ActualAmount>
</a:SpecifiedTradeAllowanceCharge>
<a:SpecifiedTradeSettlementLineMonetarySummation>
<a:LineTotalAmount>4.22</a:LineTotalAmount>
</a:SpecifiedTradeSettlementLineMonetarySummation>
</a:SpecifiedLineTradeSettlement>
</a:IncludedSupplyChainTradeLineItem>
<a:ApplicableHeaderTradeAgreement>
<a:BuyerReference>999</a:BuyerReference>
<a:SellerTradeParty>
<a:Name>Komunala, d. o. o.</a:Name>
<a:SpecifiedTaxRegistration><a:ID schemeID="VA">SI50223054</a:ID></a:SpecifiedTaxRegistration>
</a:SellerTradeParty>
<a:BuyerTradeParty>
<a:ID>000123</a:ID>
<a:GlobalID schemeID="0088">5790000436057</a:GlobalID>
<a:Name>Ana Novak</a:Name>
<a:PostalTradeAddress><a:PostcodeCode>1000</a:PostcodeCode>
<a:LineOne>Lepa cesta 1</a:LineOne><a:CityName>Ljubljana</a:CityName>
</a:PostalTradeAddress>
</a:BuyerTradeParty>
</a:ApplicableHeaderTradeAgreement>
<a:ApplicableHeaderTradeSettlement>
<a:PaymentReference>si12 1234567890120</a:PaymentReference>
<a:InvoiceCurrencyCode>EUR</a:InvoiceCurrencyCode>
<a:SpecifiedTradeSettlementPaymentMeans>
<a:PayeePartyCreditorFinancialAccount><a:IBANID>SI56020170014356205</a:IBANID>
</a:PayeePartyCreditorFinancialAccount>
</a:SpecifiedTradeSettlementPaymentMeans>
<a:ApplicableTradeTax><a:CalculatedAmount>1.29</a:CalculatedAmount>
<a:BasisAmount>13.60</a:BasisAmount><a:RateApplicablePercent>9.5</a:RateApplicablePercent>
</a:ApplicableTradeTax>
<a:BillingSpecifiedPeriod>
<a:StartDateTime><u:DateTimeString format="102">20261001</u:DateTimeString></a:StartDateTime>
<a:EndDateTime><u:DateTimeString format="102">20261031</u:DateTimeString></a:EndDateTime>
</a:BillingSpecifiedPeriod>
<a:SpecifiedTradePaymentTerms><a:DueDateDateTime>
<u:DateTimeString format="102">20261120</u:DateTimeString></a:DueDateDateTime>
</a:SpecifiedTradePaymentTerms>
<a:SpecifiedTradeSettlementHeaderMonetarySummation>
<a:LineTotalAmount>13.60</a:LineTotalAmount>
<a:TaxBasisTotalAmount>13.6</a:TaxBasisTotalAmount>
<a:TaxTotalAmount currencyID="EUR">1.29</a:TaxTotalAmount>
<a:GrandTotalAmount>14.8900</a:GrandTotalAmount>
<a:TotalPrepaidAmount>5</a:TotalPrepaidAmount>
<a:DuePayableAmount>9.89</a:DuePayableAmount>
</a:SpecifiedTradeSettlementHeaderMonetarySummation>
<a:InvoiceReferencedDocument><a:IssuerAssignedID>2026-000100</a:IssuerAssignedID>
</a:InvoiceReferencedDocument>
</a:ApplicableHeaderTradeSettlement>
</r:SupplyChainTradeTransaction>
</r:CrossIndustryInvoice>"""

BOTH = pytest.mark.parametrize("text", [UBL, CII], ids=["UBL", "CII"])
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
    content=Content(
        lines=(
            Line(
                description="Vodarina",
                quantity=Decimal(12),
                unit="MTQ",
                price=Decimal("0.782"),
                vat_rate=RATE,
                net_cents=938,
                vat_cents=89,
                gross_cents=1027,
                supply_point="1001",
            ),
            Line(
                description="Omrežnina",
                quantity=Decimal(1),
                unit="MON",
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
        note="Hvala, ker plačujete.\nVoda je pitna.",
    ),
)


def changed(text, *changes):
    """A bill in which each (what, by what) was replaced where it stands first."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return parse(text.encode())


def refusal(text, *changes):
    with pytest.raises(BadInvoice) as refused:
        read(changed(text, *changes))
    return str(refused.value)


# ---------------------------------------------------------------- a water bill


@BOTH
def test_a_water_bill_is_read_whole_and_adds_up(text):
    document = read(parse(text.encode()))
    assert document == EXPECTED
    assert sums.differences(document) == []


@BOTH
def test_both_are_told_by_their_roots(text):
    assert is_ubl_or_cii(parse(text.encode()))


@pytest.mark.parametrize(
    "root",
    [
        b"<Invoice xmlns='urn:eslog:2.00'><M_INVOIC/></Invoice>",
        b"<Invoice/>",
        b"<CrossIndustryInvoice/>",
        b"<Order xmlns='urn:oasis:names:specification:ubl:schema:xsd:Order-2'/>",
    ],
)
def test_other_documents_are_neither(root):
    assert not is_ubl_or_cii(parse(root))


CREDIT_NOTE = (
    UBL.replace("InvoiceTypeCode>380", "InvoiceTypeCode>381")
    .replace("ubl:schema:xsd:Invoice-2", "ubl:schema:xsd:CreditNote-2")
    .replace("<b:DueDate>2026-11-20</b:DueDate>\n", "")
    .replace("InvoiceTypeCode", "CreditNoteTypeCode")
    .replace("InvoicedQuantity", "CreditedQuantity")
    .replace("InvoiceLine", "CreditNoteLine")
    .replace("<Invoice ", "<CreditNote ")
    .replace("</Invoice>", "</CreditNote>")
)


@pytest.mark.parametrize(
    "text",
    [CREDIT_NOTE, CII.replace(">380<", ">381<"), UBL.replace(">380<", ">381<")],
    ids=["CreditNote", "CII", "Invoice"],
)
def test_a_credit_note_is_read_whole_and_names_its_invoice(text):
    expected = replace(EXPECTED, kind=Kind.CREDIT_NOTE, corrects="2026-000100")
    assert read(parse(text.encode())) == expected


def test_a_credit_note_that_calls_itself_an_invoice_is_refused():
    assert refusal(CREDIT_NOTE, (">381<", ">380<")) == "CreditNote ima vrsto računa (BT-3) »380«"


@BOTH
def test_the_customer_is_called_by_the_number_that_the_seller_gave(text):
    buyer = read(changed(text, (">000123<", "><"))).customer_number
    assert buyer == "5790000436057"
    without = (">000123<", "><"), (">5790000436057<", "><")
    assert read(changed(text, *without)).customer_number == "999"
    assert refusal(text, *without, (">999<", "><")) == "manjka šifra stranke (BT-46 ali BT-10)"


# ---------------------------------------------------------------- what is missing or odd


@BOTH
@pytest.mark.parametrize(
    ("gone", "what"),
    [
        (">2026-000123<", "manjka številka računa (BT-1)"),
        (">380<", "manjka vrsta računa (BT-3)"),
        (">13.6<", "manjka osnova (BT-109)"),
        (">14.8900<", "manjka znesek z DDV (BT-112)"),
        (">9.89<", "manjka znesek za plačilo (BT-115)"),
        (">9.38<", "1. postavka: manjka osnova (BT-131)"),
        (">Omrežnina<", "2. postavka: manjka opis (BT-153)"),
        (">EUR<", "manjka BT-5"),
    ],
)
def test_what_is_missing_is_named(text, gone, what):
    assert refusal(text, (gone, "><")) == what


def test_a_missing_day_of_issue_is_named():
    assert refusal(UBL, (">2026-11-02<", "><")) == "manjka datum izdaje (BT-2)"
    assert refusal(CII, (">20261102<", "><")) == "manjka datum izdaje (BT-2)"


@BOTH
@pytest.mark.parametrize(
    ("said", "reason"),
    [("9.891", "znesek ima del centa"), ("9,89", "ni število"), ("1e3", "ni število")],
)
def test_an_amount_is_whole_cents_or_refused(text, said, reason):
    change = (">9.89<", f">{said}<")
    assert refusal(text, change) == f"znesek za plačilo (BT-115): »{said}«: {reason}"


@BOTH
def test_another_currency_is_refused_by_name(text):
    assert refusal(text, (">EUR<", ">DKK<")) == "valuta (BT-5): »DKK«: valuta ni EUR"


@BOTH
def test_a_proforma_invoice_is_refused_by_name(text):
    assert refusal(text, (">380<", ">325<")) == "vrsta računa (BT-3): »325«: ni račun ali dobropis"


@BOTH
def test_a_price_of_no_units_is_refused(text):
    assert refusal(text, (">100<", ">0<")).endswith("cena za nič enot")


@BOTH
def test_an_amount_that_is_said_twice_is_refused(text):
    total = next(line for line in text.splitlines() if ">9.89<" in line)
    twice = (total, total + total.replace("9.89", "8.89"))
    assert refusal(text, twice) == "znesek za plačilo (BT-115) je podano večkrat"


def test_a_day_that_is_none_is_refused():
    assert refusal(UBL, (">2026-11-02<", ">včeraj<")).startswith("Invoice ni berljiv:")
    assert refusal(CII, (">20261102<", ">včeraj<")).startswith("CrossIndustryInvoice ni berljiv:")


def test_without_a_vat_number_the_seller_has_a_tax_number():
    local = changed(CII, ('"VA">SI50223054<', '"FC">50223054<'))
    assert read(local).content.seller.tax_number == "50223054"


def test_of_several_accounts_the_first_is_taken():
    means = UBL[UBL.index("<a:PaymentMeans>") : UBL.index("<a:TaxTotal>")]
    other = means.replace("si56 0201 7001 4356 205", "SI56051008010486080")
    assert read(changed(UBL, (means, means + other))) == EXPECTED


def test_an_empty_root_is_refused():
    with pytest.raises(BadInvoice, match="Invoice ni berljiv"):
        read(parse(b"<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'/>"))


@given(
    st.sampled_from([UBL, CREDIT_NOTE, CII]),
    st.sampled_from(["remove", "double", "empty", "say"]),
    st.sampled_from(["x", "-5", "9.891", "20261131", "2026-11-31", "\n"]),
    st.data(),
)
def test_whatever_is_missing_doubled_or_odd_is_a_document_or_refused(text, change, said, data):
    root = parse(text.encode())
    element = data.draw(st.sampled_from(list(root.iter())[1:]))
    if change == "remove":
        element.getparent().remove(element)
    elif change == "double":
        element.addnext(copy(element))
    elif change == "empty":
        element.clear()
    else:
        element.text = said
    with suppress(BadInvoice):
        assert isinstance(read(root), Document)


# ---------------------------------------------------------------- the official example


@pytest.mark.skipif(not SAMPLE.exists(), reason="the official example is not here")
def test_the_official_example_is_read_whole():
    document = read(parse(SAMPLE.read_bytes()))
    content = document.content

    assert (document.number, document.kind) == ("12115118", Kind.INVOICE)
    assert document.customer_number == "10202"
    assert document.issued_on == document.due_on == date(2015, 1, 9)
    assert document.iban == "NL57RABO0107307510"
    assert (document.net_cents, document.vat_cents) == (22_960, 2_073)
    assert document.gross_cents == document.to_pay_cents == 25_033
    assert [(one.rate, one.base_cents, one.vat_cents) for one in content.vat] == [
        (6, 18_323, 1_099),
        (21, 4_637, 974),
    ]
    assert len(content.lines) == 20
    assert content.lines[0].description == "PATAT FRITES 10MM 10KG"
    assert content.payer.place == "1960 AJ HEEMSKERK"
    assert content.seller.tax_number == "NL8200.98.395.B.01"
    assert sums.differences(document) == ["20. postavka: količina × cena 109,98 ni −109,98"]
