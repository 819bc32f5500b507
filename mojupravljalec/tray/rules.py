"""Whose a payment may be that no rule could match: the likely customers, best first, and why.

Decisions only, without a database. Nothing here books anything: somebody in the office looks at
what is said and decides. Points of single reasons are added, so more evidence never ranks lower.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from ..search.rules import folded, terms, words

MOST = 9  # customers are chosen with the keys 1 to 9
SHORTEST = 3  # signs of a number in free text: shorter ones are days and months
_LONG = 5  # signs from which on a number is hardly there by chance; years have four
_MOST_PARTS = 4  # of one number, as »2026-09-000123-1«

_WORD = re.compile(r"[^\W_]+")
_CHUNK = re.compile(r"[^\W_]+(?:\s?[-\u2010-\u2015\u2212/.]+\s?[^\W_]+)*")
# Days, months and years are neither houses nor numbers of anybody.
_DATE = re.compile(
    r"(?<![\w/.-])(?:"
    r"(?:[0-9]{1,2}\s?\.\s?)?[0-9]{1,2}\s?[-/.]\s?20[0-9]{2}\b"
    r"|[0-9]{1,2}\.\s?[0-9]{1,2}\.\s?[0-9]{2}\b"
    r"|20[0-9]{2}(?![-/.]?\w))"
)
_MODEL = re.compile(r"(?:SI|RF)[0-9]{2}")
_WITHOUT_CHECK = frozenset({"", "SI00", "SI99"})

# Neither a name nor part of one: forms of companies, titles, and how people are addressed.
_FORMS = re.compile(
    r"\b(?:d\.? ?o\.? ?o|d\.? ?n\.? ?o|d\.? ?d|k\.? ?d|s\.? ?p|z\.? ?o\.? ?o|z\.? ?b\.? ?o"
    r"|so\.? ?p|j\.? ?p)\b\.?"
)
_TITLES = frozenset(
    _WORD.findall(
        "dr mag prof prim doc spec dipl univ ing inz oec iur med g ga gdc gospod gospa druzina "
        "druzba podjetje samostojni podjetnik in ter ali"
    )
)
_HOUSE = re.compile(r"\b([0-9]{1,4})\s([a-z])\b")
# What stands in many streets' names, and is left out or abbreviated.
_STREET_WORDS = frozenset(_WORD.findall("ulica ul cesta c pot trg naselje nas na pri ob v pod nad"))
# What stands in the texts of many payments and is nobody's name.
_PAYMENT_WORDS = frozenset(
    _WORD.findall(
        "placilo placila placam placano racun racuna racuni rac voda vode vodo vodarina komunala "
        "komunale polozica poloznice mesec mesecni obrok dolg sklic stevilka stev sifra stranka "
        "stranke odjemno mesto nakazilo nakazila prenos upn znesek eur evrov leto letni januar "
        "februar marec april maj junij julij avgust september oktober november december"
    )
)


class Why(StrEnum):
    """What speaks for a customer, the strongest first."""

    INVOICE = "invoice"  # the number of an open invoice stands in the text or reference
    NUMBER = "number"  # so does the customer's number
    IBAN = "iban"  # this account has paid for the customer before
    NAME = "name"  # alike, or the customer is named in the text
    ADDRESS = "address"  # street and house stand in the text, or beside the payer's name
    AMOUNT = "amount"  # what is open of an invoice
    TOTAL = "total"  # all that is open together
    SIMILAR_NUMBER = "similar_number"  # the customer's number with one digit off or two swapped
    SURNAME = "surname"  # one word of the name: weak


_ORDER = {why: place for place, why in enumerate(Why)}
_FULL_NAME = 40  # points; of one word:
_SAME, _SLIP, _INITIAL = 10, 8, 4


@dataclass(frozen=True)
class Payment:
    """What the bank told of a payment; ``reference`` is as `values.references.normal` makes it."""

    payer_name: str
    amount_cents: int
    reference: str
    text: str


@dataclass(frozen=True)
class Candidate:
    """A customer that it may be from: what is open of single invoices, and of all together.

    ``payer_ibans_known`` is whether the payment's account has paid for this customer before.
    """

    customer_id: int
    number: str
    name: str
    street: str
    town: str
    open_cents: tuple[int, ...]
    total_open_cents: int
    invoice_numbers: tuple[str, ...]
    payer_ibans_known: bool


@dataclass(frozen=True)
class Likely:
    """A customer with at least one reason, the strongest reason first."""

    customer_id: int
    points: int
    why: tuple[Why, ...]


@dataclass(frozen=True)
class Clues:
    """What to look up to find candidates at all; words and numbers are like `search.rules.terms`.

    ``names`` are words of the payer's name, ``said`` those of the text that may be a name: two of
    either are worth a look, as payers' addresses may stand there, too. ``numbers`` have three
    digits or more.
    """

    names: tuple[str, ...]
    said: tuple[str, ...]
    numbers: tuple[str, ...]
    amount_cents: int


def clues(payment: Payment) -> Clues:
    """By what candidates for ``payment`` can be found.

    >>> found = clues(Payment("dr. Ana NOVAK s.p.", 1250, "SI0012-00345", "VODA za Cvetka Kos"))
    >>> found.names, found.said, found.numbers
    (('ana', 'novak'), ('cvetka', 'kos'), ('1200345', '00345', '345'))
    """
    read = _Read(payment)
    said = [word for word in _name(payment.text) if word not in _PAYMENT_WORDS and len(word) > 2]
    return Clues(
        names=tuple(word for word in read.payer if len(word) > 1),
        said=tuple(said),
        numbers=tuple(n for n in read.numbers if sum(map(str.isdigit, n)) >= SHORTEST),
        amount_cents=payment.amount_cents,
    )


def likely(payment: Payment, candidates: Iterable[Candidate]) -> list[Likely]:
    """The candidates for whom anything speaks, best first, at most ``MOST``; ties by number."""
    read = _Read(payment)
    weighed = [(_weighed(read, candidate), candidate) for candidate in candidates]
    weighed.sort(key=lambda one: (-one[0].points, one[1].number, one[1].customer_id))
    return [found for found, _ in weighed if found.why][:MOST]


def _weighed(read: "_Read", candidate: Candidate) -> Likely:
    points = dict(_evidence(read, candidate))
    why = sorted(points, key=_ORDER.__getitem__)
    return Likely(candidate.customer_id, sum(points.values()), tuple(why))


def _evidence(read: "_Read", candidate: Candidate) -> Iterator[tuple[Why, int]]:
    """Every reason, once, with its points."""
    amount_cents = read.payment.amount_cents
    if invoice := max((_invoice(read, one) for one in candidate.invoice_numbers), default=0):
        yield Why.INVOICE, invoice
    yield from _number(read, candidate.number)
    if candidate.payer_ibans_known:
        yield Why.IBAN, 70
    yield from _named(read, candidate.name)
    if address := _address(read, candidate):
        yield Why.ADDRESS, address
    if amount_cents > 0 and amount_cents in candidate.open_cents:
        yield Why.AMOUNT, 20
    if amount_cents > 0 and amount_cents == candidate.total_open_cents:
        yield Why.TOTAL, 20


# ---------------------------------------------------------------- what was written


class _Read:
    """A payment as it is compared; read once for all candidates."""

    def __init__(self, payment: Payment) -> None:
        self.payment = payment
        self.payer = _name(payment.payer_name)
        self.said = frozenset(_name(payment.text))
        told = [form for form in _numbers(_undated(payment.text)) if len(form) >= SHORTEST]
        self.numbers = tuple(dict.fromkeys((*_referred(payment.reference), *told)))

    @cached_property
    def forms(self) -> dict[str, int]:
        """How long every number is as it was written, by the number without leading zeros."""
        longest: dict[str, int] = {}
        for number in self.numbers:
            bare = _bare(number)
            longest[bare] = max(len(number), longest.get(bare, 0))
        return longest

    @cached_property
    def words(self) -> set[str]:
        """Words of the text and of the payer's name, to which banks add the address."""
        return terms(_undated(self.payment.payer_name), _undated(self.payment.text))


