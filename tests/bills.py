"""Invoices and payments of the test people, put on their cards as an import would."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from mojupravljalec.billing.document import Content, Kind, Line, to_json
from mojupravljalec.billing.models import Invoice
from mojupravljalec.extensions import db
from mojupravljalec.ledger.actions import settle
from mojupravljalec.ledger.models import LedgerEntry, PaymentsKnown
from mojupravljalec.ledger.rules import Origin
from mojupravljalec.values import references
from mojupravljalec.values.money import half_up

IBAN = "SI56020170014356205"
KNOWN_UNTIL = date(2026, 11, 20)
RATE = Decimal("9.5")


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
    invoice = Invoice(
        customer_id=customer_id,
        number=number,
        net_cents=net,
        vat_cents=vat,
        gross_cents=net + vat,
        **{"to_pay_cents": net + vat, **fields},
    )
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
    settle(select(LedgerEntry.customer_id).where(LedgerEntry.customer_id == customer_id))
    db.session.refresh(entry)
    return entry


def payments_known(until: date = KNOWN_UNTIL) -> None:
    """A statement told what was paid up to that day."""
    db.session.add(PaymentsKnown(until_on=until))
    db.session.flush()
