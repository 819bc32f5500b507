"""A utility's rows, the same every time, written past the portal as fast as the database takes.

Ana (customer 1) has five years of invoices, Bojan (2) sends readings, Cvetka (3) has a card of
a hundred thousand entries. Everybody else is there so that the tables are as large as in use.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, text

from mojupravljalec import create_app
from mojupravljalec.accounts import passwords
from mojupravljalec.accounts.models import Account
from mojupravljalec.accounts.rules import email_key
from mojupravljalec.billing.document import Content, Line, to_json
from mojupravljalec.customers.models import CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.ledger.models import PaymentsKnown
from mojupravljalec.ledger.rules import Origin
from mojupravljalec.metering.models import FOR_EVER
from mojupravljalec.migrations.cli import bring_up_to_date
from mojupravljalec.values import clock, references

from ..bills import IBAN, item, water
from .serving import SECRET

PASSWORD = "tri modre lipe"
ANA, BOJAN, CVETKA = 1, 2, 3  # numbers of customers, of their accounts, points and meters
PEOPLE = {ANA: "Ana", BOJAN: "Bojan", CVETKA: "Cvetka"}
MONTHLY_M3 = 12
LAST_M3 = 491  # what every meter showed thirty days ago
ANAS_INVOICES = 60
UNPAID = 2

FIRST_NAMES = ("Ana", "Bojan", "Cvetka", "Žiga", "Špela", "Marija", "Franc", "Janez", "Irena")
LAST_NAMES = (
    *("Novak", "Kos", "Horvat", "Čuček", "Žagar", "Zupan", "Kranjc", "Bizjak", "Golob", "Šuštar"),
    *("Vidmar", "Turk", "Hribar", "Kotnik", "Mlakar", "Pirc", "Rozman", "Kavčič", "Božič", "Oblak"),
)
STREETS = ("Lipova ulica", "Šolska ulica", "Mlinska pot", "Cesta v Dol", "Pod gozdom", "Ob potoku")
TOWNS = ("Podgorje", "Zgornje Podgorje", "Dol pri Podgorju")

Rows = Iterable[tuple[Any, ...]]


@dataclass(frozen=True)
class Size:
    """How much there is: of readings and invoices, those of one customer."""

    customers: int
    readings: int = 12
    invoices: int = 12
    card: int = 100_000
    short: bool = False  # invoices of one line: where nobody looks at what is in them


def email(person: int) -> str:
    """By which ``person`` signs in."""
    return f"{PEOPLE[person].lower()}@primer.si"


def months_ago(many: int, day: int = 8) -> date:
    """A day of the month that was so long ago; the last one was last month."""
    today = clock.today()
    months = today.year * 12 + today.month - 1 - many
    return date(months // 12, months % 12 + 1, day)


@cache
def lines() -> tuple[Line, ...]:
    """The eight lines of every invoice."""
    meter: dict[str, Any] = {
        "meter": "V0000001",
        "old_value": Decimal(479),
        "new_value": Decimal(491),
    }
    names = ("Odvajanje", "Čiščenje", "Okoljska dajatev", "Omrežnina odvajanje", "Števnina")
    return (
        water(MONTHLY_M3, **meter),
        item("Omrežnina vodovod DN 20", 1, "mes.", "4.8213"),
        *(item(name, MONTHLY_M3, "m³", f"0.{3000 + 411 * n}") for n, name in enumerate(names)),
        item("Vodno povračilo", MONTHLY_M3, "m³", "0.0638"),
    )


def called(customer: int) -> str:
    """A name: a few are as common as they are in any town."""
    last = LAST_NAMES[min(customer % 97, customer % 61) % len(LAST_NAMES)]
    return f"{FIRST_NAMES[customer % 89 % len(FIRST_NAMES)]} {last}"


def street(customer: int) -> str:
    """Where the customer lives: streets of 150 houses."""
    return f"{STREETS[customer // 150 % len(STREETS)]} {customer % 150 + 1}"


def town(customer: int) -> str:
    """One of three towns, of which the first is the largest."""
    return TOWNS[max(customer % 4 - 1, 0)]


def net_cents() -> int:
    """Without VAT."""
    return sum(line.net_cents for line in lines())


def to_pay_cents() -> int:
    """What every invoice comes to."""
    return sum(line.gross_cents for line in lines())


def reference(number: int) -> str:
    """The payment reference of an invoice."""
    return references.with_check_digit("12", f"{number:012}")


def build(folder: Path, uri: str, size: Size) -> None:
    """Make the database at ``uri`` and fill it."""
    folder.mkdir(exist_ok=True)
    app = create_app(folder, SQLALCHEMY_DATABASE_URI=uri, SECRET_KEY=SECRET)
    with app.app_context():
        bring_up_to_date()
        _people()
        db.session.commit()
        with db.engine.begin() as connection:
            for table, columns, rows in _tables(size):
                put(connection, table, columns, rows)
            _link_people(connection)
            _numbers_go_on(connection)
        _tidy()
        db.engine.dispose()


def put(connection: Connection, table: str, columns: str, rows: Rows) -> None:
    """Write ``rows`` with the driver's own means."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * (columns.count(",") + 1))
        driver.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _people() -> None:
    """Three accounts; their links follow once their customers are there."""
    password_hash, moment = passwords.hash_password(PASSWORD), clock.now()
    for name in PEOPLE.values():
        address = f"{name.lower()}@primer.si"
        db.session.add(
            Account(
                email=address,
                email_key=email_key(address),
                first_name=name,
                last_name="Novak",
                password_hash=password_hash,
                created_at=moment,
                activated_at=moment,
            )
        )
        db.session.flush()
    db.session.add(PaymentsKnown(until_on=clock.today() - timedelta(days=1)))


