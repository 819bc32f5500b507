"""Entries of the card, always of customers that an account sees; and lookups for matching."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, func, literal, or_, select, tuple_

from ..customers.models import Customer
from ..extensions import db
from ..values import deadlines
from ..values.deadlines import Standing
from .models import LedgerEntry, PaymentsKnown
from .rules import Origin, numbers

PAGE_ROWS = 50
_KNOWN_UNTIL = select(func.max(PaymentsKnown.until_on))
# What has no due day of its own is due when it is booked.
_DUE = func.coalesce(LedgerEntry.due_on, LedgerEntry.booked_on)
_ENTRY = (
    LedgerEntry.id,
    LedgerEntry.booked_on,
    LedgerEntry.due_on,
    LedgerEntry.document,
    LedgerEntry.description,
    LedgerEntry.origin,
    LedgerEntry.amount_cents,
    LedgerEntry.open_cents,
    LedgerEntry.invoice_id,
)


def customers_by_reference(keys: Collection[str]) -> dict[str, int]:
    """Whose debits have these reference keys; a key of several customers is nobody's."""
    rows = db.session.execute(
        select(LedgerEntry.reference_key, func.min(LedgerEntry.customer_id))
        .where(
            LedgerEntry.reference_key.in_(keys),
            LedgerEntry.reference_key != "",
            LedgerEntry.amount_cents > 0,
        )
        .group_by(LedgerEntry.reference_key)
        .having(func.min(LedgerEntry.customer_id) == func.max(LedgerEntry.customer_id))
    )
    return {row[0]: row[1] for row in rows}


def customers_by_number(named: Collection[str]) -> dict[str, int]:
    """Of these texts, those that are a customer's number: see `rules.numbers`."""
    if not named:
        return {}
    bare = {name.lstrip("0") for name in named} - {""}
    rows = db.session.execute(
        select(Customer.number, Customer.id).where(
            or_(Customer.number.in_(named), func.ltrim(Customer.number, "0").in_(bare))
        )
    ).all()
    return numbers((row.number, row.id) for row in rows)


Booked = tuple[int, date, int]


def entries_without_payment(customer_ids: Collection[int]) -> dict[Booked, list[int]]:
    """Entries that no payment of the bank belongs to yet, by customer, day and amount."""
    rows = db.session.execute(
        select(
            LedgerEntry.id,
            LedgerEntry.customer_id,
            LedgerEntry.booked_on,
            LedgerEntry.amount_cents,
        )
        .where(
            LedgerEntry.customer_id.in_(customer_ids),
            LedgerEntry.payment_id.is_(None),
            LedgerEntry.invoice_id.is_(None),
            LedgerEntry.origin != Origin.CORRECTION,
        )
        .order_by(LedgerEntry.id)
    )
    found: dict[Booked, list[int]] = {}
    for entry_id, customer_id, booked_on, amount_cents in rows:
        found.setdefault((customer_id, booked_on, amount_cents), []).append(entry_id)
    return found


def known_until() -> date | None:
    """The last day of which the portal knows what was paid; None: payments never came in."""
    return db.session.scalar(_KNOWN_UNTIL)


class Span(NamedTuple):
    """Days of a card, both included; None: from its beginning, or to its end."""

    from_on: date | None
    to_on: date | None


class Entry(NamedTuple):
    """A line of the card; ``balance_cents`` is what the customer owed after it."""

    id: int
    booked_on: date
    due_on: date | None
    document: str
    description: str
    origin: str
    amount_cents: int
    open_cents: int
    invoice_id: int | None
    balance_cents: int


class Sums(NamedTuple):
    """What a span of a card comes to; credits are positive here."""

    entries: int
    opening_cents: int
    debit_cents: int
    credit_cents: int

    @property
    def closing_cents(self) -> int:
        return self.opening_cents + self.debit_cents - self.credit_cents


def _within(customer_id: int, span: Span) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [LedgerEntry.customer_id == customer_id]
    if span.from_on:
        conditions.append(LedgerEntry.booked_on >= span.from_on)
    if span.to_on:
        conditions.append(LedgerEntry.booked_on <= span.to_on)
    return conditions


