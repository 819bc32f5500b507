"""Putting payments on the cards, and keeping the open amounts true. Nothing here commits."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, func, insert, select, update

from ..customers.models import Customer
from ..customers.queries import only
from ..extensions import db
from ..transactions import NO_KEY_UPDATE, TableLock, lock_tables
from ..values import references
from . import queries
from .models import BankPayment, LedgerEntry
from .rules import Item, Origin, candidates, customer_of, settled

CUSTOMERS_AT_ONCE = 500
PAYMENTS_AT_ONCE = 500
# What a payment is matched by where no rule did it:
OFFICE = "office"  # somebody there said whose it is
RELEASED = "released"  # nobody's any more, since the office said so: it alone assigns it again


class AlreadyAssigned(Exception):
    """The payment is ``customer_id``'s already; nothing happened."""

    def __init__(self, customer_id: int) -> None:
        super().__init__(customer_id)
        self.customer_id = customer_id


class NoSuchCustomer(Exception):
    """There is no such customer; nothing happened."""


class NotAssigned(Exception):
    """The payment is not this customer's, or not any more; nothing happened."""


def settle(customers: Select[Any]) -> None:
    """Work out what is open of every entry of these customers.

    ``customers`` selects their ids. It is worked out from all entries of a customer, so it
    does not matter in which order these came in.
    """
    _nothing_to_settle(customers)
    ids = db.session.scalars(_with_both(customers).order_by(LedgerEntry.customer_id)).all()
    for start in range(0, len(ids), CUSTOMERS_AT_ONCE):
        changed = list(_changed(ids[start : start + CUSTOMERS_AT_ONCE]))
        if changed:
            db.session.execute(update(LedgerEntry), changed)


def _with_both(customers: Select[Any]) -> Select[int]:
    """Those of the customers who have debits and credits."""
    return (
        select(LedgerEntry.customer_id)
        .where(LedgerEntry.customer_id.in_(customers))
        .group_by(LedgerEntry.customer_id)
        .having(func.min(LedgerEntry.amount_cents) < 0, func.max(LedgerEntry.amount_cents) > 0)
    )


def _nothing_to_settle(customers: Select[Any]) -> None:
    """Where there are only debits or only credits, all of them are open."""
    db.session.execute(
        update(LedgerEntry)
        .values(open_cents=LedgerEntry.amount_cents)
        .where(
            LedgerEntry.customer_id.in_(customers),
            LedgerEntry.open_cents != LedgerEntry.amount_cents,
            LedgerEntry.customer_id.not_in(_with_both(customers)),
        )
        .execution_options(synchronize_session=False)
    )


def _changed(customer_ids: Sequence[int]) -> Iterator[dict[str, int]]:
    rows = db.session.execute(
        select(
            LedgerEntry.customer_id,
            LedgerEntry.id,
            func.coalesce(LedgerEntry.due_on, LedgerEntry.booked_on),
            LedgerEntry.amount_cents,
            LedgerEntry.reference_key,
            LedgerEntry.origin,
            LedgerEntry.document,
            LedgerEntry.open_cents,
        )
        .where(LedgerEntry.customer_id.in_(customer_ids))
        .order_by(LedgerEntry.customer_id)
    ).all()
    for _, entries in groupby(rows, key=itemgetter(0)):
        yield from _changed_of_one(list(entries))


def _changed_of_one(entries: Iterable[Any]) -> Iterator[dict[str, int]]:
    was = {row[1]: row[7] for row in entries}
    for entry_id, open_cents in settled(Item(*row[1:7]) for row in entries).items():
        if was[entry_id] != open_cents:
            yield {"id": entry_id, "open_cents": open_cents}


def book_payments(batch_id: int) -> int:
    """Find out whose the waiting payments are, and put them on the cards; how many it were.

    An entry that a ledger brought for the same payment is used instead of a second one. The
    cards are to be settled afterwards.
    """
    matched = list(_matched())
    if matched:
        db.session.execute(update(BankPayment), matched)
    ids = [row["id"] for row in matched]
    for start in range(0, len(ids), PAYMENTS_AT_ONCE):
        _book(ids[start : start + PAYMENTS_AT_ONCE], batch_id)
    return len(ids)


def _matched() -> Iterator[dict[str, Any]]:
    """The waiting payments whose customer is plain, part by part."""
    waiting = db.session.execute(
        select(BankPayment.id, BankPayment.reference, BankPayment.text)
        .where(BankPayment.customer_id.is_(None), BankPayment.matched_by != RELEASED)
        .order_by(BankPayment.id)
    ).all()
    for start in range(0, len(waiting), PAYMENTS_AT_ONCE):
        yield from _matched_part(waiting[start : start + PAYMENTS_AT_ONCE])


def _matched_part(waiting: Sequence[Any]) -> Iterator[dict[str, Any]]:
    keys = {row.id: references.key(row.reference) for row in waiting}
    by_reference = queries.customers_by_reference(set(keys.values()) - {""})
    named = {name for row in waiting for name in candidates(row.reference, row.text)}
    by_number = queries.customers_by_number(named)
    for row in waiting:
        match = customer_of(
            keys[row.id], row.reference, row.text, by_reference=by_reference, by_number=by_number
        )
        if match:
            yield {"id": row.id, "customer_id": match.customer_id, "matched_by": match.how}


