"""What makes an address the same and a password good enough; which link still works."""

import gzip
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

LONGEST_PASSWORD = 128
ACTIVATION_LASTS = timedelta(days=3)
RESET_LASTS = timedelta(hours=1)
WRONG_CODES = 5  # typed activation codes for one letter: 5 of a million
SIGNED_IN_LASTS = timedelta(days=90)


class NotAnAddress(ValueError):
    """The text cannot be an e-mail address."""


def tidy_email(text: str) -> str:
    """The address in its usual form, IDN in letters. Raises NotAnAddress."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError as wrong:
        raise NotAnAddress(str(wrong)) from wrong


def email_key(email: str) -> str:
    """How addresses are compared: folded, the domain as the DNS knows it.

    >>> email_key("Ana@Žaga.si") == email_key("ANA@xn--aga-b3a.si")
    True
    """
    address = validate_email(email.strip(), check_deliverability=False)
    return f"{address.local_part.casefold()}@{(address.ascii_domain or '').casefold()}"


def tidy_name(text: str) -> str:
    """A person's name on one line, without the signs that turn text around or break letters."""
    line = re.sub(r"\s+", " ", text)
    printable = "".join(s for s in line if unicodedata.category(s) not in {"Cc", "Cf", "Zl", "Zp"})
    return re.sub(r"\s+", " ", printable).strip()


def kept_password(typed: str) -> str:
    """Return a new password as it is hashed: NFC, without one space that a phone added behind it.

    >>> kept_password("z\N{COMBINING CARON}aba ") == "\N{LATIN SMALL LETTER Z WITH CARON}aba"
    True
    """
    return unicodedata.normalize("NFC", typed).removesuffix(" ")


def password_candidates(typed: str) -> tuple[str, ...]:
    """Return the one to three passwords that ``typed`` may stand for, the likeliest first.

    How many there are follows from ``typed`` alone, never from the account.

    >>> password_candidates("lipa"), password_candidates("lipa ")
    (('lipa',), ('lipa ', 'lipa'))
    """
    normal = unicodedata.normalize("NFC", typed)
    return tuple(dict.fromkeys((normal, typed, normal.removesuffix(" "))))


class Weakness(StrEnum):
    """Why a password is not good enough."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    COMMON = "common"
    PERSONAL = "personal"


def weakness(password: str, *, least: int, personal: tuple[str, ...]) -> Weakness | None:
    """The first reason against ``password``, or None. There are no rules of composition.

    ``personal``: words that an acquaintance would try, such as names and the address.
    """
    folded = password.casefold()
    if len(password) < least:
        return Weakness.TOO_SHORT
    if len(password) > LONGEST_PASSWORD:
        return Weakness.TOO_LONG
    if folded in _common():
        return Weakness.COMMON
    # Digits and signs around a word make it no better.
    core = _letters(folded)
    if core in _SLOVENIAN:
        return Weakness.COMMON
    return Weakness.PERSONAL if len(core) > 2 and core in _joined(personal) else None


def _joined(phrases: tuple[str, ...]) -> set[str]:
    """The words of ``phrases``, the phrases, and any two of these run together."""
    words = {_letters(word) for phrase in phrases for word in re.split(r"[\W_]+", phrase)}
    words |= {_letters(phrase) for phrase in phrases}
    return words | {one + two for one in words for two in words}


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalpha())


# What the international list lacks: passwords by letters alone.
_SLOVENIAN = frozenset(
    {"geslo", "gesla", "mojegeslo", "vodomer", "voda", "racun", "račun", "slovenija", "ljubljana"}
    | {"maribor", "domov", "ljubim", "ljubezen", "sonce", "mucek", "zivjo", "živjo", "nevem"}
)


@cache
def _common() -> frozenset[str]:
    """The 19,641 commonest passwords (Django's list, BSD licence, from R. Elie's research)."""
    path = Path(__file__).with_name("common_passwords.txt.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return frozenset(line.strip() for line in lines)


class LinkState(StrEnum):
    """What became of a mailed link."""

    GOOD = "good"
    USED = "used"
    REPLACED = "replaced"
    EXPIRED = "expired"
    BROKEN = "broken"  # not whole, as when a mail program cut it


@dataclass(frozen=True)
class LinkLife:
    """The moments that decide about a link."""

    created_at: datetime
    used_at: datetime | None
    replaced_at: datetime | None

    def state(self, now: datetime, lasts: timedelta) -> LinkState:
        """Used goes before replaced goes before expired: the kindest true answer first."""
        if self.used_at:
            return LinkState.USED
        if self.replaced_at:
            return LinkState.REPLACED
        return LinkState.GOOD if now < self.created_at + lasts else LinkState.EXPIRED


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str) -> str:
    """A browser as its owner would call it, as »Chrome, Android«; empty if unknown."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return ", ".join(filter(None, (browser, system)))