def entries_of(customer_id: int, span: Span, page: int = 1) -> list[Entry]:
    """One page of the card, the newest first, with the balance after each entry."""
    rows = db.session.execute(
        select(*_ENTRY)
        .where(*_within(customer_id, span))
        .order_by(LedgerEntry.booked_on.desc(), LedgerEntry.id.desc())
        .limit(PAGE_ROWS)
        .offset((page - 1) * PAGE_ROWS)
    ).all()
    if not rows:
        return []
    balance = _balance_after(customer_id, rows[0].booked_on, rows[0].id)
    entries = []
    for row in rows:
        entries.append(Entry(*row, balance))
        balance -= row.amount_cents
    return entries


def all_entries_of(customer_id: int, span: Span) -> Iterator[Entry]:
    """Every entry of the span, the oldest first, with the balance after each."""
    balance = sums_of(customer_id, span).opening_cents
    query = (
        select(*_ENTRY)
        .where(*_within(customer_id, span))
        .order_by(LedgerEntry.booked_on, LedgerEntry.id)
        .execution_options(yield_per=1000)
    )
    for row in db.session.execute(query):
        balance += row.amount_cents
        yield Entry(*row, balance)


def _balance_after(customer_id: int, booked_on: date, entry_id: int) -> int:
    """The sum of everything up to an entry: read from the card's index alone."""
    place = tuple_(LedgerEntry.booked_on, LedgerEntry.id)
    total = select(func.sum(LedgerEntry.amount_cents)).where(
        LedgerEntry.customer_id == customer_id, place <= tuple_(literal(booked_on), entry_id)
    )
    return int(db.session.scalar(total) or 0)


def sums_of(customer_id: int, span: Span) -> Sums:
    """How many entries the span has, and what they come to."""
    amount = LedgerEntry.amount_cents
    row = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((amount > 0, amount), else_=0)), 0),
            func.coalesce(func.sum(case((amount < 0, -amount), else_=0)), 0),
        ).where(*_within(customer_id, span))
    ).one()
    opening = 0
    if span.from_on:
        before = select(func.sum(amount)).where(
            LedgerEntry.customer_id == customer_id, LedgerEntry.booked_on < span.from_on
        )
        opening = db.session.scalar(before) or 0
    return Sums(int(row[0]), int(opening), int(row[1]), int(row[2]))


def standing_of(
    customer_ids: Collection[int], *, today: date, known_until: date | None
) -> Standing:
    """What the customers owe together; what one of them overpaid does not pay for another."""
    own = LedgerEntry.customer_id.in_(customer_ids)
    overpaid = select(func.sum(-LedgerEntry.open_cents)).where(own, LedgerEntry.open_cents < 0)
    rows = db.session.execute(
        select(_DUE, func.sum(LedgerEntry.open_cents))
        .where(own, LedgerEntry.open_cents > 0)
        .group_by(_DUE)
        .order_by(_DUE)
    ).all()
    return deadlines.standing(
        ((day, int(cents)) for day, cents in rows),
        today=today,
        known_until=known_until,
        overpaid_cents=int(db.session.scalar(overpaid) or 0),
    )


def open_items_of(customer_id: int) -> list[Entry]:
    """The debits that are not settled, the one due longest first."""
    rows = db.session.execute(
        select(*_ENTRY)
        .where(LedgerEntry.customer_id == customer_id, LedgerEntry.open_cents > 0)
        .order_by(_DUE, LedgerEntry.id)
        .limit(PAGE_ROWS)
    )
    return [Entry(*row, row.open_cents) for row in rows]


def years_of(customer_id: int) -> list[int]:
    """The years in which anything was booked, the newest first."""
    ends = select(func.min(LedgerEntry.booked_on), func.max(LedgerEntry.booked_on)).where(
        LedgerEntry.customer_id == customer_id
    )
    first, last = db.session.execute(ends).one()
    return list(range(last.year, first.year - 1, -1)) if first else []