def _book(payment_ids: Sequence[int], batch_id: int | None) -> None:
    payments = db.session.execute(
        select(BankPayment.__table__)
        .where(BankPayment.id.in_(payment_ids))
        .order_by(BankPayment.id)
    ).all()
    known = queries.entries_without_payment({row.customer_id for row in payments})
    attached, added = [], []
    for row in payments:
        same = known.get((row.customer_id, row.booked_on, -row.amount_cents))
        if same:
            attached.append({"id": same.pop(0), "payment_id": row.id})
        else:
            added.append(_entry(row, batch_id))
    if attached:
        db.session.execute(update(LedgerEntry), attached)
    if added:
        db.session.execute(insert(LedgerEntry), added)


def _entry(payment: Any, batch_id: int | None) -> dict[str, Any]:
    """What the card says of a payment: money that came in is a credit."""
    return {
        "customer_id": payment.customer_id,
        "booked_on": payment.booked_on,
        "amount_cents": -payment.amount_cents,
        "open_cents": -payment.amount_cents,
        "origin": Origin.PAYMENT if payment.amount_cents > 0 else Origin.RETURN,
        "reference": payment.reference,
        "reference_key": references.key(payment.reference),
        "payment_id": payment.id,
        "batch_id": batch_id,
    }


def release(batch_id: int) -> None:
    """Before a batch goes: payments of other batches that it booked wait again."""
    booked = select(LedgerEntry.payment_id).where(
        LedgerEntry.batch_id == batch_id, LedgerEntry.payment_id.is_not(None)
    )
    db.session.execute(
        update(BankPayment)
        .values(customer_id=None, matched_by="")
        .where(BankPayment.id.in_(booked), BankPayment.batch_id.is_distinct_from(batch_id))
        .execution_options(synchronize_session=False)
    )
    own = select(BankPayment.id).where(BankPayment.batch_id == batch_id)
    db.session.execute(
        update(LedgerEntry)
        .values(payment_id=None)
        .where(LedgerEntry.payment_id.in_(own), LedgerEntry.batch_id.is_distinct_from(batch_id))
        .execution_options(synchronize_session=False)
    )


# ---------------------------------------------------------------- one payment, by the office


def assign(payment_id: int, customer_id: int) -> BankPayment:
    """Put a waiting payment on the card of the customer whose it is, as the office says.

    The card is settled. An entry that is made goes with the batch of the payment's statement.
    Raises NotFound where the payment is gone, NoSuchCustomer, AlreadyAssigned.
    """
    payment = _held(payment_id)
    if payment.customer_id is not None:
        raise AlreadyAssigned(payment.customer_id)
    if db.session.get(Customer, customer_id, with_for_update=NO_KEY_UPDATE) is None:
        raise NoSuchCustomer(customer_id)
    payment.customer_id, payment.matched_by = customer_id, OFFICE
    db.session.flush()
    _book([payment_id], payment.batch_id)
    settle(only(customer_id))
    return payment


def release_payment(payment_id: int, customer_id: int) -> BankPayment:
    """Let a payment of this customer wait again, as the office says. No import assigns it.

    Its entry goes from the card, which is settled; one that a ledger brought stays, and only
    lets go of the payment. Raises NotFound where the payment is gone, NotAssigned.
    """
    payment = _held(payment_id)
    if payment.customer_id != customer_id:
        raise NotAssigned(payment_id)
    db.session.get(Customer, customer_id, with_for_update=NO_KEY_UPDATE)
    payment.customer_id, payment.matched_by = None, RELEASED
    entry = _entry_of(payment_id)
    if entry and _is_of_a_ledger(entry):
        entry.payment_id = None
    elif entry:
        db.session.delete(entry)
    db.session.flush()
    settle(only(customer_id))
    return payment


def is_on_a_ledger(payment_id: int) -> bool:
    """Whether a ledger brought the payment as well: its entry stays when it is released."""
    entry = _entry_of(payment_id)
    return entry is not None and _is_of_a_ledger(entry)


def _entry_of(payment_id: int) -> LedgerEntry | None:
    return db.session.scalar(select(LedgerEntry).filter_by(payment_id=payment_id))


def _is_of_a_ledger(entry: LedgerEntry) -> bool:
    """Lines of a ledger must have a description; what is booked here has none."""
    return bool(entry.description)


def _held(payment_id: int) -> BankPayment:
    """The payment, of which nobody else decides now. Raises NotFound.

    Whoever holds a payment later takes its customer too: two payments of one customer would else
    be settled beside each other.
    """
    # An import holds these tables and would wait for our row, and we for its tables.
    lock_tables(("bank_payment", "ledger_entry"), TableLock.ROWS)
    return db.get_or_404(
        BankPayment, payment_id, with_for_update=NO_KEY_UPDATE, populate_existing=True
    )
