"""What electronic invoices of every format say: exact values, or BadInvoice.

Reasons are for the operator, in Slovenian; ``what`` in them names the place in the document.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

from ..values import money
from .document import Document, Kind

LONGEST_TEXT = 512  # as in the schema
LONGEST_CODE = 70
FIRST_YEAR, LAST_YEAR = 1900, 2100
CURRENCY = "EUR"
CORRECTED_INVOICE = "384"  # of UNTDID 1001: it says anew what an earlier invoice said

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


class BadInvoice(Exception):
    """What cannot be an invoice of ours; the message is for the operator."""


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
        said = date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise _bad(text, what, "ni datum, kot je 2026-11-22") from None
    if not FIRST_YEAR <= said.year <= LAST_YEAR:
        raise _bad(text, what, f"leto ni med {FIRST_YEAR} in {LAST_YEAR}")
    return said


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


def corrected(codes: Sequence[str], what: str) -> str:
    """The number of the one invoice that a corrected invoice replaces. Raises BadInvoice."""
    if not codes:
        raise BadInvoice(f"popravljeni račun ({CORRECTED_INVOICE}) ne navaja računa: manjka {what}")
    if len(codes) > 1:
        raise BadInvoice(f"popravljeni račun ({CORRECTED_INVOICE}) navaja več računov: {what}")
    return code(codes[0], what)


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
    if document.kind is Kind.INVOICE and document.corrects and document.gross_cents < 0:
        # It might as well be what is taken off the earlier one.
        raise BadInvoice(f"popravljeni račun ({CORRECTED_INVOICE}) ima negativen znesek")
    if document.period_from and document.period_to and document.period_to < document.period_from:
        raise BadInvoice("obdobje se konča, preden se začne")
    return document


def _bad(text: str, what: str, reason: str) -> BadInvoice:
    return BadInvoice(f"{what}: »{text[:LONGEST_CODE]}«: {reason}")
