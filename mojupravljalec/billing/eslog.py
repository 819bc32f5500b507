"""e-SLOG 2.0, the Slovenian electronic invoice: read into a document, and written from one.

Source: the schema eSLOG20_INVOIC_v200.xsd of Gospodarska zbornica Slovenije, and EN 16931, whose
terms it carries. An e-SLOG is an EDIFACT message in XML: segments (S_) that mostly begin with a
code, alone or in groups (G_).

The object of a line (S_RFF AVE) is read as its supply point. What the standard has no place for
we write where the schema lets us, and read there: S_RFF MG is the serial of the meter, S_MEA OLD
and S_MEA NEW in D_6314 are what it showed at the start and at the end of the period.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import chain

from lxml import etree
from lxml.builder import ElementMaker

from ..values import iban, money, references
from ..values.safe_xml import local_name
from .document import Content, Document, Kind, Line, Party, VatSum

LONGEST_TEXT = 512  # as in the schema
LONGEST_CODE = 70
CURRENCY = "EUR"

# UNTDID 1001 as far as EN 16931 allows it, without the proforma invoice, which nobody is to pay.
_INVOICES = frozenset(
    map(
        str,
        (
            *(80, 82, 84, 130, 202, 203, 204, 211, 295, 326, 380, 383, 384, 385, 386, 387, 388),
            *(389, 390, 393, 394, 395, 456, 457, 527, 575, 623, 633, 751, 780, 935),
        ),
    )
)
_CREDIT_NOTES = frozenset(map(str, (81, 83, 261, 262, 296, 308, 381, 396, 420, 458, 532)))

_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,10})?")
_LEAST_UNITS = Decimal("0.001")  # a price of less is one of nothing
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")

_NAMESPACE = "urn:eslog:2.00"
_MESSAGE = "M_INVOIC"

_Children = dict[str, list[etree._Element]]  # by name
_Fields = dict[str, str]  # elements (D_) by name
_Segments = dict[tuple[str, str], _Fields]  # by name and by the code with which they begin


class BadInvoice(Exception):
    """What cannot be an invoice of ours; the message is for the operator."""


# ---------------------------------------------------------------- what invoices say


def required(text: str, what: str) -> str:
    """``text``, or BadInvoice that ``what`` is missing."""
    if not text:
        raise BadInvoice(f"manjka {what}")
    return text


def code(text: str, what: str) -> str:
    """A number or name of something. Raises BadInvoice where it is longer than the schema's."""
    if len(text) > LONGEST_CODE:
        raise BadInvoice(f"{what}: daljše od {LONGEST_CODE} znakov")
    return text


def cents(text: str, what: str) -> int:
    """An amount in euros as cents. Raises BadInvoice for none, and for a part of a cent."""
    try:
        return money.cents(decimal(text, what))
    except ValueError as error:
        raise _bad(text, what, str(error)) from None


def decimal(text: str, what: str) -> Decimal:
    """A decimal number, as it is said. Raises BadInvoice."""
    if not _NUMBER.fullmatch(required(text, what)):
        raise _bad(text, what, "ni število")
    return Decimal(text)


def per_cent(text: str, what: str) -> Decimal:
    """A VAT rate. Raises BadInvoice where it is not from 0 to 100."""
    rate = decimal(text, what)
    if not 0 <= rate <= 100:
        raise _bad(text, what, "ni med 0 in 100")
    return rate


@lru_cache(maxsize=1024)
def day(text: str, what: str) -> date:
    """A day of the calendar; a time zone says nothing about it. Raises BadInvoice."""
    found = _DAY.fullmatch(required(text, what))
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise _bad(text, what, "ni datum, kot je 2026-11-22") from None


def price(text: str, for_units: str, what: str) -> Decimal:
    """What one unit costs, where ``text`` is the price of ``for_units`` of them (or "": of one).

    Raises BadInvoice.
    """
    said = decimal(text, what)
    units = decimal(for_units, f"{what}, za koliko enot") if for_units else Decimal(1)
    if abs(units) < _LEAST_UNITS:
        raise _bad(for_units, what, "cena za nič enot")
    return said if units == 1 else said / units


def kind(text: str, what: str) -> Kind:
    """The kind of document by its code of UNTDID 1001. Raises BadInvoice for any other."""
    if required(text, what) in _CREDIT_NOTES:
        return Kind.CREDIT_NOTE
    if text not in _INVOICES:
        raise _bad(text, what, "ni račun ali dobropis")
    return Kind.INVOICE


