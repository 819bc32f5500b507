"""What is paid, whose a payment is, and what a resident is told about an invoice.

Decisions only, without a database. Amounts are whole cents: debits positive, credits negative.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple

from ..values.deadlines import Deadline, Status

SHORTEST_NUMBER = 3  # of a customer number in free text: shorter ones are days and months
_FREE_MODEL = "SI00"  # what follows may be anything, without a check digit


class Origin(StrEnum):
    """Where an amount in the ledger comes from.

    A return is a payment that went back, a correction cancels an invoice that was replaced.
    """

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    RETURN = "return"
    OTHER = "other"
    CORRECTION = "correction"


_MONEY = frozenset({Origin.PAYMENT, Origin.OTHER})  # of credits: the others correct invoices


class Item(NamedTuple):
    """One amount of one customer. ``day`` is the due day of a debit, else its booking day.

    ``key`` says which invoice is meant, "" if that is not known; ``document`` is its number.
    """

    id: int
    day: date
    amount_cents: int
    key: str
    origin: str
    document: str = ""


# ---------------------------------------------------------------- settling


def settled(items: Iterable[Item]) -> dict[int, int]:
    """What is still open of every item, by id, in cents with the item's own sign.

    First a correction cancels the invoice it names, and a return takes back its payment. Then
    credits pay the invoice they name, and what is left of them pays whatever is due longest; an
    overpayment stays open. The order in which the items are given does not matter.
    """
    ordered = sorted(items, key=itemgetter(1, 0))
    left = {item.id: item.amount_cents for item in ordered}
    debits = [item for item in ordered if item.amount_cents > 0]
    credit_items = [item for item in ordered if item.amount_cents < 0]
    _cancel(ordered, left)
    _take_back(debits, credit_items, left)
    _pay_named(debits, credit_items, left)
    _pay(debits, credit_items, left)
    return left


def _pay(debits: Iterable[Item], credit_items: Iterable[Item], left: dict[int, int]) -> None:
    """Pay ``debits`` with the credits, both in the order given."""
    remaining = iter(debits)
    debit = next(remaining, None)
    for credit in credit_items:
        while debit is not None and left[credit.id]:
            paid = min(left[debit.id], -left[credit.id])
            left[debit.id] -= paid
            left[credit.id] += paid
            if not left[debit.id]:
                debit = next(remaining, None)


def _cancel(items: list[Item], left: dict[int, int]) -> None:
    """Let corrections settle exactly the invoice they cancel, before any payment does."""
    for correction in items:
        if correction.origin == Origin.CORRECTION:
            same = [one for one in items if one.document == correction.document]
            _pay(
                [one for one in same if one.amount_cents > 0],
                [one for one in same if one.amount_cents < 0],
                left,
            )


def _take_back(debits: list[Item], credit_items: list[Item], left: dict[int, int]) -> None:
    """Let returns cancel the newest payments: of their key, or of exactly their amount.

    A bank sends back a payment, never an invoice's correction; what finds no payment is a debit
    like any other.
    """
    returns = [item for item in debits if item.origin == Origin.RETURN]
    if not returns:
        return
    newest = [item for item in reversed(credit_items) if item.origin in _MONEY]
    payments = _by_key(newest)
    for key, same_key in _by_key(returns).items():
        _pay(same_key, payments.get(key, ()), left)
    _take_back_amounts([item for item in returns if not item.key], newest, left)


def _take_back_amounts(returns: list[Item], newest: list[Item], left: dict[int, int]) -> None:
    wanted: defaultdict[int, list[Item]] = defaultdict(list)
    for item in returns:
        wanted[-item.amount_cents].append(item)
    untouched: defaultdict[int, list[Item]] = defaultdict(list)
    for item in newest:
        if item.amount_cents in wanted and left[item.id] == item.amount_cents:
            untouched[item.amount_cents].append(item)
    for amount_cents, payments in untouched.items():
        _pay(wanted[amount_cents], payments, left)


def _pay_named(debits: list[Item], credit_items: list[Item], left: dict[int, int]) -> None:
    """Let credits pay debits of the same key: corrections of the invoice first."""
    named = _by_key(debits)
    for key, same_key in _by_key(credit_items).items():
        if key in named:
            _pay(named[key], sorted(same_key, key=_is_money), left)


def _is_money(item: Item) -> bool:
    return item.origin in _MONEY


def _by_key(items: Iterable[Item]) -> dict[str, list[Item]]:
    """The items that name something, in the order given."""
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.key:
            found[item.key].append(item)
    return found


# ---------------------------------------------------------------- whose payment it is


class Match(NamedTuple):
    """Whose a payment is, and ``how`` that is known: "reference", "number" or "text"."""

    customer_id: int
    how: str


def customer_of(
    reference_key: str,
    reference: str,
    text: str,
    *,
    by_reference: Mapping[str, int],
    by_number: Mapping[str, int],
) -> Match | None:
    """Whose payment this is, or None: then the office decides.

    ``reference`` is in capitals without spaces, ``reference_key`` what the known invoices in
    ``by_reference`` are compared by. ``by_number`` is what ``numbers`` made.
    """
    if reference_key and reference_key in by_reference:
        return Match(by_reference[reference_key], "reference")
    for how, tokens in (("number", _referred(reference)), ("text", _worded(text))):
        named = {by_number[form] for forms in tokens for form in _first_known(forms, by_number)}
        if len(named) == 1:
            return Match(named.pop(), how)
    return None


def numbers(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Customer ids by number, as written and without leading zeros.

    A form that could mean two customers is in it for neither of them.

    >>> numbers([("004512", 1), ("77", 2), ("077", 3)])
    {'004512': 1, '4512': 1, '077': 3}
    """
    owners: defaultdict[str, set[int]] = defaultdict(set)
    for number, customer_id in pairs:
        written = "".join(number.split()).upper()
        for form in (written, written.lstrip("0")):
            owners[form].add(customer_id)
    return {form: ids.pop() for form, ids in owners.items() if form and len(ids) == 1}


