"""The counter of a meter: what was typed off it, and what two values of it mean.

Register values and consumptions are whole litres. Black digits are m³, red ones litres; a
utility bills what its meters show in black.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

Number = TypeVar("Number", int, Decimal)

M3_L = 1000
RED_DIGITS = 3  # litres, beside the black m³
MOST_DECIMALS = 6  # no water meter shows less than a millilitre
READ_WITHIN_DAYS = 62  # older periods are billed: only the office changes them


@dataclass(frozen=True)
class Register:
    """The counter of one installed meter; ``start_l`` and ``end_l`` as noted by the fitter."""

    digits: int
    decimals: int
    installed_on: date
    start_l: int
    removed_on: date | None = None
    end_l: int | None = None

    @property
    def range_l(self) -> int:
        """The value at which the register returns to 0, in litres."""
        return int(10**self.digits) * M3_L

    @property
    def step_l(self) -> int:
        """The smallest difference the bill sees, in litres: 1000 where it takes whole m³."""
        return int(10 ** (RED_DIGITS - self.decimals))


class Flaw(StrEnum):
    """Why something cannot be a reading."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    NEGATIVE = "negative"
    TOO_MANY_DIGITS = "too_many_digits"
    TOO_MANY_DECIMALS = "too_many_decimals"
    IN_FUTURE = "in_future"
    BEFORE_INSTALLED = "before_installed"
    AFTER_REMOVED = "after_removed"
    TOO_LONG_AGO = "too_long_ago"


class NotAReading(ValueError):
    """This cannot be a reading; ``code`` says why."""

    def __init__(self, code: Flaw) -> None:
        super().__init__(code.value.replace("_", " "))
        self.code = code


def parse_register(text: str, *, digits: int, decimals: int, last_l: int | None = None) -> int:
    """What was typed, in litres; raises ``NotAReading``.

    A point before exactly three digits marks either thousands or the red digits (`1.931`):
    whichever lies nearer to the value ``last_l`` before is meant.

    Only a decimal sign typed by the resident marks red digits: those beyond ``decimals`` are
    cut off, never rounded, because the bill does not use them. Up to three digits too many
    without a sign are most likely red ones; such a value is returned as typed, beyond the
    register's range, for ``judge`` to ask about.

    >>> parse_register("00467,913 m³", digits=5, decimals=0)
    467000
    >>> parse_register("467913", digits=5, decimals=0)
    467913000
    """
    whole, fraction = _typed_digits(text)
    if last_l is not None and re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", text.strip()):
        thousands_l, decimal_l = int(whole + (fraction or "")) * M3_L, int(whole) * M3_L
        if not decimals and abs(thousands_l - last_l) < abs(decimal_l - last_l):
            return thousands_l
    if len(whole) > digits + RED_DIGITS:
        raise NotAReading(Flaw.TOO_MANY_DIGITS)
    if len(fraction or "") > MOST_DECIMALS:
        raise NotAReading(Flaw.TOO_MANY_DECIMALS)
    litres = (fraction or "")[:decimals].ljust(RED_DIGITS, "0")
    return int(whole or 0) * M3_L + int(litres)


def _typed_digits(text: str) -> tuple[str, str | None]:
    """Digits before the decimal sign without leading zeros, and after it (None: no sign)."""
    compact = re.sub(r"m[3³]$", "", "".join(text.split()).casefold())
    if not compact:
        raise NotAReading(Flaw.EMPTY)
    if re.fullmatch(r"[1-9][0-9]{0,2}(\.[0-9]{3})+,[0-9]*", compact):
        compact = compact.replace(".", "")  # beside a comma, points part thousands
    number = re.fullmatch(r"([-−–]?)([0-9]*)(?:[.,]([0-9]*))?", compact)
    if number is None or not (number[2] or number[3]):
        raise NotAReading(Flaw.NOT_A_NUMBER)
    if number[1]:
        raise NotAReading(Flaw.NEGATIVE)
    return number[2].lstrip("0"), number[3]


def cut(value_l: int, step_l: int) -> int:
    """``value_l`` without what the bill does not see."""
    return value_l // step_l * step_l


def check_day(register: Register, day: date, today: date) -> None:
    """Raise ``NotAReading`` for a day on which this meter cannot have been read.

    The days of installing and of removing it both count.
    """
    if day > today:
        raise NotAReading(Flaw.IN_FUTURE)
    if day < register.installed_on:
        raise NotAReading(Flaw.BEFORE_INSTALLED)
    if register.removed_on is not None and day > register.removed_on:
        raise NotAReading(Flaw.AFTER_REMOVED)
    if (today - day).days > READ_WITHIN_DAYS:
        raise NotAReading(Flaw.TOO_LONG_AGO)


def used(
    before: Number, now: Number, *, turns_at: Number | None = None, most: Number | None = None
) -> Number | None:
    """Return the consumption between two values of one register, None where it is unknown.

    The only place that computes a consumption: it has the unit of its arguments and is never
    negative. A lower value means that the register turned over only if it left the last tenth
    of its range, which ends at ``turns_at``, and used at most ``most`` (by default a tenth of
    the range). Otherwise a value is wrong or was read off another meter. Without ``turns_at``
    the register does not turn over. Source: the register's plate.

    >>> used(99_990_000, 8_000, turns_at=100_000_000)
    18000
    >>> used(467_000, 450_000, turns_at=100_000_000) is None
    True
    """
    if now >= before:
        return now - before
    if turns_at is None or not in_last_tenth(before, turns_at):
        return None
    turned = turns_at - before + now
    return turned if turned <= (turns_at / 10 if most is None else most) else None


def in_last_tenth(value: Number, turns_at: Number) -> bool:
    """Whether the register is soon to turn over."""
    return value * 10 >= turns_at * 9
