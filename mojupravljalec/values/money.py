"""Money and decimals: exact in, and written as Slovenian bills write them (»1.234,50«)."""

from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

NBSP = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_CENT = Decimal("0.01")
_SWAPPED = str.maketrans(",.-", f".,{_MINUS}")
# Eighteen digits of cents are what a BIGINT holds; more are refused like half a cent.
_EXACT = Context(prec=18, traps=[Inexact, InvalidOperation])


def cents(amount: str | Decimal) -> int:
    """An amount in euros as whole cents; text has a decimal point, as in XML.

    Raises ValueError where ``amount`` is no number, has part of a cent, or is 10^16 or more.

    >>> cents("12.5"), cents(Decimal("-0.010"))
    (1250, -1)
    """
    try:
        exact = Decimal(amount).quantize(_CENT, context=_EXACT)
        return int(exact.scaleb(2))
    except Inexact:
        raise ValueError("znesek ima del centa") from None
    except (InvalidOperation, ValueError):
        raise ValueError("ni znesek") from None


def half_up(value: Decimal) -> int:
    """Euros to the nearest cent; half a cent goes away from zero, in credit notes too.

    Raises InvalidOperation from 10^26 on. Source: Slovenian bills round every line like this
    and add up what was rounded, as EN 16931 asks (BR-DEC-23, BR-CO-10).

    >>> half_up(Decimal("0.125")), half_up(Decimal("-0.125"))
    (13, -13)
    """
    return int(value.quantize(_CENT, ROUND_HALF_UP).scaleb(2))


def written(cents: int, *, sign: bool = False) -> str:
    """Euros with two decimals; ``sign`` puts a plus before what is more than nothing.

    >>> written(123450), written(771, sign=True)
    ('1.234,50', '+7,71')
    """
    whole, rest = divmod(abs(cents), 100)
    text = f"{whole:,}".replace(",", ".") if whole > 999 else str(whole)
    before = _MINUS if cents < 0 else "+" if sign and cents else ""
    return f"{before}{text},{rest:02}"


def euros(cents: int, *, sign: bool = False) -> str:
    """As ``written``, with the sign of the euro that stays on the same line."""
    return f"{written(cents, sign=sign)}{NBSP}€"


def decimal_written(value: Decimal, places: int | None = None) -> str:
    """``value`` with a comma, points between thousands and a true minus.

    It has ``places`` decimals, rounded half away from zero, or as many as it needs.

    >>> decimal_written(Decimal("0.782"), 4), decimal_written(Decimal("12.00"))
    ('0,7820', '12')
    """
    if places is not None:
        value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{value or abs(value):,f}"  # nothing has no minus
    if places is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.translate(_SWAPPED)


def price(value: Decimal) -> str:
    """A price with four decimals, or with more where it has more.

    >>> price(Decimal("0.782")), price(Decimal("0.00125"))
    ('0,7820', '0,00125')
    """
    exponent = value.normalize().as_tuple().exponent
    return decimal_written(value, max(4, -exponent if isinstance(exponent, int) else 0))