def _tables(size: Size) -> Iterator[tuple[str, str, Rows]]:
    many = range(1, size.customers + 1)
    yield (
        "customer",
        "id, number, name, access_code, access_code_key, street, post_code, town, tax_number, "
        "email",
        (
            (n, f"K{n:07}", called(n), f"C-{n}", f"C{n}", street(n), "2000", town(n), "", "")
            for n in many
        ),
    )  # fmt: skip
    yield (
        "supply_point",
        "id, number, street, post_code, town",
        ((n, f"OM{n:07}", street(n), "2000", town(n)) for n in many),
    )
    yield (
        "occupancy",
        "supply_point_id, customer_id, from_on, persons",
        ((n, n, FOR_EVER.isoformat(), 3) for n in many),
    )
    yield (
        "meter_installation",
        "id, supply_point_id, serial, installed_on, start_l, digits, decimals, dn_mm, "
        "verified_year",
        ((n, n, f"V{n:07}", "2015-05-14", 0, 5, 0, 20, clock.today().year - 2) for n in many),
    )
    yield "reading", READING, _readings(size)
    yield "invoice", INVOICE, _invoices(size)
    yield "ledger_entry", ENTRY, _entries(size)


READING = "installation_id, taken_on, value_l, source, status, reason, doubts, photo"
INVOICE = (
    "id, customer_id, number, kind, issued_on, due_on, net_cents, vat_cents, gross_cents, "
    "to_pay_cents, content, period_from, period_to, reference, iban, purpose_code, corrects, "
    "payer_name, payer_street, payer_place, supply_points, flaw, original"
)
ENTRY = (
    "customer_id, booked_on, amount_cents, open_cents, origin, due_on, document, description, "
    "reference, reference_key, turn, invoice_id"
)


def _readings(size: Size) -> Rows:
    days = [clock.today() - timedelta(days=30 * back) for back in range(size.readings, 0, -1)]
    first = LAST_M3 - MONTHLY_M3 * (size.readings - 1)
    for day, shown in zip(days, range(first, LAST_M3 + 1, MONTHLY_M3), strict=True):
        for n in range(1, size.customers + 1):
            yield n, day.isoformat(), shown * 1000, "collector", "accepted", "", "", ""


def _numbered(size: Size) -> Iterator[tuple[int, int, int]]:
    """Every invoice: its number, whose it is, and how many months ago; month after month."""
    number = 0
    for month in range(ANAS_INVOICES, 0, -1):
        whose = range(1, size.customers + 1) if month <= size.invoices else (ANA,)
        for customer in whose:
            number += 1
            yield number, customer, month


def _invoices(size: Size) -> Rows:
    shown = lines()[:1] if size.short else lines()
    content, net, gross = to_json(Content(lines=shown)), net_cents(), to_pay_cents()
    for number, customer, month in _numbered(size):
        first = months_ago(month, 1)
        last = months_ago(month - 1, 1) - timedelta(days=1)
        yield (
            number, customer, f"R{number:08}", "invoice", months_ago(month - 1, 1).isoformat(),
            months_ago(month - 1, 20).isoformat(), net, gross - net, gross, gross, content,
            first.isoformat(), last.isoformat(), reference(number), IBAN, "WTER", "",
            f"Stranka {customer}", f"Lipova ulica {customer}", "2000 Podgorje",
            f"\nOM{customer:07}\n", "", "",
        )  # fmt: skip


def _entries(size: Size) -> Rows:
    """Invoices, and their payments ten days later but for the last ones; and the long card."""
    cents = to_pay_cents()
    for number, customer, month in _numbered(size):
        issued, due = months_ago(month - 1, 1), months_ago(month - 1, 20)
        left = cents if month <= UNPAID else 0
        said = reference(number)
        yield (
            customer, issued.isoformat(), cents, left, Origin.INVOICE, due.isoformat(),
            f"R{number:08}", "", said, references.key(said), 1, number,
        )  # fmt: skip
        if not left:
            yield _payment(customer, issued + timedelta(days=10), -cents)
    for turn in range(size.card):
        day = date(2000, 1, 1) + timedelta(days=turn // 12)
        yield _payment(CVETKA, day, cents if turn % 2 else -cents, turn + 1)


def _payment(customer: int, day: date, cents: int, turn: int = 1) -> tuple[Any, ...]:
    origin = Origin.PAYMENT if cents < 0 else Origin.OTHER
    return customer, day.isoformat(), cents, 0, origin, None, "", "", "", "", turn, None


def _link_people(connection: Connection) -> None:
    moment = clock.now()
    for person in PEOPLE:
        values = {"account_id": person, "customer_id": person, "linked_at": moment}
        connection.execute(insert(CustomerLink).values(values))


def _numbers_go_on(connection: Connection) -> None:
    """Let the next rows of Postgres be numbered after these."""
    if connection.dialect.name != "postgresql":
        return
    for table in ("customer", "supply_point", "meter_installation", "invoice"):
        last = f"(SELECT max(id) FROM {table})"
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})"))


def _tidy() -> None:
    """What Postgres does by itself an hour later."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
