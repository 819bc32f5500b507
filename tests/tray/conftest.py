"""It is Sunday noon; the clerk reads English; two customers can be found, and payments wait."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import count
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.customers.models import Customer
from mojupravljalec.extensions import db
from mojupravljalec.ledger.models import BankPayment
from mojupravljalec.mail.models import OutboxLetter
from mojupravljalec.search.actions import index

from ..bills import IBAN, NOON, Resident

NUMBERS = count(1)


@pytest.fixture(autouse=True)
def today() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def clerk(app: Flask, browser, cast) -> Resident:
    return Resident(app, browser(cast.clerk))


@pytest.fixture
def names(clerk, cast) -> None:
    """Ana and Bojan have numbers, names and houses of their own, by which they are found."""
    with clerk.books():
        rename(cast.anas_customer, "004512", "Ana Novak", "Lipova ulica 12")
        rename(cast.bojans_customer, "008800", "Bojan Kos", "Šolska ulica 3")


def rename(customer_id: int, number: str, name: str, street: str) -> None:
    """The customer is called so, and found by it."""
    row = db.session.get_one(Customer, customer_id)
    row.number, row.name, row.street = number, name, street
    db.session.flush()
    index([customer_id])


@pytest.fixture
def waits(clerk) -> Callable[..., int]:
    """A payment of 32,85 € that waits; its number."""

    def add(**more: Any) -> int:
        with clerk.books():
            return pay(**more)

    return add


def pay(**more: Any) -> int:
    """A payment; the row's number."""
    usual = {"booked_on": date(2026, 11, 20), "amount_cents": 3285, "account_iban": IBAN}
    row = BankPayment(key=f"k{next(NUMBERS)}", **{**usual, **more})
    db.session.add(row)
    db.session.flush()
    return row.id


@pytest.fixture
def read(app: Flask) -> Callable[..., list[Any]]:
    """The rows of a query of columns."""

    def rows(*columns: Any, **which: Any) -> list[Any]:
        with app.app_context():
            return [tuple(row) for row in db.session.execute(select(*columns).filter_by(**which))]

    return rows


@pytest.fixture
def audited(app: Flask) -> Callable[[str], list[tuple[int | None, str, dict[str, Any]]]]:
    """Who did ``event`` to what, and with which details."""

    def rows(event: str) -> list[tuple[int | None, str, dict[str, Any]]]:
        with app.app_context():
            found = select(AuditEntry).filter_by(event=event).order_by(AuditEntry.id)
            return [(one.account_id, one.subject, one.details) for one in db.session.scalars(found)]

    return rows


@pytest.fixture
def letters(app: Flask) -> Callable[[], list[tuple[str, str, dict[str, Any]]]]:
    """Kind, address and facts of the letters that will be sent."""

    def rows() -> list[tuple[str, str, dict[str, Any]]]:
        with app.app_context():
            found = db.session.scalars(select(OutboxLetter).order_by(OutboxLetter.id))
            return [(one.kind, one.to_address, one.facts) for one in found]

    return rows
