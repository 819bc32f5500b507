"""Reading the audit: its newest rows by whatever is asked for, and the names in them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, false, func, select, union_all

from ..accounts.models import Account
from ..accounts.queries import account_by_email
from ..accounts.rules import NotAnAddress
from ..audit.models import AuditEntry
from ..customers.models import Customer
from ..customers.queries import CustomerRow
from ..extensions import db
from ..values import clock
from ..web.numbers import row_number

Entries = Select[*tuple[Any, ...]]
Field = SQLColumnExpression[Any]
# No entry is older or younger: days beyond them mean the same, and have a midnight everywhere.
MANY = 10_000  # rows of one value are not counted further
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True)
class Wanted:
    """What entries are looked for; None is any. Days are local ones, both included.

    ``prefixes`` are what the names of events begin with.
    """

    prefixes: tuple[str, ...] | None = None
    account_id: int | None = None
    subject: str | None = None
    address: str | None = None
    from_on: date | None = None
    to_on: date | None = None


class Person(NamedTuple):
    """An account as the journal names it."""

    id: int
    email: str
    first_name: str
    last_name: str
    role: str | None


class Names(NamedTuple):
    """Whom the numbers in some entries mean; None and who is gone are not there."""

    accounts: Mapping[int | None, Person]
    customers: Mapping[int | None, CustomerRow]


class Entry(NamedTuple):
    """One row of the audit, and the names to read it by."""

    at: datetime
    event: str
    account_id: int | None
    address: str
    subject: str
    details: Mapping[str, Any]
    names: Names


def entries(wanted: Wanted) -> Entries:
    """What fits, without an order.

    Each index has the rows of one event in order: so there is a piece for every event, and the
    database merges them and stops where a page is full.
    """
    given = _given(wanted)
    fits = [*_days(wanted), *(column == value for column, value in given[:1])]
    fits += [_unindexed(column) == value for column, value in given[1:]]
    if wanted.prefixes is None and (wanted.subject is not None or not given):
        return _rows(*fits)
    events = _events(wanted.prefixes or ("",))
    if wanted.subject is not None:  # never many rows, and their index is enough
        return _rows(*fits, _unindexed(AuditEntry.event).in_(events))
    pieces = [_rows(AuditEntry.event == event, *fits) for event in events]
    return select(*union_all(*pieces).subquery().c) if pieces else nothing()


def nothing() -> Entries:
    """No entry at all, of the same columns as `entries`."""
    return _rows(false())


def _rows(*fits: ColumnElement[bool]) -> Entries:
    return select(
        AuditEntry.id,
        AuditEntry.at,
        AuditEntry.event,
        AuditEntry.account_id,
        AuditEntry.address,
        AuditEntry.subject,
        AuditEntry.details,
    ).where(*fits)


def _given(wanted: Wanted) -> list[tuple[Field, int | str]]:
    """What has a field to be found in; the one with the fewest rows comes first."""
    fields: tuple[tuple[Field, int | str | None], ...] = (
        (AuditEntry.subject, wanted.subject),
        (AuditEntry.account_id, wanted.account_id),
        (AuditEntry.address, wanted.address),
    )
    given = [(field, value) for field, value in fields if value is not None]
    if wanted.subject is None and len(given) > 1:
        given.sort(key=lambda one: _counted(*one))
    return given


def _counted(field: Field, value: int | str) -> int:
    """How many rows have the value, up to `MANY`."""
    rows = select(AuditEntry.id).where(field == value).limit(MANY).subquery()
    return db.session.scalar(select(func.count()).select_from(rows)) or 0


def _unindexed(field: Field) -> ColumnElement[Any]:
    """The field as no index knows it: SQLite counts no rows, and may take a long way to few."""
    return func.coalesce(field, field)


def _days(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.from_on is not None:
        yield AuditEntry.at >= _midnight(wanted.from_on)
    if wanted.to_on is not None:
        yield AuditEntry.at < _midnight(min(wanted.to_on, LAST_DAY) + timedelta(days=1))


def _midnight(day: date) -> datetime:
    """The moment at which a local day begins."""
    inside = min(max(day, FIRST_DAY), LAST_DAY + timedelta(days=1))
    return datetime.combine(inside, time(), clock.LOCAL).astimezone(UTC)


def _events(prefixes: tuple[str, ...]) -> list[str]:
    """The events in the audit whose names begin so.

    Each of them is found from the one before by the index: the table itself is not read.
    """
    known = select(func.min(AuditEntry.event).label("event")).cte("known", recursive=True)
    after = select(func.min(AuditEntry.event)).where(AuditEntry.event > known.c.event)
    known = known.union_all(select(after.scalar_subquery()).where(known.c.event.is_not(None)))
    names = db.session.scalars(select(known.c.event).where(known.c.event.is_not(None)))
    return [name for name in names if name.startswith(prefixes)]


# ---------------------------------------------------------------- names


def named(rows: Sequence[Any]) -> list[Entry]:
    """The rows with the names to read them by, which are looked up for all of them at once."""
    names = Names(
        _people(_accounts(rows)),
        _customers({number_in(row.subject, "customer") for row in rows} - {None}),
    )
    return [
        Entry(row.at, row.event, row.account_id, row.address, row.subject, row.details, names)
        for row in rows
    ]


def _accounts(rows: Sequence[Any]) -> set[int | None]:
    """Who did what is in the rows, and whom it was done to."""
    found = (
        (row.account_id, number_in(row.subject, "account"), account_in(row.details)) for row in rows
    )
    return {number for numbers in found for number in numbers} - {None}


def account_in(details: Mapping[str, Any]) -> int | None:
    """The account that the details speak of."""
    number = details.get("account")
    return number if isinstance(number, int) else None


def number_in(subject: str, table: str) -> int | None:
    """Which row of ``table`` the entry is about.

    >>> number_in("customer:12", "customer"), number_in("customer:12", "account")
    (12, None)
    """
    name, _, number = subject.partition(":")
    try:
        return row_number(number) if name == table else None
    except ValueError:
        return None


def _people(numbers: set[int | None]) -> dict[int | None, Person]:
    if not numbers:
        return {}
    rows = db.session.execute(
        select(
            Account.id, Account.email, Account.first_name, Account.last_name, Account.role
        ).where(Account.id.in_(numbers))
    )
    return {row.id: Person(*row) for row in rows}


def _customers(numbers: set[int | None]) -> dict[int | None, CustomerRow]:
    if not numbers:
        return {}
    rows = db.session.execute(
        select(Customer.id, Customer.number, Customer.name).where(Customer.id.in_(numbers))
    )
    return {row.id: CustomerRow(*row) for row in rows}


# ---------------------------------------------------------------- what is asked for


def account_of(email: str) -> int | None:
    """The number of the account with this address, however it is written."""
    try:
        account = account_by_email(email)
    except NotAnAddress:
        return None
    return account.id if account else None


def customer_of(number: str) -> int | None:
    """The row of the customer with this number."""
    return db.session.scalar(select(Customer.id).filter_by(number=number))
