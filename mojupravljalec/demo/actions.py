"""Writing the demo utility into an empty database. Nothing here commits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import exists, func, insert, select, text

from ..accounts.models import Account
from ..accounts.passwords import hash_password
from ..accounts.roles import Role
from ..audit.actions import record
from ..billing.document import Document
from ..customers.models import Customer, CustomerLink
from ..extensions import Base, db
from ..factors.actions import code_hash
from ..factors.models import RecoveryCode
from ..ledger.models import BankPayment, PaymentsKnown
from ..metering.models import SupplyPoint
from ..notices.models import Notice
from ..search.actions import index
from . import papers
from .books import Owed, Row
from .utility import ANA, BOJAN, BOJANS_MOTHER, TOWNS, UNUSED, Rows, Utility

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
    ("invoices", "invoice"),
    ("payments", "bank_payment"),
    ("entries", "ledger_entry"),
)
NUMBERED = (  # whose rows are numbered here
    "customer",
    "supply_point",
    "meter_installation",
    "invoice",
    "bank_payment",
    "ledger_entry",
)


class NotEmpty(Exception):
    """The database is in use already: a demo is never mixed into real data."""


# The operator, whose second proof is one of the recovery codes; each works once.
OPERATOR = ("cvetka@demo.example", "Cvetka", "Zupan")
RECOVERY_CODES = tuple(f"3467-ACDE-{end}" for end in ("FGHJ", "KMNP", "QRTU", "VWXY", "4679"))


def is_empty() -> bool:
    """Whether nothing is there that a demo could be mixed into or collide with."""
    in_use = (
        select(Customer.id).limit(1),
        select(SupplyPoint.id).limit(1),
        select(BankPayment.id).limit(1),
        select(Account.id).where(Account.email_key.in_((*RESIDENTS, OPERATOR[0]))).limit(1),
    )
    return all(db.session.scalar(query) is None for query in in_use)


def is_demo() -> bool:
    """Whether the residents are here: they were not renamed, and nobody else can be called so."""
    residents = select(func.count(Account.id)).where(Account.email_key.in_(RESIDENTS))
    return db.session.scalar(residents) == len(RESIDENTS)


@dataclass
class Later:
    """What is not in the books yet: invoices to be imported, and what a statement will pay."""

    unsent: list[Document] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)
    customers: list[Row] = field(default_factory=list)
    booked: Row | None = None

    def note(self, rows: Rows) -> None:
        """Keep of ``rows`` what the files need, and no more."""
        self.unsent += rows.unsent
        self.customers += rows.customers[: papers.LISTED - len(self.customers)]
        self.owed += rows.owed[: papers.PAID - len(self.owed)]
        known = [row for row in rows.payments if row["customer_id"] and row["amount_cents"] > 0]
        if self.booked is None and known:
            self.booked = max(known, key=lambda row: row["booked_on"])


def grow(utility: Utility, progress: Callable[[int], None]) -> None:
    """Write all of ``utility``, two residents, an operator, and files to be imported by hand.

    ``progress`` hears of the customers done. Raises NotEmpty.
    """
    if not is_empty():
        raise NotEmpty
    later = Later()
    for rows in utility.chunks():
        for name, table in TABLES:
            if found := getattr(rows, name):
                db.session.execute(insert(Base.metadata.tables[table]), found)
        index([row["id"] for row in rows.customers])
        later.note(rows)
        progress(len(rows.customers))
    _count_on()
    db.session.add(PaymentsKnown(until_on=utility.days.known_until))
    db.session.add(_notice(utility.today))
    _write_files(later, utility)
    for email, (first_name, last_name, customers) in RESIDENTS.items():
        resident = _person(email, first_name, last_name, utility.until)
        for customer_id in customers:
            _link(resident, customer_id)
    _operator(utility.until)
    record("demo.grown", customers=utility.customers, months=utility.months, seed=utility.seed)


def files() -> tuple[Path, Path, Path]:
    """Where the invoices, the statement and the customers lie that are to be imported by hand."""
    folder = Path(current_app.instance_path) / "demo"
    return folder / "racuni.zip", folder / "izpisek.xml", folder / "partnerji.csv"


def _write_files(later: Later, utility: Utility) -> None:
    invoices, statement, customers = files()
    statement.parent.mkdir(parents=True, exist_ok=True)
    statement.write_bytes(papers.statement(later.owed, later.booked, utility.days))
    customers.write_bytes(papers.customers(later.customers))
    if later.unsent:
        invoices.write_bytes(papers.invoices(later.unsent))
    else:
        invoices.unlink(missing_ok=True)  # of an earlier, larger demo


def _notice(today: date) -> Notice:
    last_on = today + timedelta(days=5)
    town = TOWNS[0][1]
    return Notice(
        title=f"Brez vode: {town}",
        text=f"Zaradi menjave cevi {last_on.day}. {last_on.month}. {last_on.year} od 8. do 13. ure "
        f"v naselju {town} ne bo vode. Shranite si jo nekaj vnaprej.",
        from_on=today - timedelta(days=2),
        to_on=last_on,
    )


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


def _person(email: str, first_name: str, last_name: str, since: date) -> Account:
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
    return account


def _link(account: Account, customer_id: int) -> None:
    db.session.add(
        CustomerLink(account_id=account.id, customer_id=customer_id, linked_at=account.created_at)
    )


def _operator(since: date) -> None:
    """Somebody of the office, who signs in with a code from paper."""
    account = _person(*OPERATOR, since)
    account.role, account.factor_since = Role.OPERATOR, account.created_at
    for code in RECOVERY_CODES:
        db.session.add(RecoveryCode(account_id=account.id, code_hash=code_hash(account.id, code)))


def _count_on() -> None:
    """Rows were numbered here: Postgres' own counters go on after them."""
    if db.engine.dialect.name != "postgresql":
        return
    for table in NUMBERED:
        db.session.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608 our own names
        )