def _undated(text: str) -> str:
    return _DATE.sub(" ", folded(text))


def _referred(reference: str) -> list[str]:
    """The numbers in a reference, also without what may be a check digit.

    A short one counts only if there is nothing else.
    """
    compact = "".join(reference.split()).upper()
    found = _MODEL.match(compact)
    model = found[0] if found else ""
    forms = list(_numbers(folded(compact.removeprefix(model))))
    if model not in _WITHOUT_CHECK:
        forms += [form[:-1] for form in forms if len(form) >= _LONG]
    return [form for form in forms if len(form) >= SHORTEST] or forms


def _numbers(text: str) -> Iterator[str]:
    """The parts of every number, and neighbours in one piece, each also without zeros."""
    for chunk in _CHUNK.findall(text):
        parts = _WORD.findall(chunk)
        runs = ["".join(parts[a:b]) for a in range(len(parts)) for b in _ends(a, len(parts))]
        digits = [run for part in parts for run in re.findall("[0-9]+", part)]
        for number in (*runs, *digits):
            if any(map(str.isdigit, number)):
                yield from (number, _bare(number))


def _ends(start: int, parts: int) -> range:
    longest = min(parts, start + _MOST_PARTS)
    return range(longest, start, -1)


def _bare(number: str) -> str:
    return number.lstrip("0") or number


