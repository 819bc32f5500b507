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
# A sign that touches a letter, as none does in words. »†« marks the deceased; »®« see below.
_IMPOSSIBLE = re.compile(f"[©®¬¦§¶]{_LETTER}|{_LETTER}[©¬¦§¶]")
_SPLIT = f"{_LETTER}[«»]{_LETTER}"
# By encoding, what its Slovenian letters or quotes become: letters of other languages, and »ć« or
# signs where no name has them. »®« after a capital letter may be the Ž of KRIŽ; after a small one
# it is a trade mark, unless »Ż« says that both are quotes.
_IMPROBABLE = {
    "iso-8859-2": re.compile(rf"[ąľ]|(?![a-zčćđ]){_LETTER}®|{_SPLIT}"),
    "cp852": re.compile(
        rf"[źŹç]|{_LETTER}†|Ż[^Ż]*®|{_SPLIT}"
        rf"|(?<!\w)ć(?={_LETTER})|[A-ZČĆĐ]ć(?=[A-ZČĆĐ])|[A-ZČĆĐ]{{2}}ć"
    ),
}
# What no Slovenian text in the encoding becomes: control characters in ISO 8859-2; in CP852 »Ŕ«,
# the corner of a frame, and capitals of other languages.
_RULES_OUT = {
    "iso-8859-2": re.compile("[€‚„…†‡‰Š‹ŚŤŽŹ‘’“”•–—™š›śťžź]"),
    "cp852": re.compile("[šžŠŽčČ]"),
}
# »ç« may be the š of CP852 in any name (Krašovec, Anšo), but not in these words: no Slovenian one
# has »franšois« or »gonšal« in it. Others stay in doubt, as »Barça« may be somebody called Barša:
# wrong names in the portal are worse than a file that is refused until its encoding is said.
_FOREIGN = re.compile("françois|gonçal|mendonça|lourenço|garçon|curaçao|provençal", re.IGNORECASE)
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

    What is only improbable is no reason where the text has something that it could not have in the
    encoding in question.
    """
    possible, improbable = list(_IMPROBABLE), dict[str, Doubt]()
    for number, line in enumerate(lines, 1):
        possible = [name for name in possible if not _RULES_OUT[name].search(line)]
        if not _SUSPECT.search(line):
            continue
        if found := _IMPOSSIBLE.search(line):
            return _doubt(number, line, found)
        own = _FOREIGN.sub(lambda word: word[0].replace("ç", "c"), line)
        for name in possible:
            if name not in improbable and (found := _IMPROBABLE[name].search(own)):
                improbable[name] = _doubt(number, line, found)
    doubts = [improbable[name] for name in possible if name in improbable]
    return min(doubts, key=lambda one: one.line, default=None)


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
    """How much a word looks Slovenian: letters with a caron count for it, others against.

    Quotes count for neither.
    """
    ours = len(re.findall("[čšžČŠŽđĐ]", word))
    strange = len(re.findall("[^a-zA-ZčšžČŠŽćĆđĐ0-9»«]", word))
    return ours - 3 * strange
