"""Units of invoice lines in words.

Electronic invoices name units by codes of UN/ECE Recommendation 20; these are the ones that
bills for water, heat, waste and building management use.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from flask_babel import gettext, ngettext


class _Counted(NamedTuple):
    """A unit that is inflected with its quantity.

    A quantity with decimals takes the form that ``fraction`` of them have: Slovenian says
    »1,5 meseca« as of two, but »1,5 ure« as of three.
    """

    words: Callable[[int], str]
    fraction: int


_SYMBOLS = {
    "MTQ": "m³",
    "MTK": "m²",
    "MTR": "m",
    "KMT": "km",
    "LTR": "l",
    "HLT": "hl",
    "KGM": "kg",
    "TNE": "t",
    "KWH": "kWh",
    "MWH": "MWh",
    "KWT": "kW",
    "MIN": "min",
    "P1": "%",
}
_PIECES = _Counted(lambda count: ngettext("piece (unit)", "pieces (unit)", count), 2)
_COUNTED = {
    **dict.fromkeys(("H87", "C62", "EA", "PCE", "NAR"), _PIECES),
    "HUR": _Counted(lambda count: ngettext("hour (unit)", "hours (unit)", count), 3),
    "DAY": _Counted(lambda count: ngettext("day (unit)", "days (unit)", count), 2),
    "WEE": _Counted(lambda count: ngettext("week (unit)", "weeks (unit)", count), 2),
    "MON": _Counted(lambda count: ngettext("month (unit)", "months (unit)", count), 2),
    "QAN": _Counted(
        lambda count: ngettext("quarter of a year (unit)", "quarters of a year (unit)", count), 3
    ),
    "ANN": _Counted(lambda count: ngettext("year (unit)", "years (unit)", count), 3),
    "E48": _Counted(lambda count: ngettext("service (unit)", "services (unit)", count), 3),
    "IE": _Counted(lambda count: ngettext("person (unit)", "persons (unit)", count), 3),
    "SET": _Counted(
        lambda count: ngettext("set of pieces (unit)", "sets of pieces (unit)", count), 2
    ),
}


def in_words(unit: str, quantity: Decimal) -> str:
    """Return ``unit`` as it is said after ``quantity``; what is not a known code stays as it is."""
    if unit in _SYMBOLS:
        return _SYMBOLS[unit]
    if unit == "LS":
        return gettext("flat rate")
    if unit not in _COUNTED:
        return unit
    words, fraction = _COUNTED[unit]
    return words(abs(int(quantity)) if quantity == int(quantity) else fraction)
