"""Invoices and payments of the test people, put on their cards as an import would."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from mojupravljalec.billing.document import Content, Kind, Line, to_json
from mojupravljalec.billing.models import Invoice
from mojupravljalec.extensions import db
from mojupravljalec.ledger.actions import settle
from mojupravljalec.ledger.models import LedgerEntry, PaymentsKnown
from mojupravljalec.ledger.rules import Origin
from mojupravljalec.values import references
from mojupravljalec.values.money import half_up

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday
IBAN = "SI56020170014356205"
KNOWN_UNTIL = date(2026, 11, 20)
RATE = Decimal("9.5")


class Resident:
    """Somebody's browser, and the tables behind it. Pages are read in English."""

    def __init__(self, app: Flask, client: FlaskClient) -> None:
        self.app, self.client = app, client
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"

    @contextmanager
    def books(self) -> Iterator[None]:
        """What is written inside is kept."""
        with self.app.app_context():
            yield
            db.session.commit()

    def bill(self, customer_id: int, number: str, *lines: Line, **more: Any) -> int:
        """As `bill`; the row's number."""
        with self.books():
            return bill(customer_id, number, *lines, **more).id

    def book(self, customer_id: int, amount_cents: int, day: date, **more: Any) -> None:
        with self.books():
            book(customer_id, amount_cents, day, **more)

    def html(self, path: str, status: int = 200, **headers: str) -> str:
        """The page or part; ``HX_Target="older"`` is a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.get(path, headers=named)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.text

    def words(self, path: str, status: int = 200, **headers: str) -> str:
        """The page as it is read: without tags, all spaces alike."""
        return words(self.html(path, status, **headers))

    def rows(self, path: str, **headers: str) -> list[list[str]]:
        """The cells of the table of invoices or entries."""
        return rows(self.html(path, **headers))


def words(html: str) -> str:
    """A page as it is read: without tags, all spaces alike."""
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r" (?=[.,:])", "", " ".join(text.split()))


def rows(html: str) -> list[list[str]]:
    """The words of each cell of a page's table, row by row."""
    body = html.partition("<tbody")[2].partition("</tbody>")[0]
    return [
        [words(cell) for cell in re.findall(r"<td.*?</td>", row)]
        for row in re.findall(r"<tr.*?</tr>", body, flags=re.DOTALL)
    ]


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that the database is sent meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def water(m3: int, price: str = "0.7820", **more: Any) -> Line:
    """So much water, with VAT."""
    return item("Vodarina", Decimal(m3), "m³", price, **more)


def item(description: str, quantity: Decimal | int, unit: str, price: str, **more: Any) -> Line:
    """A line that adds up."""
    net = half_up(Decimal(quantity) * Decimal(price))
    vat = half_up(Decimal(net) / 100 * RATE / 100)
    return Line(
        description=description,
        quantity=Decimal(quantity),
        unit=unit,
        price=Decimal(price),
        vat_rate=RATE,
        net_cents=net,
        vat_cents=vat,
        gross_cents=net + vat,
        **more,
    )


def bill(customer_id: int, number: str, *lines: Line, **more: Any) -> Invoice:
    """An invoice over ``lines`` with its entry on the card, settled."""
    lines = lines or (water(12),)
    net, vat = sum(line.net_cents for line in lines), sum(line.vat_cents for line in lines)
    fields = {
        "kind": Kind.INVOICE,
        "net_cents": net,
        "vat_cents": vat,
        "gross_cents": net + vat,
        "to_pay_cents": net + vat,
        "issued_on": date(2026, 11, 8),
        "due_on": date(2026, 11, 28),
        "reference": references.with_check_digit("12", "".join(filter(str.isdigit, number))),
        "iban": IBAN,
        "payer_name": "Ana Novak",
        "payer_street": "Lipova ulica 7",
        "payer_place": "2000 Podgorje",
        "content": to_json(Content(lines=lines)),
        **more,
    }
    invoice = Invoice(customer_id=customer_id, number=number, **fields)
    db.session.add(invoice)
    db.session.flush()
    is_credit = invoice.kind == Kind.CREDIT_NOTE
    book(
        customer_id,
        -invoice.to_pay_cents if is_credit else invoice.to_pay_cents,
        invoice.issued_on,
        origin=Origin.CREDIT_NOTE if is_credit else Origin.INVOICE,
        document=number,
        due_on=invoice.due_on,
        reference=invoice.reference,
        invoice_id=invoice.id,
    )
    return invoice


def book(customer_id: int, amount_cents: int, day: date, **more: Any) -> LedgerEntry:
    """An entry on the card, settled with the others; a payment if it is negative."""
    fields = {"origin": Origin.PAYMENT if amount_cents < 0 else Origin.OTHER, **more}
    entry = LedgerEntry(
        customer_id=customer_id,
        booked_on=day,
        amount_cents=amount_cents,
        open_cents=amount_cents,
        reference_key=references.key(fields.get("reference", "")),
        **fields,
    )
    db.session.add(entry)
    db.session.flush()
    settle_card(customer_id)
    db.session.refresh(entry)
    return entry


def settle_card(customer_id: int) -> None:
    """Work out what is open of each entry of the customer."""
    settle(select(LedgerEntry.customer_id).where(LedgerEntry.customer_id == customer_id))


def payments_known(until: date = KNOWN_UNTIL) -> None:
    """A statement told what was paid up to that day."""
    db.session.add(PaymentsKnown(until_on=until))
    db.session.flush()


def a_year_of(customer_id: int, prefix: str, months: int = 14) -> list[Invoice]:
    """Monthly invoices up to October 2026, a little more water each time; all but the last paid."""
    made = []
    for number in range(months):
        ends = (2026 * 12 + 9) - (months - 1 - number)
        year, month = divmod(ends, 12)
        start = date(year, month + 1, 1)
        after = (start + timedelta(days=32)).replace(day=1)
        price = "0.7410" if number < months - 3 else "0.7820"
        invoice = bill(
            customer_id,
            f"{prefix}-{start:%Y-%m}",
            water(
                9 + number,
                price,
                meter="0018",
                old_value=Decimal(100),
                new_value=Decimal(109 + number),
            ),
            item("Omrežnina – vodovod", 1, "mesec", "5.2400"),
            issued_on=after.replace(day=8),
            due_on=after.replace(day=28),
            period_from=start,
            period_to=after - timedelta(days=1),
        )
        made.append(invoice)
        if number < months - 1:
            paid_on = after.replace(day=20)
            book(customer_id, -invoice.to_pay_cents, paid_on, reference=invoice.reference)
    return made
