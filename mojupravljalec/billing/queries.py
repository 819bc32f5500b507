"""Invoices of the customers that somebody sees; a stranger's are simply not found.

Queries begin with whose customers are looked at, as `customers.queries.seen_by` says it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select, text
from sqlalchemy.orm import aliased
from werkzeug.exceptions import NotFound

from ..customers.models import Customer
from ..extensions import db
from ..ledger.models import LedgerEntry
from ..ledger.rules import State, state
from ..metering.models import Occupancy, SupplyPoint
from ..values import deadlines
from ..values.deadlines import Standing
from .document import Kind
from .models import Invoice

PAGE_ROWS = 60  # five years of one customer
POINTS_AT_ONCE = 500


@dataclass(frozen=True)
class Filter:
    """Which of the customers' invoices are wanted; None and "" are all of them."""

    year: int | None = None
    customer_id: int | None = None
    supply_point: str = ""
    unpaid: bool = False


class InvoiceRow(NamedTuple):
    """An invoice as lists need it. Amounts of a credit note are negative.

    ``amount_cents`` is as printed, ``charged_cents`` as it stands on the card: without old debt.
    """

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
    charged_cents: int
    is_replaced: bool

    def state(self, *, today: date, known_until: date | None) -> State:
        """How the invoice stands today."""
        status = deadlines.status(
            self.open_cents, self.due_on, today=today, known_until=known_until
        )
        return state(self.charged_cents, status, is_replaced=self.is_replaced)


class Totals(NamedTuple):
    """What all invoices of a filter come to."""

    documents: int
    amount_cents: int
    open_count: int
    standing: Standing


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
_CHARGED = func.coalesce(LedgerEntry.amount_cents, _AMOUNT)
_CORRECTION = aliased(Invoice, name="correction")
# In the statement's text, not beside it: a database sees only there that a partial index fits.
_NOTHING = literal("", literal_execute=True)


def _is_replaced() -> ColumnElement[bool]:
    """Whether a corrected invoice stands in place of the invoice."""
    return exists().where(
        _CORRECTION.customer_id == Invoice.customer_id,
        _CORRECTION.corrects == Invoice.number,
        _CORRECTION.corrects != _NOTHING,  # so that the index of corrections is used
        _CORRECTION.kind == Kind.INVOICE,
    )


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
    _CHARGED,
    _is_replaced(),
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


def totals_of(
    customers: Select[int], wanted: Filter, *, today: date, known_until: date | None
) -> Totals:
    """What the filtered invoices come to; what a corrected one replaced counts for nothing."""
    due_on = case((_OPEN > 0, Invoice.due_on)).label("open_due_on")  # None for what is settled
    charged = case((_is_replaced(), 0), else_=_CHARGED)
    columns = (due_on, func.count(), func.sum(charged), func.sum(_OPEN))
    query = _with_entries(columns).where(*_own(customers, wanted)).group_by(text(due_on.name))
    rows = [(row[0], *map(int, row[1:])) for row in db.session.execute(query)]
    unpaid = [row for row in rows if row[0] is not None]
    return Totals(
        documents=sum(row[1] for row in rows),
        amount_cents=sum(row[2] for row in rows),
        open_count=sum(row[1] for row in unpaid),
        standing=deadlines.standing(
            ((row[0], row[3]) for row in unpaid), today=today, known_until=known_until
        ),
    )


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


class Charge(NamedTuple):
    """What an invoice put on the card and what of it is not settled, with the card's sign."""

    amount_cents: int
    open_cents: int


def charge_of(invoice: Invoice) -> Charge:
    """The amounts of the invoice's entry; without one nothing is open."""
    query = select(LedgerEntry.amount_cents, LedgerEntry.open_cents)
    row = db.session.execute(query.filter_by(invoice_id=invoice.id)).one_or_none()
    if row is not None:
        return Charge(*row)
    is_credit = invoice.kind == Kind.CREDIT_NOTE
    return Charge(-invoice.to_pay_cents if is_credit else invoice.to_pay_cents, 0)


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
    """Credit notes that take the invoice back, and the corrected one that replaced it."""
    return list(
        db.session.scalars(
            select(Invoice)
            .where(
                Invoice.customer_id == invoice.customer_id,
                Invoice.corrects == invoice.number,
                Invoice.corrects != _NOTHING,
            )
            .order_by(Invoice.issued_on, Invoice.id)
        )
    )


def corrected_of(invoice: Invoice) -> Invoice | None:
    """What a credit note takes back or a corrected invoice replaces, if it is here."""
    return db.session.scalar(
        select(Invoice).where(
            Invoice.customer_id == invoice.customer_id,
            Invoice.number == invoice.corrects,
            Invoice.id != invoice.id,
        )
    )


def streets_of(points: Collection[str]) -> dict[tuple[int, str], str]:
    """Return the streets of supply points by customer and number: of those the customer uses."""
    wanted = sorted(points)
    found: dict[tuple[int, str], str] = {}
    for start in range(0, len(wanted), POINTS_AT_ONCE):
        rows = db.session.execute(
            select(Occupancy.customer_id, SupplyPoint.number, SupplyPoint.street)
            .join(SupplyPoint, SupplyPoint.id == Occupancy.supply_point_id)
            .where(SupplyPoint.number.in_(wanted[start : start + POINTS_AT_ONCE]))
        )
        found.update({(row[0], row[1]): row[2] for row in rows})
    return found


def originals() -> set[str]:
    """The names of all PDFs that belong to an invoice."""
    return set(db.session.scalars(select(Invoice.original).where(Invoice.original != "")))
