"""What invoices, ledgers and statements share: the cards that they write to."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import ColumnElement, Table, delete, func, null, or_, select, update

from ..billing.actions import announce
from ..billing.document import Kind
from ..billing.models import Invoice
from ..customers.models import Customer
from ..extensions import db
from ..ledger.actions import book_payments, release, settle
from ..ledger.models import BankPayment, LedgerEntry, PaymentsKnown
from ..ledger.queries import known_until
from .staging import analyze

INVOICE: Table = Invoice.metadata.tables["invoice"]
ENTRY: Table = LedgerEntry.metadata.tables["ledger_entry"]
PAYMENT: Table = BankPayment.metadata.tables["bank_payment"]
CUSTOMERS_AT_ONCE = 500
SHOWN = 10


def finish(batch_id: int) -> list[str]:
    """Once all of a batch is written: find payers, settle, tell people; what to say about it."""
    analyze(ENTRY)
    book_payments(batch_id)
    settle(select(ENTRY.c.customer_id).where(ENTRY.c.batch_id == batch_id).distinct())
    announce(batch_id)
    waiting = db.session.scalar(
        select(func.count()).where(PAYMENT.c.batch_id == batch_id, PAYMENT.c.customer_id.is_(None))
    )
    notes = [f"Plačil, za katera ni jasno, čigava so: {waiting}"] if waiting else []
    return notes + _old_debts(batch_id)


def _old_debts(batch_id: int) -> list[str]:
    """What to say about invoices that ask for more than they put on the card."""
    numbers = db.session.scalars(
        select(INVOICE.c.number)
        .join(ENTRY, ENTRY.c.invoice_id == INVOICE.c.id)
        .where(
            ENTRY.c.batch_id == batch_id,  # of narrow rows; an invoice is read by its key
            INVOICE.c.kind == Kind.INVOICE.value,
            ENTRY.c.amount_cents < INVOICE.c.to_pay_cents,
        )
        .order_by(INVOICE.c.number)
        .limit(SHOWN + 1)
    ).all()
    if not numbers:
        return []
    more = " …" if len(numbers) > SHOWN else ""
    return [
        "Starejši dolg na računih ni zapisan še enkrat, na kartici mora biti že od prej: "
        f"{', '.join(numbers[:SHOWN])}{more}"
    ]


def tells_of_cancelling(description: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a ledger's row is no payment but takes an invoice back, by its words."""
    words = ("storno", "preklic", "poprav")
    return or_(*(func.lower(description).contains(word) for word in words))


def note_known_until(batch_id: int, until: date | None) -> None:
    """Keep up to which day a batch says what was paid, if that is news."""
    before = known_until()
    if until and (before is None or until > before):
        db.session.add(PaymentsKnown(until_on=until, batch_id=batch_id))
        db.session.flush()


def told_until(batch_id: int) -> date | None:
    """Up to which day the batch told what was paid, later than any before it."""
    told = select(func.max(PaymentsKnown.until_on)).where(PaymentsKnown.batch_id == batch_id)
    return db.session.scalar(told)


def is_news(batch_id: int) -> bool:
    """Whether a batch without a new row told up to a later day that nothing was paid."""
    return told_until(batch_id) is not None


@contextmanager
def taking_back(batch_id: int) -> Iterator[None]:
    """While a batch goes: what stays lets go of its rows, and is settled afterwards."""
    own = select(INVOICE.c.id).where(INVOICE.c.batch_id == batch_id)
    theirs = select(PAYMENT.c.id).where(PAYMENT.c.batch_id == batch_id)
    touched = db.session.scalars(
        select(ENTRY.c.customer_id)
        .where(
            or_(
                ENTRY.c.batch_id == batch_id,
                ENTRY.c.invoice_id.in_(own),
                ENTRY.c.payment_id.in_(theirs),
            )
        )
        .distinct()
    ).all()
    release(batch_id)
    db.session.execute(delete(PaymentsKnown).where(PaymentsKnown.batch_id == batch_id))
    db.session.execute(
        update(ENTRY)
        .values(invoice_id=null())
        .where(ENTRY.c.invoice_id.in_(own), ENTRY.c.batch_id.is_distinct_from(batch_id))
    )
    yield
    for start in range(0, len(touched), CUSTOMERS_AT_ONCE):
        some = touched[start : start + CUSTOMERS_AT_ONCE]
        settle(select(Customer.id).where(Customer.id.in_(some)))
