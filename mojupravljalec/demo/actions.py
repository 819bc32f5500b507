"""Writing the demo utility into an empty database. Nothing here commits."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time

from sqlalchemy import exists, func, insert, select, text

from ..accounts.models import Account
from ..accounts.passwords import hash_password
from ..audit.actions import record
from ..customers.models import Customer, CustomerLink
from ..extensions import Base, db
from ..metering.models import SupplyPoint
from .utility import ANA, BOJAN, BOJANS_MOTHER, UNUSED, Utility

PASSWORD = "modra-lipa-7"  # noqa: S105 of the demo's residents, shown to everybody
RESIDENTS = {
    "ana@demo.example": ("Ana", "Demšar", (ANA,)),
    "bojan@demo.example": ("Bojan", "Kranjc", (BOJAN, BOJANS_MOTHER)),
}
TABLES = (
    ("customers", "customer"),
    ("points", "supply_point"),
    ("occupancies", "occupancy"),
    ("meters", "meter_installation"),
    ("readings", "reading"),
)


class NotEmpty(Exception):
    """The database is in use already: a demo is never mixed into real data."""


def is_empty() -> bool:
    """Whether nothing is there that a demo could be mixed into or collide with."""
    in_use = (
        select(Customer.id).limit(1),
        select(SupplyPoint.id).limit(1),
        select(Account.id).where(Account.email_key.in_(RESIDENTS)).limit(1),
    )
    return all(db.session.scalar(query) is None for query in in_use)


def is_demo() -> bool:
    """Whether the residents are here: they were not renamed, and nobody else can be called so."""
    residents = select(func.count(Account.id)).where(Account.email_key.in_(RESIDENTS))
    return db.session.scalar(residents) == len(RESIDENTS)


def grow(utility: Utility, progress: Callable[[int], None]) -> None:
    """Write all of ``utility`` and two residents; ``progress`` hears of the customers done.

    Raises NotEmpty.
    """
    if not is_empty():
        raise NotEmpty
    for rows in utility.chunks():
        for name, table in TABLES:
            if found := getattr(rows, name):
                db.session.execute(insert(Base.metadata.tables[table]), found)
        progress(len(rows.customers))
    _count_on()
    for email, (first_name, last_name, customers) in RESIDENTS.items():
        _resident(email, first_name, last_name, customers, utility.until)
    record("demo.grown", customers=utility.customers, months=utility.months, seed=utility.seed)


def unused_code() -> str | None:
    """A code to try: the one left over, or any other of the demo that nobody has linked now.

    None if there is no other. Customers that were imported later are real, and kept out.
    """
    linked = exists().where(
        CustomerLink.customer_id == Customer.id, CustomerLink.ended_at.is_(None)
    )
    free = select(Customer.access_code).where(~linked, Customer.batch_id.is_(None))
    left_over = db.session.scalar(free.where(Customer.id == UNUSED))
    return left_over or db.session.scalar(free.order_by(Customer.id).limit(1))


def _resident(
    email: str, first_name: str, last_name: str, customers: tuple[int, ...], since: date
) -> None:
    moment = datetime.combine(since, time(9), UTC)
    account = Account(
        email=email,
        email_key=email,
        first_name=first_name,
        last_name=last_name,
        password_hash=hash_password(PASSWORD),
        created_at=moment,
        activated_at=moment,
    )
    db.session.add(account)
    db.session.flush()
    for customer_id in customers:
        db.session.add(
            CustomerLink(account_id=account.id, customer_id=customer_id, linked_at=moment)
        )


def _count_on() -> None:
    """Rows were numbered here: Postgres' own counters go on after them."""
    if db.engine.dialect.name != "postgresql":
        return
    for table in ("customer", "supply_point", "meter_installation"):
        db.session.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608 our own names
        )
