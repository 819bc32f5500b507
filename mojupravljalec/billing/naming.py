"""What an invoice is called, wherever it is spoken of."""

from flask_babel import gettext

from ..web.filters import period
from .document import Kind
from .models import Invoice
from .queries import InvoiceRow


def title(invoice: Invoice | InvoiceRow) -> str:
    """What the page of an invoice, and links to it, are called."""
    when = period(invoice.period_from, invoice.period_to)
    if invoice.kind == Kind.CREDIT_NOTE:
        return gettext("Credit note %(number)s", number=invoice.number)
    if when:
        return gettext("Invoice for %(period)s", period=when)
    return gettext("Invoice %(number)s", number=invoice.number)
