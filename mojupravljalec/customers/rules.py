"""Customer codes: how they are made, checked and compared."""

import re
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from string import ascii_uppercase, digits
from typing import NamedTuple

# Neither 0 nor O, 1, I nor L, 2 nor Z, 5 nor S, 8 nor B: on paper they pass for each other.
SYMBOLS = "34679ACDEFGHJKMNPQRTUVWXY"
LENGTH = 11  # 25 ** 11 is just over 51 bits
# Units of 25 whose neighbours differ by a unit too: one wrong or two swapped symbols show.
WEIGHTS = (1, 2, 3, 4)

# On paper the symbols of a group pass for each other.
ALIKE = ("0O", "1IL", "2Z", "5S", "8B")
MANY_CODES = 50
SHORTEST_NUMBER, LONGEST_CUSTOMER_NUMBER = 3, 7  # digits
_SYMBOLS, _DIGITS, _LETTERS = frozenset(SYMBOLS), frozenset(digits), frozenset(ascii_uppercase)
# The year, and a number of that year: 2026-000123, 117/2026.
_INVOICE_NUMBER = re.compile(r"20\d\d\s?[-/]\s?\d+([-/]\d+)*|\d+\s?[-/]\s?20\d\d")


def code_key(text: str) -> str:
    """How a code is compared: case, spaces and hyphens (of any kind) do not matter.

    >>> code_key(" 48213–07 a ")
    '4821307A'
    """
    return "".join(sign for sign in text.upper() if sign.isalnum())


def new_access_code() -> str:
    """A fresh code of 51 random bits and a check character, as it is printed."""
    return code_from_number(secrets.randbelow(len(SYMBOLS) ** LENGTH))


def code_from_number(number: int) -> str:
    """The code that stands for ``number`` (below 25 ** 11), in groups of four.

    >>> code_from_number(0)
    '3333-3333-3333'
    """
    symbols = ""
    for _ in range(LENGTH):
        number, index = divmod(number, len(SYMBOLS))
        symbols += SYMBOLS[index]
    symbols += SYMBOLS[-_weighed(symbols) % len(SYMBOLS)]
    return "-".join(symbols[start : start + 4] for start in range(0, len(symbols), 4))


def is_ours(key: str) -> bool:
    """Return whether ``key`` has the form of a code that the portal makes.

    >>> is_ours("333333333333"), is_ours("333333333334"), is_ours("4821307A")
    (True, False, False)
    """
    if len(key) != LENGTH + 1 or not _SYMBOLS.issuperset(key):
        return False
    return (_weighed(key[:-1]) + SYMBOLS.index(key[-1])) % len(SYMBOLS) == 0


class Shape(NamedTuple):
    """What codes of one length have in common; ``symbols`` are those that occur in them."""

    length: int
    is_ours: bool
    codes: int
    symbols: str


def shapes_of(keys: Iterable[str]) -> list[Shape]:
    """Summarize codes by their length and by whether the portal made them.

    >>> shapes_of(["1234", "5670", "333333333333"])
    [Shape(length=4, is_ours=False, codes=2, symbols='01234567'), Shape(length=12, is_ours=True, \
codes=1, symbols='3')]
    """
    groups: dict[tuple[int, bool], list[str]] = defaultdict(list)
    for key in keys:
        groups[len(key), is_ours(key)].append(key)
    return [
        Shape(length, ours, len(some), "".join(sorted(set().union(*some))))
        for (length, ours), some in sorted(groups.items())
    ]


class LooksLike(StrEnum):
    """What people type instead of the code, as far as its form tells."""

    CUSTOMER_NUMBER = "customer-number"
    OTHER_NUMBER = "other-number"  # of a meter, a payment, an account
    INVOICE_NUMBER = "invoice-number"


@dataclass(frozen=True)
class Fault:
    """What is wrong with the form of a code that was typed, without any look-up.

    ``looks_like`` excludes the others. ``lengths`` are the right ones where ``typed_length`` is
    not among them; ``impossible`` are symbols that no code has, in groups that look alike on
    paper; ``is_miscopied`` says that the check character does not fit.
    """

    looks_like: LooksLike | None = None
    typed_length: int = 0
    lengths: tuple[int, ...] = ()
    impossible: tuple[str, ...] = ()
    is_miscopied: bool = False


def fault_of(text: str, shapes: Collection[Shape]) -> Fault | None:
    """Return what the form of ``text`` alone tells, given the shapes of all codes in force.

    None if a code may look like this. Where the portal made all codes, their length, symbols and
    check character are used; otherwise only the lengths and symbols that occur.

    >>> fault_of("7KQF-M2XW-9O", []).impossible
    ('0O', '2Z')
    """
    key = code_key(text)
    symbols_by_length = _symbols_by_length(shapes)
    allowed = symbols_by_length.get(len(key), _all_of(symbols_by_length.values()))
    fits_length, impossible = len(key) in symbols_by_length, set(key) - allowed
    if not key:
        return None
    if not fits_length or impossible:
        if looks_like := _looks_like(text, key, shapes):
            return Fault(looks_like=looks_like)
        return Fault(
            typed_length=len(key),
            lengths=() if fits_length else tuple(sorted(symbols_by_length)),
            impossible=tuple(_alike(impossible, allowed)),
        )
    if all(shape.is_ours for shape in shapes) and not is_ours(key):
        return Fault(is_miscopied=True)
    return None


def _symbols_by_length(shapes: Collection[Shape]) -> dict[int, frozenset[str]]:
    """Return the symbols that may occur in a code, by its length."""
    if not shapes:
        return {LENGTH + 1: _SYMBOLS}
    lengths = sorted({shape.length for shape in shapes})
    return {
        length: _all_of(_possible(shape) for shape in shapes if shape.length == length)
        for length in lengths
    }


def _possible(shape: Shape) -> frozenset[str]:
    if shape.is_ours:
        return _SYMBOLS
    if shape.codes >= MANY_CODES:
        return frozenset(shape.symbols)
    # Of a few codes, the symbols that occur would give much of the codes away.
    kinds = (kind for kind in (_DIGITS, _LETTERS) if kind & set(shape.symbols))
    return _all_of(kinds) | frozenset(shape.symbols)


def _all_of(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)


def _alike(impossible: set[str], allowed: frozenset[str]) -> list[str]:
    """Return the impossible symbols, each with those that look alike and are impossible too."""
    groups = {next((group for group in ALIKE if one in group), one) for one in impossible}
    return sorted("".join(one for one in group if one not in allowed) for group in groups)


def _looks_like(text: str, key: str, shapes: Collection[Shape]) -> LooksLike | None:
    if any(_DIGITS.issuperset(shape.symbols) for shape in shapes if not shape.is_ours):
        return None  # codes are numbers themselves
    if _INVOICE_NUMBER.fullmatch(text.strip()):
        return LooksLike.INVOICE_NUMBER
    if not key.isdecimal() or len(key) < SHORTEST_NUMBER:
        return None
    is_short = len(key) <= LONGEST_CUSTOMER_NUMBER
    return LooksLike.CUSTOMER_NUMBER if is_short else LooksLike.OTHER_NUMBER


def serial_key(text: str) -> str:
    """How a meter's serial is compared: case, spaces, hyphens and leading zeros do not matter."""
    return code_key(text).lstrip("0")


def _weighed(symbols: str) -> int:
    # The check character weighs 1; the one before it must weigh something else.
    weights = (WEIGHTS[(place + 1) % len(WEIGHTS)] for place in range(len(symbols)))
    backwards = reversed(symbols)
    return sum(weight * SYMBOLS.index(s) for weight, s in zip(weights, backwards, strict=False))
