"""It is Sunday noon; somebody of the office sits at the desk and reads English."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from mojupravljalec.accounts.models import Account
from mojupravljalec.audit.models import AuditEntry
from mojupravljalec.customers.models import Customer, CustomerLink
from mojupravljalec.extensions import db
from mojupravljalec.mail.models import LetterState, OutboxLetter
from mojupravljalec.search.models import SearchTerm
from mojupravljalec.search.rules import terms
from mojupravljalec.values import clock

from ..bills import NOON, Resident
from ..conftest import Person


@pytest.fixture(autouse=True)
def today() -> Iterator[Any]:
    """``shift`` moves on."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def clerk(app, browser, cast) -> Resident:
    return Resident(app, browser(cast.clerk))


@pytest.fixture
def row(app: Flask) -> Callable[..., Any]:
    """Reads the one row of a table that fits, or None."""

    def read(table: type, **what: Any) -> Any:
        with app.app_context():
            return db.session.scalar(select(table).filter_by(**what))

    return read


@pytest.fixture
def letters(app: Flask) -> Callable[[], list[tuple[str, str]]]:
    """Kind and address of the letters that will be sent, in the order of writing."""

    def read() -> list[tuple[str, str]]:
        with app.app_context():
            query = select(OutboxLetter).where(OutboxLetter.state != LetterState.DROPPED)
            rows = db.session.scalars(query.order_by(OutboxLetter.id))
            return [(one.kind, one.to_address) for one in rows]

    return read


@pytest.fixture
def audited(app: Flask) -> Callable[[str], list[tuple[int | None, str, dict[str, Any]]]]:
    """Who did ``event`` to what, and with which details."""

    def read(event: str) -> list[tuple[int | None, str, dict[str, Any]]]:
        with app.app_context():
            rows = db.session.scalars(
                select(AuditEntry).filter_by(event=event).order_by(AuditEntry.id)
            )
            return [(one.account_id, one.subject, one.details) for one in rows]

    return read


def link(person: Person, customer_id: int, **more: Any) -> int:
    """The person sees the customer; the row's number."""
    row = CustomerLink(account_id=person.id, customer_id=customer_id, linked_at=clock.now(), **more)
    db.session.add(row)
    db.session.flush()
    return row.id


def index(customer_id: int, *texts: str) -> None:
    """The customer is found by these texts."""
    for term in terms(*texts):
        db.session.add(SearchTerm(term=term, customer_id=customer_id))


def customer(number: str, **more: Any) -> int:
    """One more customer; the row's number."""
    fields = {"name": f"Stranka {number}", "access_code": number, "access_code_key": number}
    row = Customer(number=number, **{**fields, **more})
    db.session.add(row)
    db.session.flush()
    return row.id


def letter(to_address: str, **more: Any) -> int:
    """A letter in the outbox; the row's number."""
    moment = more.pop("at", clock.now())
    fields = {"kind": "reset", "language": "sl", "facts": {"path": "/x", "first_name": "Ana"}}
    row = OutboxLetter(
        message_id=f"<{secrets.token_hex(8)}@portal>",
        to_address=to_address,
        created_at=moment,
        next_try_at=moment,
        **{**fields, **more},
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def change(person: Person, **fields: Any) -> None:
    """The person's account is otherwise."""
    account = db.session.get_one(Account, person.id)
    for name, value in fields.items():
        setattr(account, name, value)
