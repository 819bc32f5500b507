"""How entries of the card are spoken of."""

from datetime import date

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from ..values import deadlines, money
from ..values.deadlines import Deadline
from ..web.filters import near_day, near_weekday, short_day
from .queries import Entry
from .rules import Origin

ORIGINS = {
    Origin.INVOICE: _("Invoice"),
    Origin.CREDIT_NOTE: _("Credit note"),
    Origin.PAYMENT: _("Payment, thank you"),
    Origin.RETURN: _("Payment that was returned"),
    Origin.CORRECTION: _("Cancelled, as it was corrected: invoice"),
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


OpenItem = tuple[str, str, str, int | None, str, bool]


def open_items(entries: list[Entry], *, today: date, known_until: date | None) -> list[OpenItem]:
    """Open debits as the card lists them: amount, name, document, invoice, due day, is overdue."""
    return [
        (
            money.euros(one.open_cents),
            description(one),
            one.document,
            one.invoice_id,
            *_due(one, today, known_until),
        )
        for one in entries
    ]


def _due(entry: Entry, today: date, known_until: date | None) -> tuple[str, bool]:
    """When an entry is due, in words, and whether it is certainly late."""
    due_on = entry.due_on or entry.booked_on
    deadline = deadlines.status(
        entry.open_cents, due_on, today=today, known_until=known_until
    ).deadline
    if entry.due_on is None:
        words = ""
    elif deadline is Deadline.TODAY:
        words = gettext("due today")
    elif deadline is Deadline.AHEAD:
        words = gettext("pay by %(day)s", day=near_weekday(due_on))
    else:
        words = gettext("was due on %(day)s", day=near_day(due_on))
    return words, deadline is Deadline.OVERDUE
