"""What programs bring: their keys, what they ask for, and how a repeated request is known."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from ..exports.rules import Choice

TOKEN_BEGINS = "mu_"  # noqa: S105 so that a token is known where it should not be, as in a log
KEY_LASTS = timedelta(days=7)  # so long, a repeated request gets the answer of the first
LONGEST_NAME = 60  # characters: of layouts and kept headings, as in their forms
LONGEST_FILE_NAME = 200


class Scope(StrEnum):
    """What a token is good for."""

    IMPORT = "import"  # files in, and the state of every import
    EXPORT = "export"  # readings out


class Fault(NamedTuple):
    """What is wrong in a request: the query's ``parameter``, or what ``pointer`` leads to.

    The pointer is JSON's (RFC 6901), as a fragment.
    """

    detail: str
    parameter: str = ""
    pointer: str = ""

    def as_json(self) -> dict[str, str]:
        """As one of a problem's errors."""
        return {name: text for name, text in self._asdict().items() if text}


class Wrong(ValueError):
    """A request that cannot be followed; ``faults`` say why not."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults


# ---------------------------------------------------------------- tokens


def token_of(key: bytes) -> str:
    """Return the token, for a header, that carries the random bytes of ``key``."""
    return TOKEN_BEGINS + base64.urlsafe_b64encode(key).decode().rstrip("=")


def token_hash(token: str) -> str:
    """What is kept of a token. It is random, so that a plain hash gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()


def bearer(header: str | None) -> str | None:
    """The token of an ``Authorization`` header (RFC 6750), or None.

    >>> bearer("Bearer mu_4kQ"), bearer("Basic YW5h"), bearer(None)
    ('mu_4kQ', None, None)
    """
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


# ---------------------------------------------------------------- repeated requests


def repeat_key(header: str) -> str:
    """The value of an ``Idempotency-Key``, with or without quotes. Raises ValueError.

    Source: draft-ietf-httpapi-idempotency-key-header-07, section 2.1.

    >>> repeat_key('"8e03978e-40d5"')
    '8e03978e-40d5'
    """
    if not (found := re.fullmatch(r'(?:"([!#-~]{1,200})"|([!#-~]{1,200}))', header)):
        raise ValueError("The key has 1 to 200 visible ASCII signs, and no quotes within.")
    return found[1] or found[2]


def fingerprint(*parts: str) -> str:
    """Another one for every other request."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


# ---------------------------------------------------------------- parameters


def yes_no(text: str) -> bool:
    """Raises ValueError."""
    if text not in {"true", "false", "1", "0"}:
        raise ValueError("Write true or false.")
    return text in {"true", "1"}


def one_line(text: str) -> str:
    """A name as a person gave it. Raises ValueError."""
    if not (text.strip() and text.isprintable() and len(text) <= LONGEST_NAME):
        raise ValueError(f"Write 1 to {LONGEST_NAME} signs in one line.")
    return text


def page_number(text: str) -> int:
    """Raises ValueError."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise ValueError("Write a whole number from 1 on.")
    return int(text)


def mapping(text: str) -> dict[str, str]:
    """Headings by ours, as JSON says them. Raises ValueError."""
    said = parsed(text)
    if not (isinstance(said, dict) and all(isinstance(one, str) for one in said.values())):
        raise ValueError('Write an object of texts, as {"naziv": "Kupec"}.')
    return said


def parsed(text: str | bytes) -> Any:
    """What a JSON text says. Raises ValueError, also where it is nested too deep.

    Characters that no text has, as NUL and half of a surrogate pair, are refused as well.
    """
    try:
        said = json.loads(text)
        plain = json.dumps(said, ensure_ascii=False)
        plain.encode()
    except (ValueError, RecursionError):
        raise ValueError("This is not JSON.") from None
    if "\\u0000" in plain:
        raise ValueError("Texts must not contain NUL.")
    return said


def file_name(text: str) -> str:
    """The last part of a path, in one line, not too long; "" where nothing is left.

    >>> file_name("C:\\\\izvozi\\\\stranke.csv")
    'stranke.csv'
    """
    name = re.split(r"[/\\]", text)[-1]
    return "".join(filter(str.isprintable, name)).strip()[-LONGEST_FILE_NAME:]


def from_header(text: str) -> str:
    """A file's name in a header: UTF-8, as it is or with percent signs.

    >>> from_header("ra%C4%8Duni.csv")
    'računi.csv'
    """
    return unquote_to_bytes(text.encode("latin-1", "replace")).decode("utf-8", "replace")


# ---------------------------------------------------------------- headings


def known_headings(said: Mapping[str, str], known: Collection[str]) -> None:
    """Raise Wrong where ``said``, headings by ours, has one that is not among ``known``."""
    faults = [f"{ours!a} is no heading of this kind." for ours in said if ours not in known]
    if faults:
        raise Wrong(*(Fault(fault, "mapping") for fault in faults))


def mapped(said: Mapping[str, str], guessed: Mapping[str, str]) -> dict[str, str]:
    """The file's headings by ours: what is ``said``, and what was ``guessed`` of the others."""
    kept = {ours: one for ours, one in guessed.items() if one not in said.values()}
    return {**kept, **said}


# ---------------------------------------------------------------- exports


class ExportWish(NamedTuple):
    """Which readings, and the layout's name."""

    choice: Choice
    layout: str | None


def export_wish(body: Any) -> ExportWish:
    """What the body of a request asks for; a null is as if nothing was said. Raises Wrong."""
    if not isinstance(body, dict):
        raise Wrong(Fault("Write an object.", pointer="#"))
    if not set(body) <= set(_MEMBERS):
        raise Wrong(Fault(f"Only these are known: {', '.join(_MEMBERS)}.", pointer="#"))
    said, faults = {}, []
    for name, value in body.items():
        try:
            said[name] = None if value is None else _MEMBERS[name](value)
        except ValueError as wrong:
            faults.append(Fault(str(wrong), pointer=f"#/{name}"))
    if faults:
        raise Wrong(*faults)
    return ExportWish(_choice(said), said.get("layout"))


def _choice(said: Mapping[str, Any]) -> Choice:
    month, first, last = (said.get(name) for name in ("month", "from", "to"))
    with_doubtful = bool(said.get("include_doubtful"))
    if month and not (first or last):
        return Choice(counts_for=month, with_doubtful=with_doubtful)
    if month or not (first and last):
        raise Wrong(Fault("Say either month, or from and to.", pointer="#"))
    if last < first:
        raise Wrong(Fault("The last day lies before the first.", pointer="#/to"))
    return Choice(from_on=first, to_on=last, with_doubtful=with_doubtful)


def _day(value: Any) -> date:
    if not (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        raise ValueError("Write a day like 2026-11-30.")
    return date.fromisoformat(value)


def _month(value: Any) -> date:
    if not (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}", value)):
        raise ValueError("Write a month like 2026-11.")
    return date.fromisoformat(f"{value}-01")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("Write a text.")
    return one_line(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("Write true or false.")
    return value


_MEMBERS: Mapping[str, Callable[[Any], Any]] = {
    "month": _month,
    "from": _day,
    "to": _day,
    "layout": _text,
    "include_doubtful": _truth,
}
