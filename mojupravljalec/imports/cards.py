"""What invoices, ledgers and statements share: the cards that they write to."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import ColumnElement, Table, case, delete, exists, func, null, or_, select, update

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


def finish(batch_id: int) -> list[str]:
    """Once all of a batch is written: find payers, settle, tell people; what to say about it."""
    analyze(ENTRY)
    book_payments(batch_id)
    settle(select(ENTRY.c.customer_id).where(ENTRY.c.batch_id == batch_id).distinct())
    announce(batch_id)
    waiting = db.session.scalar(
        select(func.count()).where(PAYMENT.c.batch_id == batch_id, PAYMENT.c.customer_id.is_(None))
    )
    return [f"Plačil, za katera ni jasno, čigava so: {waiting}"] if waiting else []


def charged() -> ColumnElement[int]:
    """What an invoice puts on the card: a credit note takes off."""
    is_credit = INVOICE.c.kind == Kind.CREDIT_NOTE.value
    return case((is_credit, -INVOICE.c.to_pay_cents), else_=INVOICE.c.to_pay_cents)


def note_known_until(batch_id: int, until: date | None) -> None:
    """Keep up to which day a batch says what was paid, if that is news."""
    before = known_until()
    if until and (before is None or until > before):
        db.session.add(PaymentsKnown(until_on=until, batch_id=batch_id))
        db.session.flush()


def is_news(batch_id: int) -> bool:
    """Whether a batch without a new row told up to a later day that nothing was paid."""
    told = exists().where(PaymentsKnown.batch_id == batch_id)
    return bool(db.session.scalar(select(told)))


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
