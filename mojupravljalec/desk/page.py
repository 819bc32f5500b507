"""What the page of a customer and that of an access show, put together from several features."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row

from ..accounts.models import Account
from ..billing.document import Kind
from ..billing.queries import Filter, InvoiceRow, invoices_of
from ..customers.models import Customer, CustomerLink
from ..customers.queries import links_of, only
from ..ledger.queries import Entry, Span, entries_of, known_until, standing_of
from ..ledger.rules import State
from ..metering.queries import LastReading, PointSeen, last_readings, points_of
from ..values import clock
from ..values.deadlines import Standing
from . import queries

INVOICES, ENTRIES, LETTERS, DEVICES, EVENTS = 12, 10, 10, 10, 10
EVENTS_OF_ACCOUNT = 20


@dataclass(frozen=True)
class Bill:
    """An invoice of a list, and how it stands."""

    row: InvoiceRow
    state: State

    @property
    def is_credit(self) -> bool:
        return self.row.kind == Kind.CREDIT_NOTE


@dataclass(frozen=True)
class CustomerPage:
    """One customer: what the resident sees, and who sees it."""

    customer: Customer
    points: list[PointSeen]
    readings: dict[int, LastReading]
    meters: dict[int, str]
    standing: Standing
    known_until: date | None
    bills: list[Bill]
    entries: list[Entry]
    people: list[Row[Any]]
    devices: list[Row[Any]]
    letters: list[Row[Any]]
    happened: list[Row[Any]]
    today: date


@dataclass(frozen=True)
class AccountPage:
    """One resident's access, and what became of it."""

    account: Account
    links: list[Row[CustomerLink, Customer]]
    locks: queries.Locks
    devices: list[Row[Any]]
    letters: list[Row[Any]]
    happened: list[Row[Any]]


def page_of(customer: Customer) -> CustomerPage:
    """Everything about ``customer``, by the queries of the resident's own pages."""
    seen, known, today = only(customer.id), known_until(), clock.today()
    points, people = points_of(seen), queries.people_of(customer.id)
    now = [one for one in people if one.ended_at is None]
    accounts = [one.account_id for one in now]
    return CustomerPage(
        customer=customer,
        points=points,
        readings=last_readings(points),
        meters=queries.meters_at(points),
        standing=standing_of([customer.id], today=today, known_until=known),
        known_until=known,
        bills=bills(invoices_of(seen, Filter(), rows=INVOICES)[:INVOICES], known),
        entries=entries_of(customer.id, Span(None, None))[:ENTRIES],
        people=people,
        devices=queries.devices_of(accounts, DEVICES),
        letters=queries.letters_to([one.email for one in now], LETTERS),
        happened=queries.happened(
            [f"customer:{customer.id}", *(f"account:{one}" for one in accounts)], EVENTS
        ),
        today=today,
    )


def bills(rows: Sequence[InvoiceRow], known: date | None) -> list[Bill]:
    """The invoices with how they stand today."""
    today = clock.today()
    return [Bill(row, row.state(today=today, known_until=known)) for row in rows]


def account_page_of(account: Account) -> AccountPage:
    """Everything about a resident's access."""
    return AccountPage(
        account=account,
        links=links_of(account.id),
        locks=queries.locks_of(account),
        devices=queries.devices_of([account.id], DEVICES),
        letters=queries.letters_to([account.email], LETTERS),
        happened=queries.happened([f"account:{account.id}"], EVENTS_OF_ACCOUNT, by=account.id),
    )
