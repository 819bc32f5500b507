"""One field for everything: what is indexed of a customer, and how a query is read.

A customer is found by a query if each of its ``words`` is the beginning of one of the customer's
``terms``. Both are made by the same splitting, so that what stands on a bill can be typed.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

LONGEST = 40  # characters of a term
MOST_WORDS = 6
_LAST_SIGN = "\U0010ffff"
_SURROGATES = range(0xD800, 0xE000)  # no text may hold them

# Letters that Unicode does not take apart.
_PLAIN = str.maketrans(
    {"đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ø": "o", "ŧ": "t", "æ": "ae", "œ": "oe"}
)
_WORD = re.compile(r"[^\W_]+")
# Words held together by hyphens and dashes, slashes or dots: most numbers and some names.
_CHUNK = re.compile(r"[^\W_]+(?:[-\u2010-\u2015\u2212/.]+[^\W_]+)*")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w.-]*")
_HOUSE = re.compile(r"\b([0-9]{1,4})\s?([a-z])\b")  # number and letter
# »ul.12«, »4.julija«: only a space was left out.
_MISSING_SPACE = re.compile(r"(?<=[^\W\d_])\.(?=\d)|(?<=\d)\.(?=[^\W\d_])")


def folded(text: str) -> str:
    """``text`` as search compares it: without case, accents and signs that nobody sees.

    >>> folded("ČREŠNJEV Đuro, Großmann")
    'cresnjev duro, grossmann'
    """
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in letters if not _is_unseen(c)).translate(_PLAIN)


def terms(*texts: str) -> set[str]:
    """The words to index for a customer's texts, of at most ``LONGEST`` characters.

    Numbers are there as they are written, in one piece and without leading zeros, e-mail
    addresses whole and in words, a house with its letter in one piece and apart.

    >>> sorted(terms("Ana Novak", "OM-0012/3"))
    ['0012', '00123', '12', '123', '3', 'ana', 'novak', 'om', 'om00123', 'om123']
    >>> sorted(terms("ana@primer.si"))
    ['ana', 'ana@primer.si', 'primer', 'si']
    >>> sorted(terms("Lipova 12 a")) == sorted(terms("Lipova 12/a")) == ['12', '12a', 'a', 'lipova']
    True
    """
    return {term[:LONGEST] for text in texts for term in _terms(folded(text))}


def words(query: str) -> list[str]:
    """The words of what was typed, at most ``MOST_WORDS``, each once; none if nothing can be found.

    A word that is the beginning of another one asks for nothing more and is left out.

    >>> words("NOVAK, Šolska ul.12"), words("no novak 0012"), words("om-0012/3"), words(" - ")
    (['novak', 'solska', 'ul', '12'], ['novak', '12'], ['om00123'], [])
    """
    typed = (_without_zeros(word)[:LONGEST] for word in _words(folded(query)))
    first = list(dict.fromkeys(typed))[:MOST_WORDS]
    return [word for word in first if not any(_is_longer(other, word) for other in first)]


def after(prefix: str) -> str:
    """Where the terms that begin with ``prefix`` end: ``prefix <= term < after(prefix)``.

    Databases must compare bytes of UTF-8, which is the order of code points. It holds for all
    terms of at most ``LONGEST`` characters.

    >>> after("nov"), after("nov\U0010ffff")
    ('now', 'now')
    """
    kept = prefix.rstrip(_LAST_SIGN)
    if not kept:
        return _LAST_SIGN * (LONGEST + 1)
    following = ord(kept[-1]) + 1
    if following in _SURROGATES:
        following = _SURROGATES.stop
    return kept[:-1] + chr(following)


# ---------------------------------------------------------------- splitting


def _terms(text: str) -> Iterator[str]:
    for number, letter in _HOUSE.findall(text):
        yield from (number + letter, letter)
    for form in (*_emails(text), *_forms(text)):
        yield from (form, _without_zeros(form))


def _forms(text: str) -> Iterator[str]:
    """The parts of every chunk, and what may be typed of it in one piece, from each part on."""
    for chunk in _CHUNK.findall(text):
        parts = _WORD.findall(chunk)
        yield from parts
        if _has_digit(chunk) or any(len(part) == 1 for part in parts[:-1]):
            bare = [_without_zeros(part) for part in parts]
            for start in range(len(parts)):
                yield "".join(parts[start : start + LONGEST])
                yield "".join(bare[start : start + LONGEST])


def _words(text: str) -> Iterator[str]:
    yield from _emails(text)
    for chunk in _CHUNK.findall(_MISSING_SPACE.sub(" ", _EMAIL.sub(" ", text))):
        parts = _WORD.findall(chunk)
        yield from ["".join(parts)] if _is_one(chunk, parts) else parts


def _emails(text: str) -> Iterator[str]:
    for email in _EMAIL.findall(text):
        yield email.strip("+.-")


def _is_one(chunk: str, parts: list[str]) -> bool:
    """Whether a chunk that was typed is one thing: a number, or »d.o.o.«, but not »Novak-Kos«."""
    return _has_digit(chunk) or any(len(a) == len(b) == 1 for a, b in pairwise(parts))


def _has_digit(chunk: str) -> bool:
    return any(map(str.isdigit, chunk))


def _without_zeros(word: str) -> str:
    return word.lstrip("0") or word


def _is_longer(word: str, beginning: str) -> bool:
    return word != beginning and word.startswith(beginning)


def _is_unseen(sign: str) -> bool:
    """A combining mark, or a soft hyphen and its like."""
    return unicodedata.combining(sign) > 0 or unicodedata.category(sign) in {"Cf", "Mn", "Me"}
