"""UBL 2.1 and CII, the two forms of an electronic invoice by EN 16931, read into a document.

The library factur-x finds the terms of the standard: BT is one value, BG a group of them.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from ..values import iban, references
from ..values.safe_xml import local_name
from . import said
from .document import Content, Document, Kind, Line, Party, VatSum
from .said import BadInvoice

_CREDIT_NOTE = "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote"
_ROOTS = frozenset(
    {
        "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice",
        _CREDIT_NOTE,
        "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice",
    }
)

_Terms = dict[str, Any]


def is_ubl_or_cii(root: etree._Element) -> bool:
    """Whether it is an invoice or credit note in UBL 2, or a cross-industry invoice (CII)."""
    return root.tag in _ROOTS


def read(root: etree._Element) -> Document:
    """The invoice under ``root``, which ``safe_xml.parse`` gave. Raises BadInvoice.

    The customer number is the buyer's identifier (BT-46), or else the buyer's reference (BT-10).
    The standard has no VAT of a line: it is `said.vat_cents` of the rate. The object of a line
    (BT-128) is its supply point. A price is left out where the line has allowances or charges.
    """
    terms = _terms(root)
    document = said.checked(_document(terms))
    if root.tag == _CREDIT_NOTE and document.kind is not Kind.CREDIT_NOTE:
        raise BadInvoice(f"CreditNote ima vrsto računa (BT-3) »{terms['BT-3']}«")
    return document


def _terms(root: etree._Element) -> _Terms:
    """The values by their terms. No schema is asked, so nothing is loaded."""
    from facturx.parse_xml import parse_ubl_cii_xml

    try:
        found: _Terms = parse_ubl_cii_xml(root, level="en16931", bytes_as="string", check_xsd=False)
    except KeyError as error:  # the currency, by which it looks for amounts
        raise BadInvoice(f"manjka {error.args[0]}") from None
    # The library does not expect what is not valid, and then fails in any way.
    except Exception as error:
        raise BadInvoice(f"{local_name(root)} ni berljiv: {str(error)[:200]}") from None
    return found


def _document(terms: _Terms) -> Document:
    said.in_euros(_text(terms, "BT-5", "valuta"), "valuta (BT-5)")
    type_code = _text(terms, "BT-3", "vrsta računa")
    kind = said.kind(type_code, "vrsta računa (BT-3)")
    return Document(
        number=_code(_text(terms, "BT-1", "številka računa"), "številka računa (BT-1)"),
        kind=kind,
        customer_number=_code(_customer_number(terms), "šifra stranke (BT-46 ali BT-10)"),
        issued_on=_issued_on(terms),
        due_on=_day(terms, "BT-9"),
        period_from=_day(terms, "BT-73"),
        period_to=_day(terms, "BT-74"),
        reference=said.code(references.normal(_first([terms], "BT-83")), "sklic (BT-83)"),
        net_cents=_cents(terms, "BT-109", "osnova"),
        vat_cents=_cents_if_said(terms, "BT-110", "DDV"),
        gross_cents=_cents(terms, "BT-112", "znesek z DDV"),
        to_pay_cents=_cents(terms, "BT-115", "znesek za plačilo"),
        iban=said.code(iban.normal(_first([terms], "BT-84")), "IBAN (BT-84)"),
        corrects=_corrects(terms, kind, type_code),
        content=Content(
            lines=tuple(_lines(terms)),
            vat=tuple(map(_vat_sum, _group(terms, "BG-23"))),
            allowances_cents=_cents_if_said(terms, "BT-107", "popusti"),
            charges_cents=_cents_if_said(terms, "BT-108", "dodatki"),
            prepaid_cents=_cents_if_said(terms, "BT-113", "predplačilo"),
            rounding_cents=_cents_if_said(terms, "BT-114", "zaokrožitev"),
            seller=_party(terms.get("BG-4")),
            payer=_party(terms.get("BG-7")),
            note="\n".join(filter(None, (_first([one], "BT-22") for one in _group(terms, "BG-1")))),
        ),
    )


def _corrects(terms: _Terms, kind: Kind, type_code: str) -> str:
    """What a credit note takes back or a corrected invoice replaces; others name it as a hint."""
    what = "popravljeni račun (BT-25)"
    if kind is Kind.CREDIT_NOTE:
        return said.code(_first(_group(terms, "BG-3"), "BT-25"), what)
    if type_code != said.CORRECTED_INVOICE:
        return ""
    named = (_first([one], "BT-25") for one in _group(terms, "BG-3"))
    return said.corrected(list(dict.fromkeys(filter(None, named))), what)


def _customer_number(terms: _Terms) -> str:
    buyer = terms.get("BG-7") or {}
    return _identifier(buyer.get("identifiers")) or _text(terms, "BT-10", "referenca kupca")


def _identifier(by_scheme: dict[str | None, str] | None) -> str:
    """The one without a scheme is the seller's own; or else the first."""
    if not by_scheme:
        return ""
    return _line_of(by_scheme.get(None) or next(iter(by_scheme.values())))


