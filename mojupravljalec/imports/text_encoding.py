"""In which encoding a text file is: what Slovenian text in Windows-1250 cannot contain.

ISO 8859-2 and CP852 have the same letters at other places, so that a file in them can be read as
Windows-1250: »Špela« becomes »©pela« or »ćpela«.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# Names for people and programs, and Python's.
ENCODINGS = {
    "utf-8": "utf-8-sig",
    "windows-1250": "cp1250",
    "iso-8859-2": "iso8859_2",
    "cp852": "cp852",
}
_SIGNS = "©®¬¦§¶†«»"
_LETTER = r"[^\W\d_]"
_SUSPECT = re.compile(f"[{_SIGNS}ąľźŹçć]")
# A sign that touches a letter. »®« after a word is a trade mark, »†« marks the deceased.
_IMPOSSIBLE = re.compile(f"[©®¬¦§¶]{_LETTER}|{_LETTER}[©¬¦§¶]")
# Letters of other languages, and »ć« where no name has it.
_IMPROBABLE = re.compile(
    rf"[ąľźŹç]|{_LETTER}[®†]|{_LETTER}[«»]{_LETTER}|(?<!\w)ć(?={_LETTER})|[A-ZČĆĐ]ć(?=[A-ZČĆĐ])|[A-ZČĆĐ]{2}ć"
)
# These bytes are control characters in ISO 8859-2, and rare in CP852.
_WINDOWS = re.compile("[šžŠŽ]")
_WORD = re.compile(rf"[\w{_SIGNS}]+")


@dataclass(frozen=True)
class Doubt:
    """A word that is not Slovenian in Windows-1250, and what it is in a likelier encoding.

    ``encoding`` is one of `ENCODINGS`, or "" where none is likelier.
    """

    line: int
    word: str
    encoding: str
    likelier: str


def doubt(lines: Iterable[str]) -> Doubt | None:
    """Return the first word for which ``lines``, read as Windows-1250, may be in another encoding.

    Letters of other languages are no reason where the text has letters that only Windows-1250
    has at their place.
    """
    is_windows, improbable = False, None
    for number, line in enumerate(lines, 1):
        is_windows = is_windows or bool(_WINDOWS.search(line))
        if not _SUSPECT.search(line):
            continue
        if found := _IMPOSSIBLE.search(line):
            return _doubt(number, line, found)
        if not (is_windows or improbable) and (found := _IMPROBABLE.search(line)):
            improbable = _doubt(number, line, found)
    return None if is_windows else improbable


def _doubt(number: int, line: str, found: re.Match[str]) -> Doubt:
    word = next(
        (one[0] for one in _WORD.finditer(line) if one.start() <= found.start() < one.end()),
        found[0],
    )
    encoding, likelier = max(
        ((name, _as_if(word, name)) for name in ("iso-8859-2", "cp852")),
        key=lambda one: _likeness(one[1]),
    )
    if _likeness(likelier) <= _likeness(word):
        return Doubt(number, word, "", "")
    return Doubt(number, word, encoding, likelier)


def _as_if(word: str, encoding: str) -> str:
    return word.encode("cp1250").decode(ENCODINGS[encoding])


def _likeness(word: str) -> int:
    """How much a word looks Slovenian: letters with a caron count for it, others against."""
    ours = len(re.findall("[čšžČŠŽđĐ]", word))
    strange = len(re.findall("[^a-zA-ZčšžČŠŽćĆđĐ0-9]", word))
    return ours - 3 * strange