def _key(number: str) -> str:
    """A number as it is compared: letters and digits without leading zeros."""
    return _bare("".join(_WORD.findall(folded(number))))


# ---------------------------------------------------------------- numbers


def _invoice(read: _Read, number: str) -> int:
    length = read.forms.get(_key(number), 0)
    return 0 if length <= SHORTEST else 130 if length >= _LONG else 50


def _number(read: _Read, number: str) -> Iterator[tuple[Why, int]]:
    key = _key(number)
    if key and key in read.forms:
        yield Why.NUMBER, 120 if read.forms[key] >= _LONG else 60
    elif any(_is_one_off(key, written) for written in read.forms):
        yield Why.SIMILAR_NUMBER, 15


def _is_one_off(one: str, other: str) -> bool:
    """Whether one sign is off, or two neighbours are swapped; short words prove nothing."""
    if len(one) != len(other) or len(one) <= SHORTEST:
        return False
    off = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return len(off) == 1 or _is_swapped(one, other, off)


def _is_swapped(one: str, other: str, off: Sequence[int]) -> bool:
    if len(off) != 2 or off[1] - off[0] != 1:
        return False
    first, second = off
    return one[first] == other[second] and one[second] == other[first]


# ---------------------------------------------------------------- names and addresses


def _name(text: str) -> list[str]:
    """The words of a name without numbers, titles and forms of companies.

    >>> _name("Vodnjak Kovač, d.o.o."), _name("NOVAK A., dipl. inž.")
    (['vodnjak', 'kovac'], ['novak', 'a'])
    """
    plain = _FORMS.sub(" ", folded(text))
    found = dict.fromkeys(_WORD.findall(plain))
    return [word for word in found if word.isalpha() and word not in _TITLES]


def _named(read: _Read, name: str) -> Iterator[tuple[Why, int]]:
    """A customer whom the text names is meant; a payer may pay for somebody else."""
    names = _name(name)
    if len(names) > 1 and read.said.issuperset(names):
        yield Why.NAME, _FULL_NAME + 5
        return
    alike = _alike(names, read.payer)
    if len(alike) > 1 or (alike and names == read.payer):
        yield Why.NAME, sum(alike) * _FULL_NAME // (10 * min(len(names), len(read.payer)))
    elif alike and alike[0] > _INITIAL:
        yield Why.SURNAME, alike[0] // 2


def _alike(names: list[str], others: list[str]) -> list[int]:
    """How well words of one name fit those of the other, each used once, the best first."""
    left, rest, fits = list(others), list(names), []
    for fit, are_alike in ((_SAME, str.__eq__), (_SLIP, _is_slip), (_INITIAL, _is_initial)):
        for word in list(rest):
            other = next((other for other in left if are_alike(word, other)), None)
            if other is not None:
                left.remove(other)
                rest.remove(word)
                fits.append(fit)
    return fits


def _is_initial(one: str, other: str) -> bool:
    return one[0] == other[0] and len(one) != len(other) and min(len(one), len(other)) == 1


def _is_slip(one: str, other: str) -> bool:
    """Whether one letter was changed, left out or added, or two neighbours were swapped."""
    if min(len(one), len(other)) <= SHORTEST or abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        return _is_one_off(one, other)
    return _is_one_more(one, other) or _is_one_more(other, one)


def _is_one_more(long: str, short: str) -> bool:
    """Whether ``long`` is ``short`` with one sign more."""
    return any(long[:place] + long[place + 1 :] == short for place in range(len(long)))


def _address(read: _Read, candidate: Candidate) -> int:
    """More than nothing if street and house stand there; »ulica« and the like need not."""
    street = _HOUSE.sub(r"\1\2", folded(candidate.street))
    told = [word for word in words(street) if word not in _STREET_WORDS]
    has_both = any(w[0].isdigit() for w in told) and any(w[0].isalpha() for w in told)
    if not has_both or not read.words.issuperset(told):
        return 0
    town = words(candidate.town)
    return 35 if town and read.words.issuperset(town) else 30
