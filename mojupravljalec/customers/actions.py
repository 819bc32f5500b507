"""Linking an account to a customer, and ending a link. Nothing here commits."""

import math
from collections.abc import Callable
from typing import Any

from flask import current_app
from sqlalchemy import delete, insert, select

from ..accounts.models import Account
from ..accounts.queries import SignedIn
from ..audit.actions import record
from ..extensions import db
from ..mail.actions import post
from ..throttle.actions import Limit, book, forget, spent, take_back, wait_s
from ..transactions import NO_KEY_UPDATE, TableLock, lock_tables
from ..values import clock
from ..web.access import client_address
from . import queries
from .models import CodeShape, Customer, CustomerLink
from .rules import LENGTH, code_key, is_ours, new_access_code, shapes_of

DAY = 86_400
# Whether a customer has a meter with this serial: known by a feature further up the tree.
Proof = Callable[[int, str], bool]


class TooManyWrong(Exception):
    """Too many wrong codes from here; the code was not even looked at.

    ``hours``: how long to wait, rounded up.
    """

    def __init__(self, hours: int) -> None:
        super().__init__(hours)
        self.hours = hours


def _site_limit() -> Limit:
    return Limit("code-site", current_app.config["CODES_PER_SITE"], DAY)


def needs_proof() -> bool:
    """Whether the code alone is not enough: by the setting, or because the site is attacked.

    A guessing crowd raises the bar for all; it never locks everybody out.
    """
    return current_app.config["LINK_SECOND_PROOF"] == "meter" or spent(_site_limit(), "")


def link_by_code(person: SignedIn, code: str, serial: str, proves: Proof) -> CustomerLink | None:
    """Link the customer that ``code`` opens; None if code or proof is wrong.

    Linking again is no mistake and gives the link there is. Raises TooManyWrong.
    """
    must_prove = needs_proof()
    _book_guess(person)
    customer = queries.customer_by_code(code)
    # Looked up for a wrong code as well: the work must not tell which of the two was wrong.
    proven = proves(customer.id if customer else 0, serial) if must_prove else True
    if customer is None or not proven:
        _note_wrong(person)
        return None
    for limit, who in _limits(person):
        take_back(limit, who)
    return queries.present_link(person.id, customer.id) or _link(person, customer)


def end_link(person: SignedIn, link: CustomerLink) -> None:
    """The account no longer sees the customer, from now on."""
    link.ended_at = clock.now()
    record("customer.unlinked", account_id=person.id, subject=f"customer:{link.customer_id}")


def link_by_office(account: Account, customer: Customer, *, by: int) -> bool:
    """Let the account see the customer, since the office says so; whether that is new.

    Whoever sees the customer already is told, and so is the account's owner.
    """
    db.session.refresh(customer, with_for_update=NO_KEY_UPDATE)  # two presses at once are one link
    if queries.present_link(account.id, customer.id):
        return False
    _add_link(account, customer)
    _record("customer.linked", customer.id, account, by)
    _tell("linked-by-office", account, customer)
    return True


def end_link_by_office(
    link: CustomerLink, account: Account, customer: Customer, *, by: int
) -> None:
    """The account no longer sees the customer, since the office says so; its owner is told."""
    link.ended_at = clock.now()
    _record("customer.unlinked", customer.id, account, by)
    _tell("unlinked-by-office", account, customer)


def renew_code(customer: Customer, *, by: int) -> None:
    """A fresh code; the old one opens nothing any more. No code stands in the audit."""
    was_ours = is_ours(customer.access_code_key)
    customer.access_code = new_access_code()
    customer.access_code_key = code_key(customer.access_code)
    db.session.flush()
    if was_ours:
        _add_our_shape()
    else:
        summarize_codes()  # it may have been the last of its form
    record("customer.code-renewed", account_id=by, subject=f"customer:{customer.id}")


def summarize_codes() -> None:
    """Compute `CodeShape` anew, after an import or anything else that changes many codes."""
    _lock_shapes()
    shapes = shapes_of(db.session.scalars(select(Customer.access_code_key)))
    db.session.execute(delete(CodeShape))
    if shapes:
        db.session.execute(insert(CodeShape), [shape._asdict() for shape in shapes])


def _add_our_shape() -> None:
    """Add the shape of the portal's own codes, if it is missing beside others."""
    _lock_shapes()
    is_there = select(CodeShape.length).filter_by(length=LENGTH + 1, is_ours=True)
    if db.session.scalar(is_there) is None:
        summarize_codes()


def _lock_shapes() -> None:
    """Let nobody else change `CodeShape` until the commit.

    Without it a summary could miss a code that another transaction is about to commit. Locked
    after the customers, as everywhere.
    """
    lock_tables([CodeShape.__tablename__], TableLock.WHOLE)


def is_locked(account_id: int) -> bool:
    """Whether the account has typed so many wrong codes that none is looked at any more."""
    return spent(_account_limit(), str(account_id))


def open_lock(account_id: int) -> None:
    """The account's wrong codes are forgotten. Those of an address are, within the hour."""
    forget(_account_limit(), str(account_id))


def _link(person: SignedIn, customer: Customer) -> CustomerLink:
    link = _add_link(person, customer)
    record("customer.linked", account_id=person.id, subject=f"customer:{customer.id}")
    return link


def _add_link(who: Account | SignedIn, customer: Customer) -> CustomerLink:
    """A link, of which everybody is told who sees the customer already."""
    link = CustomerLink(account_id=who.id, customer_id=customer.id, linked_at=clock.now())
    db.session.add(link)
    for other in queries.others_linked(customer.id, who.id):
        _tell("customer-linked", other, customer, who=f"{who.first_name} {who.last_name}")
    return link


def _tell(kind: str, account: Account, customer: Customer, **facts: Any) -> None:
    post(
        kind,
        account.email,
        language=account.language,
        first_name=account.first_name,
        customer_number=customer.number,
        customer_name=customer.name,
        **facts,
    )


def _record(event: str, customer_id: int, account: Account, by: int) -> None:
    record(event, account_id=by, subject=f"customer:{customer_id}", account=account.id)


def _account_limit() -> Limit:
    return Limit("code-account", current_app.config["CODES_PER_ACCOUNT"], DAY)


def _limits(person: SignedIn) -> tuple[tuple[Limit, str], ...]:
    """What stops the guessing of one account and of one address."""
    per_address = Limit("code-address", current_app.config["CODES_PER_ADDRESS"], 3600)
    return (per_address, client_address()), (_account_limit(), str(person.id))


def _book_guess(person: SignedIn) -> None:
    """Count the guess before it is judged: of forty at once, only ten are looked at.

    One that is not judged counts nowhere, neither for the account nor for its neighbours behind
    the same address. Raises TooManyWrong.
    """
    limits = _limits(person)
    waits_s = max(wait_s(limit, who) for limit, who in limits)
    if waits_s or not all(book(limit, who) for limit, who in limits):
        waits_s = waits_s or max(wait_s(limit, who) for limit, who in limits)
        raise TooManyWrong(math.ceil(waits_s / 3600))


def _note_wrong(person: SignedIn) -> None:
    if not book(_site_limit(), ""):
        record("customer.code-alarm", account_id=person.id)
    record("customer.code-refused", account_id=person.id, subject=f"account:{person.id}")