def _code(text: str, what: str) -> str:
    return said.code(said.required(text, what), what)


def _issued_on(terms: _Terms) -> date:
    issued_on = _day(terms, "BT-2")
    if issued_on is None:
        raise BadInvoice("manjka datum izdaje (BT-2)")
    return issued_on


def _day(terms: _Terms, term: str) -> date | None:
    """The first of them, as each means of payment may have a due date."""
    found = terms.get(term)
    return next(iter(found), None) if isinstance(found, list) else found


def _lines(terms: _Terms) -> Iterator[Line]:
    for number, line in enumerate(_group(terms, "BG-25"), 1):
        try:
            yield _line(line)
        except BadInvoice as error:
            raise BadInvoice(f"{number}. postavka: {error}") from None


def _line(terms: _Terms) -> Line:
    net_cents = _cents(terms, "BT-131", "osnova")
    rate = _rate(terms, "BT-152")
    vat_cents = said.vat_cents(net_cents, rate)
    return Line(
        description=said.required(_text(terms, "BT-153", "opis"), "opis (BT-153)"),
        quantity=_number(terms, "BT-129", "količina"),
        unit=_text(terms, "BT-130", "enota"),
        price=_price(terms),
        vat_rate=rate,
        net_cents=net_cents,
        vat_cents=vat_cents,
        gross_cents=net_cents + vat_cents,
        supply_point=said.code(_identifier(terms.get("BT-128")), "odjemno mesto (BT-128)"),
    )


def _price(terms: _Terms) -> Decimal | None:
    """The price of one unit, where nothing was taken off or put on the line."""
    amount = _text(terms, "BT-146", "cena")
    if not amount or _changes(terms, "BG-28", "dodatek") != _changes(terms, "BG-27", "popust"):
        return None
    return said.price(amount, _text(terms, "BT-149", "za koliko enot"), "cena (BT-146)")


def _changes(terms: _Terms, term: str, what: str) -> int:
    """What charges or allowances of a line come to, in cents."""
    what = f"{what} ({term})"
    return sum(said.cents(_text(one, "amount", what), what) for one in _group(terms, term))


def _vat_sum(terms: _Terms) -> VatSum:
    """What is exempt has neither rate nor VAT."""
    return VatSum(
        rate=_rate(terms, "BT-119") or Decimal(0),
        base_cents=_cents(terms, "BT-116", "osnova za DDV"),
        vat_cents=_cents_if_said(terms, "BT-117", "DDV po stopnji"),
    )


def _party(terms: _Terms | None) -> Party | None:
    """Who it is, if they have a name."""
    if not terms or not (name := _text(terms, "name", "naziv")):
        return None
    street = (_text(terms, f"addr_l{number}", "naslov") for number in (1, 2, 3))
    return Party(
        name=name,
        street=", ".join(filter(None, street)),
        post_code=_text(terms, "postcode", "pošta"),
        town=_text(terms, "city", "kraj"),
        tax_number=_first([terms], "vat_identifier") or _first([terms], "tax_identifier"),
    )


def _rate(terms: _Terms, term: str) -> Decimal | None:
    text = _text(terms, term, "stopnja DDV")
    return said.per_cent(text, f"stopnja DDV ({term})") if text else None


def _number(terms: _Terms, term: str, what: str) -> Decimal | None:
    text = _text(terms, term, what)
    return said.decimal(text, f"{what} ({term})") if text else None


def _cents(terms: _Terms, term: str, what: str) -> int:
    return said.cents(_text(terms, term, what), f"{what} ({term})")


def _cents_if_said(terms: _Terms, term: str, what: str) -> int:
    return _cents(terms, term, what) if term in terms else 0


def _group(terms: _Terms, term: str) -> list[_Terms]:
    return terms.get(term) or []


def _first(groups: list[_Terms], term: str) -> str:
    """The first value of ``term``: other accounts and references do as well."""
    found = groups[0].get(term) if groups else None
    return _line_of(found[0] if isinstance(found, list) else found)


def _text(terms: _Terms, term: str, what: str) -> str:
    """The value of ``term``, or "". Raises BadInvoice where there are several."""
    found = terms.get(term)
    if isinstance(found, list):
        raise BadInvoice(f"{what} ({term}) je podano večkrat")
    return _line_of(found)


def _line_of(said: str | None) -> str:
    return " ".join((said or "").split())
