"""Numbers of bank accounts that are paid into from Slovenia."""

import re

from stdnum import iban

# The national check makes 56 the international check digits of every Slovenian account; the
# library holds others for valid as well.
_SLOVENIAN = re.compile(r"SI56[0-9]{15}")


def normal(text: str) -> str:
    """The IBAN as it is kept: upper case, without spaces; "" for none.

    >>> normal("si56 0201 7001 4356 205")
    'SI56020170014356205'
    """
    return "".join(text.split()).upper()


def is_slovenian(text: str) -> bool:
    """Whether it is a valid account number of a Slovenian bank.

    >>> is_slovenian("SI56 0201 7001 4356 205"), is_slovenian("SI52 0310 0100 0051 063")
    (True, False)
    """
    number = normal(text)
    return _SLOVENIAN.fullmatch(number) is not None and iban.is_valid(number)


def printed(text: str) -> str:
    """The IBAN in groups of four, as people read it.

    >>> printed("SI56020170014356205")
    'SI56 0201 7001 4356 205'
    """
    return " ".join(re.findall(".{1,4}", normal(text)))
