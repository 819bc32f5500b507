"""Payment references: SI, as Slovenian banks check them, and RF, as ISO 11649 does.

Source: Združenje bank Slovenije, rules for standardised references; the models are the table of
the payment instructions that they took over.
"""

import re
from collections.abc import Sequence

from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

_MOST_DIGITS = 20  # with two hyphens these are the 22 characters that a form has room for
_MOST_PARTS = 3
_EMPTY_MODEL = "99"

# Which parts each check digit covers, from and up to; it stands behind the last of them. Who
# makes a reference may leave out the last parts.
_COVERED: dict[str, tuple[tuple[int, int], ...]] = {
    "00": (),  # P1-P2-P3
    "01": ((0, 3),),  # (P1-P2-P3)K
    "02": ((1, 2), (2, 3)),  # P1-(P2)K-(P3)K
    "03": ((0, 1), (1, 2), (2, 3)),  # (P1)K-(P2)K-(P3)K
    "04": ((0, 1), (2, 3)),  # (P1)K-P2-(P3)K
    "05": ((0, 1),),  # (P1)K-P2-P3
    "06": ((1, 3),),  # P1-(P2-P3)K
    "07": ((1, 2),),  # P1-(P2)K-P3
    "08": ((0, 2), (2, 3)),  # (P1-P2)K-(P3)K
    "09": ((0, 2),),  # (P1-P2)K-P3
    "10": ((0, 1), (1, 3)),  # (P1)K-(P2-P3)K
    "11": ((0, 1), (1, 2)),  # (P1)K-(P2)K-P3
    "12": ((0, 1),),  # (P1)K
    _EMPTY_MODEL: (),
}
_PARTS = {"12": 1, _EMPTY_MODEL: 0}  # at most, where not three

_RF = re.compile(r"RF[0-9]{2}[0-9A-Z]{1,21}")
_COMPARED = re.compile(
    rf"(?:SI(?!{_EMPTY_MODEL})[0-9]{{2}})?0*([1-9][0-9]*)|RF[0-9]{{2}}0*([1-9A-Z][0-9A-Z]*)"
)


class BadReference(ValueError):
    """No payment reference; the message is the reason, for the operator."""


def normal(text: str) -> str:
    """The reference as it is kept: upper case, without spaces, with the hyphens of SI.

    >>> normal("si05 19-1235-84503"), normal("RF45 SBO2 010"), normal(" ")
    ('SI0519-1235-84503', 'RF45SBO2010', '')
    """
    compact = "".join(text.split()).upper()
    return compact.replace("-", "") if compact.startswith("RF") else compact


def printed(text: str) -> str:
    """The reference as people read it.

    >>> printed("si121234567890120"), printed("RF45SBO2010")
    ('SI12 1234567890120', 'RF45 SBO2 010')
    """
    reference = normal(text)
    if reference.startswith("RF"):
        return " ".join(re.findall(".{1,4}", reference))
    if reference.startswith("SI"):
        return f"{reference[:4]} {reference[4:]}".rstrip()
    return reference


def key(text: str) -> str:
    """By what the reference of a payment is compared with that of an invoice, or "".

    People type the digits of an invoice under another model, without a model, without hyphens
    or without leading zeros, so none of these count. Nothing is checked and nothing raised:
    "" comes back for what is empty, SI99 or no reference at all, and must not be compared.

    >>> key("SI00 001234") == key("si12 12-34") == key("1234") == "SI1234"
    True
    >>> key("RF45 SBO2 010"), key("SI99"), key("voda")
    ('RFSBO2010', '', '')
    """
    found = _COMPARED.fullmatch("".join(text.split()).replace("-", "").upper())
    if found is None:
        return ""
    return f"SI{found[1]}" if found[1] else f"RF{found[2]}"


def check(text: str) -> None:
    """Raise ``BadReference`` for what a bank would refuse.

    A check digit is asked only of parts that are there: `SI05 98765432100` has one of three.
    """
    reference = normal(text)
    if reference.startswith("RF"):
        _check_rf(reference)
    elif reference.startswith("SI"):
        model, content = reference[2:4], reference[4:]
        _check_si(model, content.split("-") if content else [])
    else:
        raise BadReference("ni sklic SI ali RF")


def with_check_digit(model: str, *parts: str) -> str:
    """A valid SI reference out of ``parts`` without check digits; raises ``BadReference``.

    >>> with_check_digit("12", "123456789012"), with_check_digit("06", "125412", "135", "125")
    ('SI121234567890120', 'SI06125412-135-1257')
    """
    _check_parts(model, parts)
    made = list(parts)
    for first, end in _COVERED[model]:
        covered = made[first:end]
        if covered:
            made[first + len(covered) - 1] += _check_digit("".join(covered))
    _check_si(model, made)
    return f"SI{model}{'-'.join(made)}"


def rf(text: str) -> str:
    """The RF reference of ``text``: at most 21 letters and digits; raises ``BadReference``.

    >>> rf("SBO2 010")
    'RF45SBO2010'
    """
    body = "".join(text.split()).upper()
    if not _RF.fullmatch(f"RF00{body}"):
        raise _unlike_rf()
    return f"RF{mod_97_10.calc_check_digits(f'{body}RF')}{body}"


def _check_rf(reference: str) -> None:
    if not _RF.fullmatch(reference):
        raise _unlike_rf()
    if not iso11649.is_valid(reference):
        raise BadReference("kontrolni števki sklica RF nista pravi")


def _unlike_rf() -> BadReference:
    return BadReference("sklic RF sestavljajo dve kontrolni števki in 1 do 21 črk ali števk")


def _check_si(model: str, parts: Sequence[str]) -> None:
    _check_parts(model, parts)
    for first, end in _COVERED[model]:
        covered = parts[first:end]
        if not covered:
            continue
        if len(covered[-1]) == 1:
            raise BadReference(f"v {first + len(covered)}. delu je le kontrolna števka")
        digits = "".join(covered)
        if digits[-1] != _check_digit(digits[:-1]):
            raise BadReference(f"kontrolna števka v {first + len(covered)}. delu ni prava")


def _check_parts(model: str, parts: Sequence[str]) -> None:
    """Raise ``BadReference`` for what is wrong even before any check digit."""
    if model not in _COVERED:
        raise BadReference(f"neznan model SI{model}")
    if model == _EMPTY_MODEL and parts:
        raise BadReference(f"SI{_EMPTY_MODEL} mora biti brez številke")
    if model != _EMPTY_MODEL and not parts:
        raise BadReference(f"za SI{model} manjka številka")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise BadReference("dovoljene so le števke in med njimi vezaji")
    if len(parts) > (most := _PARTS.get(model, _MOST_PARTS)):
        raise BadReference(f"več vezajev kot {most - 1}")
    if sum(map(len, parts)) > _MOST_DIGITS:
        raise BadReference(f"več kot {_MOST_DIGITS} števk")


def _check_digit(digits: str) -> str:
    """Modulo 11 with weights 2, 3, 4 … from the right; 10 and 11 give 0."""
    total = sum(weight * int(digit) for weight, digit in enumerate(reversed(digits), start=2))
    return str(-total % 11 % 10)
