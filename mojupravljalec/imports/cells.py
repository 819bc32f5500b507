"""Cells of an imported table: text in, a checked value out, or a reason why not.

Dates come back as ISO text, which is how SQLite keeps them and what Postgres reads. Reasons
are for the operator, in Slovenian.
"""

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import NamedTuple

LONGEST_TEXT = 200
FIRST_YEAR, LAST_YEAR = 1900, 2100
LITRE_DECIMALS = 3
WHOLE_DIGITS = 9  # of the largest register
MOST_DECIMALS = 6
MINUS = ("-", "\N{MINUS SIGN}")

# A comma is always decimal; a point or a space may part thousands where nothing else can be
# meant. A space may be any of those that spreadsheets write.
_SPACES = str.maketrans("\u00a0\u2009\u202f", "   ")
_NUMBER = re.compile(
    r"(?P<plain>[0-9]+)(?:[.,](?P<after>[0-9]+))?"
    r"|(?P<dotted>[0-9]{1,3}(?:\.[0-9]{3})+)(?:,(?P<after_dotted>[0-9]+))?"
    r"|(?P<spaced>[0-9]{1,3}(?: [0-9]{3})+)(?:[.,](?P<after_spaced>[0-9]+))?"
)
_EITHER_WAY = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_LOCAL_DATE = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})")


class BadCell(ValueError):
    """A cell that cannot be used; the message is the reason."""


class Number(NamedTuple):
    """A decimal number as its digits. ``ambiguous``: the point may part thousands as well."""

    whole: str
    fraction: str
    ambiguous: bool


class Register(NamedTuple):
    """What a register shows, and how many decimals a meter must have to show it."""

    litres: int
    decimals: int


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """``text`` as headings are compared: no case, šumniki, spaces, underscores, hyphens.

    >>> plain("Šifra stranke") == plain("sifra_stranke")
    True
    """
    letters = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return re.sub(r"[\s_-]", "", "".join(c for c in letters if not unicodedata.combining(c)))


def text(cell: str) -> str:
    """One line of text; leading zeros stay, line breaks become spaces."""
    if not cell.isprintable():
        cell = " ".join(cell.split())
        if not cell.isprintable():
            raise BadCell("vsebuje nedovoljene znake")
    if len(cell) > LONGEST_TEXT:
        raise BadCell(f"daljše od {LONGEST_TEXT} znakov")
    return cell


def number(cell: str) -> Number:
    """A decimal number without a sign.

    >>> number("1.234,50")
    Number(whole='1234', fraction='50', ambiguous=False)
    >>> number("1.234").ambiguous
    True
    """
    cell = cell.translate(_SPACES)
    found = _NUMBER.fullmatch(cell)
    if not found:
        raise BadCell("ni število")
    whole = found["plain"] or found["dotted"] or found["spaced"]
    fraction = found["after"] or found["after_dotted"] or found["after_spaced"] or ""
    digits = whole.replace(".", "").replace(" ", "")
    return Number(digits, fraction, _EITHER_WAY.fullmatch(cell) is not None)


def register(cell: str) -> Register:
    """What a register shows: m³ in the file, litres here.

    ``12.345`` is 12 m³ and 345 litres on a meter with three decimals; on any other it may
    be 12345 m³ as well, so three decimals are asked of the meter.

    >>> register("00467"), register("467,5")
    (Register(litres=467000, decimals=0), Register(litres=467500, decimals=1))
    """
    if len(cell) <= WHOLE_DIGITS and cell.isascii() and cell.isdigit():
        return Register(int(cell) * 1000, 0)
    whole, fraction, ambiguous = number(cell)
    fraction = fraction.rstrip("0")
    if len(fraction) > LITRE_DECIMALS:
        raise BadCell("več kot tri decimalke")
    if len(whole.lstrip("0")) > WHOLE_DIGITS:
        raise BadCell(f"več kot {WHOLE_DIGITS} mest")
    litres = int(whole) * 1000 + int(fraction.ljust(LITRE_DECIMALS, "0"))
    return Register(litres, LITRE_DECIMALS if ambiguous else len(fraction))


@lru_cache(maxsize=65_536)
def decimal(cell: str) -> str:
    """A decimal number as text with a point, with the decimals it was given.

    >>> decimal("0,7820"), decimal("-12"), decimal("1.234,5")
    ('0.7820', '-12', '1234.5')
    """
    sign = "-" if cell[:1] in MINUS else ""
    whole, fraction, ambiguous = number(cell[len(sign) :].lstrip())
    if ambiguous:
        raise BadCell("dvoumna pika: so to tisočice ali decimalke")
    if len(whole) > WHOLE_DIGITS or len(fraction) > MOST_DECIMALS:
        raise BadCell("preveč mest")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def percent(cell: str) -> str:
    """A rate in per cent, with or without the sign."""
    return decimal(cell.removesuffix("%").rstrip())


@lru_cache(maxsize=65_536)
def money(cell: str) -> int:
    """An amount in euros, in cents.

    >>> money("1.234,50"), money("-0,5")
    (123450, -50)
    """
    text = decimal(cell.removesuffix("€").removesuffix("EUR").rstrip())
    whole, _, fraction = text.partition(".")
    if len(fraction.rstrip("0")) > 2:
        raise BadCell("več kot dve decimalki")
    cents = int(whole.lstrip("-")) * 100 + int(fraction[:2].ljust(2, "0"))
    return -cents if text.startswith("-") else cents


def fits(shown: Register, *, digits: int, decimals: int) -> str:
    """Why a meter with ``digits`` and ``decimals`` cannot show it, or ""."""
    if shown.decimals > decimals:
        return f"več decimalk, kot jih ima vodomer ({decimals})"
    if shown.litres >= 1000 * 10**digits:
        return f"več mest, kot jih ima vodomer ({digits})"
    return ""


@lru_cache(maxsize=4096)
def day(cell: str) -> str:
    """A date of the calendar, as ISO text.

    >>> day("22. 11. 2026"), day("2026-11-22")
    ('2026-11-22', '2026-11-22')
    """
    if iso := _ISO_DATE.fullmatch(cell):
        parts = iso.group(1, 2, 3)
    elif local := _LOCAL_DATE.fullmatch(cell.translate(_SPACES)):
        parts = local.group(3, 2, 1)
    else:
        raise BadCell("ni datum, kot je 22.11.2026 ali 2026-11-22")
    try:
        found = date(*map(int, parts))
    except ValueError:
        raise BadCell("tega dne ni v koledarju") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise BadCell(f"leto ni med {FIRST_YEAR} in {LAST_YEAR}")
    return found.isoformat()


def whole(least: int, most: int, cell: str) -> int:
    """A whole number from ``least`` to ``most``."""
    if not (cell.isascii() and cell.isdigit() and len(cell) <= WHOLE_DIGITS):
        raise BadCell("ni celo število")
    if not least <= int(cell) <= most:
        raise BadCell(f"ni med {least} in {most}")
    return int(cell)


def year(cell: str) -> int:
    """A year, also when given as a day of it."""
    if cell.isascii() and cell.isdigit():
        return whole(FIRST_YEAR, LAST_YEAR, cell)
    return int(day(cell)[:4])
