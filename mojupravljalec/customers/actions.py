"""Linking an account to a customer, and ending a link. Nothing here commits."""

from collections.abc import Callable

from flask import current_app
from sqlalchemy import select

from ..accounts.queries import SignedIn
from ..audit.actions import record
from ..extensions import db
from ..mail.actions import post
from ..throttle.actions import Limit, book, spent, take_back
from ..values import clock
from ..web.access import client_address
from . import queries
from .models import Customer, CustomerLink

DAY = 86_400
# Whether a customer has a meter with this serial: known by a feature further up the tree.
Proof = Callable[[int, str], bool]


class TooManyWrong(Exception):
    """Too many wrong codes from here; the code was not even looked at.

    ``hours``: how long to wait at most.
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
    if customer is None or (must_prove and not proves(customer.id, serial)):
        _note_wrong(person)
        return None
    for limit, who in _limits(person):
        take_back(limit, who)
    present = db.session.scalar(
        select(CustomerLink).filter_by(account_id=person.id, customer_id=customer.id, ended_at=None)
    )
    return present or _link(person, customer)


def end_link(person: SignedIn, link: CustomerLink) -> None:
    """The account no longer sees the customer, from now on."""
    link.ended_at = clock.now()
    record("customer.unlinked", account_id=person.id, subject=f"customer:{link.customer_id}")


def _link(person: SignedIn, customer: Customer) -> CustomerLink:
    link = CustomerLink(account_id=person.id, customer_id=customer.id, linked_at=clock.now())
    db.session.add(link)
    record("customer.linked", account_id=person.id, subject=f"customer:{customer.id}")
    for other in queries.others_linked(customer.id, person.id):
        post(
            "customer-linked",
            other.email,
            language=other.language,
            first_name=other.first_name,
            customer_number=customer.number,
            customer_name=customer.name,
            who=f"{person.first_name} {person.last_name}",
        )
    return link


def _limits(person: SignedIn) -> tuple[tuple[Limit, str], ...]:
    """What stops the guessing of one account and of one address."""
    per_account = Limit("code-account", current_app.config["CODES_PER_ACCOUNT"], DAY)
    per_address = Limit("code-address", current_app.config["CODES_PER_ADDRESS"], 3600)
    return (per_account, str(person.id)), (per_address, client_address())


def _book_guess(person: SignedIn) -> None:
    # Counted before it is judged: of forty guesses at once, only ten are looked at.
    spent_s = [limit.seconds for limit, who in _limits(person) if not book(limit, who)]
    if spent_s:
        raise TooManyWrong(max(spent_s) // 3600)


def _note_wrong(person: SignedIn) -> None:
    if not book(_site_limit(), ""):
        record("customer.code-alarm", account_id=person.id)
    record("customer.code-refused", account_id=person.id, subject=f"account:{person.id}")
