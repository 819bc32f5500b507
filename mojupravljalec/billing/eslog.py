"""e-SLOG 2.0, the Slovenian electronic invoice, read into a document.

Source: the schema eSLOG20_INVOIC_v200.xsd of Gospodarska zbornica Slovenije, and EN 16931, whose
terms it carries. An e-SLOG is an EDIFACT message in XML: segments (S_) that mostly begin with a
code, alone or in groups (G_).

The object of a line (S_RFF AVE) is read as its supply point. What the standard has no place for
is read where the schema lets ``eslog_writer`` write it: S_RFF MG is the serial of the meter,
S_MEA OLD and S_MEA NEW in D_6314 are what it showed at the start and at the end of the period.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import chain

from lxml import etree

from ..values import iban, references
from ..values.safe_xml import local_name
from .document import Content, Document, Kind, Line, Party, VatSum
from .said import (
    CORRECTED_INVOICE,
    CURRENCY,
    LONGEST_TEXT,
    BadInvoice,
    cents,
    checked,
    code,
    corrected,
    day,
    decimal,
    in_euros,
    kind,
    per_cent,
    price,
    required,
    vat_cents,
)

_NAMESPACE = "urn:eslog:2.00"
_MESSAGE = "M_INVOIC"

_Children = dict[str, list[etree._Element]]  # by name
_Fields = dict[str, str]  # elements (D_) by name
_Segments = dict[tuple[str, str], _Fields]  # by name and by the code with which they begin


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
    type_code = begins.get("D_1001", "")
    is_kind = kind(type_code, "vrsta računa (S_BGM/C_C002/D_1001)")
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
        corrects=_corrects(parts["G_SG1"], is_kind, type_code),
        content=Content(
            lines=tuple(_lines(parts["G_SG26"])),
            vat=tuple(_vat_sums(parts["G_SG52"])),
            **{name: _amount_if_said(sums, *which) or 0 for name, which in OPTIONAL_SUMS.items()},
            seller=_party(seller, "SE"),
            payer=_party(buyer, "BY"),
            note=_note(parts["S_FTX"]),
        ),
    )


OPTIONAL_SUMS = {
    "allowances_cents": ("260", "popusti"),
    "charges_cents": ("259", "dodatki"),
    "prepaid_cents": ("113", "predplačilo"),
    "rounding_cents": ("366", "zaokrožitev"),
}


def _corrects(groups: list[etree._Element], is_kind: Kind, type_code: str) -> str:
    """What a credit note takes back or a corrected invoice replaces; others name it as a hint."""
    what = "popravljeni račun (G_SG1/S_RFF OI)"
    named = (_text(_segments([one]), "S_RFF", "OI", "D_1154") for one in groups)
    numbers = list(dict.fromkeys(filter(None, named)))
    if is_kind is Kind.CREDIT_NOTE:
        return code(numbers[0], what) if numbers else ""
    return corrected(numbers, what) if type_code == CORRECTED_INVOICE else ""


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
