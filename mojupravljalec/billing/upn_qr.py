"""The UPN QR: a payment order that the apps of Slovenian banks read off a bill.

Source: Združenje bank Slovenije, "Navodilo za pripravo izpisa UPN QR … za programerje", May 2017.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING

from ..values import iban, references

if TYPE_CHECKING:
    import segno

ENCODING = "iso-8859-2"
QUIET_MODULES = 4  # of white on every side
MOST_CENTS = 99_999_999_999  # 11 digits
ANY_PURPOSE = "OTHR"
NO_REFERENCE = "SI99"
_LONGEST_LINE = 33  # of name, street and place
_LONGEST_PURPOSE = 42
_PURPOSE_CODE = re.compile("[A-Z]{4}")

# How to write what ISO 8859-2 lacks and Unicode does not break up into letters that it has.
_WRITTEN = {
    "€": "EUR",
    **dict.fromkeys("‐‑‒–—―−•", "-"),
    **dict.fromkeys("„“”‟«»″", '"'),
    **dict.fromkeys("’‘‚‛‹›′", "'"),
    "⁄": "/",  # within ½
    **dict(zip("øØðÐħĦı", "oOdDhHi", strict=True)),
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "þ": "th",
    "Þ": "Th",
    "ẞ": "SS",
}


@dataclass(frozen=True, kw_only=True)
class Order:
    """Who is to pay what to whom; payer and payee are name, street with number, place."""

    payer: tuple[str, str, str]
    amount_cents: int
    purpose_code: str = ANY_PURPOSE
    purpose: str
    due_on: date | None
    iban: str
    reference: str
    payee: tuple[str, str, str]


class Obstacle(StrEnum):
    """Why an order cannot be paid by QR."""

    CREDIT = "credit"
    NOTHING = "nothing"
    TOO_MUCH = "too_much"
    NO_IBAN = "no_iban"
    NO_PAYER = "no_payer"
    NO_PAYEE = "no_payee"
    BAD_REFERENCE = "bad_reference"
    NO_PURPOSE = "no_purpose"


class NotPayable(ValueError):
    """There can be no QR for this order; ``code`` says why."""

    def __init__(self, code: Obstacle) -> None:
        super().__init__(code.value.replace("_", " "))
        self.code = code


def why_not(order: Order) -> Obstacle | None:
    """The first obstacle to paying by QR, or None. An empty reference is none: it is SI99."""
    return _obstacle(fitted(order))


def fitted(order: Order) -> Order:
    """The order as the QR can say it: in the letters of ISO 8859-2 and within its lengths.

    Texts that are too long end with their last whole word. A purpose code that is not four
    letters becomes OTHR, and no reference becomes SI99.
    """
    code = order.purpose_code.strip().upper()
    return replace(
        order,
        payer=_fitted_address(order.payer),
        purpose_code=code if _PURPOSE_CODE.fullmatch(code) else ANY_PURPOSE,
        purpose=_fitted_text(order.purpose, _LONGEST_PURPOSE),
        iban=iban.normal(order.iban),
        reference=references.normal(order.reference) or NO_REFERENCE,
        payee=_fitted_address(order.payee),
    )


def content(order: Order) -> str:
    """What the QR of the fitted order says: 20 fields, each closed by a line feed.

    The lengths of all fields together keep it within the 411 bytes that the standard allows.
    Raises ``NotPayable``.
    """
    order = fitted(order)
    if obstacle := _obstacle(order):
        raise NotPayable(obstacle)
    due = f"{order.due_on:%d.%m.}{order.due_on.year:04}" if order.due_on else ""
    fields = ["UPNQR", "", "", "", "", *order.payer]
    fields += [f"{order.amount_cents:011}", "", "", order.purpose_code, order.purpose]
    fields += [due, order.iban, order.reference, *order.payee]
    control_sum = sum(map(len, fields)) + len(fields)
    return "".join(f"{field}\n" for field in [*fields, f"{control_sum:03}"])


def qr(order: Order) -> "segno.QRCode":
    """The code itself: version 15, error correction M, one segment of bytes with ECI 4.

    Raises ``NotPayable``.
    """
    import segno

    return segno.make_qr(
        content(order),
        version=15,
        error="m",
        mode="byte",
        encoding=ENCODING,
        eci=True,
        boost_error=False,  # a short order would get another level than the standard's
    )


def png(order: Order, module_px: int = 8) -> bytes:
    """The code as a picture of one bit a pixel, black on white with its quiet zone.

    The same order gives the same bytes. Raises ``NotPayable``.
    """
    picture = BytesIO()
    qr(order).save(picture, kind="png", scale=module_px, border=QUIET_MODULES)
    return picture.getvalue()


def modules(order: Order) -> tuple[bytes, ...]:
    """77 rows of 77 modules without the quiet zone, 1 is black; raises ``NotPayable``."""
    return tuple(bytes(row) for row in qr(order).matrix)


def _obstacle(order: Order) -> Obstacle | None:
    found = {
        Obstacle.CREDIT: order.amount_cents < 0,
        Obstacle.NOTHING: order.amount_cents == 0,
        Obstacle.TOO_MUCH: order.amount_cents > MOST_CENTS,
        Obstacle.NO_IBAN: not iban.is_slovenian(order.iban),
        Obstacle.NO_PAYER: not all(order.payer),
        Obstacle.NO_PAYEE: not all(order.payee),
        Obstacle.BAD_REFERENCE: not _is_reference(order.reference),
        Obstacle.NO_PURPOSE: not order.purpose,
    }
    return next((obstacle for obstacle in found if found[obstacle]), None)


def _is_reference(text: str) -> bool:
    try:
        references.check(text)
    except references.BadReference:
        return False
    return True


def _fitted_address(lines: tuple[str, str, str]) -> tuple[str, str, str]:
    name, street, place = (_fitted_text(line, _LONGEST_LINE) for line in lines)
    return name, street, place


def _fitted_text(text: str, longest: int) -> str:
    letters = "".join(map(_fitted_letter, unicodedata.normalize("NFC", text)))
    line = " ".join(letters.split())
    if len(line) <= longest:
        return line
    whole_words, _, _ = line[: longest + 1].rpartition(" ")
    return whole_words or line[:longest]


def _fitted_letter(letter: str) -> str:
    """What stands for it in ISO 8859-2; "" for marks and signs that cannot be seen."""
    category = unicodedata.category(letter)
    if category == "Cc" or category.startswith("Z"):
        return " "
    if category == "Cf" or category.startswith("M"):
        return ""
    if letter in _WRITTEN or _can_say(letter):
        return _WRITTEN.get(letter, letter)
    parts = unicodedata.normalize("NFKD", letter)
    base = "".join(_WRITTEN.get(part, part) for part in parts if not unicodedata.combining(part))
    return base if base and _can_say(base) else "?"


def _can_say(text: str) -> bool:
    try:
        text.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return True