def in_euros(currency: str, what: str) -> None:
    """Raise BadInvoice for any other currency."""
    if currency != CURRENCY:
        raise _bad(currency, what, f"valuta ni {CURRENCY}")


def vat_cents(net_cents: int, rate: Decimal | None) -> int:
    """The VAT of a line that does not say it, rounded half away from zero, each line by itself."""
    return money.half_up(Decimal(net_cents).scaleb(-4) * rate) if rate else 0


def checked(document: Document) -> Document:
    """The document; BadInvoice where its parts deny each other."""
    amounts = document.net_cents, document.vat_cents, document.gross_cents, document.to_pay_cents
    if document.kind is Kind.CREDIT_NOTE and min(amounts) < 0:
        raise BadInvoice("dobropis ima negativne zneske")
    if document.period_from and document.period_to and document.period_to < document.period_from:
        raise BadInvoice("obdobje se konča, preden se začne")
    return document


def _bad(text: str, what: str, reason: str) -> BadInvoice:
    return BadInvoice(f"{what}: »{text[:LONGEST_CODE]}«: {reason}")


# ---------------------------------------------------------------- reading


def is_eslog(root: etree._Element) -> bool:
    """Whether it is an e-SLOG 2.0; UBL has a root of the same name."""
    return local_name(root) == "Invoice" and _message(root) is not None


def read(root: etree._Element) -> Document:
    """The invoice under ``root``, which ``safe_xml.parse`` gave. Raises BadInvoice.

    Texts are one line each, without spaces around; only the note has a line for each of its
    texts. Without a gross amount (38), a line's is net and VAT; without VAT (124), it is what
    lies between them, or else `vat_cents` of the rate. A price is left out where the line has
    allowances or charges of its own: its net amount is then not quantity × price.
    """
    message = _message(root)
    if message is None:
        raise BadInvoice("ni e-SLOG 2.0 (manjka M_INVOIC)")
    return checked(_document(_children(message)))


def _message(root: etree._Element) -> etree._Element | None:
    return next((child for child in root if local_name(child) == _MESSAGE), None)


def _children(element: etree._Element) -> _Children:
    children: _Children = defaultdict(list)
    for child in element:
        children[_name(child.tag)].append(child)
    return children


def _document(parts: _Children) -> Document:
    begins = _begins(parts["S_BGM"])
    head = _segments(parts["S_DTM"] + parts["S_FTX"] + parts["G_SG1"] + parts["G_SG7"])
    sums = _segments(parts["G_SG50"])
    parties = _parties(parts["G_SG2"])
    buyer, seller = parties.get("BY", {}), parties.get("SE", {})
    in_euros(head.get(("S_CUX", "2"), {}).get("D_6345", CURRENCY), "valuta (G_SG7/S_CUX)")
    is_kind = kind(begins.get("D_1001", ""), "vrsta računa (S_BGM/C_C002/D_1001)")
    corrects = _text(head, "S_RFF", "OI", "D_1154") if is_kind is Kind.CREDIT_NOTE else ""
    customer = _text(buyer, "S_NAD", "BY", "D_3039")
    return Document(
        number=_code(begins.get("D_1004", ""), "številka računa (S_BGM/C_C106/D_1004)"),
        kind=is_kind,
        customer_number=_code(customer, "šifra stranke (G_SG2/S_NAD BY/C_C082/D_3039)"),
        issued_on=day(_text(head, "S_DTM", "137", "D_2380"), "datum izdaje (S_DTM 137)"),
        due_on=_due_on(parts["G_SG8"]),
        period_from=_day(head, "167", "začetek obdobja"),
        period_to=_day(head, "168", "konec obdobja"),
        reference=code(references.normal(_text(head, "S_RFF", "PQ", "D_1154")), "sklic"),
        net_cents=_amount(sums, "389", "osnova"),
        vat_cents=_amount_if_said(sums, "176", "DDV") or 0,
        gross_cents=_amount(sums, "388", "znesek z DDV"),
        to_pay_cents=_amount(sums, "9", "znesek za plačilo"),
        iban=code(iban.normal(_text(seller, "S_FII", "RB", "D_3194")), "IBAN"),
        purpose_code=code(_text(head, "S_FTX", "ALQ", "D_4440"), "koda namena"),
        corrects=code(corrects, "popravljeni račun"),
        content=Content(
            lines=tuple(_lines(parts["G_SG26"])),
            vat=tuple(_vat_sums(parts["G_SG52"])),
            **{name: _amount_if_said(sums, *which) or 0 for name, which in _OPTIONAL_SUMS.items()},
            seller=_party(seller, "SE"),
            payer=_party(buyer, "BY"),
            note=_note(parts["S_FTX"]),
        ),
    )


