"""How entries of the card are spoken of."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from ..values import money
from ..web.filters import short_day
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
    return entry.description or str(ORIGINS[Origin(entry.origin)])


Row = tuple[str, str, str, str, int | None, str]


def rows(entries: list[Entry]) -> list[Row]:
    """Entries as the table writes them: day, name, document, amount, invoice and balance.

    A balance stands in words, since a sign alone is easily misread.
    """
    names = {origin.value: str(name) for origin, name in ORIGINS.items()}
    owed, overpaid = gettext("you owe %(amount)s"), gettext("overpaid by %(amount)s")
    settled = gettext("settled")

    def balance(cents: int) -> str:
        if not cents:
            return settled
        return (owed if cents > 0 else overpaid) % {"amount": money.euros(abs(cents))}

    return [
        (
            short_day(one.booked_on),
            one.description or names[one.origin],
            one.document,
            money.euros(one.amount_cents, sign=True),
            one.invoice_id,
            balance(one.balance_cents),
        )
        for one in entries
    ]
