"""What the page of one invoice shows, put together from queries and rules."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from flask import current_app

from .. import storage
from ..ledger.queries import known_until
from ..ledger.rules import UNPAID, State, state
from ..storage import Shelf
from ..values import clock, deadlines
from ..values.deadlines import Status
from . import differences, queries, upn_qr
from .differences import Bill, Part
from .document import Content, Kind, Line, Party, VatSum, from_json
from .models import Invoice


@dataclass(frozen=True)
class Comparison:
    """How the invoice differs from an earlier one: the parts come to ``cents``."""

    earlier: Invoice
    cents: int
    parts: tuple[Part, ...]
    used_m3: Decimal | None
    used_before_m3: Decimal | None


@dataclass(frozen=True)
class InvoicePage:
    """One invoice as its resident sees it. ``open_cents`` is what is still to be paid.

    ``replaced_by`` is the corrected invoice in its place; ``corrections`` are credit notes.
    """

    invoice: Invoice
    customer_number: str
    content: Content
    state: State
    status: Status
    charged_cents: int
    comparisons: tuple[Comparison, ...]
    corrected: Invoice | None
    corrections: tuple[Invoice, ...]
    replaced_by: Invoice | None
    order: upn_qr.Order
    obstacle: upn_qr.Obstacle | None

    @property
    def is_credit(self) -> bool:
        return self.invoice.kind == Kind.CREDIT_NOTE

    @property
    def open_cents(self) -> int:
        return self.status.open_cents

    @property
    def known_until(self) -> date | None:
        return self.status.known_until

    @property
    def is_payable(self) -> bool:
        """Whether a payment order can be shown: something is open, and the order can be made."""
        return self.state in UNPAID and self.obstacle is None

    @property
    def old_debt_cents(self) -> int:
        """What the invoice asks for beside its own: it stands on the card already."""
        return 0 if self.is_credit else self.invoice.to_pay_cents - self.charged_cents

    @property
    def supply_points(self) -> list[str]:
        """The numbers of the supply points that the invoice is for."""
        return list(dict.fromkeys(filter(None, self.invoice.supply_points.split("\n"))))

    @property
    def seller(self) -> Party:
        return self.content.seller or operator()

    @property
    def vat(self) -> tuple[VatSum, ...]:
        return self.content.vat or vat_of(self.content.lines)

    @property
    def meters(self) -> tuple[Line, ...]:
        """A line for each meter that has its values on the invoice."""
        return meters_of(self.content.lines)


def page_of(invoice: Invoice) -> InvoicePage:
    """Everything about ``invoice``."""
    content = from_json(invoice.content)
    charge, found = queries.charge_of(invoice), queries.corrected_by(invoice)
    replaced_by = next((one for one in found if one.kind == Kind.INVOICE), None)
    status = status_of(invoice, charge.open_cents)
    open_cents = charge.open_cents
    order = order_of(invoice, content, open_cents if open_cents > 0 else invoice.to_pay_cents)
    return InvoicePage(
        invoice=invoice,
        customer_number=queries.customer_number_of(invoice),
        content=content,
        state=state(charge.amount_cents, status, is_replaced=replaced_by is not None),
        status=status,
        charged_cents=charge.amount_cents,
        comparisons=_comparisons(invoice, content),
        corrected=queries.corrected_of(invoice) if invoice.corrects else None,
        corrections=tuple(one for one in found if one.kind == Kind.CREDIT_NOTE),
        replaced_by=replaced_by,
        order=order,
        obstacle=upn_qr.why_not(order),
    )


def status_of(invoice: Invoice, open_cents: int) -> Status:
    """Whether and by when ``open_cents`` of the invoice are to be paid, as of today."""
    return deadlines.status(
        open_cents, invoice.due_on, today=clock.today(), known_until=known_until()
    )


def kept_pdf(invoice: Invoice) -> Path | None:
    """Where the operator's own PDF lies, if there is one."""
    kept = storage.path_of(Shelf.INVOICES, invoice.original) if invoice.original else None
    return kept if kept and kept.exists() else None


def pdf_name(invoice: Invoice) -> str:
    """What the PDF is called when it is saved."""
    return f"{invoice.kind.replace('_', '-')}-{plain(invoice.number)}.pdf"


def plain(number: str) -> str:
    """A number as a part of a file's name."""
    return "".join(sign if sign.isalnum() else "-" for sign in number)


def order_of(invoice: Invoice, content: Content, amount_cents: int) -> upn_qr.Order:
    """The payment order for ``amount_cents`` of the invoice; of a credit note for less than 0."""
    payee = content.seller or operator()
    is_credit = invoice.kind == Kind.CREDIT_NOTE
    return upn_qr.Order(
        payer=(invoice.payer_name, invoice.payer_street, invoice.payer_place),
        amount_cents=-amount_cents if is_credit else amount_cents,
        purpose_code=invoice.purpose_code or current_app.config["PURPOSE_CODE"],
        # The bank shows it to both sides, in the operator's language.
        purpose=f"Plačilo računa {invoice.number}",
        due_on=invoice.due_on,
        iban=invoice.iban or current_app.config["OPERATOR_IBAN"],
        reference=invoice.reference,
        payee=(payee.name, payee.street, payee.place),
    )


def operator() -> Party:
    """Who sells, where the document does not say."""
    post_code, _, town = current_app.config["OPERATOR_PLACE"].partition(" ")
    return Party(
        name=current_app.config["OPERATOR_NAME"],
        street=current_app.config["OPERATOR_STREET"],
        post_code=post_code,
        town=town,
        tax_number=current_app.config["OPERATOR_TAX_NUMBER"],
    )


def vat_of(lines: tuple[Line, ...]) -> tuple[VatSum, ...]:
    """The lines' sums by VAT rate, where the document does not give them."""
    rates = sorted({line.vat_rate for line in lines if line.vat_rate is not None})
    return tuple(
        VatSum(
            rate=rate,
            base_cents=sum(line.net_cents for line in lines if line.vat_rate == rate),
            vat_cents=sum(line.vat_cents for line in lines if line.vat_rate == rate),
        )
        for rate in rates
    )


def meters_of(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The first line of each meter that says what it showed."""
    found = {
        line.meter: line
        for line in reversed(lines)
        if line.meter and line.old_value is not None and line.new_value is not None
    }
    return tuple(reversed(found.values()))


def _comparisons(invoice: Invoice, content: Content) -> tuple[Comparison, ...]:
    """With the one before, and with the same month a year ago, if that is another one."""
    if invoice.kind == Kind.CREDIT_NOTE:
        return ()
    earlier = {one.id: one for one in queries.comparable_before(invoice) if one}
    now = Bill(invoice.to_pay_cents, content)
    return tuple(_compared(now, one) for one in earlier.values())


def _compared(now: Bill, earlier: Invoice) -> Comparison:
    before = Bill(earlier.to_pay_cents, from_json(earlier.content))
    return Comparison(
        earlier=earlier,
        cents=now.to_pay_cents - before.to_pay_cents,
        parts=tuple(part for part in differences.explain(before, now) if part.cents),
        used_m3=differences.water_m3(now),
        used_before_m3=differences.water_m3(before),
    )