_OPTIONAL_SUMS = {
    "allowances_cents": ("260", "popusti"),
    "charges_cents": ("259", "dodatki"),
    "prepaid_cents": ("113", "predplačilo"),
    "rounding_cents": ("366", "zaokrožitev"),
}


def _begins(elements: list[etree._Element]) -> _Fields:
    return next((fields for element in elements for _, fields in _stream(element)), {})


def _code(text: str, what: str) -> str:
    return code(required(text, what), what)


def _due_on(terms: list[etree._Element]) -> date | None:
    """The first day that belongs to the terms of payment (PAT 1)."""
    for term in terms:
        segments = _segments([term])
        if ("S_PAT", "1") in segments and (due_on := _day(segments, "13", "zapadlost")):
            return due_on
    return None


def _day(segments: _Segments, which: str, what: str) -> date | None:
    text = _text(segments, "S_DTM", which, "D_2380")
    return day(text, f"{what} (S_DTM {which})") if text else None


def _parties(groups: list[etree._Element]) -> dict[str, _Segments]:
    parties: dict[str, _Segments] = {}
    for group in groups:
        segments = _segments([group])
        role = next((role for name, role in segments if name == "S_NAD"), "")
        parties.setdefault(role, segments)
    return parties


def _party(segments: _Segments, role: str) -> Party | None:
    """Who it is, if they have a name."""
    fields = segments.get(("S_NAD", role), {})
    if "D_3036" not in fields:
        return None
    tax_number = _text(segments, "S_RFF", "VA", "D_1154")
    return Party(
        name=fields["D_3036"],
        street=", ".join(_numbered(fields, "D_3042")),
        post_code=fields.get("D_3251", ""),
        town=fields.get("D_3164", ""),
        tax_number=tax_number or _text(segments, "S_RFF", "AHP", "D_1154"),
    )


def _note(texts: list[etree._Element]) -> str:
    lines: list[str] = []
    for element in texts:
        for _, fields in _stream(element):
            if fields.get("D_4451") == "GEN":
                lines += _numbered(fields, "D_4440")
    return "\n".join(lines)


def _numbered(fields: _Fields, name: str) -> list[str]:
    """A text that goes on in elements of the same name with a number."""
    return [text for one, text in fields.items() if one.startswith(name)]


def _lines(groups: list[etree._Element]) -> Iterator[Line]:
    for number, group in enumerate(groups, 1):
        try:
            yield _line(_children(group))
        except BadInvoice as error:
            raise BadInvoice(f"{number}. postavka: {error}") from None


def _line(parts: _Children) -> Line:
    said = _segments(chain.from_iterable(parts[name] for name in _IN_LINE))
    vat: _Segments = next(_vat_groups(parts["G_SG34"]), {})
    rate = _rate(vat)
    item = said.get(("S_IMD", "F"), {})
    quantity = said.get(("S_QTY", "47"), {})
    return Line(
        description=required(item.get("D_7008", ""), "opis (S_IMD F/C_C273/D_7008)"),
        quantity=_number(quantity, "D_6060", "količina (S_QTY 47)"),
        unit=quantity.get("D_6411", ""),
        price=_price(said, parts["G_SG39"]),
        vat_rate=rate,
        **_line_cents(said, vat, rate),
        supply_point=code(_text(said, "S_RFF", "AVE", "D_1154"), "odjemno mesto"),
        meter=code(_text(said, "S_RFF", "MG", "D_1154"), "vodomer"),
        old_value=_number(said.get(("S_MEA", "OLD"), {}), "D_6314", "staro stanje (S_MEA OLD)"),
        new_value=_number(said.get(("S_MEA", "NEW"), {}), "D_6314", "novo stanje (S_MEA NEW)"),
    )


_IN_LINE = ("S_IMD", "S_MEA", "S_QTY", "G_SG27", "G_SG29", "G_SG30")


def _line_cents(said: _Segments, vat: _Segments, rate: Decimal | None) -> dict[str, int]:
    net = _amount(said, "203", "osnova")
    gross = _amount_if_said(said, "38", "znesek z DDV")
    tax = _amount_if_said(vat, "124", "DDV")
    if tax is None:
        tax = vat_cents(net, rate) if gross is None else gross - net
    if gross is None:
        gross = net + tax
    return {"net_cents": net, "vat_cents": tax, "gross_cents": gross}


