"""Letters about invoices and payments, and clearing up. Nothing here commits."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Select, and_, exists, select, update

from .. import storage
from ..accounts.models import Account
from ..customers.models import Customer, CustomerLink
from ..extensions import db
from ..ledger.models import LedgerEntry
from ..ledger.queries import known_until
from ..ledger.rules import Origin
from ..mail.actions import post
from ..mail.models import UnwantedMail
from ..storage import Shelf
from ..values import clock, deadlines
from . import queries
from .document import Kind
from .models import Invoice

# The first import brings years of invoices: nobody is told of what is old.
NEWS_DAYS = 31
REMIND_DAYS = 3
DAYTIME = range(8, 20)  # hours in Slovenia: a telephone by the bed stays quiet
ORPHANS_KEPT = timedelta(days=1)


def announce(batch_id: int) -> None:
    """Tell people about the invoices and payments that a batch brought."""
    since = clock.today() - timedelta(days=NEWS_DAYS)
    invoices = _recipients("new-invoice").where(
        Invoice.batch_id == batch_id, Invoice.issued_on >= since, Invoice.to_pay_cents > 0
    )
    _post_about_invoices("new-invoice", invoices)
    _post_about_payments(LedgerEntry.batch_id == batch_id)


def announce_payment(payment_id: int) -> None:
    """Tell people about one payment that the office has put on their card."""
    _post_about_payments(LedgerEntry.payment_id == payment_id)


def remind() -> None:
    """Three days before an invoice is due: a letter, if it is not paid as far as is known."""
    today, known = clock.today(), known_until()
    if known is None or clock.now().astimezone(clock.LOCAL).hour not in DAYTIME:
        return
    due = select(LedgerEntry.invoice_id).where(
        LedgerEntry.due_on.between(*deadlines.coming(today, REMIND_DAYS)),
        LedgerEntry.open_cents > 0,
    )
    reminded = db.session.scalars(
        update(Invoice)
        .where(
            Invoice.id.in_(due),
            Invoice.reminded_at.is_(None),
            Invoice.kind == Kind.INVOICE,
            # Of a later one nobody could have told yet that it was paid.
            Invoice.issued_on <= known,
        )
        .values(reminded_at=clock.now())
        .returning(Invoice.id)
        .execution_options(synchronize_session=False)
    ).all()
    _post_about_invoices("invoice-due", _recipients("invoice-due").where(Invoice.id.in_(reminded)))


def _wanting(kind: str) -> Any:
    """Accounts that see the customer and have not switched the letter off."""
    unwanted = exists().where(UnwantedMail.account_id == Account.id, UnwantedMail.kind == kind)
    return and_(CustomerLink.ended_at.is_(None), Account.activated_at.is_not(None), ~unwanted)


_PERSON = (Account.id.label("account_id"), Account.email, Account.language, Account.first_name)


def _recipients(kind: str) -> Any:
    """An invoice and a person who wants to hear of it, on each row."""
    return (
        select(
            *_PERSON,
            Invoice.id.label("invoice_id"),
            Invoice.number,
            Invoice.due_on,
            Invoice.period_from,
            Invoice.period_to,
            Invoice.customer_id,
            Invoice.supply_points,
            Customer.name.label("customer_name"),
            Customer.street,
            LedgerEntry.open_cents,
        )
        .join(Customer, Customer.id == Invoice.customer_id)
        .join(CustomerLink, CustomerLink.customer_id == Invoice.customer_id)
        .join(Account, Account.id == CustomerLink.account_id)
        .join(LedgerEntry, LedgerEntry.invoice_id == Invoice.id)
        .where(_wanting(kind), Invoice.kind == Kind.INVOICE, LedgerEntry.open_cents > 0)
        .order_by(Invoice.id, Account.id)
    )


def _payers() -> Any:
    """A payment and a person who wants to hear of it, on each row."""
    return (
        select(
            *_PERSON,
            LedgerEntry.amount_cents,
            LedgerEntry.booked_on,
            LedgerEntry.customer_id,
            Customer.name.label("customer_name"),
            Customer.street,
        )
        .join(Customer, Customer.id == LedgerEntry.customer_id)
        .join(CustomerLink, CustomerLink.customer_id == LedgerEntry.customer_id)
        .join(Account, Account.id == CustomerLink.account_id)
        .where(
            _wanting("payment-booked"),
            LedgerEntry.origin == Origin.PAYMENT,
            LedgerEntry.payment_id.is_not(None),
        )
        .order_by(LedgerEntry.id, Account.id)
    )


def _post_about_invoices(kind: str, recipients: Select[Any]) -> None:
    known, rows = known_until(), list(_rows(recipients))
    streets = queries.streets_of({one for row in rows for one in _points(row)})
    for row in rows:
        # The customer's own address, where the invoice names no place that is known.
        streets_here = (streets.get((row.customer_id, one)) for one in _points(row))
        places = list(filter(None, streets_here)) or [row.street]
        _post(
            kind,
            row,
            customer_name=row.customer_name,
            place=places[0],
            more_places=len(places) - 1,
            known_until=known.isoformat() if known else "",
            invoice_id=row.invoice_id,
            number=row.number,
            amount_cents=row.open_cents,
            due_on=row.due_on.isoformat(),
            period_from=row.period_from.isoformat() if row.period_from else "",
            period_to=row.period_to.isoformat() if row.period_to else "",
        )


def _points(row: Any) -> list[str]:
    """The numbers of the supply points on an invoice."""
    return list(dict.fromkeys(filter(None, row.supply_points.split("\n"))))


def _post_about_payments(which: ColumnElement[bool]) -> None:
    since = clock.today() - timedelta(days=NEWS_DAYS)
    for row in _rows(_payers().where(which, LedgerEntry.booked_on >= since)):
        _post(
            "payment-booked",
            row,
            amount_cents=-row.amount_cents,
            day=row.booked_on.isoformat(),
            customer_id=row.customer_id,
            customer_name=row.customer_name,
            place=row.street,
        )


def _rows(query: Select[Any]) -> Iterator[Any]:
    yield from db.session.execute(query).all()


def _post(kind: str, row: Any, **facts: Any) -> None:
    post(
        kind,
        row.email,
        # Not the language of the page of whoever presses.
        language=row.language or current_app.config["DEFAULT_LANGUAGE"],
        account_id=row.account_id,
        first_name=row.first_name,
        **facts,
    )


def clear_originals() -> None:
    """Quarantine PDFs of imports that were not kept, or were taken back."""
    storage.clean_up(Shelf.INVOICES, queries.originals(), ORPHANS_KEPT)
