"""What the tray reads: payments that wait, those the office has assigned, and customers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, false, func, literal, select, tuple_
from werkzeug.exceptions import NotFound

from ..customers.models import Customer
from ..extensions import db
from ..ledger.actions import OFFICE
from ..ledger.models import BankPayment, LedgerEntry
from ..web.lists import Query

_PAYMENT = (
    BankPayment.id,
    BankPayment.booked_on,
    BankPayment.amount_cents,
    BankPayment.payer_name,
    BankPayment.payer_iban,
    BankPayment.reference,
    BankPayment.text,
    BankPayment.matched_by,
    BankPayment.customer_id,
    Customer.number.label("customer_number"),
    Customer.name.label("customer_name"),
)
_WAITS = BankPayment.customer_id.is_(None)


@dataclass(frozen=True)
class Wanted:
    """Which payments are looked for; of the days, both included, None is any."""

    is_of_office: bool = False
    from_on: date | None = None
    to_on: date | None = None


class CustomerSeen(NamedTuple):
    """A customer whose a payment may be; ``open_cents`` is what is not paid of all debits."""

    id: int
    number: str
    name: str
    street: str
    post_code: str
    town: str
    open_cents: int

    @property
    def called(self) -> str:
        """The name, and the number that tells two of the same name apart."""
        return f"{self.name} ({self.number})"

    @property
    def address(self) -> str:
        """Street and place on one line."""
        return ", ".join(filter(None, (self.street, f"{self.post_code} {self.town}".strip())))


# ---------------------------------------------------------------- payments


def payments(wanted: Wanted) -> Query:
    """What waits, or what the office has assigned; without an order."""
    which = BankPayment.matched_by == OFFICE if wanted.is_of_office else _WAITS
    return _payments(which, *_days(wanted))


def nothing() -> Query:
    """No payment at all, of the same columns as `payments`."""
    return _payments(false())


def payment(payment_id: int) -> Row[*tuple[Any, ...]]:
    """The payment, and whose it is by now; one that is not there is not found."""
    row = db.session.execute(_payments(BankPayment.id == payment_id)).first()
    if row is None:
        raise NotFound
    return row


def next_waiting(booked_on: date, payment_id: int) -> int | None:
    """The payment that waits after that one, or else the first; None if none waits."""
    place = tuple_(BankPayment.booked_on, BankPayment.id)
    query = select(BankPayment.id).where(_WAITS).limit(1)
    ordered = query.order_by(BankPayment.booked_on, BankPayment.id)
    later = ordered.where(place > tuple_(literal(booked_on), payment_id))
    return db.session.scalar(later) or db.session.scalar(ordered)


def _payments(*which: ColumnElement[bool]) -> Query:
    return (
        select(*_PAYMENT)
        .select_from(BankPayment)
        .outerjoin(Customer, Customer.id == BankPayment.customer_id)
        .where(*which)
    )


def _days(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.from_on:
        found.append(BankPayment.booked_on >= wanted.from_on)
    if wanted.to_on:
        found.append(BankPayment.booked_on <= wanted.to_on)
    return found


# ---------------------------------------------------------------- customers


def customers(ids: Collection[int]) -> list[CustomerSeen]:
    """These customers with what is open of them, in the order of ``ids``."""
    rows = db.session.execute(
        select(
            Customer.id,
            Customer.number,
            Customer.name,
            Customer.street,
            Customer.post_code,
            Customer.town,
        ).where(Customer.id.in_(ids))
    )
    owed, found = _owed(ids), {row.id: row for row in rows}
    return [CustomerSeen(*found[one], owed.get(one, 0)) for one in ids if one in found]


def _owed(customer_ids: Collection[int]) -> dict[int, int]:
    rows = db.session.execute(
        select(LedgerEntry.customer_id, func.sum(LedgerEntry.open_cents))
        .where(LedgerEntry.customer_id.in_(customer_ids), LedgerEntry.open_cents > 0)
        .group_by(LedgerEntry.customer_id)
    )
    return {customer_id: int(cents) for customer_id, cents in rows}
