"""Finding the customers that payments may be from, for all payments of a page at once.

The queries are as many for fifty payments as for one. However common their words are, and
however many customers there are, only so much of the tables is looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

from sqlalchemy import CTE, String, column, exists, func, select, values
from sqlalchemy.orm import aliased

from ..billing.models import Invoice
from ..extensions import db
from ..ledger.models import BankPayment, LedgerEntry
from ..search.models import SearchTerm
from ..values import references
from . import queries
from .queries import CustomerSeen
from .rules import MOST, Candidate, Clues, Likely, Payment, Why, clues, likely

LOOKED_AT = 1_000  # customers, shared by all payments of a page
LOOKED_AT_OF_ONE = 300  # at most, of each payment
COMMON = 20_000  # customers with a word: beyond it, a word is not even counted
PROBED = 30_000  # customers with one word of whom it is asked whether they have the other, too
RAREST = 4  # words of a name, or of a text, that are tried two by two
TELLING = 50  # customers with a number: more of them, and it is a house's or a year's
PAID = 1_000  # payments of an account: one that pays more is a shop or a bank
LATEST = 5_000  # open entries, those due last, among which the amount is looked for

Found = Mapping[Any, Collection[int]]  # customers by what they were looked up by
Pair = tuple[str, str]  # of words, the rarer one first


class Guess(NamedTuple):
    """A customer whose a payment may be, why, and how much speaks for it."""

    customer: CustomerSeen
    why: tuple[Why, ...]
    points: int


class Line(NamedTuple):
    """A payment of the list with its best guess; ``is_alone``: no other is as good."""

    payment: Any
    guess: Guess | None
    is_alone: bool


def lines(payments: Sequence[Any]) -> list[Line]:
    """The payments of a page of `queries.payments`, each with its best guess."""
    found = guesses(payments)
    return [_line(row, found[row.id]) for row in payments]


def _line(row: Any, found: list[Guess]) -> Line:
    best = found[0] if found else None
    return Line(row, best, not any(other.points == found[0].points for other in found[1:]))


def guesses(payments: Sequence[Any]) -> dict[int, list[Guess]]:
    """By payment, the likely customers with why, best first and at most `rules.MOST`."""
    asked = [_asked(row) for row in payments]
    payers = _payers({one.iban for one in asked} - {""})
    chosen = _chosen(asked, payers)
    known = _known({customer_id for ids in chosen.values() for customer_id in ids})
    judged = {
        one.id: likely(one.payment, known.candidates(chosen[one.id], payers.get(one.iban, ())))
        for one in asked
    }
    return known.guesses(judged)


# ---------------------------------------------------------------- what is asked for


@dataclass(frozen=True)
class _Asked:
    """A payment, and by what its customer can be looked up.

    ``written`` are the pieces of its text and reference as they stand there.
    """

    id: int
    payment: Payment
    clues: Clues
    iban: str
    written: frozenset[str]

    @property
    def alone(self) -> set[str]:
        """Words of which one is enough: numbers, and the name of who has no other."""
        names = self.clues.names
        return {*self.clues.numbers, *(names if len(names) == 1 else ())}

    @property
    def keys(self) -> set[str]:
        """Its numbers as the reference of an invoice is compared: see `references.key`."""
        return {references.key(number) for number in self.clues.numbers} - {""}

    @property
    def amounts(self) -> set[int]:
        cents = self.clues.amount_cents
        return {cents} if cents > 0 else set()

    def pairs(self, counts: Mapping[str, int]) -> set[Pair]:
        """Two words each of the payer's name, and of the text, the rarest of them."""
        return {
            pair
            for words in (self.clues.names, self.clues.said)
            for pair in combinations(_rarest(words, counts), 2)
        }


def _asked(row: Any) -> _Asked:
    payment = Payment(row.payer_name, row.amount_cents, references.normal(row.reference), row.text)
    pieces = f"{row.text} {row.reference}".split()
    written = frozenset(piece.strip(".,;:()").upper() for piece in pieces)
    return _Asked(row.id, payment, clues(payment), row.payer_iban, written)


def _rarest(words: Iterable[str], counts: Mapping[str, int]) -> list[str]:
    """Those that any customer has, the rarest first."""
    return sorted((word for word in words if word in counts), key=lambda w: (counts[w], w))[:RAREST]