def _price(said: _Segments, changes: list[etree._Element]) -> Decimal | None:
    """The price of one unit, where nothing was taken off or put on the line."""
    fields = said.get(("S_PRI", "AAA"), {})
    if "D_5118" not in fields or _changed_by(changes):
        return None
    return price(fields["D_5118"], fields.get("D_5284", ""), "cena (G_SG29/S_PRI AAA)")


def _changed_by(changes: list[etree._Element]) -> int:
    """What a line's charges put on it beyond what its allowances took off, in cents."""
    total = 0
    for change in changes:
        segments = _segments([change])
        total += _amount_if_said(segments, "23", "dodatek") or 0
        total -= _amount_if_said(segments, "204", "popust") or 0
    return total


def _vat_groups(groups: list[etree._Element]) -> Iterator[_Segments]:
    """Those of VAT; other taxes are told by the same segments."""
    for group in groups:
        segments = _segments([group])
        if _text(segments, "S_TAX", "7", "D_5153") in {"VAT", ""}:
            yield segments


def _rate(vat: _Segments) -> Decimal | None:
    text = _text(vat, "S_TAX", "7", "D_5278")
    return per_cent(text, "stopnja DDV (S_TAX/C_C243/D_5278)") if text else None


def _vat_sums(groups: list[etree._Element]) -> Iterator[VatSum]:
    """What is exempt has neither rate nor VAT."""
    for vat in _vat_groups(groups):
        yield VatSum(
            rate=_rate(vat) or Decimal(0),
            base_cents=_amount(vat, "125", "osnova za DDV (G_SG52)"),
            vat_cents=_amount_if_said(vat, "124", "DDV po stopnji (G_SG52)") or 0,
        )


def _amount(segments: _Segments, which: str, what: str) -> int:
    fields = segments.get(("S_MOA", which), {})
    what = f"{what} (S_MOA {which})"
    in_euros(fields.get("D_6345", CURRENCY), what)
    return cents(fields.get("D_5004", ""), what)


def _amount_if_said(segments: _Segments, which: str, what: str) -> int | None:
    said = "D_5004" in segments.get(("S_MOA", which), ())
    return _amount(segments, which, what) if said else None


def _number(fields: _Fields, name: str, what: str) -> Decimal | None:
    return decimal(fields[name], what) if name in fields else None


def _text(segments: _Segments, segment: str, which: str, name: str) -> str:
    return segments.get((segment, which), {}).get(name, "")


def _segments(elements: Iterable[etree._Element]) -> _Segments:
    """The segments in ``elements``: of equals the first that says more than its code."""
    found: _Segments = {}
    for element in elements:
        for name, fields in _stream(element):
            key = name, next(iter(fields.values()), "")
            if len(found.get(key, ())) < 2:
                found[key] = fields
    return found


def _stream(element: etree._Element) -> list[tuple[str, _Fields]]:
    """The segments as EDIFACT sends them, one after the other; groups and composites vanish."""
    stream: list[tuple[str, _Fields]] = []
    fields: _Fields = {}
    for part in element.iter():
        name = _name(part.tag)
        if name[0] == "D":
            if text := " ".join((part.text or "").split()):
                fields.setdefault(name, _short(text, name))
        elif name[0] == "S":
            fields = {}
            stream.append((name, fields))
    return stream


@lru_cache(maxsize=1024)
def _name(tag: str) -> str:
    """What `local_name` says of the element; the same few hundred tags come again and again."""
    return tag.rpartition("}")[2]


def _short(text: str, name: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise BadInvoice(f"besedilo je daljše od {LONGEST_TEXT} znakov ({name})")
    return text


# ---------------------------------------------------------------- writing

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
        _E.C_C002(_E.D_1001("381" if document.kind is Kind.CREDIT_NOTE else "380")),
        _E.C_C106(_E.D_1004(document.number)),
    )
    days = {"137": document.issued_on, "167": document.period_from, "168": document.period_to}
    yield from _written_days(days)


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
    for name, (which, _) in _OPTIONAL_SUMS.items():
        if said := getattr(content, name):
            yield _written_amount(which, said)


def _written_amount(which: str, said_cents: int) -> etree._Element:
    euros = Decimal(said_cents).scaleb(-2)
    return _E.S_MOA(_E.C_C516(_E.D_5025(which), _E.D_5004(f"{euros:.2f}")))
