"""What an invoice is called, wherever it is spoken of."""

from collections.abc import Callable

from flask_babel import gettext

from ..web.filters import period
from .document import Kind
from .models import Invoice
from .queries import InvoiceRow

Named = Invoice | InvoiceRow


def title(invoice: Named) -> str:
    """What the page of an invoice, and links to it, are called."""
    return titles()(invoice)


def titles() -> Callable[[Named], str]:
    """The same for many invoices: the words are looked up once."""
    credit_note = gettext("Credit note %(number)s")
    of_period = gettext("Invoice for %(period)s")
    numbered = gettext("Invoice %(number)s")

    def called(invoice: Named) -> str:
        if invoice.kind == Kind.CREDIT_NOTE:
            return credit_note % {"number": invoice.number}
        if when := period(invoice.period_from, invoice.period_to):
            return of_period % {"period": when}
        return numbered % {"number": invoice.number}

    return called
