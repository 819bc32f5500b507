"""What stands in the columns of the desk's lists."""

from typing import Any

from flask import url_for
from flask_babel import gettext

from ..accounts.models import Account
from ..customers.models import Customer, CustomerLink
from ..mail.models import OutboxLetter
from ..values import money
from ..web import lists
from ..web.filters import moment
from . import wording
from .rules import Stage


def customers() -> tuple[lists.Column, ...]:
    """Of `queries.customers`."""
    url = url_for(".customers")
    return (
        lists.Column(
            "stevilka",
            gettext("Customer number"),
            lambda row: lists.Cell(row.number, f"{url}/{row.id}"),
            Customer.number,
        ),
        lists.Column("ime", gettext("Name"), lambda row: row.name),
        lists.Column("naslov", gettext("Address"), address),
        lists.Column("odprto", gettext("Owes"), _owed, is_number=True),
        lists.Column("dostopi", gettext("Accesses"), lambda row: str(row.linked), is_number=True),
    )


def address(row: Any) -> str:
    """Where a customer lives, on one line."""
    place = f"{row.post_code} {row.town}".strip()
    return ", ".join(filter(None, (row.street, place)))


def _owed(row: Any) -> str:
    return money.euros(int(row.owed_cents or 0))


def accounts() -> tuple[lists.Column, ...]:
    """Of `queries.residents`."""
    url = url_for(".accounts")
    return (
        lists.Column(
            "naslov",
            gettext("E-mail address"),
            lambda row: lists.Cell(row.email, f"{url}/{row.id}"),
            Account.email_key,
        ),
        lists.Column("oseba", gettext("Person"), _called),
        lists.Column("od", gettext("Since"), lambda row: moment(row.created_at)),
        lists.Column("aktiviran", gettext("Activated"), _activated),
        lists.Column("stranke", gettext("Customers"), lambda row: str(row.linked), is_number=True),
    )


def _called(row: Any) -> str:
    return f"{row.first_name} {row.last_name}"


def _activated(row: Any) -> lists.Cell:
    if row.activated_at is None:
        return lists.Cell(str(wording.STAGES[Stage.WAITING]), tone="warn")
    return lists.Cell(moment(row.activated_at))


def links() -> tuple[lists.Column, ...]:
    """Of `queries.links`."""
    of_accounts, of_customers = url_for(".accounts"), url_for(".customers")
    return (
        lists.Column(
            "kdaj", gettext("Linked"), lambda row: moment(row.linked_at), CustomerLink.linked_at
        ),
        lists.Column("oseba", gettext("Person"), _called),
        lists.Column(
            "naslov",
            gettext("E-mail address"),
            lambda row: lists.Cell(row.email, f"{of_accounts}/{row.account_id}"),
        ),
        lists.Column(
            "stevilka",
            gettext("Customer number"),
            lambda row: lists.Cell(row.number, f"{of_customers}/{row.customer_id}"),
        ),
        lists.Column("stranka", gettext("Customer"), lambda row: row.name),
        lists.Column(
            "do", gettext("Until"), lambda row: moment(row.ended_at) if row.ended_at else "–"
        ),
    )


def letters() -> tuple[lists.Column, ...]:
    """Of `queries.letters`."""
    url = url_for(".letters")
    return (
        lists.Column(
            "kdaj",
            gettext("When"),
            lambda row: moment(row.sent_at or row.next_try_at),
            OutboxLetter.next_try_at,
        ),
        lists.Column(
            "vrsta",
            gettext("Letter"),
            lambda row: lists.Cell(wording.letter(row.kind), f"{url}/{row.id}"),
        ),
        lists.Column("naslov", gettext("E-mail address"), lambda row: row.to_address),
        lists.Column("stanje", gettext("State"), _letter_state),
        lists.Column("poskusi", gettext("Attempts"), lambda row: str(row.tries), is_number=True),
        lists.Column("zakaj", gettext("What the mail server said"), lambda row: row.last_error),
    )


def _letter_state(row: Any) -> lists.Cell:
    words, tone = wording.state(row)
    return lists.Cell(words, tone=tone)
