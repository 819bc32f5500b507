"""An invoice on paper: the words of its PDF, in the reader's language.

Loads reportlab; import this module inside the function that makes a PDF.
"""

from flask import current_app
from flask_babel import gettext

from ..ledger.rules import State
from ..paper.sheets import Table
from ..values import iban, money, references
from ..web.filters import period, short_day
from ..web.i18n import locale
from . import upn_qr, wording
from .differences import register_m3
from .document import Line, Party
from .invoice_pdf import Pair, Paper, Payment, invoice_pdf
from .page import InvoicePage


def invoice_on_paper(page: InvoicePage) -> bytes:
    """The PDF of an invoice or credit note; the same page gives the same bytes."""
    return invoice_pdf(_paper(page))


def _paper(page: InvoicePage) -> Paper:
    invoice = page.invoice
    payable = page.is_payable
    return Paper(
        title=_title(page),
        language=locale().replace("sl", "sl-SI"),
        seller=_seller(page.seller),
        payer=(invoice.payer_name, invoice.payer_street, invoice.payer_place),
        facts=tuple(_facts(page)),
        lines=_lines(page),
        totals=tuple(_totals(page)),
        vat=_vat(page),
        meters=_meters(page),
        notes=tuple(_notes(page)),
        payment=_payment(page) if payable else None,
        why_no_payment="" if payable else _why_no_payment(page),
        footer=(
            f"{current_app.config['OPERATOR_NAME']}, {current_app.config['OPERATOR_PHONE']}",
            current_app.config["OPERATOR_EMAIL"],
        ),
    )


def _why_no_payment(page: InvoicePage) -> str:
    """Why no payment order stands on the paper."""
    if page.replaced_by and page.state == State.REPLACED:
        return gettext(
            "Invoice %(number)s stands in its place: this one is not to be paid.",
            number=page.replaced_by.number,
        )
    if page.state == State.PAID and page.invoice.to_pay_cents:
        return gettext("The invoice is paid.")
    assert page.obstacle, "without an obstacle it can be paid"  # noqa: S101 narrows the type
    return wording.obstacle(page.obstacle)


def _title(page: InvoicePage) -> str:
    number = page.invoice.number
    if page.is_credit:
        return gettext("Credit note %(number)s", number=number)
    return gettext("Invoice %(number)s", number=number)


def _seller(seller: Party) -> tuple[str, ...]:
    tax = gettext("VAT ID: %(number)s", number=seller.tax_number) if seller.tax_number else ""
    return tuple(line for line in (seller.name, seller.street, seller.place, tax) if line)


def _facts(page: InvoicePage) -> list[Pair]:
    invoice = page.invoice
    facts = [
        (gettext("Issued"), short_day(invoice.issued_on)),
        (gettext("Period"), period(invoice.period_from, invoice.period_to)),
        (gettext("Due"), "" if page.is_credit else short_day(invoice.due_on)),
        (gettext("Customer number"), page.customer_number),
        (gettext("Supply point"), ", ".join(page.supply_points)),
        (gettext("Reference"), references.printed(invoice.reference)),
        (gettext("Corrects invoice"), invoice.corrects),
    ]
    return [(label, value) for label, value in facts if value]


def _lines(page: InvoicePage) -> Table:
    headings = (
        gettext("Item"),
        gettext("Quantity"),
        gettext("Price"),
        gettext("VAT rate"),
        gettext("Without VAT"),
        gettext("With VAT"),
    )
    return Table(headings=headings, rows=tuple(map(_line, page.content.lines)))


def _line(line: Line) -> tuple[str, ...]:
    return (
        line.description,
        wording.quantity(line),
        "" if line.price is None else money.price(line.price),
        "" if line.vat_rate is None else money.decimal_written(line.vat_rate),
        money.written(line.net_cents),
        money.written(line.gross_cents),
    )


def _totals(page: InvoicePage) -> list[tuple[str, str, bool]]:
    invoice, content = page.invoice, page.content
    rows = [
        (gettext("Allowances"), -content.allowances_cents, False),
        (gettext("Charges"), content.charges_cents, False),
        (gettext("Without VAT"), invoice.net_cents, False),
        (gettext("VAT"), invoice.vat_cents, False),
        (gettext("Together"), invoice.gross_cents, False),
        (_prepaid(page), -content.prepaid_cents, False),
        (gettext("Rounding"), content.rounding_cents, False),
        (_credit_or_due(page), invoice.to_pay_cents, True),
    ]
    always = {gettext("VAT"), _credit_or_due(page)}
    return [
        (label, money.euros(cents), strong)
        for label, cents, strong in rows
        if cents is not None and (cents or label in always)
    ]


def _prepaid(page: InvoicePage) -> str:
    """What the prepaid amount is called: a negative one was not paid before."""
    if page.content.prepaid_cents < 0:
        return gettext("Unpaid from before")
    return gettext("Already charged or paid")


def _credit_or_due(page: InvoicePage) -> str:
    """What the last amount is called."""
    return gettext("Credited to you") if page.is_credit else gettext("To pay")


def _vat(page: InvoicePage) -> Table | None:
    rows = tuple(
        (
            f"{money.decimal_written(one.rate)}{money.NBSP}%",
            money.written(one.base_cents),
            money.written(one.vat_cents),
        )
        for one in page.vat
    )
    headings = (gettext("VAT rate"), gettext("Base"), gettext("VAT"))
    return Table(headings=headings, rows=rows) if rows else None


def _meters(page: InvoicePage) -> Table | None:
    rows = tuple(
        (
            line.meter,
            money.decimal_written(line.old_value),
            money.decimal_written(line.new_value),
            "–" if (m3 := register_m3(line)) is None else money.decimal_written(m3),
        )
        for line in page.meters
        if line.old_value is not None and line.new_value is not None
    )
    headings = (gettext("Meter"), gettext("Before"), gettext("Now"), gettext("Used m³"))
    return Table(headings=headings, rows=rows) if rows else None


def _notes(page: InvoicePage) -> list[str]:
    notes = [page.content.note] if page.content.note else []
    if page.invoice.flaw:
        notes.append(
            gettext("The sums of this document do not add up: %(why)s.", why=page.invoice.flaw)
        )
    return notes


def _payment(page: InvoicePage) -> Payment:
    order = upn_qr.fitted(page.order)
    lines = (
        (gettext("Payer"), "\n".join(order.payer)),
        (gettext("Amount"), money.euros(order.amount_cents)),
        (gettext("Purpose"), f"{order.purpose_code} {order.purpose}"),
        (gettext("Due"), short_day(order.due_on) if order.due_on else ""),
        (gettext("Recipient's IBAN"), iban.printed(order.iban)),
        (gettext("Reference"), references.printed(order.reference)),
        (gettext("Recipient"), "\n".join(order.payee)),
    )
    return Payment(
        title=gettext("Pay with the UPN QR code"), order=lines, modules=upn_qr.modules(order)
    )
