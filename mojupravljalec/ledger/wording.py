"""How entries of the card are spoken of."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from ..values import money
from .queries import Entry
from .rules import Origin

ORIGINS = {
    Origin.INVOICE: _("Invoice"),
    Origin.CREDIT_NOTE: _("Credit note"),
    Origin.PAYMENT: _("Payment, thank you"),
    Origin.RETURN: _("Payment that was returned"),
    Origin.OTHER: _("Charge"),
}


def description(entry: Entry) -> str:
    """What an entry is called: as the billing program does, or after what it is."""
    return called(entry.description, entry.origin)


def called(description: str, origin: str) -> str:
    """``description``, or what an entry of ``origin`` is."""
    return description or str(ORIGINS[Origin(origin)])


def balance(cents: int) -> str:
    """A balance in words, since a sign alone is easily misread."""
    if cents > 0:
        return gettext("you owe %(amount)s", amount=money.euros(cents))
    if cents < 0:
        return gettext("overpaid by %(amount)s", amount=money.euros(-cents))
    return gettext("settled")
