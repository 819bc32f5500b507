"""Invoices of the customers that somebody sees; a stranger's are simply not found.

Queries begin with whose customers are looked at, as `customers.queries.seen_by` says it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from werkzeug.exceptions import NotFound

from ..customers.models import Customer
from ..extensions import db
from ..ledger.models import LedgerEntry
from .document import Kind
from .models import Invoice

PAGE_ROWS = 60  # five years of one customer


@dataclass(frozen=True)
class Filter:
    """Which of the customers' invoices are wanted; None and "" are all of them."""

    year: int | None = None
    customer_id: int | None = None
    supply_point: str = ""
    unpaid: bool = False


class InvoiceRow(NamedTuple):
    """An invoice as lists need it. ``amount_cents`` of a credit note is negative."""

    id: int
    customer_id: int
    number: str
    kind: str
    issued_on: date
    due_on: date
    period_from: date | None
    period_to: date | None
    amount_cents: int
    open_cents: int


class Totals(NamedTuple):
    """What all invoices of a filter come to."""

    documents: int
    amount_cents: int
    open_count: int
    open_cents: int
    overdue_cents: int


def _own(customers: Select[int], wanted: Filter) -> list[ColumnElement[bool]]:
    """The customers' invoices that the filter lets through."""
    conditions: list[ColumnElement[bool]] = [Invoice.customer_id.in_(customers)]
    if wanted.customer_id is not None:
        conditions.append(Invoice.customer_id == wanted.customer_id)
    if wanted.year is not None:
        first, last = date(wanted.year, 1, 1), date(wanted.year, 12, 31)
        conditions.append(Invoice.issued_on.between(first, last))
    if wanted.supply_point:
        named = f"\n{wanted.supply_point}\n"
        # Not LIKE, which tells no capitals apart on SQLite.
        conditions.append(func.replace(Invoice.supply_points, named, "") != Invoice.supply_points)
    if wanted.unpaid:
        conditions.append(LedgerEntry.open_cents > 0)
    return conditions


_AMOUNT = case(
    (Invoice.kind == Kind.CREDIT_NOTE, -Invoice.to_pay_cents), else_=Invoice.to_pay_cents
)
_OPEN = func.coalesce(LedgerEntry.open_cents, 0)
_ROW = (
    Invoice.id,
    Invoice.customer_id,
    Invoice.number,
    Invoice.kind,
    Invoice.issued_on,
    Invoice.due_on,
    Invoice.period_from,
    Invoice.period_to,
    _AMOUNT,
    _OPEN,
)


def _with_entries(columns: tuple[Any, ...]) -> Select[Any]:
    return select(*columns).outerjoin(LedgerEntry, LedgerEntry.invoice_id == Invoice.id)


def invoices_of(
    customers: Select[int], wanted: Filter, page: int = 1, rows: int = PAGE_ROWS
) -> list[InvoiceRow]:
    """One page of the customers' invoices, the newest first, and one row more if there are more."""
    query = (
        _with_entries(_ROW)
        .where(*_own(customers, wanted))
        .order_by(Invoice.issued_on.desc(), Invoice.id.desc())
        .limit(rows + 1)
        .offset((page - 1) * rows)
    )
    return [InvoiceRow(*row) for row in db.session.execute(query)]


def totals_of(customers: Select[int], wanted: Filter, overdue_before: date) -> Totals:
    """What the filtered invoices come to; overdue is what was due before ``overdue_before``."""
    is_open = _OPEN > 0
    columns = (
        func.count(),
        func.coalesce(func.sum(_AMOUNT), 0),
        func.coalesce(func.sum(case((is_open, 1), else_=0)), 0),
        func.coalesce(func.sum(case((is_open, _OPEN), else_=0)), 0),
        func.coalesce(
            func.sum(case((and_(is_open, Invoice.due_on < overdue_before), _OPEN), else_=0)), 0
        ),
    )
    row = db.session.execute(_with_entries(columns).where(*_own(customers, wanted))).one()
    return Totals(*map(int, row))


def years_of(customers: Select[int]) -> list[int]:
    """The years in which the customers got invoices, the newest first."""
    ends = select(func.min(Invoice.issued_on), func.max(Invoice.issued_on)).where(
        *_own(customers, Filter())
    )
    first, last = db.session.execute(ends).one()
    return list(range(last.year, first.year - 1, -1)) if first else []


def invoice_of(customers: Select[int], invoice_id: int) -> Invoice:
    """An invoice of the customers; any other is not found."""
    found = db.session.scalar(
        select(Invoice).where(Invoice.id == invoice_id, *_own(customers, Filter()))
    )
    if found is None:
        raise NotFound
    return found


def customer_number_of(invoice: Invoice) -> str:
    """The number under which the operator knows the payer."""
    return db.session.get_one(Customer, invoice.customer_id).number


def open_cents_of(invoice: Invoice) -> int:
    """What of the invoice is not settled, with the sign it has on the card."""
    query = select(LedgerEntry.open_cents).filter_by(invoice_id=invoice.id)
    return db.session.scalar(query) or 0


def comparable_before(invoice: Invoice) -> tuple[Invoice | None, Invoice | None]:
    """The invoice before, and that of the same month a year ago, for the same supply points."""
    same = (
        Invoice.customer_id == invoice.customer_id,
        Invoice.kind == Kind.INVOICE,
        Invoice.supply_points == invoice.supply_points,
        Invoice.id != invoice.id,
    )
    earlier = or_(
        Invoice.issued_on < invoice.issued_on,
        and_(Invoice.issued_on == invoice.issued_on, Invoice.id < invoice.id),
    )
    newest_first = (Invoice.issued_on.desc(), Invoice.id.desc())
    previous = db.session.scalar(
        select(Invoice).where(*same, earlier).order_by(*newest_first).limit(1)
    )
    first, last = _month_a_year_ago(invoice.period_from or invoice.issued_on)
    dated = Invoice.issued_on if invoice.period_from is None else Invoice.period_from
    a_year_ago = db.session.scalar(
        select(Invoice).where(*same, dated.between(first, last)).order_by(*newest_first).limit(1)
    )
    return previous, a_year_ago


def _month_a_year_ago(day: date) -> tuple[date, date]:
    first = day.replace(year=day.year - 1, day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def corrected_by(invoice: Invoice) -> list[Invoice]:
    """Credit notes that take the invoice back, in part or whole."""
    return list(
        db.session.scalars(
            select(Invoice)
            .where(Invoice.customer_id == invoice.customer_id, Invoice.corrects == invoice.number)
            .order_by(Invoice.issued_on, Invoice.id)
        )
    )


def corrected_of(invoice: Invoice) -> Invoice | None:
    """What a credit note takes back, if it is here."""
    return db.session.scalar(
        select(Invoice).where(
            Invoice.customer_id == invoice.customer_id,
            Invoice.number == invoice.corrects,
            Invoice.id != invoice.id,
        )
    )


def originals() -> set[str]:
    """The names of all PDFs that belong to an invoice."""
    return set(db.session.scalars(select(Invoice.original).where(Invoice.original != "")))
