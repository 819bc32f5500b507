"""What the lists of the desk are narrowed down by; the values stand in the address."""

from enum import StrEnum
from typing import TypeVar

Choice = TypeVar("Choice", bound=StrEnum)


class Access(StrEnum):
    """Whether anybody sees a customer."""

    NOW = "zdaj"
    NEVER = "nikoli"


class Stage(StrEnum):
    """How far a resident has come with their access."""

    WAITING = "neaktivirani"  # never activated
    ACTIVE = "aktivni"


class Pile(StrEnum):
    """What became of letters."""

    WAITING = "cakajo"
    REFUSED = "zavrnjena"
    SENT = "poslana"


DAYS = (1, 7, 30, 365)  # how far back a list of what is new may reach
DAYS_AT_FIRST = 7


def chosen(choices: type[Choice], text: str) -> Choice | None:
    """The one of ``choices`` that ``text`` names, or None.

    >>> chosen(Access, "zdaj"), chosen(Access, "kdaj")
    (<Access.NOW: 'zdaj'>, None)
    """
    return next((one for one in choices if one.value == text), None)


def days(text: str) -> int:
    """The number of days that ``text`` asks for; without a known one, a week.

    >>> days("30"), days("31"), days("")
    (30, 7, 7)
    """
    return next((one for one in DAYS if str(one) == text), DAYS_AT_FIRST)