# ---------------------------------------------------------------- looking up


class _Way(NamedTuple):
    """One way of finding customers: by which keys of a payment, how, and what it is worth."""

    keys: Callable[[_Asked], Collection[Any]]
    look_up: Callable[[Collection[Any]], Found]
    worth: int


def _chosen(asked: Sequence[_Asked], payers: Found) -> dict[int, list[int]]:
    """By payment, the customers to look at closely: those that are found by most."""
    hits: dict[int, Counter[int]] = {one.id: Counter() for one in asked}
    for way in _ways(asked, payers):
        found = way.look_up({key for one in asked for key in way.keys(one)})
        for one in asked:
            for key in way.keys(one):
                hits[one.id].update(dict.fromkeys(found.get(key, ()), way.worth))
    most = min(LOOKED_AT_OF_ONE, LOOKED_AT // max(len(asked), 1))
    return {payment_id: _most_hit(counted, most) for payment_id, counted in hits.items()}


def _ways(asked: Sequence[_Asked], payers: Found) -> Sequence[_Way]:
    counts = _counts({word for one in asked for word in (*one.clues.names, *one.clues.said)})
    return (
        _Way(lambda one: one.alone, _with_word, 3),
        _Way(lambda one: one.keys, _with_reference, 3),
        _Way(lambda one: one.written, _with_invoice, 3),
        _Way(lambda one: (one.iban,), lambda _: payers, 3),
        _Way(lambda one: one.pairs(counts), lambda pairs: _with_both(pairs, counts), 1),
        _Way(lambda one: one.amounts, _with_amount, 1),
    )


def _most_hit(counted: Counter[int], most: int) -> list[int]:
    ordered = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return [customer_id for customer_id, _ in ordered[:most]]


def _counts(words: Collection[str]) -> dict[str, int]:
    """How many customers have each word, up to `COMMON`; words of nobody are not there."""
    if not words:
        return {}
    asked = _listed(words)
    some = select(SearchTerm.customer_id).where(SearchTerm.term == asked.c.key).limit(COMMON)
    rows = db.session.execute(select(asked.c.key, _number_of(some, asked)))
    return {word: number for word, number in rows if number}


def _with_word(words: Collection[str]) -> Found:
    """The customers with a word, unless very many have it."""
    if not words:
        return {}
    asked = _listed(words)
    some = select(SearchTerm.customer_id).where(SearchTerm.term == asked.c.key).limit(TELLING + 1)
    telling = select(asked.c.key).where(_number_of(some, asked) <= TELLING)
    return _grouped(
        select(SearchTerm.term, SearchTerm.customer_id).where(SearchTerm.term.in_(telling))
    )


def _with_both(pairs: Collection[Pair], counts: Mapping[str, int]) -> Found:
    """The customers who have both words of a pair; the cheapest pairs first, while they last."""
    affordable = list(_affordable(pairs, counts))
    if not affordable:
        return {}
    asked = values(column("rarer", String), column("other", String)).data(affordable).cte("asked")
    also = aliased(SearchTerm)
    rows = db.session.execute(
        select(asked.c.rarer, asked.c.other, SearchTerm.customer_id)
        .join(SearchTerm, SearchTerm.term == asked.c.rarer)
        .where(
            exists().where(also.term == asked.c.other, also.customer_id == SearchTerm.customer_id)
        )
    )
    found: dict[Pair, list[int]] = defaultdict(list)
    for rarer, other, customer_id in rows:
        found[rarer, other].append(customer_id)
    return found


def _affordable(pairs: Collection[Pair], counts: Mapping[str, int]) -> Iterator[Pair]:
    left = PROBED
    for pair in sorted(pairs, key=lambda pair: (counts[pair[0]], pair)):
        left -= counts[pair[0]]
        if left < 0 or counts[pair[0]] == COMMON:
            return
        yield pair


def _with_reference(keys: Collection[str]) -> Found:
    """The customers of open entries with these reference keys."""
    return _grouped(
        select(LedgerEntry.reference_key, LedgerEntry.customer_id).where(
            LedgerEntry.reference_key.in_(keys),
            LedgerEntry.reference_key != "",
            LedgerEntry.open_cents > 0,
        )
    )


def _with_invoice(numbers: Collection[str]) -> Found:
    """The customers of the invoices with these numbers."""
    return _grouped(select(Invoice.number, Invoice.customer_id).where(Invoice.number.in_(numbers)))


def _with_amount(amounts: Collection[int]) -> Found:
    """The customers of whom just so much is open of an entry, unless very many owe as much."""
    latest = (
        select(LedgerEntry.open_cents, LedgerEntry.customer_id)
        .where(LedgerEntry.open_cents > 0, LedgerEntry.due_on.is_not(None))
        .order_by(LedgerEntry.due_on.desc())
        .limit(LATEST)
        .subquery()
    )
    found = _grouped(select(latest).where(latest.c.open_cents.in_(amounts)))
    return {cents: ids for cents, ids in found.items() if len(ids) <= MOST}


def _payers(ibans: Collection[str]) -> Found:
    """For whom these accounts have paid before, unless they pay for the whole town."""
    if not ibans:
        return {}
    asked, has_paid = _listed(ibans), BankPayment.customer_id.is_not(None)
    some = select(BankPayment.id).where(BankPayment.payer_iban == asked.c.key, has_paid)
    private = select(asked.c.key).where(_number_of(some.limit(PAID + 1), asked) <= PAID)
    return _grouped(
        select(BankPayment.payer_iban, BankPayment.customer_id)
        .distinct()
        .where(BankPayment.payer_iban.in_(private), has_paid)
    )


def _listed(keys: Collection[str]) -> CTE:
    """A table with the one column ``key``, for a query that asks something of each."""
    return values(column("key", String)).data([(key,) for key in sorted(keys)]).cte("asked")


def _number_of(some: Any, asked: CTE) -> Any:
    """How many rows ``some`` has for a row of ``asked``."""
    rows = some.correlate(asked).subquery()
    return select(func.count()).select_from(rows).correlate(asked).scalar_subquery()


def _grouped(query: Any) -> dict[Any, set[int]]:
    """Customers by key, of a query with both."""
    found: dict[Any, set[int]] = defaultdict(set)
    for key, customer_id in db.session.execute(query):
        found[key].add(customer_id)
    return found


# ---------------------------------------------------------------- looking closely


@dataclass(frozen=True)
class _Known:
    """Customers, and what is open of them: amounts, and the numbers that name them."""

    customers: Mapping[int, CustomerSeen]
    amounts: Mapping[int, list[int]]
    numbers: Mapping[int, list[str]]

    def candidates(self, ids: Iterable[int], payers: Collection[int]) -> Iterator[Candidate]:
        """As `rules.likely` asks for them; ``payers`` are those whom the account paid for."""
        for one in map(self.customers.get, ids):
            if one:
                yield Candidate(
                    customer_id=one.id,
                    number=one.number,
                    name=one.name,
                    street=one.street,
                    town=one.town,
                    open_cents=tuple(self.amounts.get(one.id, ())),
                    total_open_cents=one.open_cents,
                    invoice_numbers=tuple(self.numbers.get(one.id, ())),
                    payer_ibans_known=one.id in payers,
                )

    def guesses(self, judged: Mapping[int, list[Likely]]) -> dict[int, list[Guess]]:
        return {
            payment_id: [
                Guess(self.customers[one.customer_id], one.why, one.points) for one in found
            ]
            for payment_id, found in judged.items()
        }


def _known(ids: Collection[int]) -> _Known:
    amounts: dict[int, list[int]] = defaultdict(list)
    numbers: dict[int, list[str]] = defaultdict(list)
    for customer_id, cents, document, key in db.session.execute(
        select(
            LedgerEntry.customer_id,
            LedgerEntry.open_cents,
            LedgerEntry.document,
            LedgerEntry.reference_key,
        ).where(LedgerEntry.customer_id.in_(ids), LedgerEntry.open_cents > 0)
    ):
        amounts[customer_id].append(cents)
        # A key is two letters and the number of the reference.
        numbers[customer_id] += filter(None, (document, key[2:]))
    return _Known({one.id: one for one in queries.customers(ids)}, amounts, numbers)
