"""e-SLOG 2.0 written from a document: what ``eslog`` reads, valid by the schema."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from lxml import etree
from lxml.builder import ElementMaker

from .document import Document, Kind, Line, Party, VatSum
from .eslog import OPTIONAL_SUMS
from .said import CORRECTED_INVOICE, CURRENCY

_NAMESPACE = "urn:eslog:2.00"
_MESSAGE = "M_INVOIC"

_Children = dict[str, list[etree._Element]]  # by name
_Fields = dict[str, str]  # elements (D_) by name
_Segments = dict[tuple[str, str], _Fields]  # by name and by the code with which they begin


_E = ElementMaker(namespace=_NAMESPACE, nsmap={None: _NAMESPACE})
_LONGEST_MESSAGE_NUMBER = 14


def write(document: Document) -> bytes:
    """``document`` as UTF-8 XML that the schema allows and ``read`` gives back as it was.

    Texts must be as ``read`` gives them, and fit the schema: a street has 35 characters. Equal
    documents give equal bytes.
    """
    content = document.content
    message = _E.M_INVOIC(
        *_written_head(document),
        *_written_texts(document),
        *(_E.G_SG1(one) for one in _references(OI=document.corrects, PQ=document.reference)),
        *_written_parties(document),
        _E.G_SG7(_E.S_CUX(_E.C_C504(_E.D_6347("2"), _E.D_6345(CURRENCY)))),
        _E.G_SG8(_E.S_PAT(_E.D_4279("1")), *_written_days({"13": document.due_on})),
        *(_written_line(number, line) for number, line in enumerate(content.lines, 1)),
        _E.S_UNS(_E.D_0081("D")),
        *(_E.G_SG50(one) for one in _written_sums(document)),
        *map(_written_vat, content.vat),
        Id="data",
    )
    return bytes(etree.tostring(_E.Invoice(message), xml_declaration=True, encoding="UTF-8"))


def _written_head(document: Document) -> Iterator[etree._Element]:
    yield _E.S_UNH(
        _E.D_0062(document.number[-_LONGEST_MESSAGE_NUMBER:]),
        _E.C_S009(_E.D_0065("INVOIC"), _E.D_0052("D"), _E.D_0054("01B"), _E.D_0051("UN")),
    )
    yield _E.S_BGM(
        _E.C_C002(_E.D_1001(_type_code(document))),
        _E.C_C106(_E.D_1004(document.number)),
    )
    days = {"137": document.issued_on, "167": document.period_from, "168": document.period_to}
    yield from _written_days(days)


def _type_code(document: Document) -> str:
    if document.kind is Kind.CREDIT_NOTE:
        return "381"
    return CORRECTED_INVOICE if document.corrects else "380"


def _written_days(days: dict[str, date | None]) -> Iterator[etree._Element]:
    for which, said in days.items():
        if said is not None:
            yield _E.S_DTM(_E.C_C507(_E.D_2005(which), _E.D_2380(said.isoformat())))


def _written_texts(document: Document) -> Iterator[etree._Element]:
    texts = [("GEN", line) for line in document.content.note.splitlines()]
    for which, text in [*texts, ("ALQ", document.purpose_code)]:
        if text:
            yield _E.S_FTX(_E.D_4451(which), _E.C_C108(_E.D_4440(text)))


def _references(**numbers: str) -> Iterator[etree._Element]:
    for which, number in numbers.items():
        if number:
            yield _E.S_RFF(_E.C_C506(_E.D_1153(which), _E.D_1154(number)))


def _written_parties(document: Document) -> Iterator[etree._Element]:
    seller = document.content.seller
    yield _E.G_SG2(
        _E.S_NAD(
            _E.D_3035("BY"),
            _E.C_C082(_E.D_3039(document.customer_number)),
            *_written_address(document.content.payer),
        ),
        *_written_tax_number(document.content.payer),
    )
    if seller or document.iban:
        yield _E.G_SG2(
            _E.S_NAD(_E.D_3035("SE"), *_written_address(seller)),
            *_written_account(document.iban),
            *_written_tax_number(seller),
        )


def _written_account(number: str) -> Iterator[etree._Element]:
    if number:
        yield _E.S_FII(_E.D_3035("RB"), _E.C_C078(_E.D_3194(number)))


def _written_address(party: Party | None) -> Iterator[etree._Element]:
    if party is None:
        return
    yield _E.C_C080(_E.D_3036(party.name))
    if party.street:
        yield _E.C_C059(_E.D_3042(party.street))
    if party.town:
        yield _E.D_3164(party.town)
    if party.post_code:
        yield _E.D_3251(party.post_code)


def _written_tax_number(party: Party | None) -> Iterator[etree._Element]:
    """As a VAT number where it begins with a country."""
    number = party.tax_number if party else ""
    which = "VA" if number[:2].isalpha() else "AHP"
    return (_E.G_SG3(one) for one in _references(**{which: number}))


def _written_line(number: int, line: Line) -> etree._Element:
    values = {"OLD": line.old_value, "NEW": line.new_value}
    objects = _references(AVE=line.supply_point, MG=line.meter)
    return _E.G_SG26(
        _E.S_LIN(_E.D_1082(str(number))),
        _E.S_IMD(_E.D_7077("F"), _E.C_C273(_E.D_7008(line.description))),
        *(_written_value(name, value) for name, value in values.items() if value is not None),
        *_written_quantity(line),
        _E.G_SG27(_written_amount("203", line.net_cents)),
        _E.G_SG27(_written_amount("38", line.gross_cents)),
        *_written_price(line.price),
        *(_E.G_SG30(one) for one in objects),
        _E.G_SG34(
            _written_tax(line.vat_rate),
            _written_amount("125", line.net_cents),
            _written_amount("124", line.vat_cents),
        ),
    )


def _written_value(which: str, value: Decimal) -> etree._Element:
    return _E.S_MEA(_E.D_6311(which), _E.C_C174(_E.D_6411("MTQ"), _E.D_6314(f"{value:f}")))


def _written_quantity(line: Line) -> Iterator[etree._Element]:
    if line.quantity is not None:
        quantity = _E.C_C186(_E.D_6063("47"), _E.D_6060(f"{line.quantity:f}"))
        if line.unit:
            quantity.append(_E.D_6411(line.unit))
        yield _E.S_QTY(quantity)


def _written_price(said: Decimal | None) -> Iterator[etree._Element]:
    if said is not None:
        yield _E.G_SG29(_E.S_PRI(_E.C_C509(_E.D_5125("AAA"), _E.D_5118(f"{said:f}"))))


def _written_tax(rate: Decimal | None) -> etree._Element:
    tax = _E.S_TAX(_E.D_5283("7"), _E.C_C241(_E.D_5153("VAT")))
    if rate is not None:
        tax.append(_E.C_C243(_E.D_5278(f"{rate:f}")))
    tax.append(_E.D_5305("S" if rate else "E"))
    return tax


def _written_vat(vat: VatSum) -> etree._Element:
    return _E.G_SG52(
        _written_tax(vat.rate),
        _written_amount("125", vat.base_cents),
        _written_amount("124", vat.vat_cents),
    )


def _written_sums(document: Document) -> Iterator[etree._Element]:
    """What must be said, and of the rest what is not nothing."""
    content = document.content
    yield _written_amount("79", sum(line.net_cents for line in content.lines))
    yield _written_amount("389", document.net_cents)
    yield _written_amount("176", document.vat_cents)
    yield _written_amount("388", document.gross_cents)
    yield _written_amount("9", document.to_pay_cents)
    for name, (which, _) in OPTIONAL_SUMS.items():
        if said := getattr(content, name):
            yield _written_amount(which, said)


def _written_amount(which: str, said_cents: int) -> etree._Element:
    euros = Decimal(said_cents).scaleb(-2)
    return _E.S_MOA(_E.C_C516(_E.D_5025(which), _E.D_5004(f"{euros:.2f}")))
