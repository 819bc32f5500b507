"""An invoice as a document: what every format is read into and every page is written from.

Money is integer cents; quantities, prices and rates are decimals, as the document says them.
"""

import json
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """An invoice asks for money; a credit note takes an invoice back, in part or whole."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One item. ``price`` is what one ``unit`` costs in euros without VAT."""

    description: str
    quantity: Decimal | None = None
    unit: str = ""
    price: Decimal | None = None
    vat_rate: Decimal | None = None  # per cent
    net_cents: int
    vat_cents: int = 0
    gross_cents: int
    supply_point: str = ""
    meter: str = ""  # its serial
    old_value: Decimal | None = None  # m³ on the register, at the period's start and end
    new_value: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class VatSum:
    """What the lines of one VAT rate come to."""

    rate: Decimal  # per cent
    base_cents: int
    vat_cents: int


@dataclass(frozen=True, kw_only=True)
class Party:
    """Who sells or pays."""

    name: str
    street: str = ""
    post_code: str = ""
    town: str = ""
    tax_number: str = ""

    @property
    def place(self) -> str:
        """Post code and town, as on an envelope."""
        return f"{self.post_code} {self.town}".strip()


@dataclass(frozen=True, kw_only=True)
class Content:
    """What stands inside an invoice, beside its head.

    ``allowances_cents`` were taken off and ``charges_cents`` put on the sum of the lines;
    ``prepaid_cents`` was paid before, ``rounding_cents`` rounds what is left to pay. A negative
    ``prepaid_cents`` is debt of earlier invoices that this one asks for as well.
    """

    lines: tuple[Line, ...] = ()
    vat: tuple[VatSum, ...] = ()
    allowances_cents: int = 0
    charges_cents: int = 0
    prepaid_cents: int = 0
    rounding_cents: int = 0
    seller: Party | None = None
    payer: Party | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole invoice or credit note; amounts of a credit note are positive too.

    ``reference`` and ``iban`` have no spaces. ``corrects`` is the number of the invoice that a
    credit note takes back, or that a corrected invoice replaces.
    """

    number: str
    kind: Kind
    customer_number: str
    issued_on: date
    due_on: date | None
    period_from: date | None = None
    period_to: date | None = None
    reference: str = ""
    net_cents: int
    vat_cents: int
    gross_cents: int
    to_pay_cents: int
    iban: str = ""
    purpose_code: str = ""
    corrects: str = ""
    content: Content


def old_debt_cents(document: Document) -> int:
    """Return what of ``to_pay_cents`` earlier invoices have charged already."""
    if document.kind is Kind.CREDIT_NOTE or document.content.prepaid_cents >= 0:
        return 0
    own_cents = document.gross_cents + document.content.rounding_cents
    return max(document.to_pay_cents - own_cents, 0)


def to_json(content: Content) -> str:
    """``content`` as compact JSON; equal content gives equal text."""
    return json.dumps(_plain(content), ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Content:
    """The content that ``to_json`` wrote."""
    values = json.loads(text)
    values["lines"] = tuple(_line(one) for one in values.get("lines", ()))
    values["vat"] = tuple(_vat_sum(one) for one in values.get("vat", ()))
    for name in ("seller", "payer"):
        if name in values:
            values[name] = Party(**values[name])
    return Content(**values)


_LINE = tuple(field.name for field in fields(Line))
_LINE_DECIMALS = {"quantity", "price", "vat_rate", "old_value", "new_value"}


def _plain(value: Any) -> Any:
    """JSON's own types: a line is a list, other parts are objects without what is empty."""
    if isinstance(value, Line):
        return [_plain(getattr(value, name)) for name in _LINE]
    if isinstance(value, Content | VatSum | Party):
        found = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return {name: one for name, one in found.items() if one not in (None, "", 0, [])}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return format(value, "f") if isinstance(value, Decimal) else value


def _line(values: list[Any]) -> Line:
    named = dict(zip(_LINE, values, strict=True))
    for name in _LINE_DECIMALS:
        if named[name] is not None:
            named[name] = Decimal(named[name])
    return Line(**named)


def _vat_sum(values: dict[str, Any]) -> VatSum:
    return VatSum(
        rate=Decimal(values.get("rate", "0")),
        base_cents=values.get("base_cents", 0),
        vat_cents=values.get("vat_cents", 0),
    )
