"""How payments of the tray are spoken of, and why somebody may be their payer."""

from collections.abc import Iterable
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from ..ledger.actions import OFFICE
from ..ledger.models import BankPayment
from ..values import iban, money, references
from ..web import lists
from ..web.filters import short_day
from .candidates import Guess, Line
from .rules import Why

WHY = {
    Why.INVOICE: _("it names an open invoice"),
    Why.NUMBER: _("it names the customer number"),
    Why.IBAN: _("this account has paid for the customer before"),
    Why.NAME: _("the name is alike"),
    Why.ADDRESS: _("it names the address"),
    Why.AMOUNT: _("just so much of an invoice is open"),
    Why.TOTAL: _("just so much is open together"),
    Why.SIMILAR_NUMBER: _("it names a number like the customer's"),
    Why.SURNAME: _("a part of the name is alike"),
}
MATCHED = {
    "reference": _("The portal found it by the reference of an invoice."),
    "number": _("The portal found it by the customer number in the reference."),
    "text": _("The portal found it by the customer number in the text."),
    OFFICE: _("The office has assigned it."),
}


def reasons(why: Iterable[Why]) -> str:
    """All that speaks for a customer, as one sentence of parts."""
    return "; ".join(str(WHY[one]) for one in why)


def matched(how: str) -> str:
    """How it is known whose the payment is."""
    return str(MATCHED.get(how, ""))


# ---------------------------------------------------------------- the list


def waiting(*, with_guesses: bool) -> tuple[lists.Column, ...]:
    """The columns of `candidates.lines`, or, for the file, of `queries.payments`."""
    if not with_guesses:
        return _columns()
    known = tuple(_of_line(column) for column in _columns())
    return (*known, lists.Column("predlog", gettext("Perhaps"), _guess))


def assigned() -> tuple[lists.Column, ...]:
    """The columns of `queries.payments` of the office."""
    return (*_columns(), lists.Column("stranka", gettext("Customer"), _customer))


def _columns() -> tuple[lists.Column, ...]:
    return (
        lists.Column("dan", gettext("Day"), _day, BankPayment.booked_on),
        lists.Column(
            "znesek", gettext("Amount"), _amount, BankPayment.amount_cents, is_number=True
        ),
        lists.Column("placnik", gettext("Payer"), lambda row: row.payer_name),
        lists.Column("iban", gettext("From the account"), lambda row: iban.printed(row.payer_iban)),
        lists.Column("sklic", gettext("Reference"), _reference),
        lists.Column("besedilo", gettext("Text"), lambda row: row.text),
    )


def _of_line(column: lists.Column) -> lists.Column:
    def write(line: Line) -> lists.Cell | str:
        return column.write(line.payment)

    return lists.Column(column.key, column.title, write, column.sort, column.is_number)


def _day(row: Any) -> lists.Cell:
    return lists.Cell(short_day(row.booked_on), url_for("tray.payment", payment_id=row.id))


def _amount(row: Any) -> str:
    return money.euros(row.amount_cents)


def _reference(row: Any) -> str:
    return references.printed(row.reference)


def _customer(row: Any) -> lists.Cell:
    url = url_for("desk.customer", customer_id=row.customer_id)
    return lists.Cell(f"{row.customer_name} ({row.customer_number})", url)


def _guess(line: Line) -> str:
    if line.guess is None:
        return "–"
    if not line.is_alone:
        return gettext("%(customer)s or others: %(why)s", **_said(line.guess))
    return gettext("%(customer)s: %(why)s", **_said(line.guess))


def _said(guess: Guess) -> dict[str, str]:
    return {"customer": guess.customer.called, "why": str(WHY[guess.why[0]])}


# ---------------------------------------------------------------- messages


def is_assigned(payment: Any) -> Markup:
    """After a payment was put on a card: which, on whose, and where that is taken back."""
    told = gettext(
        "The payment of %(amount)s from %(day)s is on the card of %(customer)s now.",
        **_named(payment),
    )
    back = gettext("Was it the wrong one? Take it back here.")
    url = url_for("tray.payment", payment_id=payment.id)
    return Markup('{} <a href="{}">{}</a>').format(told, url, back)


def was_assigned(payment: Any) -> str:
    """When a payment is somebody's already."""
    return gettext(
        "The payment of %(amount)s from %(day)s is on the card of %(customer)s already. "
        "Nothing has changed.",
        **_named(payment),
    )


def is_released(payment: Any) -> str:
    """After a payment was taken from a card; ``payment`` is as it was before."""
    return gettext(
        "The payment of %(amount)s from %(day)s is no longer on the card of %(customer)s and "
        "waits again.",
        **_named(payment),
    )


def was_released() -> str:
    """When a payment is not that customer's any more."""
    return gettext("The payment was taken back or assigned anew already. Nothing has changed.")


def _named(payment: Any) -> dict[str, str]:
    return {
        "amount": money.euros(payment.amount_cents),
        "day": short_day(payment.booked_on),
        "customer": f"{payment.customer_name} ({payment.customer_number})",
    }