def candidates(reference: str, text: str) -> list[str]:
    """Everything in a payment that might be a customer's number, each also without leading zeros.

    Whoever looks these up should compare the stored numbers without their leading zeros too, and
    give ``numbers`` all that were found.

    >>> candidates("SI000045", "VODA 9/2026, KODA 004512")
    ['0045', '45', 'VODA', '2026', 'KODA', '004512', '4512']
    """
    tokens = (*_referred(reference), *_worded(text))
    return list(dict.fromkeys(form for forms in tokens for form in forms))


def _referred(reference: str) -> Iterator[list[str]]:
    """The forms of the number that the whole reference is, if it can be one."""
    number = reference.removeprefix(_FREE_MODEL)
    if number and (number != reference or re.fullmatch("[0-9]+", reference)):
        yield _forms(number, shortest=1)


def _worded(text: str) -> Iterator[list[str]]:
    """The forms of every word of the text that is long enough to be a number."""
    for word in re.findall(r"[^\W_]+", text.upper()):
        if len(word) >= SHORTEST_NUMBER:
            yield _forms(word, shortest=SHORTEST_NUMBER)


def _forms(token: str, *, shortest: int) -> list[str]:
    stripped = token.lstrip("0")
    return [token, stripped] if shortest <= len(stripped) < len(token) else [token]


def _first_known(forms: list[str], by_number: Mapping[str, int]) -> list[str]:
    return [form for form in forms if form in by_number][:1]


# ---------------------------------------------------------------- what is shown


class State(StrEnum):
    """How an invoice stands.

    ``CREDIT`` asks for nothing, ``REPLACED`` was cancelled by a corrected invoice; the due day of
    ``PASSED`` is over, but payments of that day are not known yet.
    """

    PAID = "paid"
    PARTLY = "partly"
    OPEN = "open"
    TODAY = "today"
    PASSED = "passed"
    OVERDUE = "overdue"
    CREDIT = "credit"
    REPLACED = "replaced"


_BY_DEADLINE = {
    Deadline.PAID: State.PAID,
    Deadline.TODAY: State.TODAY,
    Deadline.PASSED: State.PASSED,
    Deadline.OVERDUE: State.OVERDUE,
}
UNPAID = frozenset({State.PARTLY, State.OPEN, State.TODAY, State.PASSED, State.OVERDUE})


def state(amount_cents: int, status: Status, *, is_replaced: bool = False) -> State:
    """Return the state of an invoice that charged ``amount_cents``, by its payment's status."""
    if amount_cents < 0:
        return State.CREDIT
    if is_replaced and status.deadline is Deadline.PAID:
        return State.REPLACED
    if status.deadline is not Deadline.AHEAD:
        return _BY_DEADLINE[status.deadline]
    # Without statements, what is open says nothing about what was paid.
    is_partly = status.known_until is not None and status.open_cents < amount_cents
    return State.PARTLY if is_partly else State.OPEN
